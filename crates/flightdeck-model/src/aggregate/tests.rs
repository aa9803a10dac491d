use proptest::prelude::*;
use rstest::rstest;

use super::MetricScope::{Accelerator, Core, HwThread, MemoryDomain, Node, Socket};
use super::*;
use crate::{SeriesStatistics, Unit};

const NAN: f64 = f64::NAN;

/// Two sockets of two NUMA domains of one core each with two hardware threads; thread `n` and `n` + 4 are one
/// core, so that no thread's number is its core's for long.
fn topology() -> Topology {
    Topology {
        node: (0..8).collect(),
        socket: vec![vec![0, 4, 1, 5], vec![2, 6, 3, 7]],
        memory_domain: vec![vec![0, 4], vec![1, 5], vec![2, 6], vec![3, 7]],
        core: vec![vec![0, 4], vec![1, 5], vec![2, 6], vec![3, 7]],
        ..Topology::default()
    }
}

fn whole(host: &str) -> Resource {
    Resource { hostname: host.into(), ..Resource::default() }
}

fn threads(host: &str, hwthreads: &[u32]) -> Resource {
    Resource { hwthreads: hwthreads.to_vec(), ..whole(host) }
}

fn series(host: &str, id: &str, data: &[f64]) -> Series {
    Series { hostname: host.into(), id: Some(id.into()), data: data.to_vec(), ..Series::default() }
}

fn metric(series: Vec<Series>) -> JobMetric {
    let unit = Unit { base: "B/s".into(), prefix: Some("G".into()) };
    JobMetric { unit, series, timestep_s: 30, ..JobMetric::default() }
}

/// Hardware thread `n` of each host has the one sample 2 to the power `n`: a sum tells which were added.
fn by_thread(hosts: &[&str]) -> JobMetric {
    let of_host = |host: &&str| {
        let host = (*host).to_owned();
        (0..8).map(move |thread| series(&host, &thread.to_string(), &[f64::from(1 << thread)]))
    };
    metric(hosts.iter().flat_map(of_host).collect())
}

/// The result's hosts, ids and first samples.
fn firsts(metric: &JobMetric) -> Vec<(&str, Option<&str>, f64)> {
    metric.series.iter().map(|it| (it.hostname.as_str(), it.id.as_deref(), it.data[0])).collect()
}

#[rstest]
#[case(Core, &[("a", Some("0"), 17.0), ("a", Some("1"), 34.0), ("a", Some("2"), 68.0), ("a", Some("3"), 136.0)])]
#[case(
    MemoryDomain,
    &[("a", Some("0"), 17.0), ("a", Some("1"), 34.0), ("a", Some("2"), 68.0), ("a", Some("3"), 136.0)]
)]
#[case(Socket, &[("a", Some("0"), 51.0), ("a", Some("1"), 204.0)])]
#[case(Node, &[("a", None, 255.0)])]
fn hardware_threads_add_up_to_each_coarser_part(
    #[case] to: MetricScope,
    #[case] expected: &[(&str, Option<&str>, f64)],
) {
    let sums =
        aggregate(&by_thread(&["a"]), HwThread, to, Aggregation::Sum, &topology(), &[whole("a")]).unwrap();
    assert_eq!(firsts(&sums), expected);
}

#[rstest]
#[case(Core, &[("a", Some("1"), 34.0), ("a", Some("2"), 4.0)])]
#[case(Socket, &[("a", Some("0"), 34.0), ("a", Some("1"), 4.0)])]
#[case(Node, &[("a", None, 38.0)])]
fn on_a_shared_node_only_the_jobs_own_threads_count(
    #[case] to: MetricScope,
    #[case] expected: &[(&str, Option<&str>, f64)],
) {
    let own = [threads("a", &[1, 5, 2])];
    let sums = aggregate(&by_thread(&["a"]), HwThread, to, Aggregation::Sum, &topology(), &own).unwrap();
    assert_eq!(firsts(&sums), expected);
}

