//! Files with any single bit changed: nothing wrong is read, and only what has the bit is missing, and counted.

use crate::sample_data::{
    block, files_named, flip, load, open, open_snapshots, record, replay, samples, segment_files,
};
use flightdeck_sample_log::{SegmentNumber, SnapshotHead};
use std::collections::BTreeMap;

const RECORD_SAMPLES: u32 = 5;

#[test]
fn each_bit_of_a_log_costs_at_most_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let records = 18;
    for number in 0..records {
        log.append(&[&record(number * RECORD_SAMPLES..(number + 1) * RECORD_SAMPLES)]).unwrap();
    }
    drop(log);
    let all = samples(0..records * RECORD_SAMPLES);
    let path = segment_files(folder.path()).pop().unwrap();
    let bits = std::fs::metadata(&path).unwrap().len() * 8;
    assert!(bits > 10_000, "{bits}");
    for bit in 0..bits {
        flip(&path, bit);
        let (found, report) = replay(&mut open(folder.path()));
        flip(&path, bit);
        // `replay` has compared the values.
        let missing = all.keys().filter(|number| !found.contains_key(number)).count();
        let due = if bit < 24 * 8 { 0 } else { RECORD_SAMPLES as usize };
        assert_eq!(missing, due, "bit {bit}");
        assert_eq!((report.damaged_records, report.torn_segments), (1, 0), "bit {bit}");
    }
    let (found, report) = replay(&mut open(folder.path()));
    assert_eq!((found, report.damaged_records, report.torn_segments), (all, 0, 0));
}

#[test]
fn each_bit_of_a_snapshot_costs_at_most_its_section() {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = open_snapshots(folder.path());
    let head = SnapshotHead { covers_log_through: SegmentNumber(7), is_full: true };
    let mut writer = snapshots.create(head).unwrap();
    let mut sections = Vec::new();
    for section in 0..12_u8 {
        let mut blocks = BTreeMap::new();
        for host in ["node1", "node2"] {
            let bytes = vec![section; 35];
            writer.add(&block(host, i64::from(section), &bytes), 0, 60).unwrap();
            blocks.insert((host.to_owned(), 60, i64::from(section)), bytes);
        }
        writer.end_section().unwrap();
        sections.push(blocks);
    }
    snapshots.publish(writer).unwrap();
    let path = files_named(folder.path(), "snapshot-").pop().unwrap();
    let bits = std::fs::metadata(&path).unwrap().len() * 8;
    assert!(bits > 10_000, "{bits}");
    for bit in 0..bits {
        flip(&path, bit);
        let mut changed = open_snapshots(folder.path());
        let snapshot = changed.list()[0].clone();
        assert_eq!((snapshot.is_full, snapshot.covers), (true, SegmentNumber(7)), "bit {bit}");
        assert!(snapshot.start_s <= 0 && snapshot.end_s >= 60, "bit {bit}");
        let (found, report) = load(&mut changed, snapshot.number, 1);
        flip(&path, bit);
        let mut missing = 0;
        for blocks in &sections {
            let here = blocks.iter().filter(|(key, bytes)| found.get(key) == Some(bytes)).count();
            assert!(here == 0 || here == 2, "bit {bit}");
            missing += usize::from(here == 0);
        }
        assert!(missing <= 1, "bit {bit}");
        assert_eq!(found.len(), 24 - 2 * missing, "bit {bit}");
        // Something is always damaged: a section, or the head or end of the file.
        assert_eq!(report.damaged_sections, 1, "bit {bit}");
    }
}
