use super::{Entry, read_binary, read_json};
use proptest::prelude::*;

const FROM_S: i64 = 1_795_449_989;
const TO_S: i64 = FROM_S + 600;

/// A series as a test writes it: levels, metric, timestep, start, values.
type Written<'a> = (&'a str, i64, i64, &'a [f32]);

fn name(bytes: &mut Vec<u8>, name: &str) {
    bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    bytes.extend(name.bytes());
}

fn length(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend(u32::try_from(length).unwrap().to_le_bytes());
}

fn level(bytes: &mut Vec<u8>, metrics: &[Written<'_>], child_count: usize) {
    length(bytes, metrics.len());
    for (metric, timestep_s, start_s, values) in metrics {
        name(bytes, metric);
        bytes.extend(timestep_s.to_le_bytes());
        bytes.extend(start_s.to_le_bytes());
        length(bytes, values.len());
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    length(bytes, child_count);
}

fn head() -> Vec<u8> {
    [0xCC5B_0001_u32.to_le_bytes().as_slice(), &FROM_S.to_le_bytes(), &TO_S.to_le_bytes()].concat()
}

/// Two series of the host, one of a socket and one of a network interface there.
fn binary() -> Vec<u8> {
    let mut bytes = head();
    level(&mut bytes, &[("load", 60, FROM_S, &[1.0, f32::NAN, 3.0]), ("mem", 60, FROM_S + 30, &[4.0])], 1);
    name(&mut bytes, "socket0");
    level(&mut bytes, &[("power", 1, FROM_S, &[5.0, 6.0])], 1);
    name(&mut bytes, "networketh0");
    level(&mut bytes, &[("recv", 5, FROM_S, &[7.0])], 0);
    bytes
}

type Reader = fn(&[u8], &mut dyn FnMut(Entry<'_>));

/// Each series in words, and the damage.
fn read(reader: Reader, snapshot: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut series, mut damage) = (Vec::new(), Vec::new());
    reader(snapshot, &mut |entry| match entry {
        Entry::Series(found) => series.push(format!(
            "{}/{} {} {} {:?}",
            found.levels.join("/"),
            found.metric,
            found.timestep_s,
            found.start_s - FROM_S,
            found.values
        )),
        Entry::Damage(reason) => damage.push(reason.to_string()),
    });
    (series, damage)
}

const ALL: [&str; 4] = [
    "/load 60 0 [1.0, NaN, 3.0]",
    "/mem 60 30 [4.0]",
    "socket0/power 1 0 [5.0, 6.0]",
    "socket0/networketh0/recv 5 0 [7.0]",
];

#[test]
fn a_binary_snapshot_gives_its_series_with_their_levels() {
    let (series, damage) = read(read_binary, &binary());
    assert_eq!(series, ALL);
    assert_eq!(damage, [""; 0]);
}

#[test]
fn a_json_snapshot_gives_its_series_with_their_levels() {
    let json = format!(
        r#"{{"metrics":{{"load":{{"frequency":60,"start":{FROM_S},"data":[1.0,null,3.0]}}}},
            "children":{{"socket0":{{"metrics":{{"power":{{"frequency":1,"start":{FROM_S},"data":[340282346638528859811704183484516925440.0]}}}},
            "children":null,"from":0,"to":0}}}},"from":{FROM_S},"to":{TO_S}}}"#
    );
    let (series, damage) = read(read_json, json.as_bytes());
    assert_eq!(series, ["/load 60 0 [1.0, NaN, 3.0]", "socket0/power 1 0 [3.4028235e38]"]);
    assert_eq!(damage, [""; 0]);
}

#[test]
fn a_json_series_with_impossible_times_costs_only_itself() {
    let json = format!(
        r#"{{"metrics":{{"a":{{"frequency":0,"start":{FROM_S},"data":[1]}},"b":{{"frequency":1,"start":{FROM_S},"data":[2]}},
            "c":{{"frequency":9223372036854775807,"start":0,"data":[1,2]}}}}}}"#
    );
    let (series, damage) = read(read_json, json.as_bytes());
    assert_eq!(series, ["/b 1 0 [2.0]"]);
    assert_eq!(damage.len(), 2);
    assert_eq!(damage[0], "series a has a timestep or times that cannot be");
}

#[test]
fn what_is_no_snapshot_gives_nothing() {
    for foreign in [&b""[..], b"\x01\x00\x5b\xcc", b"{}", b"hello, world, this is long enough"] {
        let (series, damage) = read(read_binary, foreign);
        assert_eq!((series.len(), damage.len()), (0, 1), "{foreign:?}");
    }
    for foreign in [&b""[..], b"[]", b"{\"metrics\":", b"\xff"] {
        let (series, damage) = read(read_json, foreign);
        assert_eq!((series.len(), damage.len()), (0, 1), "{foreign:?}");
    }
}

#[test]
fn a_count_that_the_file_does_not_have_takes_no_memory() {
    let mut bytes = head();
    level(&mut bytes, &[("load", 60, FROM_S, &[])], 0);
    let at = bytes.len() - 8;
    bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(read(read_binary, &bytes).0, [""; 0]);
}

#[test]
fn bytes_behind_the_last_series_are_damage() {
    let bytes = [binary(), vec![0]].concat();
    let (series, damage) = read(read_binary, &bytes);
    assert_eq!(series, ALL[..3]);
    assert_eq!(damage.len(), 1);
}

#[test]
fn levels_without_end_are_damage() {
    let mut bytes = head();
    for _ in 0..100_000 {
        level(&mut bytes, &[], 1);
        name(&mut bytes, "a");
    }
    assert_eq!(read(read_binary, &bytes).1.len(), 1);
    let json = "{\"children\":{\"a\":".repeat(100_000);
    assert_eq!(read(read_json, json.as_bytes()).1.len(), 1);
    let deep = format!("{}{{}}{}", "{\"children\":{\"a\":".repeat(20), "}}".repeat(20));
    assert_eq!(read(read_json, deep.as_bytes()).1.len(), 1);
}

proptest! {
    #[test]
    fn a_cut_snapshot_gives_series_as_they_were(place in any::<prop::sample::Index>()) {
        let whole = binary();
        let length = place.index(whole.len());
        let (series, damage) = read(read_binary, &whole[..length]);
        prop_assert_eq!(&series[..], &ALL[..series.len()]);
        prop_assert_eq!(damage.len(), 1);
    }

    #[test]
    fn a_changed_byte_never_panics_and_spoils_no_series_before_the_one_it_is_in(
        place in any::<prop::sample::Index>(), change in 1..=255_u8,
    ) {
        let mut bytes = binary();
        let at = place.index(bytes.len() - 20) + 20;
        bytes[at] ^= change;
        let (series, _) = read(read_binary, &bytes);
        prop_assert!(series.len() <= ALL.len());
        // Each series here has more bytes of its own than this: those that end before the change are as they were, but
        // for the last one when what follows it makes no sense.
        let ends = [24 + 2 + 4 + 20 + 12, 24 + 2 + 4 + 20 + 12 + 2 + 3 + 20 + 4];
        let before = ends.iter().filter(|&&end| end <= at).count();
        let sure = before.saturating_sub(1).min(series.len());
        prop_assert_eq!(&series[..sure], &ALL[..sure]);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read(read_binary, &[head(), bytes.clone()].concat());
        read(read_json, &bytes);
    }
}
