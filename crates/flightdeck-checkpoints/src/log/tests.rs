use super::{Entry, Record, read_log};
use proptest::prelude::*;

/// A record as that server writes it, with any payload.
fn framed(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap();
    let mut bytes = [0xCC1D_A7A1_u32.to_le_bytes(), length.to_le_bytes()].concat();
    bytes.extend(payload);
    bytes.extend(crc32fast::hash(payload).to_le_bytes());
    bytes
}

fn record(time_s: i64, metric: &str, levels: &[&str], value: f32) -> Vec<u8> {
    let mut payload = time_s.to_le_bytes().to_vec();
    payload.extend(u16::try_from(metric.len()).unwrap().to_le_bytes());
    payload.extend(metric.bytes());
    payload.push(u8::try_from(levels.len()).unwrap());
    for level in levels {
        payload.push(u8::try_from(level.len()).unwrap());
        payload.extend(level.bytes());
    }
    payload.extend(value.to_le_bytes());
    framed(&payload)
}

fn log(records: &[Vec<u8>]) -> Vec<u8> {
    [0xCC1D_A701_u32.to_le_bytes().to_vec(), records.concat()].concat()
}

/// The times of the records, and the damage in words.
fn read(log: &[u8]) -> (Vec<i64>, Vec<String>) {
    let (mut times, mut damage) = (Vec::new(), Vec::new());
    read_log(log, &mut |entry| match entry {
        Entry::Record(record) => times.push(record.time_s),
        Entry::Damage(reason) => damage.push(reason.to_string()),
    });
    (times, damage)
}

fn numbered(count: i64) -> Vec<Vec<u8>> {
    (0..count).map(|time_s| record(time_s, "cpu_load", &["socket0", "networketh0"], 1.5)).collect()
}

#[test]
fn a_record_comes_out_as_it_was_written() {
    let mut given = Vec::new();
    read_log(&log(&[record(-5, "flops", &["core1"], 2.5)]), &mut |entry| {
        let Entry::Record(Record { time_s, metric, levels, value }) = entry else { panic!("{entry:?}") };
        given.push((time_s, metric.to_owned(), levels.join("/"), value));
    });
    assert_eq!(given, [(-5, "flops".to_owned(), "core1".to_owned(), 2.5)]);
}

#[test]
fn an_empty_log_and_a_foreign_file_are_told() {
    for foreign in [&b""[..], b"hello", b"hello, this is longer than a record"] {
        let wrong_start = "does not begin with the mark of a log".to_owned();
        assert_eq!(read(foreign), (vec![], vec![wrong_start]));
    }
    assert_eq!(read(&log(&[])), (vec![], vec![]));
}

#[test]
fn records_behind_a_wrong_start_are_found() {
    let (times, damage) = read(&numbered(2).concat());
    assert_eq!(times, [0, 1]);
    assert_eq!(damage.len(), 1);
}

#[test]
fn a_whole_record_that_makes_no_sense_costs_only_itself() {
    let records = [record(1, "a", &[], 1.0), framed(b"all of it nonsense"), record(2, "a", &[], 1.0)];
    let (times, damage) = read(&log(&records));
    assert_eq!(times, [1, 2]);
    assert_eq!(damage, ["the record at byte 32 makes no sense"]);
}

#[test]
fn a_length_that_the_log_does_not_have_costs_only_its_record() {
    let mut records = numbered(3);
    records[1][4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let (times, damage) = read(&log(&records));
    assert_eq!(times, [0, 2]);
    assert_eq!(damage.len(), 1);
}

proptest! {
    #[test]
    fn a_changed_byte_costs_the_record_it_is_in(place in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let records = numbered(5);
        let mut log = log(&records);
        let at = place.index(log.len());
        log[at] ^= change;
        let damaged = at.checked_sub(4).map(|within| i64::try_from(within / records[0].len()).unwrap());
        let expected: Vec<i64> = (0..5).filter(|&time_s| Some(time_s) != damaged).collect();
        let (times, damage) = read(&log);
        prop_assert_eq!(times, expected);
        prop_assert_eq!(damage.len(), 1);
    }

    #[test]
    fn a_cut_log_gives_the_records_before_the_cut(place in any::<prop::sample::Index>()) {
        let records = numbered(5);
        let whole = log(&records);
        let length = place.index(whole.len());
        let (times, damage) = read(&whole[..length]);
        let before = length.saturating_sub(4) / records[0].len();
        prop_assert_eq!(times.len(), before);
        let is_at_border = length >= 4 && (length - 4) % records[0].len() == 0;
        prop_assert_eq!(damage.is_empty(), is_at_border);
    }

    #[test]
    fn bytes_between_records_cost_none(junk in prop::collection::vec(any::<u8>(), 1..100)) {
        let records = [record(1, "a", &[], 1.0), junk, record(2, "a", &[], 1.0)];
        let (times, damage) = read(&log(&records));
        prop_assert_eq!(times, [1, 2]);
        prop_assert_eq!(damage.len(), 1);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(read(&bytes).0.is_empty());
    }
}
