//! Both formats as they were when version 1 was settled: files of then are read, and are still written so.

use crate::sample_data::{files_named, segment_files};
use flightdeck_model::SeriesName;
use flightdeck_sample_log::{
    FreeRecord, Log, LogOptions, LogStart, OsDisk, Record, RecordBuilder, SegmentNumber, SnapshotBlock,
    SnapshotHead, Snapshots,
};
use std::path::Path;
use std::sync::{Arc, Mutex};

const LOG: &[u8] = include_bytes!("../golden/log-0000000001.fdl");
const SNAPSHOT: &[u8] = include_bytes!("../golden/snapshot-0000000001-0000000003.fds");

const NODE: SeriesName<'static> = SeriesName {
    cluster: "alpha",
    host: "node01",
    kind: "",
    id: "",
    sub_kind: "",
    sub_id: "",
    metric: "cpu_load",
};
const CORE: SeriesName<'static> = SeriesName { kind: "core", id: "0", metric: "ipc", ..NODE };
const DEVICE: SeriesName<'static> =
    SeriesName { host: "nöde02", sub_kind: "network", sub_id: "eth0", metric: "net_bw", ..NODE };

/// One of each form of value, and of each step from one sample to the next.
const SAMPLES: [(SeriesName<'static>, i64, f64); 12] = [
    (NODE, 1_700_000_000, 0.31),
    (NODE, 1_700_000_060, 12.5),
    (CORE, 1_700_000_060, 2.0),
    (SeriesName { id: "1", ..CORE }, 1_700_000_060, -1.75),
    (CORE, 1_700_000_000, 1.0e12),
    (DEVICE, -1, 0.1 + 0.2),
    (SeriesName { sub_id: "ib0", ..DEVICE }, i64::MAX, 1.0e-9),
    (NODE, i64::MIN, -0.0),
    (NODE, 0, 0.000_001),
    (NODE, 0, f64::INFINITY),
    (NODE, 0, 1.5e300),
    (SeriesName { id: "1", ..CORE }, 0, 16_777_217.0),
];

fn blocks() -> Vec<SnapshotBlock<'static>> {
    let block =
        |series, timestep_s, block_number, bytes| SnapshotBlock { series, timestep_s, block_number, bytes };
    vec![
        block(NODE, 60, 110_677, b"first"),
        block(NODE, 60, 110_678, b""),
        block(CORE, 10, 664_062, b"second"),
        block(DEVICE, 10, -1, &[0; 200]),
    ]
}

#[test]
fn the_log_is_written_as_version_1_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = RecordBuilder::new();
    for (series, time_s, value) in &SAMPLES {
        builder.push(series, *time_s, *value);
    }
    let freed = FreeRecord { paths: vec![vec!["alpha".to_owned(), "node01".to_owned()], vec![]], to_s: 60 };
    let mut log =
        Log::open(Arc::new(OsDisk), folder.path(), LogOptions::default(), LogStart::default()).unwrap();
    log.append(&[&builder.finish(), &freed.encode()]).unwrap();
    assert_eq!(std::fs::read(segment_files(folder.path()).pop().unwrap()).unwrap(), LOG);
}

#[test]
fn the_log_of_version_1_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("log-0000000001.fdl"), LOG).unwrap();
    let mut log =
        Log::open(Arc::new(OsDisk), folder.path(), LogOptions::default(), LogStart::default()).unwrap();
    let mut samples = 0;
    let mut freed = 0;
    let report = log.replay(&mut |found| {
        match found {
            Record::Samples(reader) => {
                for (sample, due) in reader.zip(&SAMPLES) {
                    let read = sample?;
                    assert_eq!(
                        (read.series, read.time_s, read.value.to_bits()),
                        (due.0, due.1, due.2.to_bits())
                    );
                    samples += 1;
                }
            }
            Record::Freed(read) => freed += read.paths.len(),
        }
        Ok(())
    });
    assert_eq!((samples, freed, report.damaged_records), (SAMPLES.len(), 2, 0));
}

#[test]
fn snapshots_are_written_as_version_1_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = Snapshots::open(Arc::new(OsDisk), folder.path()).unwrap();
    let head = SnapshotHead { covers_log_through: SegmentNumber(3), is_full: true };
    let mut writer = snapshots.create(head).unwrap();
    for block in blocks() {
        writer.add(&block, 1_699_998_720, 1_700_029_440).unwrap();
    }
    snapshots.publish(writer).unwrap();
    let path = files_named(folder.path(), "snapshot-").pop().unwrap();
    assert_eq!(path.file_name().unwrap(), "snapshot-0000000001-0000000003.fds");
    assert_eq!(std::fs::read(path).unwrap(), SNAPSHOT);
}

#[test]
fn snapshots_of_version_1_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let name = Path::new("snapshot-0000000001-0000000003.fds");
    std::fs::write(folder.path().join(name), SNAPSHOT).unwrap();
    let mut snapshots = Snapshots::open(Arc::new(OsDisk), folder.path()).unwrap();
    let snapshot = snapshots.list()[0].clone();
    assert!(snapshot.is_full && snapshot.is_whole);
    assert_eq!((snapshot.start_s, snapshot.end_s), (1_699_998_720, 1_700_029_440));
    let left = Mutex::new(blocks());
    let report = snapshots.load(1, 1, &|found| assert_eq!(found, left.lock().unwrap().remove(0)));
    assert!(left.into_inner().unwrap().is_empty());
    assert!(report.is_complete());
}
