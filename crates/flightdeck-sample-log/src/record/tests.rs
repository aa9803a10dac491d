//! Records come back; bytes that are none are refused without harm.

use super::{FreeRecord, LoggedSample, Record, RecordBuilder, RecordReader};
use flightdeck_model::SeriesName;
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct OwnedSample {
    texts: [String; 7],
    time_s: i64,
    value: f64,
}

impl OwnedSample {
    fn name(&self) -> SeriesName<'_> {
        let [cluster, host, kind, id, sub_kind, sub_id, metric] = self.texts.each_ref().map(String::as_str);
        SeriesName { cluster, host, kind, id, sub_kind, sub_id, metric }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-c]", "[ab]{1,2}", "\\PC{0,5}"]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (0..10_000_i32).prop_map(|hundredths| f64::from(hundredths) / 100.0),
        any::<f32>().prop_map(f64::from),
        any::<i32>().prop_map(f64::from),
    ]
}

fn sample() -> impl Strategy<Value = OwnedSample> {
    let time = prop_oneof![Just(60), 0..300_i64, any::<i64>()];
    let texts = proptest::array::uniform7(text());
    (texts, time, value()).prop_map(|(texts, time_s, value)| OwnedSample { texts, time_s, value })
}

proptest! {
    #[test]
    fn samples_come_back(samples in proptest::collection::vec(sample(), 0..60)) {
        let mut builder = RecordBuilder::new();
        // The second time with what the first left in the builder.
        for _ in 0..2 {
            for sample in &samples {
                builder.push(&sample.name(), sample.time_s, sample.value);
            }
            let record = builder.finish();
            let reader = RecordReader::new(&record).unwrap();
            let read: Vec<LoggedSample<'_>> = reader.map(Result::unwrap).collect();
            prop_assert_eq!(read.len(), samples.len());
            for (found, sample) in read.iter().zip(&samples) {
                prop_assert_eq!(found.series, sample.name());
                prop_assert_eq!(found.time_s, sample.time_s);
                prop_assert_eq!(found.value.to_bits(), sample.value.to_bits());
            }
        }
    }

    #[test]
    fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0..3_u8) {
        let mut record = vec![kind];
        record.extend(bytes);
        if let Ok(Record::Samples(samples)) = Record::decode(&record) {
            // Each sample takes two bytes at least, whatever the record says.
            prop_assert!(samples.count() <= record.len());
        }
    }

    #[test]
    fn changed_records_can_be_read(
        samples in proptest::collection::vec(sample(), 1..20),
        at in any::<proptest::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let mut builder = RecordBuilder::new();
        for sample in &samples {
            builder.push(&sample.name(), sample.time_s, sample.value);
        }
        let mut record = builder.finish();
        let place = at.index(record.len());
        record[place] ^= 1 << bit;
        if let Ok(Record::Samples(found)) = Record::decode(&record) {
            prop_assert!(found.count() <= record.len());
        }
        record.truncate(place);
        let is_noticed = match Record::decode(&record) {
            Ok(Record::Samples(found)) => found.last().is_some_and(|last| last.is_err()),
            other => other.is_err(),
        };
        prop_assert!(is_noticed);
    }

    #[test]
    fn what_was_freed_comes_back(
        paths in proptest::collection::vec(proptest::collection::vec("\\PC{0,9}", 0..4), 0..5),
        to_s in any::<i64>(),
    ) {
        let freed = FreeRecord { paths, to_s };
        let record = freed.encode();
        match Record::decode(&record).unwrap() {
            Record::Freed(found) => prop_assert_eq!(found, freed),
            Record::Samples(_) => prop_assert!(false, "samples"),
        }
        prop_assert!(Record::decode(&record[..record.len() - 1]).is_err());
    }
}

#[test]
fn a_sample_of_a_core_takes_five_bytes() {
    let ids: Vec<String> = (0..64).map(|id| id.to_string()).collect();
    let mut builder = RecordBuilder::new();
    let mut samples = 0_u32;
    for host in ["node01", "node02", "node03"] {
        for metric in ["cpu_user", "ipc", "flops_any", "clock"] {
            for (number, id) in (0..).zip(&ids) {
                let name =
                    SeriesName { cluster: "alpha", host, kind: "core", id, metric, ..Default::default() };
                builder.push(&name, 1_700_000_000, f64::from(samples * 37 % 10_000 + number) / 100.0);
                samples += 1;
            }
        }
    }
    assert_eq!(builder.samples(), samples);
    let bytes = builder.bytes();
    assert!(bytes < samples as usize * 5, "{bytes} bytes for {samples} samples");
}

#[test]
fn a_host_metric_of_many_hosts_takes_at_most_nine_bytes() {
    let hosts: Vec<String> = (0..1000).map(|host| format!("node{host:04}")).collect();
    let mut builder = RecordBuilder::new();
    let mut samples = 0_u32;
    for host in &hosts {
        for metric in
            ["cpu_load", "mem_used", "net_bw", "temp", "power", "ipc", "flops_any", "clock", "ib", "nfs"]
        {
            let name = SeriesName { cluster: "alpha", host, metric, ..Default::default() };
            let value = f64::from(samples.wrapping_mul(2_654_435_761) % 1_000_000) / 100.0;
            builder.push(&name, 1_700_000_000, value);
            samples += 1;
        }
    }
    let bytes = builder.bytes();
    assert!(bytes < samples as usize * 9, "{bytes} bytes for {samples} samples");
}
