//! Makes up the samples of a job, and the statistics that follow from them.
//!
//! Only the four basic operations are used: sines and logarithms differ in the last digit between machines.

use super::catalogue::Program;
use super::hardware::{Driver, Metric, TIMESTEP_S, Thresholds};
use super::random::Random;
use super::workload::{PlannedJob, Shape};
use flightdeck_model::{
    JobData, JobMetric, JobStatistics, MetricScope, Resource, Series, SeriesStatistics, Unit,
};
use std::collections::BTreeMap;
use std::ops::Range;

/// Statistics by metric.
type Statistics = BTreeMap<String, JobStatistics>;

/// Makes up the samples of all metrics. A job of one node has them at the finest scope, a larger one by node,
/// apart from those of accelerators.
pub(super) fn measure(job: &PlannedJob) -> (JobData, Statistics) {
    let mut random = job.random.clone();
    let mut data = JobData::new();
    let mut statistics = Statistics::new();
    // A node that does not answer is missing in all its metrics.
    let gaps: Vec<Range<u32>> = job.meta.resources.iter().map(|_| gap(&mut random, samples(job))).collect();
    for metric in job.cluster.metrics {
        let is_fine = job.meta.num_nodes == 1 || metric.scope == MetricScope::Accelerator;
        let scope = if is_fine { metric.scope } else { MetricScope::Node };
        let level = level(job, metric, &mut random);
        let mut series = Vec::new();
        let mut nodes = Vec::new();
        for (resource, gap) in job.meta.resources.iter().zip(&gaps) {
            let on_node = node_series(job, metric, scope, (resource, gap), level, &mut random);
            nodes.push(node_statistics(&on_node, metric.is_sum));
            series.extend(on_node);
        }
        let job_metric =
            JobMetric { statistics_series: None, unit: unit(metric), series, timestep_s: TIMESTEP_S };
        data.insert(metric.name.to_owned(), BTreeMap::from([(scope, job_metric)]));
        statistics.insert(metric.name.to_owned(), over_nodes(metric, &nodes));
    }
    (data, statistics)
}

/// Makes up statistics alone.
pub(super) fn estimate(job: &PlannedJob) -> Statistics {
    let mut random = job.random.clone();
    let mut estimated = |metric: &Metric| {
        let avg = level(job, metric, &mut random);
        let (min, max) = (rounded(avg * 0.8), rounded(avg * 1.1));
        JobStatistics { unit: unit(metric), avg: rounded(avg), min, max }
    };
    job.cluster.metrics.iter().map(|metric| (metric.name.to_owned(), estimated(metric))).collect()
}

/// Number of samples; a job shorter than two steps has two all the same.
fn samples(job: &PlannedJob) -> u32 {
    u32::try_from(job.meta.duration).unwrap_or(0).div_ceil(TIMESTEP_S).max(2)
}

/// What a node of the job has of a metric on average.
fn level(job: &PlannedJob, metric: &Metric, random: &mut Random) -> f64 {
    let Program { cpu, flops, memory, bandwidth, network, accelerator, .. } = job.program;
    let of_normal = match metric.driver {
        Driver::Cpu => cpu,
        Driver::Flops => flops,
        Driver::Memory => memory,
        Driver::Bandwidth => bandwidth,
        Driver::Network if job.meta.num_nodes == 1 => network * 0.01,
        Driver::Network => network,
        Driver::Accelerator => accelerator,
        Driver::Constant => 1.0,
    };
    let is_quantity = metric.is_sum || metric.name == "cpu_load";
    let share = if is_quantity { share_of_node(job) } else { 1.0 };
    let Thresholds(peak, normal, ..) = metric
        .different
        .filter(|(subcluster, _)| *subcluster == job.subcluster.name)
        .map_or(metric.thresholds, |(_, thresholds)| thresholds);
    (normal * of_normal * share * random.between(0.75, 1.15)).min(peak)
}

/// The part of a node that the job has.
fn share_of_node(job: &PlannedJob) -> f64 {
    let own = job.meta.resources.first().map_or(0, |resource| resource.hwthreads.len());
    match u32::try_from(own) {
        Ok(threads) if threads > 0 => f64::from(threads) / f64::from(job.subcluster.cores()),
        _ => 1.0,
    }
}

