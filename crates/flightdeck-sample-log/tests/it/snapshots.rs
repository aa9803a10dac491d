//! Snapshots appear whole or not at all, and give back what was put into them.

use crate::sample_data::{block, files_named, flip, load, open_snapshots};
use flightdeck_model::SeriesName;
use flightdeck_sample_log::{
    FORMAT_VERSION, LogError, LogStart, OsDisk, SegmentNumber, SnapshotBlock, SnapshotHead, Snapshots,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Arc, Mutex};

fn head(segment: u64, is_full: bool) -> SnapshotHead {
    SnapshotHead { covers_log_through: SegmentNumber(segment), is_full }
}

/// Writes a snapshot of a few blocks; returns its number.
fn write(snapshots: &mut Snapshots, head: SnapshotHead, blocks: &[(&str, i64)]) -> u64 {
    let mut writer = snapshots.create(head).unwrap();
    for (host, block_number) in blocks {
        let start_s = block_number * 100;
        writer.add(&block(host, *block_number, host.as_bytes()), start_s, start_s + 100).unwrap();
    }
    snapshots.publish(writer).unwrap().number
}

type OwnedBlock = (Vec<String>, u32, i64, Vec<u8>);

fn as_block(owned: &OwnedBlock) -> SnapshotBlock<'_> {
    let text = |field: usize| owned.0[field].as_str();
    let series = SeriesName {
        cluster: text(0),
        host: text(1),
        kind: text(2),
        id: text(3),
        sub_kind: text(4),
        sub_id: text(5),
        metric: text(6),
    };
    SnapshotBlock { series, timestep_s: owned.1, block_number: owned.2, bytes: &owned.3 }
}

fn any_block() -> impl Strategy<Value = OwnedBlock> {
    let text = prop_oneof![Just(String::new()), "[a-c]", "\\PC{0,5}"];
    let bytes = proptest::collection::vec(any::<u8>(), 0..60);
    let number = prop_oneof![-2..3_i64, any::<i64>()];
    (proptest::collection::vec(text, 7), prop_oneof![Just(60), any::<u32>()], number, bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..Default::default() })]

    #[test]
    fn blocks_come_back(blocks in proptest::collection::vec(any_block(), 0..40), sections in 0..5_usize) {
        let folder = tempfile::tempdir().unwrap();
        let mut snapshots = open_snapshots(folder.path());
        let mut writer = snapshots.create(head(1, true)).unwrap();
        for (number, owned) in blocks.iter().enumerate() {
            writer.add(&as_block(owned), 0, 1).unwrap();
            if sections > 0 && number % sections == 0 {
                writer.end_section().unwrap();
            }
        }
        let number = snapshots.publish(writer).unwrap().number;
        let mut reopened = open_snapshots(folder.path());
        let found = Mutex::new(Vec::new());
        let report = reopened.load(number, 1, &|read| {
            let name = read.series;
            let texts =
                [name.cluster, name.host, name.kind, name.id, name.sub_kind, name.sub_id, name.metric];
            found.lock().unwrap().push((
                texts.map(str::to_owned).to_vec(),
                read.timestep_s,
                read.block_number,
                read.bytes.to_vec(),
            ));
        });
        prop_assert_eq!(found.into_inner().unwrap(), blocks);
        prop_assert!(report.is_complete());
    }
}

#[test]
fn several_threads_find_what_one_finds() {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = open_snapshots(folder.path());
    let mut writer = snapshots.create(head(1, true)).unwrap();
    let mut due = BTreeMap::new();
    for number in 0..600_i64 {
        let host = format!("node{}", number % 7);
        let bytes = vec![u8::try_from(number % 251).unwrap(); 20_000];
        writer.add(&block(&host, number, &bytes), number, number + 1).unwrap();
        due.insert((host, 60, number), bytes);
    }
    let number = snapshots.publish(writer).unwrap().number;
    for threads in [0, 1, 2, 5] {
        let (found, report) = load(&mut snapshots, number, threads);
        assert!(found == due, "{threads} threads");
        assert_eq!(report.blocks, 600);
        assert!(report.is_complete());
    }
}

#[test]
fn only_what_is_not_in_the_newest_full_snapshot_is_needed_from_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = open_snapshots(folder.path());
    assert_eq!(snapshots.log_start(), LogStart::default());
    write(&mut snapshots, head(3, true), &[("a", 1)]);
    write(&mut snapshots, head(5, false), &[("b", 2)]);
    write(&mut snapshots, head(8, true), &[("a", 3), ("b", 4)]);
    write(&mut snapshots, head(9, false), &[("a", 5), ("c", 7)]);
    let mut reopened = open_snapshots(folder.path());
    assert_eq!(reopened.list(), snapshots.list());
    let needed: Vec<u64> = reopened.needed().iter().map(|snapshot| snapshot.number).collect();
    assert_eq!(needed, [3, 4]);
    let last = reopened.list()[3].clone();
    assert_eq!((last.start_s, last.end_s, last.covers, last.is_full), (500, 800, SegmentNumber(9), false));
    assert_eq!(last.bytes, last.path.metadata().unwrap().len());
    let start = LogStart { covered: SegmentNumber(9), used: SegmentNumber(9) };
    assert_eq!(reopened.log_start(), start);

    reopened.remove(&[1, 2]).unwrap();
    assert_eq!(files_named(folder.path(), "snapshot-").len(), 2);
    assert_eq!(reopened.log_start(), start);
}