#[test]
fn cores_are_placed_by_their_own_number() {
    let cores = metric((0..4).map(|core| series("a", &core.to_string(), &[f64::from(1 << core)])).collect());
    let to = |scope, resources: &[Resource]| {
        aggregate(&cores, Core, scope, Aggregation::Sum, &topology(), resources).unwrap()
    };
    let sockets = to(Socket, &[whole("a")]);
    assert_eq!(firsts(&sockets), [("a", Some("0"), 3.0), ("a", Some("1"), 12.0)]);
    let domains = to(MemoryDomain, &[threads("a", &[7])]);
    assert_eq!(firsts(&domains), [("a", Some("3"), 8.0)]);
}

#[test]
fn memory_domains_make_sockets() {
    let domains = metric((0..4).map(|part| series("a", &part.to_string(), &[1.0, 2.0])).collect());
    let sockets =
        aggregate(&domains, MemoryDomain, Socket, Aggregation::Sum, &topology(), &[whole("a")]).unwrap();
    assert_eq!(sockets.series.iter().map(|it| it.data.clone()).collect::<Vec<_>>(), [[2.0, 4.0], [2.0, 4.0]]);
}

#[test]
fn the_result_is_sorted_by_the_jobs_hosts_and_leaves_others_out() {
    let metric = by_thread(&["c", "b", "a"]);
    let resources = [whole("b"), threads("a", &[3]), whole("z")];
    let sockets = aggregate(&metric, HwThread, Socket, Aggregation::Sum, &topology(), &resources).unwrap();
    assert_eq!(firsts(&sockets), [("b", Some("0"), 51.0), ("b", Some("1"), 204.0), ("a", Some("1"), 8.0)]);
}

#[test]
fn parts_are_sorted_by_number_not_by_text() {
    let many = Topology { core: (0..12).map(|core| vec![core]).collect(), ..Topology::default() };
    let all = metric((0..12).rev().map(|thread| series("a", &thread.to_string(), &[1.0])).collect());
    let cores = aggregate(&all, HwThread, Core, Aggregation::Avg, &many, &[whole("a")]).unwrap();
    let ids: Vec<u32> = cores.series.iter().map(|it| it.id.as_ref().unwrap().parse().unwrap()).collect();
    assert_eq!(ids, (0..12).collect::<Vec<_>>());
}

#[test]
fn accelerators_count_when_they_are_the_jobs() {
    let gpus =
        metric(vec![series("a", "0:19", &[1.0]), series("a", "0:1A", &[2.0]), series("b", "0:19", &[4.0])]);
    let own = Resource { accelerators: vec!["0:1A".into()], ..whole("a") };
    let resources = [own, whole("b")];
    let nodes = aggregate(&gpus, Accelerator, Node, Aggregation::Sum, &topology(), &resources).unwrap();
    assert_eq!(firsts(&nodes), [("a", None, 2.0)]);
    let sockets = aggregate(&gpus, Accelerator, Socket, Aggregation::Sum, &topology(), &resources);
    assert_eq!(sockets, None);
}

#[test]
fn an_unknown_part_counts_for_the_node_only() {
    let mut parts = vec![series("a", "0", &[1.0]), series("a", "36", &[2.0]), series("a", "x", &[4.0])];
    parts.push(Series { id: None, ..series("a", "", &[8.0]) });
    let metric = metric(parts);
    let to = |scope, resources: &[Resource]| {
        aggregate(&metric, Core, scope, Aggregation::Sum, &topology(), resources).unwrap()
    };
    assert_eq!(firsts(&to(Node, &[whole("a")])), [("a", None, 15.0)]);
    assert_eq!(firsts(&to(Socket, &[whole("a")])), [("a", Some("0"), 1.0)]);
    assert_eq!(firsts(&to(Node, &[threads("a", &[3])])), [("a", None, 14.0)]);
}

