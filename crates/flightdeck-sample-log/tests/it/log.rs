//! Records come back in their order, segments go when they are no longer needed, and damage is kept for a look.

use crate::sample_data::{
    flip, open, open_with, record, replay, samples, segment_files, start_after, value_of,
};
use flightdeck_sample_log::testing::{Fault, FaultyDisk};
use flightdeck_sample_log::{
    Disk, Durability, FORMAT_VERSION, FreeRecord, Log, LogError, LogOptions, LogStart, OsDisk, Record,
    RecordError, SegmentNumber,
};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

const SMALL: LogOptions = LogOptions { durability: Durability::Sync, segment_bytes: 200 };

fn names(folder: &Path) -> Vec<String> {
    let paths = segment_files(folder);
    paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn records_come_back_in_their_order_over_all_segments_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    for run in 0..3 {
        let mut log = open_with(folder.path(), SMALL);
        for number in 0..10 {
            // Two in a group: the later value of a time must come later.
            let first = record([run * 20 + 2 * number]);
            let second = record([run * 20 + 2 * number + 1]);
            log.append(&[&first, &second]).unwrap();
        }
        assert!(log.segments() > 5);
        let on_disk: u64 =
            segment_files(folder.path()).iter().map(|path| path.metadata().unwrap().len()).sum();
        assert_eq!(log.bytes(), on_disk);
    }
    let mut times = Vec::new();
    let mut log = open(folder.path());
    let report = log.replay(&mut |found| {
        let Record::Samples(reader) = found else { return Err(RecordError) };
        times.extend(reader.map(|sample| sample.unwrap().time_s));
        Ok(())
    });
    assert_eq!(times, (0..60).collect::<Vec<i64>>());
    assert_eq!((report.records, report.damaged_records, report.torn_segments), (60, 0, 0));
}

#[test]
fn a_log_that_is_read_by_two_threads_comes_back_in_order_too() {
    let folder = tempfile::tempdir().unwrap();
    let options = LogOptions { durability: Durability::Flush, segment_bytes: 1 << 20 };
    let mut log = open_with(folder.path(), options);
    for number in 0..400 {
        log.append(&[&record(number * 1000..(number + 1) * 1000)]).unwrap();
    }
    assert!(log.segments() > 2, "{}", log.segments());
    drop(log);
    let mut next = 0;
    let report = open(folder.path()).replay(&mut |found| {
        let Record::Samples(reader) = found else { return Err(RecordError) };
        for sample in reader {
            assert_eq!(sample?.value.to_bits(), value_of(next).to_bits());
            next += 1;
        }
        Ok(())
    });
    assert_eq!((next, report.records, report.damaged_records), (400_000, 400, 0));
}

#[test]
fn what_was_freed_stands_between_the_samples_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let freed = FreeRecord { paths: vec![vec!["alpha".to_owned()]], to_s: 60 };
    let mut log = open(folder.path());
    log.append(&[&record([1]), &freed.encode(), &record([2])]).unwrap();
    drop(log);
    let mut kinds = Vec::new();
    open(folder.path()).replay(&mut |found| {
        match found {
            Record::Samples(_) => kinds.push("samples"),
            Record::Freed(read) => {
                assert_eq!(read, freed);
                kinds.push("freed");
            }
        }
        Ok(())
    });
    assert_eq!(kinds, ["samples", "freed", "samples"]);
}

#[test]
fn after_a_rotation_what_came_before_can_be_removed_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open_with(folder.path(), SMALL);
    for number in 0..10 {
        log.append(&[&record([number])]).unwrap();
    }
    let before = log.rotate();
    assert_eq!(log.rotate(), before, "nothing was appended in between");
    log.append(&[&record([10])]).unwrap();
    log.remove_through(before).unwrap();
    assert_eq!(log.segments(), 1);
    drop(log);
    assert_eq!(replay(&mut open(folder.path())).0, samples([10]));
}