#[test]
fn a_snapshot_without_blocks_is_one_of_no_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = open_snapshots(folder.path());
    let number = write(&mut snapshots, head(3, true), &[]);
    let mut reopened = open_snapshots(folder.path());
    assert_eq!((reopened.list()[0].start_s, reopened.list()[0].end_s), (i64::MAX, i64::MIN));
    let (found, report) = load(&mut reopened, number, 2);
    assert!(found.is_empty() && report.is_complete());
}

#[test]
fn an_unfinished_snapshot_is_not_there_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = open_snapshots(folder.path());
    let mut writer = snapshots.create(head(3, true)).unwrap();
    writer.add(&block("a", 1, b"1"), 0, 1).unwrap();
    writer.end_section().unwrap();
    assert_eq!(files_named(folder.path(), ".new-").len(), 1);
    assert!(open_snapshots(tempfile::tempdir().unwrap().path()).list().is_empty());
    drop(writer);
    assert!(files_named(folder.path(), "").is_empty());
    assert!(snapshots.list().is_empty());
}

#[test]
fn what_a_killed_writer_left_is_removed_and_its_number_not_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join(".new-snapshot-0000000006-0000000001.fds");
    std::fs::write(&left, b"half").unwrap();
    let mut snapshots = open_snapshots(folder.path());
    assert!(!left.exists());
    assert_eq!(write(&mut snapshots, head(1, true), &[("a", 1)]), 7);
}

#[test]
fn a_damaged_snapshot_stays_while_it_is_needed_and_is_then_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = open_snapshots(folder.path());
    let mut writer = snapshots.create(head(1, true)).unwrap();
    for number in 0..3 {
        writer.add(&block("a", number, b"123"), 0, 1).unwrap();
        writer.end_section().unwrap();
    }
    let first = snapshots.publish(writer).unwrap();
    flip(&first.path, (24 + 22 + 30) * 8);

    let mut damaged = open_snapshots(folder.path());
    for _ in 0..2 {
        let (found, report) = load(&mut damaged, first.number, 2);
        assert_eq!((found.len(), report.damaged_sections), (2, 1));
    }
    assert!(first.path.exists());
    let kept = damaged.set_aside_folder().join(first.path.file_name().unwrap());
    assert_eq!(std::fs::read(&kept).unwrap(), std::fs::read(&first.path).unwrap());
    write(&mut damaged, head(2, true), &[("a", 0), ("a", 2)]);
    damaged.remove(&[first.number]).unwrap();
    assert!(!first.path.exists());
    assert_eq!(files_named(&damaged.set_aside_folder(), "snapshot-").len(), 1);
    assert_eq!(open_snapshots(folder.path()).list().len(), 1);
}

#[test]
fn a_damaged_file_does_not_take_the_place_of_another_one_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("damaged");
    std::fs::create_dir(&kept).unwrap();
    let name = "snapshot-0000000001-0000000001.fds";
    std::fs::write(kept.join(name), b"of an earlier life").unwrap();
    std::fs::write(folder.path().join(name), b"damaged").unwrap();
    for _ in 0..2 {
        load(&mut open_snapshots(folder.path()), 1, 1);
    }
    let mut snapshots = open_snapshots(folder.path());
    load(&mut snapshots, 1, 1);
    snapshots.remove(&[1]).unwrap();
    assert!(!folder.path().join(name).exists());
    assert_eq!(files_named(&kept, "").len(), 2);
    assert_eq!(std::fs::read(kept.join(name)).unwrap(), b"of an earlier life");
    assert_eq!(std::fs::read(kept.join(format!("{name}.2"))).unwrap(), b"damaged");
}

/// A file system that was repaired may have cut a file off. A full snapshot that lost its end must not hide those before
/// it.
#[test]
fn a_snapshot_cut_anywhere_gives_its_whole_sections_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = open_snapshots(folder.path());
    write(&mut snapshots, head(1, true), &[("old", 1)]);
    let mut writer = snapshots.create(head(2, true)).unwrap();
    for number in 0..3 {
        writer.add(&block("a", number, b"123"), 0, 1).unwrap();
        writer.end_section().unwrap();
    }
    let cut_snapshot = snapshots.publish(writer).unwrap();
    for cut in (0..cut_snapshot.bytes).rev() {
        OpenOptions::new().write(true).open(&cut_snapshot.path).unwrap().set_len(cut).unwrap();
        let mut reopened = open_snapshots(folder.path());
        assert_eq!(reopened.needed().len(), 2, "cut at {cut}");
        // The number of the log's segment is in the name.
        assert_eq!(reopened.log_start().used, SegmentNumber(2));
        let (found, report) = load(&mut reopened, cut_snapshot.number, 1);
        assert!(!report.is_complete(), "cut at {cut}");
        assert!(found.values().all(|bytes| bytes == b"123"));
        assert!(cut < cut_snapshot.bytes - 62 || found.len() == 3, "cut at {cut}");
    }
}

#[test]
fn a_snapshot_of_a_later_version_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = open_snapshots(folder.path());
    write(&mut snapshots, head(1, true), &[("a", 1)]);
    let path = snapshots.list()[0].path.clone();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8..12].copy_from_slice(&(FORMAT_VERSION + 1).to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..20]);
    bytes[20..24].copy_from_slice(&checksum.to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let opened = Snapshots::open(Arc::new(OsDisk), folder.path());
    assert!(matches!(opened, Err(LogError::NewerVersion { version: 2, .. })));
    assert!(Path::new(&path).exists());
}

#[test]
fn a_block_that_no_reader_takes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = open_snapshots(folder.path());
    let mut writer = snapshots.create(head(1, true)).unwrap();
    let large = vec![0; flightdeck_sample_log::MAX_PAYLOAD_BYTES];
    assert!(matches!(writer.add(&block("a", 1, &large), 0, 1), Err(LogError::UnfitSize { .. })));
}