#[test]
fn threads_that_no_part_of_the_topology_has_are_left_out() {
    let holes = Topology { core: vec![vec![0, 4], vec![1]], ..topology() };
    let cores =
        aggregate(&by_thread(&["a"]), HwThread, Core, Aggregation::Sum, &holes, &[whole("a")]).unwrap();
    assert_eq!(firsts(&cores), [("a", Some("0"), 17.0), ("a", Some("1"), 2.0)]);
}

fn gappy() -> JobMetric {
    metric(vec![series("a", "0", &[1.0, NAN, 3.0, NAN, 5.0]), series("a", "4", &[10.0, 20.0, NAN, NAN])])
}

/// NaN as `None`, so that results can be compared.
fn shown(samples: &[f64]) -> Vec<Option<f64>> {
    samples.iter().map(|&sample| (!sample.is_nan()).then_some(sample)).collect()
}

#[test]
fn a_sum_with_a_part_missing_is_missing() {
    let core = aggregate(&gappy(), HwThread, Core, Aggregation::Sum, &topology(), &[whole("a")]).unwrap();
    assert_eq!(shown(&core.series[0].data), [Some(11.0), None, None, None, None]);
    assert_eq!(core.series[0].statistics, SeriesStatistics { avg: 11.0, min: 11.0, max: 11.0 });
}

#[test]
fn an_average_takes_what_is_there() {
    let core = aggregate(&gappy(), HwThread, Core, Aggregation::Avg, &topology(), &[whole("a")]).unwrap();
    assert_eq!(shown(&core.series[0].data), [Some(5.5), Some(20.0), Some(3.0), None, Some(5.0)]);
    assert_eq!(core.series[0].statistics, SeriesStatistics { avg: 8.375, min: 3.0, max: 20.0 });
}

#[test]
fn statistics_of_nothing_are_missing() {
    let nothing = metric(vec![series("a", "0", &[NAN, NAN])]);
    let node = aggregate(&nothing, HwThread, Node, Aggregation::Sum, &topology(), &[whole("a")]).unwrap();
    assert!(node.series[0].statistics.avg.is_nan() && node.series[0].statistics.max.is_nan());
}

#[test]
fn unit_and_timestep_stay_and_archived_statistics_over_the_series_go() {
    let mut stored = gappy();
    stored.statistics_series = Some(crate::StatisticsSeries::default());
    let node = aggregate(&stored, HwThread, Node, Aggregation::Avg, &topology(), &[whole("a")]).unwrap();
    assert_eq!((node.unit, node.timestep_s, node.statistics_series), (stored.unit, 30, None));
}

#[rstest]
#[case::finer(Node, Core)]
#[case::the_same(Core, Core)]
#[case::not_comparable(Accelerator, Core)]
fn only_coarser_scopes_can_be_made(#[case] from: MetricScope, #[case] to: MetricScope) {
    let metric = by_thread(&["a"]);
    assert_eq!(aggregate(&metric, from, to, Aggregation::Sum, &topology(), &[whole("a")]), None);
}

#[test]
fn nothing_results_from_foreign_hosts() {
    let metric = by_thread(&["b"]);
    assert_eq!(aggregate(&metric, HwThread, Node, Aggregation::Sum, &topology(), &[whole("a")]), None);
}

proptest! {
    #[test]
    fn parts_of_a_job_add_up_the_same_by_any_way(own in prop::collection::btree_set(0_u32..8, 1..8)) {
        let resources = [threads("a", &own.iter().copied().collect::<Vec<_>>())];
        let to = |metric: &JobMetric, from, to| {
            aggregate(metric, from, to, Aggregation::Sum, &topology(), &resources).unwrap()
        };
        let threads = by_thread(&["a"]);
        let expected: u32 = own.iter().map(|thread| 1 << thread).sum();
        let cores = to(&threads, HwThread, Core);
        let sockets = to(&cores, Core, Socket);
        for node in [to(&threads, HwThread, Node), to(&cores, Core, Node), to(&sockets, Socket, Node)] {
            prop_assert_eq!(firsts(&node), [("a", None, f64::from(expected))]);
        }
    }
}