#[test]
fn segments_that_a_snapshot_holds_are_not_read_and_their_numbers_not_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    log.append(&[&record([1])]).unwrap();
    let held = log.rotate();
    log.append(&[&record([2])]).unwrap();
    drop(log);
    let reopen = |start| Log::open(Arc::new(OsDisk), folder.path(), LogOptions::default(), start).unwrap();
    let mut again = reopen(start_after(held));
    assert_eq!(replay(&mut again).0, samples([2]));
    let last = again.rotate();
    again.remove_through(last).unwrap();
    drop(again);
    assert_eq!(segment_files(folder.path()).len(), 0);
    let mut later = reopen(LogStart { covered: held, used: SegmentNumber(40) });
    later.append(&[&record([3])]).unwrap();
    assert_eq!(names(folder.path()), ["log-0000000041.fdl"]);
}

#[test]
fn a_damaged_segment_is_set_aside_where_others_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    for number in 0..3 {
        log.append(&[&record([number])]).unwrap();
        log.rotate();
    }
    drop(log);
    flip(&segment_files(folder.path())[1], 40 * 8);

    let mut damaged = open(folder.path());
    let (found, report) = replay(&mut damaged);
    assert_eq!(found, samples([0, 2]));
    assert_eq!((report.damaged_records, report.damaged_segments), (1, 1));
    let last = damaged.rotate();
    damaged.remove_through(last).unwrap();
    assert_eq!(damaged.bytes(), 0);
    assert!(segment_files(folder.path()).is_empty());
    assert_eq!(names(&damaged.set_aside_folder()), ["log-0000000002.fdl"]);
}

#[test]
fn a_record_that_its_reader_rejects_counts_as_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    log.append(&[&record([0]), b"\xffno record", &record([1])]).unwrap();
    drop(log);
    let mut again = open(folder.path());
    let (found, report) = replay(&mut again);
    assert_eq!(found, samples([0, 1]));
    assert_eq!((report.records, report.damaged_records, report.damaged_segments), (2, 1, 1));
}

#[test]
fn other_files_and_a_file_without_a_byte_disturb_nobody() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["notes.txt", "log-1.fdl", "log-000000000x.fdl", "log-0000000003.fdl", "log-.fdl"] {
        std::fs::write(folder.path().join(name), b"").unwrap();
    }
    let mut log = open(folder.path());
    let (found, report) = replay(&mut log);
    assert!(found.is_empty());
    assert_eq!((report.segments, report.damaged_records, report.torn_segments), (1, 0, 0));
    log.append(&[&record([1])]).unwrap();
    assert!(names(folder.path()).contains(&"log-0000000004.fdl".to_owned()));
}

#[test]
fn a_segment_of_a_later_version_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    log.append(&[&record([0])]).unwrap();
    drop(log);
    let path = segment_files(folder.path()).pop().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8..12].copy_from_slice(&(FORMAT_VERSION + 1).to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..20]);
    bytes[20..24].copy_from_slice(&checksum.to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let opened = Log::open(Arc::new(OsDisk), folder.path(), LogOptions::default(), LogStart::default());
    assert!(matches!(opened, Err(LogError::NewerVersion { version: 2, .. })));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn records_that_no_reader_takes_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let large = vec![0; flightdeck_sample_log::MAX_PAYLOAD_BYTES + 1];
    for unfit in [&large[..], b""] {
        assert!(matches!(log.append(&[&record([0]), unfit]), Err(LogError::UnfitSize { .. })));
    }
    log.append(&[&record([1])]).unwrap();
    assert_eq!(replay(&mut open(folder.path())).0, samples([1]));
}

#[test]
fn a_full_disk_is_named_as_such_and_leaves_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new(Arc::new(OsDisk));
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let mut log = Log::open(shared, folder.path(), SMALL, LogStart::default()).unwrap();
    for attempt in 0..20 {
        // Creating the file works, or its header as well.
        let operation = if attempt % 2 == 0 { 2 } else { 5 };
        disk.fail(Fault { operation, error: ErrorKind::StorageFull, is_half_written: true, is_crash: false });
        let error = log.append(&[&record([1])]).unwrap_err();
        assert!(error.is_disk_full(), "{error:?}");
    }
    assert!(segment_files(folder.path()).is_empty());
    log.append(&[&record([2])]).unwrap();
    assert_eq!(replay(&mut open(folder.path())).0, samples([2]));
}
