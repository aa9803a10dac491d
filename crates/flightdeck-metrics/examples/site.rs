//! Fills a store's memory with what a cluster measures, and says how many bytes it takes.
//!
//! `cargo run --release -p flightdeck-metrics --example site -- NODES NODE_METRICS CORES CORE_METRICS HOURS`
//!
//! A million series with an hour of data: `15625 64 0 0 1`. A day of a cluster: `256 64 128 8 24`.

#![expect(clippy::print_stdout, reason = "that is what it is for")]
#![expect(clippy::cast_precision_loss, reason = "a few digits are enough")]

use flightdeck_metrics::internals::{Counters, Limits, Memory, Sample, SeriesNumber};
use flightdeck_metrics::{Catalogue, Site};
use flightdeck_model::{Cluster, SeriesName};
use std::sync::Arc;

const BEGIN_S: i64 = 256 * 60 * 116_891;
const STEP_S: i64 = 60;

/// How values of a metric come about.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Per cent of a minute's ticks, in a span that was measured in nanoseconds, as cc-metric-collector has it.
    Share,
    /// Two decimals, as load averages have.
    Load,
    /// Whole bytes or operations in a second, large and noisy.
    Rate,
    /// Kilobytes that hardly change.
    Memory,
    /// Watts with three decimals.
    Power,
    /// Mostly nothing.
    Errors,
}

const KINDS: [Kind; 6] = [Kind::Share, Kind::Load, Kind::Rate, Kind::Memory, Kind::Power, Kind::Errors];

/// A series and what its values go by.
struct Source {
    number: SeriesNumber,
    kind: Kind,
    level: f64,
    dice: u64,
}

impl Source {
    /// Between 0 and 1 (xorshift64*; G. Marsaglia 2003, S. Vigna 2016).
    fn chance(&mut self) -> f64 {
        self.dice ^= self.dice >> 12;
        self.dice ^= self.dice << 25;
        self.dice ^= self.dice >> 27;
        (self.dice.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40) as f64 / f64::from(1 << 24)
    }

    /// The next value. Jobs of half an hour and more work evenly; between them the level changes.
    fn next(&mut self) -> f64 {
        if self.chance() < 1.0 / 120.0 {
            self.level = self.chance();
        }
        let noise = self.chance() - 0.5;
        let level = self.level;
        match self.kind {
            Kind::Share => {
                let late_ns = ((self.chance() - 0.5) * 2e6).round();
                let (whole_s, rest_ns) = if late_ns < 0.0 { (59.0, 1e9 + late_ns) } else { (60.0, late_ns) };
                (level * 5980.0 + noise * 40.0).round().clamp(0.0, 6000.0) / (whole_s + rest_ns / 1e9)
            }
            Kind::Load => ((level * 128.0 + noise) * 100.0).round().max(0.0) / 100.0,
            Kind::Rate => (level * 4e8 * (1.0 + noise / 5.0)).round(),
            Kind::Memory => {
                let is_same = self.chance() < 0.7;
                (level * 5e8 + if is_same { 0.0 } else { (noise * 2000.0).round() * 4.0 }).round()
            }
            Kind::Power => ((150.0 + level * 250.0 + noise * 6.0) * 1000.0).round() / 1000.0,
            Kind::Errors => {
                if self.chance() < 0.002 {
                    1.0
                } else {
                    0.0
                }
            }
        }
    }
}

