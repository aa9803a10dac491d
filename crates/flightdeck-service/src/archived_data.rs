//! From a job's samples to what is said of it once and for all: the scopes that are archived, and its statistics.
//!
//! Pure functions: they know no store and no archive.

use crate::live_data::JobPlace;
use flightdeck_model::{
    JobData, JobMetric, JobStatistics, MetricConfig, MetricScope, SubCluster, Unit, aggregate,
};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// Jobs on more nodes than this are archived per node alone, for their cores would be too many to draw.
const CORES_NODES_MAX: usize = 8;

/// The scopes of a metric that are archived, made of its samples at the scope `from`:
///
/// - the node, if it can be had;
/// - the cores of a job on at most 8 nodes, or what is coarser than a core and finer than the node when the metric is
///   measured there;
/// - the accelerators;
/// - the samples as they are when none of these can be made.
///
/// Each has statistics over its series when there are many.
pub(crate) fn archived_scopes(
    samples: JobMetric,
    from: MetricScope,
    config: &MetricConfig,
    place: &JobPlace<'_>,
) -> BTreeMap<MetricScope, JobMetric> {
    let mut scopes = BTreeMap::new();
    let is_small = place.resources.len() <= CORES_NODES_MAX;
    for wanted in [MetricScope::Node, MetricScope::Core] {
        let is_wanted = wanted == MetricScope::Node || is_small;
        if is_wanted && let Some(metric) = at_scope(&samples, from, wanted, config, place) {
            scopes.insert(wanted, metric);
        }
    }
    let is_between = from.is_coarser_than(MetricScope::Core) && is_small;
    if is_between || from == MetricScope::Accelerator || scopes.is_empty() {
        scopes.insert(from, samples);
    }
    scopes.into_iter().map(|(scope, metric)| (scope, metric.with_statistics_series())).collect()
}

/// A metric at the scope of the node; `None` when it cannot be brought there.
pub(crate) fn at_node(
    samples: &JobMetric,
    from: MetricScope,
    config: &MetricConfig,
    place: &JobPlace<'_>,
) -> Option<JobMetric> {
    at_scope(samples, from, MetricScope::Node, config, place)
}

fn at_scope(
    samples: &JobMetric,
    from: MetricScope,
    wanted: MetricScope,
    config: &MetricConfig,
    place: &JobPlace<'_>,
) -> Option<JobMetric> {
    if from == wanted {
        return Some(samples.clone());
    }
    aggregate(samples, from, wanted, config.aggregation?, &place.subcluster.topology, place.resources)
}

/// Statistics of a metric over a job, from its series per node: the average of the nodes' averages, the smallest and the
/// largest sample. Nodes without samples do not count; `None` when no node has any.
pub(crate) fn job_statistics(at_node: &JobMetric, unit: &Unit) -> Option<JobStatistics> {
    let (mut sum, mut nodes) = (0.0, 0_u32);
    let (mut min, mut max) = (f64::NAN, f64::NAN);
    for series in at_node.series.iter().filter(|series| !series.statistics.avg.is_nan()) {
        nodes += 1;
        sum += series.statistics.avg;
        // `f64::min` takes the other value for a NaN.
        min = series.statistics.min.min(min);
        max = series.statistics.max.max(max);
    }
    (nodes > 0).then(|| JobStatistics { unit: unit.clone(), avg: sum / f64::from(nodes), min, max })
}

/// Statistics of all metrics that can be brought to the node.
pub(crate) fn statistics_of(
    data: &JobData,
    subcluster: &SubCluster,
    place: &JobPlace<'_>,
) -> BTreeMap<String, JobStatistics> {
    let mut statistics = BTreeMap::new();
    for (name, scopes) in data {
        let Some(config) = subcluster.metric(name) else { continue };
        let node = scopes.iter().find_map(|(from, samples)| at_node(samples, *from, config, place));
        if let Some(found) = node.and_then(|metric| job_statistics(&metric, &config.unit)) {
            statistics.insert(name.clone(), found);
        }
    }
    statistics
}
