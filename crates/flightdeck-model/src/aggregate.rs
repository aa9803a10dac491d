//! From the series of fine parts of a node to those of coarser parts, for one job.
//!
//! Only what is the job's own counts: on a shared node the other jobs' threads and accelerators stay out.

#[cfg(test)]
mod tests;

use crate::{Aggregation, JobMetric, MetricScope, Resource, Series, Topology};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A metric at the coarser scope `to`, made of its series at `from`; `None` when `to` is not coarser or no
/// series results.
///
/// Series of the same host and the same part of `to` become one:
///
/// - [`Aggregation::Sum`]: their sum, sample by sample; NaN where one of them lacks the value, because a sum
///   with a part missing would be a wrong value.
/// - [`Aggregation::Avg`]: the average over the values that are there; NaN where there is none.
///
/// It is as long as the longest of them. Its id is the part's number as text, or absent for a node, and its
/// statistics are those of the new samples. The series are sorted by host, in the order of `resources`, then
/// by part; hosts that are not in `resources` are left out.
///
/// A series counts when one of its part's hardware threads is the job's (all are when the resource lists
/// none), or when its accelerator is one of the resource's. An id that stands for no part of the topology still
/// counts for the node, but for no coarser part, as nobody knows to which it belongs.
#[must_use]
pub fn aggregate(
    metric: &JobMetric,
    from: MetricScope,
    to: MetricScope,
    rule: Aggregation,
    topology: &Topology,
    resources: &[Resource],
) -> Option<JobMetric> {
    if !to.is_coarser_than(from) {
        return None;
    }
    let place = Placement::new(from, to, topology);
    let mut hosts: HashMap<&str, (usize, Own<'_>)> = HashMap::with_capacity(resources.len());
    for (position, resource) in resources.iter().enumerate() {
        hosts.entry(&resource.hostname).or_insert_with(|| (position, Own::of(resource)));
    }
    let mut groups: BTreeMap<(usize, usize), Vec<&Series>> = BTreeMap::new();
    for series in &metric.series {
        let Some((position, own)) = hosts.get(series.hostname.as_str()) else { continue };
        let Some(part) = place.part_of(series.id.as_deref(), own) else { continue };
        groups.entry((*position, part)).or_default().push(series);
    }
    if groups.is_empty() {
        return None;
    }
    let series = groups.into_iter().map(|((_, part), members)| {
        let id = (to != MetricScope::Node).then(|| part.to_string());
        combined(&members, id, rule)
    });
    Some(JobMetric {
        statistics_series: None,
        unit: metric.unit.clone(),
        series: series.collect(),
        timestep_s: metric.timestep_s,
    })
}

/// What of a host is the job's.
struct Own<'a> {
    /// Empty: all of them.
    hwthreads: HashSet<u32>,
    accelerators: &'a [String],
}

impl<'a> Own<'a> {
    fn of(resource: &'a Resource) -> Self {
        Self { hwthreads: resource.hwthreads.iter().copied().collect(), accelerators: &resource.accelerators }
    }

    fn has_one_of(&self, hwthreads: &[u32]) -> bool {
        self.hwthreads.is_empty() || hwthreads.iter().any(|hwthread| self.hwthreads.contains(hwthread))
    }
}

/// Which part of the coarser scope a series of the finer scope belongs to.
struct Placement<'a> {
    from: MetricScope,
    is_to_node: bool,
    /// Hardware threads by part of the finer scope.
    fine_parts: &'a [Vec<u32>],
    /// Part of the coarser scope by hardware thread; where two parts claim a thread, the first has it.
    coarse_part_by_hwthread: HashMap<u32, usize>,
}

/// All of a node is one part.
const NODE_PART: usize = 0;

impl<'a> Placement<'a> {
    fn new(from: MetricScope, to: MetricScope, topology: &'a Topology) -> Self {
        let mut coarse_part_by_hwthread = HashMap::new();
        for (part, hwthreads) in parts(topology, to).iter().enumerate() {
            for &hwthread in hwthreads {
                coarse_part_by_hwthread.entry(hwthread).or_insert(part);
            }
        }
        Self {
            from,
            is_to_node: to == MetricScope::Node,
            fine_parts: parts(topology, from),
            coarse_part_by_hwthread,
        }
    }

    /// `None`: the series does not count.
    fn part_of(&self, id: Option<&str>, own: &Own<'_>) -> Option<usize> {
        if self.from == MetricScope::Accelerator {
            let is_own = id.is_some_and(|id| own.accelerators.iter().any(|accelerator| accelerator == id));
            return is_own.then_some(NODE_PART);
        }
        let number = id.and_then(|text| text.parse::<u32>().ok());
        if self.from == MetricScope::HwThread {
            let hwthreads = number.as_slice();
            return self.part_of_hwthreads((!hwthreads.is_empty()).then_some(hwthreads), own);
        }
        let index = number.and_then(|part| usize::try_from(part).ok());
        let hwthreads = index.and_then(|part| self.fine_parts.get(part));
        self.part_of_hwthreads(hwthreads.map(Vec::as_slice), own)
    }

    /// `hwthreads`: those of the series' part; `None` when the part is unknown.
    fn part_of_hwthreads(&self, hwthreads: Option<&[u32]>, own: &Own<'_>) -> Option<usize> {
        if hwthreads.is_some_and(|known| !own.has_one_of(known)) {
            return None;
        }
        if self.is_to_node {
            return Some(NODE_PART);
        }
        hwthreads?.iter().find_map(|hwthread| self.coarse_part_by_hwthread.get(hwthread)).copied()
    }
}

/// Hardware threads by part of a scope between hardware thread and node.
fn parts(topology: &Topology, scope: MetricScope) -> &[Vec<u32>] {
    match scope {
        MetricScope::Socket => &topology.socket,
        MetricScope::MemoryDomain => &topology.memory_domain,
        MetricScope::Core => &topology.core,
        MetricScope::Node | MetricScope::HwThread | MetricScope::Accelerator => &[],
    }
}

fn combined(members: &[&Series], id: Option<String>, rule: Aggregation) -> Series {
    let data = match rule {
        Aggregation::Sum => sum(members),
        Aggregation::Avg => average(members),
    };
    Series {
        hostname: members.first().map(|member| member.hostname.clone()).unwrap_or_default(),
        id,
        statistics: Series::computed_statistics(&data),
        data,
    }
}

fn sum(members: &[&Series]) -> Vec<f64> {
    let longest = members.iter().map(|member| member.data.len()).max().unwrap_or(0);
    let shortest = members.iter().map(|member| member.data.len()).min().unwrap_or(0);
    let mut sums = vec![0.0; longest];
    for member in members {
        for (sum, sample) in sums.iter_mut().zip(&member.data) {
            *sum += sample;
        }
    }
    sums.iter_mut().skip(shortest).for_each(|sum| *sum = f64::NAN);
    sums
}

fn average(members: &[&Series]) -> Vec<f64> {
    let longest = members.iter().map(|member| member.data.len()).max().unwrap_or(0);
    let mut sums = vec![(0.0, 0_u32); longest];
    for member in members {
        for ((sum, count), sample) in sums.iter_mut().zip(&member.data) {
            if !sample.is_nan() {
                *sum += sample;
                *count += 1;
            }
        }
    }
    // 0/0 is NaN.
    sums.into_iter().map(|(sum, count)| sum / f64::from(count)).collect()
}
