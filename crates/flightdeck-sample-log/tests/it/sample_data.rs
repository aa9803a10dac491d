//! What the tests write, and what they find.

use flightdeck_model::SeriesName;
use flightdeck_sample_log::{
    Log, LogOptions, LogStart, OsDisk, Record, RecordBuilder, ReplayReport, SegmentNumber, SnapshotBlock,
    Snapshots,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Samples by their number, which is in the host and in the time.
pub(crate) type Samples = BTreeMap<u32, f64>;

pub(crate) fn value_of(number: u32) -> f64 {
    f64::from(number.wrapping_mul(2_654_435_761) % 100_000) / 64.0
}

/// A record of the samples with some numbers.
pub(crate) fn record(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let mut builder = RecordBuilder::new();
    for number in numbers {
        let host = format!("node{number}");
        let series = SeriesName { cluster: "alpha", host: &host, metric: "cpu_load", ..Default::default() };
        builder.push(&series, i64::from(number), value_of(number));
    }
    builder.finish()
}

pub(crate) fn open(folder: &Path) -> Log {
    open_with(folder, LogOptions::default())
}

pub(crate) fn open_with(folder: &Path, options: LogOptions) -> Log {
    Log::open(Arc::new(OsDisk), folder, options, LogStart::default()).unwrap()
}

pub(crate) fn start_after(segment: SegmentNumber) -> LogStart {
    LogStart { covered: segment, used: segment }
}

/// All samples of a log; each must be one that [`record`] makes.
pub(crate) fn replay(log: &mut Log) -> (Samples, ReplayReport) {
    let mut samples = Samples::new();
    let report = log.replay(&mut |found| {
        let Record::Samples(reader) = found else { return Ok(()) };
        for read in reader {
            let sample = read?;
            let number = u32::try_from(sample.time_s).unwrap();
            assert_eq!(sample.series.host, format!("node{number}"));
            assert_eq!(sample.series.metric, "cpu_load");
            assert_eq!(sample.value.to_bits(), value_of(number).to_bits());
            samples.insert(number, sample.value);
        }
        Ok(())
    });
    (samples, report)
}

pub(crate) fn samples(numbers: impl IntoIterator<Item = u32>) -> Samples {
    numbers.into_iter().map(|number| (number, value_of(number))).collect()
}

/// The log's segments in a folder, by number.
pub(crate) fn segment_files(folder: &Path) -> Vec<PathBuf> {
    files_named(folder, "log-")
}

pub(crate) fn files_named(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .collect();
    paths.sort();
    paths
}

/// Flips a bit of a file, in place.
pub(crate) fn flip(path: &Path, bit: u64) {
    use std::io::{Read, Seek, SeekFrom, Write};
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(bit / 8)).unwrap();
    file.read_exact(&mut byte).unwrap();
    byte[0] ^= 1 << (bit % 8);
    file.seek(SeekFrom::Start(bit / 8)).unwrap();
    file.write_all(&byte).unwrap();
}

/// What a block of a snapshot is known by.
pub(crate) type BlockKey = (String, u32, i64);

pub(crate) fn block<'a>(host: &'a str, block_number: i64, bytes: &'a [u8]) -> SnapshotBlock<'a> {
    let series = SeriesName { cluster: "alpha", host, metric: "cpu_load", ..Default::default() };
    SnapshotBlock { series, timestep_s: 60, block_number, bytes }
}

pub(crate) fn open_snapshots(folder: &Path) -> Snapshots {
    Snapshots::open(Arc::new(OsDisk), folder).unwrap()
}

/// Loads a snapshot; no block may come twice.
pub(crate) fn load(
    snapshots: &mut Snapshots,
    number: u64,
    threads: usize,
) -> (BTreeMap<BlockKey, Vec<u8>>, flightdeck_sample_log::LoadReport) {
    let blocks = Mutex::new(BTreeMap::new());
    let report = snapshots.load(number, threads, &|found| {
        assert_eq!((found.series.cluster, found.series.metric), ("alpha", "cpu_load"));
        let key = (found.series.host.to_owned(), found.timestep_s, found.block_number);
        assert!(blocks.lock().unwrap().insert(key, found.bytes.to_vec()).is_none());
    });
    (blocks.into_inner().unwrap(), report)
}
