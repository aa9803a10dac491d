//! How fast a whole store takes samples with real files, and how soon it is back after a restart.
//!
//! `cargo bench -p flightdeck-metrics --bench store`

use divan::Bencher;
use divan::counter::ItemsCount;
use flightdeck_metrics::{Durability, SampleStore, StoreOptions};
use flightdeck_model::{Clock, Cluster, MetricStore, UnixTime, WriteContext};
use flightdeck_testkit::{FixedClock, wait};
use std::fmt::Write;
use std::sync::Arc;
use tempfile::TempDir;

const NOW_S: i64 = 256 * 60 * 116_891;
/// A body is a minute of a cluster: hosts with metrics.
const HOSTS: usize = 256;
const METRICS: usize = 50;
const LINES: usize = HOSTS * METRICS;

fn main() {
    divan::main();
}

fn clusters() -> Vec<Arc<Cluster>> {
    let metrics: Vec<String> =
        (0..METRICS).map(|metric| format!(r#"{{"name": "metric_{metric:02}", "timestep": 60}}"#)).collect();
    let json = format!(
        r#"{{"name": "alpha", "metricConfig": [{}], "subClusters": [{{"name": "main", "nodes": "*", "topology":
            {{"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}}}}]}}"#,
        metrics.join(", ")
    );
    Cluster::from_json(json.as_bytes()).into_iter().map(|(cluster, _)| Arc::new(cluster)).collect()
}

/// A store in a folder of its own.
struct Site {
    _folder: TempDir,
    options: StoreOptions,
    clock: Arc<FixedClock>,
}

impl Site {
    fn new(durability: Durability) -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let mut options = StoreOptions::new(folder.path(), clusters());
        options.durability = durability;
        Some(Self { _folder: folder, options, clock: Arc::new(FixedClock::at(NOW_S)) })
    }

    fn open(&self) -> Option<SampleStore> {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        Some(SampleStore::open(self.options.clone(), clock).ok()?.0)
    }

    /// A store that was not closed, with so many minutes of samples.
    fn filled(minutes: i64) -> Option<Self> {
        let site = Self::new(Durability::Flush)?;
        let store = site.open()?;
        for minute in 0..minutes {
            write(&store, &body(minute - minutes));
        }
        Some(site)
    }
}

/// A minute of the cluster: values of two decimals that wander.
fn body(minute: i64) -> String {
    let time_s = NOW_S + minute * 60;
    let mut body = String::with_capacity(LINES * 80);
    for host in 0..HOSTS {
        for metric in 0..METRICS {
            let hundredths =
                (host * 37 + metric * 911) % 20_000 + usize::try_from(minute.rem_euclid(97)).unwrap_or(0) * 3;
            let (whole, rest) = (hundredths / 100, hundredths % 100);
            // Writing into a text cannot fail.
            let _ = writeln!(
                body,
                "metric_{metric:02},cluster=alpha,hostname=node{host:04},type=node value={whole}.{rest:02} {time_s}"
            );
        }
    }
    body
}

fn write(store: &SampleStore, body: &str) -> u64 {
    let context = WriteContext { default_cluster: None, precision: None, received: UnixTime(NOW_S) };
    wait(store.write(body.as_bytes(), &context)).map_or(0, |report| report.stored)
}

/// A minute of the cluster, again and again, one body at a time.
#[divan::bench(args = [Durability::Flush, Durability::Sync], sample_count = 50, sample_size = 1)]
fn write_minutes(bencher: Bencher<'_, '_>, durability: Durability) {
    let site = Site::new(durability);
    let Some(store) = site.as_ref().and_then(Site::open) else { return };
    let mut minute = 0;
    bencher
        .counter(ItemsCount::new(LINES))
        .with_inputs(|| {
            minute += 1;
            body(minute - 60)
        })
        .bench_local_refs(|lines| write(&store, lines));
}

/// Four senders at a time.
#[divan::bench(args = [Durability::Flush, Durability::Sync], sample_count = 20, sample_size = 1)]
fn write_minutes_of_four_senders(bencher: Bencher<'_, '_>, durability: Durability) {
    let site = Site::new(durability);
    let Some(store) = site.as_ref().and_then(Site::open) else { return };
    let bodies: Vec<String> = (0..4).map(|minute| body(minute - 60)).collect();
    bencher.counter(ItemsCount::new(4 * LINES)).bench_local(|| {
        std::thread::scope(|scope| {
            for lines in &bodies {
                scope.spawn(|| write(&store, lines));
            }
        });
    });
}

/// Opening a store whose log has ten million samples. The goal is 5 s on two cores.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn open_from_log_of_ten_million(bencher: Bencher<'_, '_>) {
    let minutes = 10_000_000 / LINES;
    let Some(site) = Site::filled(i64::try_from(minutes).unwrap_or(0)) else { return };
    bencher.counter(ItemsCount::new(minutes * LINES)).bench_local(|| site.open());
}

/// Opening the same store after it was closed.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn open_from_snapshot_of_ten_million(bencher: Bencher<'_, '_>) {
    let minutes = 10_000_000 / LINES;
    let Some(site) = Site::filled(i64::try_from(minutes).unwrap_or(0)) else { return };
    let closed = site.open().map(SampleStore::close);
    if !matches!(closed, Some(Ok(()))) {
        return;
    }
    bencher.counter(ItemsCount::new(minutes * LINES)).bench_local(|| site.open());
}

/// A snapshot of an hour of the cluster.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn checkpoint_an_hour(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(60 * LINES))
        .with_inputs(|| Site::filled(60).and_then(|site| Some((site.open()?, site))))
        .bench_local_refs(|opened| opened.as_ref().map(|(store, _)| store.checkpoint().is_ok()));
}