fn node_series(
    job: &PlannedJob,
    metric: &Metric,
    scope: MetricScope,
    (resource, gap): (&Resource, &Range<u32>),
    level: f64,
    random: &mut Random,
) -> Vec<Series> {
    let parts = job.subcluster.parts(scope, resource);
    let divisor = if metric.is_sum { u32::try_from(parts.len()).unwrap_or(1).max(1) } else { 1 };
    let of_node = level * random.between(0.92, 1.05) / f64::from(divisor);
    parts
        .into_iter()
        .map(|id| {
            let of_part = of_node * random.between(0.97, 1.03);
            let data = curve(job, metric.driver, of_part, gap, random);
            Series { hostname: resource.hostname.clone(), id, statistics: statistics_of(&data), data }
        })
        .collect()
}

fn curve(job: &PlannedJob, driver: Driver, level: f64, gap: &Range<u32>, random: &mut Random) -> Vec<f64> {
    let count = samples(job);
    (0..count)
        .map(|index| {
            if gap.contains(&index) {
                return f64::NAN;
            }
            let shaped = level * shape_at(job.shape, driver, index, count);
            rounded(shaped * random.between(0.97, 1.03))
        })
        .collect()
}

/// The share of its level that a metric has at a sample.
fn shape_at(shape: Shape, driver: Driver, index: u32, count: u32) -> f64 {
    let progress = f64::from(index) / f64::from(count);
    match (shape, driver) {
        (_, Driver::Constant) => 1.0,
        (Shape::Leaks, Driver::Memory) => 0.2 + 1.3 * progress,
        // What is in memory stays there.
        (_, Driver::Memory) => (f64::from(index + 1) / 4.0).min(1.0),
        (Shape::Idles, _) if progress > 0.5 => 0.02,
        (Shape::Phases { period, low }, _) if index % period.max(1) >= period * 3 / 4 => low,
        _ => (f64::from(index + 1) / 2.0).min(1.0),
    }
}

fn gap(random: &mut Random, count: u32) -> Range<u32> {
    if !random.per_cent(3) {
        return 0..0;
    }
    let start = random.below(count);
    start..start + 5
}

fn statistics_of(data: &[f64]) -> SeriesStatistics {
    let Summary { avg, min, max } = Summary::of(data.iter().copied());
    SeriesStatistics { avg: rounded(avg), min, max }
}

/// The statistics of a whole node, of the series of its parts.
fn node_statistics(parts: &[Series], is_sum: bool) -> Summary {
    let mut totals: Vec<f64> = Vec::new();
    for part in parts {
        totals.resize(part.data.len(), 0.0);
        for (total, sample) in totals.iter_mut().zip(&part.data) {
            *total += sample;
        }
    }
    let divisor = if is_sum { 1.0 } else { f64::from(u32::try_from(parts.len()).unwrap_or(1)) };
    Summary::of(totals.into_iter().map(|total| total / divisor))
}

fn over_nodes(metric: &Metric, nodes: &[Summary]) -> JobStatistics {
    JobStatistics {
        unit: unit(metric),
        avg: rounded(Summary::of(nodes.iter().map(|node| node.avg)).avg),
        min: rounded(Summary::of(nodes.iter().map(|node| node.min)).min),
        max: rounded(Summary::of(nodes.iter().map(|node| node.max)).max),
    }
}

/// Of the values that are there; zeros when there is none, as the reference has it.
#[derive(Debug, Clone, Copy)]
struct Summary {
    avg: f64,
    min: f64,
    max: f64,
}

impl Summary {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut sum, mut count) = (0.0, 0_u32);
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| !value.is_nan()) {
            sum += value;
            count += 1;
            min = min.min(value);
            max = max.max(value);
        }
        if count == 0 {
            Self { avg: 0.0, min: 0.0, max: 0.0 }
        } else {
            Self { avg: sum / f64::from(count), min, max }
        }
    }
}

fn unit(metric: &Metric) -> Unit {
    Unit { base: metric.base.to_owned(), prefix: metric.prefix.map(str::to_owned) }
}

/// Three decimals are enough, and make small files.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
