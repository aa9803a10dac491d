//! How fast samples get into records, onto the disk, and back; and blocks into snapshots and back.
//!
//! Run with `cargo bench -p flightdeck-sample-log`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot work should say so and end")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use flightdeck_model::SeriesName;
use flightdeck_sample_log::{
    Durability, Log, LogOptions, LogStart, OsDisk, Record, RecordBuilder, RecordReader, SegmentNumber,
    SnapshotBlock, SnapshotHead, Snapshots,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

fn main() {
    divan::main();
}

const RECORD_SAMPLES: usize = 10_000;

/// What the samples of a batch differ in.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// 128 ids after each other.
    Ids,
    /// 10 metrics of each host.
    HostMetrics,
    /// As `HostMetrics`, with values that need all bits.
    Noise,
}

const ORDERS: [Order; 3] = [Order::Ids, Order::HostMetrics, Order::Noise];

#[derive(Debug)]
struct OwnedSample {
    host: String,
    kind: &'static str,
    id: String,
    metric: String,
    value: f64,
}

impl OwnedSample {
    fn name(&self) -> SeriesName<'_> {
        SeriesName {
            cluster: "alpha",
            host: &self.host,
            kind: self.kind,
            id: &self.id,
            metric: &self.metric,
            ..Default::default()
        }
    }
}

fn samples(order: Order) -> Vec<OwnedSample> {
    (0..RECORD_SAMPLES)
        .map(|number| {
            let noise = u32::try_from(number).unwrap().wrapping_mul(2_654_435_761);
            let hundredths = f64::from(noise % 10_000) / 100.0;
            let (host, kind, id, metric) = match order {
                Order::Ids => (number / 1280, "hwthread", (number % 128).to_string(), number / 128 % 10),
                Order::HostMetrics | Order::Noise => (number / 10, "", String::new(), number % 10),
            };
            let value = if matches!(order, Order::Noise) { (hundredths + 1.0).sqrt() } else { hundredths };
            OwnedSample {
                host: format!("node{host:04}"),
                kind,
                id,
                metric: format!("metric_{metric}"),
                value,
            }
        })
        .collect()
}

fn build(builder: &mut RecordBuilder, batch: &[OwnedSample]) -> Vec<u8> {
    for sample in batch {
        builder.push(&sample.name(), 1_700_000_000, sample.value);
    }
    builder.finish()
}

#[divan::bench(args = ORDERS)]
fn build_record(bencher: Bencher<'_, '_>, order: Order) {
    let batch = samples(order);
    let mut builder = RecordBuilder::new();
    bencher.counter(ItemsCount::new(RECORD_SAMPLES)).bench_local(|| build(&mut builder, black_box(&batch)));
}

#[divan::bench(args = ORDERS)]
fn read_record(bencher: Bencher<'_, '_>, order: Order) {
    let record = build(&mut RecordBuilder::new(), &samples(order));
    bencher.counter(ItemsCount::new(RECORD_SAMPLES)).bench_local(|| {
        RecordReader::new(black_box(&record)).unwrap().map(|sample| sample.unwrap().value).sum::<f64>()
    });
}

fn open_log(folder: &TempDir, durability: Durability) -> Log {
    let options = LogOptions { durability, ..Default::default() };
    Log::open(Arc::new(OsDisk), folder.path(), options, LogStart::default()).unwrap()
}

#[divan::bench(args = [Durability::Flush, Durability::Sync], sample_count = 50)]
fn append(bencher: Bencher<'_, '_>, durability: Durability) {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open_log(&folder, durability);
    let record = build(&mut RecordBuilder::new(), &samples(Order::HostMetrics));
    bencher
        .counter(ItemsCount::new(RECORD_SAMPLES))
        .bench_local(|| log.append(&[black_box(&record)]).unwrap());
}

#[divan::bench(args = [1_000_000, 10_000_000], sample_count = 5, sample_size = 1)]
fn replay(bencher: Bencher<'_, '_>, samples_total: usize) {
    let folder = tempfile::tempdir().unwrap();
    let record = build(&mut RecordBuilder::new(), &samples(Order::HostMetrics));
    let mut writing = open_log(&folder, Durability::Flush);
    for _ in 0..samples_total / RECORD_SAMPLES {
        writing.append(&[&record]).unwrap();
    }
    drop(writing);
    bencher.counter(ItemsCount::new(samples_total)).bench_local(|| {
        let mut log = open_log(&folder, Durability::Flush);
        let mut sum = 0.0;
        let report = log.replay(&mut |found| {
            if let Record::Samples(samples) = found {
                for sample in samples {
                    sum += sample?.value;
                }
            }
            Ok(())
        });
        assert_eq!(report.damaged_records, 0);
        black_box(sum)
    });
}

const BLOCKS: usize = 200_000;

fn write_snapshot(snapshots: &mut Snapshots) -> u64 {
    let names = samples(Order::Ids);
    let head = SnapshotHead { covers_log_through: SegmentNumber(1), is_full: true };
    let mut writer = snapshots.create(head).unwrap();
    for number in 0..BLOCKS / RECORD_SAMPLES {
        for sample in &names {
            let block = SnapshotBlock {
                series: sample.name(),
                timestep_s: 60,
                block_number: i64::try_from(number).unwrap(),
                bytes: &[7; 120],
            };
            writer.add(&block, 0, 60).unwrap();
        }
    }
    snapshots.publish(writer).unwrap().number
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn snapshot_write(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = Snapshots::open(Arc::new(OsDisk), folder.path()).unwrap();
    bencher.counter(ItemsCount::new(BLOCKS)).bench_local(|| write_snapshot(&mut snapshots));
}

#[divan::bench(args = [1, 2], sample_count = 5, sample_size = 1)]
fn snapshot_load(bencher: Bencher<'_, '_>, threads: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = Snapshots::open(Arc::new(OsDisk), folder.path()).unwrap();
    let number = write_snapshot(&mut snapshots);
    bencher.counter(ItemsCount::new(BLOCKS)).bench_local(|| {
        let sum = AtomicU64::new(0);
        let report = snapshots.load(number, threads, &|block| {
            sum.fetch_add(u64::try_from(block.bytes.len()).unwrap(), Ordering::Relaxed);
        });
        assert!(report.is_complete());
        sum
    });
}
