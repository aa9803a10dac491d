//! How fast series are found, written and read, at the sizes of one write of a cluster of 256 nodes.

use divan::Bencher;
use divan::counter::ItemsCount;
use flightdeck_metrics::Catalogue;
use flightdeck_metrics::internals::{Limits, Memory, Sample, SeriesNumber};
use flightdeck_model::{Cluster, SeriesName, SeriesParts, SeriesRequest, TimeSpan, UnixTime};
use std::sync::Arc;

const HOSTS: usize = 256;
const CORES: usize = 50;
const BASE_S: i64 = 256 * 60 * 100_000;

fn main() {
    divan::main();
}

/// A store of the metric `load`, and the names of its series.
struct Site {
    memory: Memory,
    hosts: Vec<String>,
    cores: Vec<String>,
}

impl Site {
    fn new() -> Self {
        let json = br#"{"name": "alpha", "metricConfig": [{"name": "load", "timestep": 60}], "subClusters": [{"name":
            "main", "nodes": "*", "topology": {"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}}]}"#;
        let clusters: Vec<Arc<Cluster>> =
            Cluster::from_json(json).into_iter().map(|(cluster, _)| Arc::new(cluster)).collect();
        let limits = Limits { series_max: u32::MAX, memory_cap_bytes: 0 };
        Self {
            memory: Memory::new(Arc::new(Catalogue::new(&clusters)), limits),
            hosts: (0..HOSTS).map(|host| format!("a{host:04}")).collect(),
            cores: (0..CORES).map(|core| core.to_string()).collect(),
        }
    }

    fn resolve_all(&self) -> Vec<SeriesNumber> {
        let mut resolver = self.memory.resolver();
        let names = self.hosts.iter().flat_map(|host| {
            self.cores.iter().map(move |id| SeriesName {
                cluster: "alpha",
                host,
                kind: "core",
                id,
                metric: "load",
                ..SeriesName::default()
            })
        });
        names.filter_map(|name| Some(resolver.resolve(&name).ok()?.number)).collect()
    }

    fn filled(minutes: i64) -> Self {
        let site = Self::new();
        let series = site.resolve_all();
        for minute in 0..minutes {
            site.memory.apply(&batch(&series, minute));
        }
        site
    }
}

/// One sample of every series.
fn batch(series: &[SeriesNumber], minute: i64) -> Vec<Sample> {
    let sample = |(index, number): (u32, &SeriesNumber)| Sample {
        series: *number,
        time_s: BASE_S + minute * 60,
        value: f64::from((index * 7 + u32::try_from(minute).unwrap_or(0) * 3) % 100) + 0.25,
    };
    (0_u32..).zip(series).map(sample).collect()
}

/// A batch for the next minute, on and on: what a day of a site costs, closing aside.
#[divan::bench]
fn append(bencher: Bencher<'_, '_>) {
    let site = Site::new();
    let series = site.resolve_all();
    let mut minute = 0;
    bencher
        .counter(ItemsCount::new(series.len()))
        .with_inputs(|| {
            minute += 1;
            batch(&series, minute)
        })
        .bench_local_refs(|samples| site.memory.apply(samples));
}

/// All names of a batch, host by host.
#[divan::bench]
fn resolve(bencher: Bencher<'_, '_>) {
    let site = Site::filled(1);
    bencher.counter(ItemsCount::new(HOSTS * CORES)).bench_local(|| site.resolve_all());
}

/// An hour of 512 cores of different hosts.
#[divan::bench(args = [false, true])]
fn read(bencher: Bencher<'_, '_>, is_closed: bool) {
    let site = Site::filled(60);
    if is_closed {
        site.memory.close_idle(BASE_S + 1_000_000);
    }
    let requests: Vec<SeriesRequest> = site
        .hosts
        .iter()
        .take(10)
        .map(|host| SeriesRequest {
            metric: "load".into(),
            host: host.clone(),
            parts: SeriesParts::Parts { kind: "core".into(), ids: site.cores.clone(), below: None },
        })
        .collect();
    let span = TimeSpan { from: UnixTime(BASE_S), to: UnixTime(BASE_S + 3600) };
    bencher
        .counter(ItemsCount::new(10 * CORES * 60))
        .bench_local(|| site.memory.read_series("alpha", divan::black_box(&requests), span));
}

/// Closes a block of every series.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn close_all(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(HOSTS * CORES * 256))
        .with_inputs(|| Site::filled(256))
        .bench_local_refs(|site| site.memory.close_idle(BASE_S + 1_000_000));
}