fn main() {
    let mut sizes = std::env::args().skip(1).map(|size| size.parse().unwrap_or(0));
    let mut size = |default: usize| sizes.next().unwrap_or(default);
    let (nodes, node_metrics, cores, core_metrics, hours) = (size(4), size(64), size(16), size(8), size(6));
    let memory = memory(node_metrics, core_metrics);
    let rss_before = rss_bytes();
    let mut sources = sources(&memory, nodes, node_metrics, cores, core_metrics);
    let mut open = Counters::default();
    let mut batch = Vec::with_capacity(sources.len());
    for minute in 0..i64::try_from(hours).unwrap_or(0) * 60 {
        let time_s = BEGIN_S + minute * STEP_S;
        batch.clear();
        for source in &mut sources {
            let value = source.next();
            batch.push(Sample { series: source.number, time_s, value });
        }
        memory.apply(&batch);
        if minute == 59 {
            open = memory.counters();
        }
        // As the server does now and then.
        if minute % 10 == 9 {
            memory.close_idle(time_s);
        }
    }
    let sources_bytes = sources.len() * (size_of::<Source>() + size_of::<Sample>());
    drop((sources, batch));
    let full = memory.counters();
    let rss_after = rss_bytes();
    memory.close_idle(i64::MAX);
    let closed = memory.counters();
    tell("after an hour, all blocks open", &open);
    tell("at the end", &full);
    tell("at the end, all blocks closed", &closed);
    println!(
        "resident: {} MB (of it {} MB of this program's own)",
        rss_after.saturating_sub(rss_before) / 1_000_000,
        sources_bytes / 1_000_000
    );
    let wide = |count: usize| count as u64;
    let need = Site {
        nodes: wide(nodes),
        node_metrics: wide(node_metrics),
        hwthreads: wide(cores),
        hwthread_metrics: wide(core_metrics),
        timestep_s: 60,
        retention_s: wide(hours) * 3600,
        checkpoint_interval_s: 3600,
    }
    .need();
    println!("estimate: {:.1} MB for {} samples", need.memory_bytes / 1e6, need.samples);
}

/// A store without samples that knows the metrics.
fn memory(node_metrics: usize, core_metrics: usize) -> Memory {
    let of_nodes = (0..node_metrics).map(|metric| format!("node_metric_{metric}"));
    let metrics: Vec<String> = of_nodes
        .chain((0..core_metrics).map(|metric| format!("core_metric_{metric}")))
        .map(|name| format!(r#"{{"name": "{name}", "timestep": {STEP_S}}}"#))
        .collect();
    let json = format!(
        r#"{{"name": "alpha", "metricConfig": [{}], "subClusters": [{{"name": "main", "nodes": "*", "topology":
            {{"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}}}}]}}"#,
        metrics.join(", ")
    );
    let clusters: Vec<Arc<Cluster>> =
        Cluster::from_json(json.as_bytes()).into_iter().map(|(cluster, _)| Arc::new(cluster)).collect();
    let limits = Limits { series_max: u32::MAX, memory_cap_bytes: 0 };
    Memory::new(Arc::new(Catalogue::new(&clusters)), limits)
}

/// The series of all nodes and cores.
fn sources(
    memory: &Memory,
    nodes: usize,
    node_metrics: usize,
    cores: usize,
    core_metrics: usize,
) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut resolver = memory.resolver();
    let mut add = |name: &SeriesName<'_>, kind: Kind| {
        let Ok(series) = resolver.resolve(name) else { return };
        let seed = sources.len() as u64 + 1;
        let dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        sources.push(Source { number: series.number, kind, level: 0.3, dice });
    };
    let kind_of = |metric: usize| KINDS.get(metric % KINDS.len()).copied().unwrap_or(Kind::Share);
    for node in 0..nodes {
        let host = format!("node{node:04}");
        let of_node = SeriesName { cluster: "alpha", host: &host, ..SeriesName::default() };
        for metric in 0..node_metrics {
            let metric_name = format!("node_metric_{metric}");
            add(&SeriesName { metric: &metric_name, ..of_node }, kind_of(metric));
        }
        for core in 0..cores {
            let id = core.to_string();
            for metric in 0..core_metrics {
                let metric_name = format!("core_metric_{metric}");
                let name = SeriesName { kind: "core", id: &id, metric: &metric_name, ..of_node };
                add(&name, kind_of(metric));
            }
        }
    }
    sources
}

fn tell(when: &str, counters: &Counters) {
    let samples = counters.samples.max(1) as f64;
    println!(
        "{when}: {} series, {} samples, {:.1} MB, {:.2} bytes a sample ({:.2} in open blocks, {:.3} in closed ones)",
        counters.series,
        counters.samples,
        counters.bytes as f64 / 1e6,
        counters.bytes as f64 / samples,
        counters.open_bytes as f64 / samples,
        counters.closed_bytes as f64 / samples,
    );
}

/// Bytes of this process in memory, as Linux tells them; 0 elsewhere.
fn rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
