use super::*;
use flightdeck_model::{Cluster, Resource, Series, SeriesStatistics};
use rstest::rstest;

use MetricScope::{Accelerator, Core, HwThread, Node, Socket};

fn cluster(aggregation: &str) -> Cluster {
    let json = format!(
        r#"{{"name": "alpha",
            "metricConfig": [{{"name": "m", "unit": {{"base": "W"}}, "scope": "core", "timestep": 60 {aggregation}}}],
            "subClusters": [{{"name": "main", "nodes": "*",
              "topology": {{"node": [0, 1, 2, 3], "socket": [[0, 1], [2, 3]], "memoryDomain": [[0, 1, 2, 3]],
                            "core": [[0, 1], [2, 3]]}}}}]}}"#
    );
    Cluster::from_json(json.as_bytes()).unwrap().0
}

/// Two parts per host, with one sample each: 1 and 2.
fn samples(hosts: &[Resource], scope: MetricScope) -> JobMetric {
    let parts = if scope == Node { 1 } else { 2 };
    let series = hosts.iter().flat_map(|host| {
        (0..parts).map(|part| {
            let data = vec![f64::from(part + 1)];
            let statistics = Series::computed_statistics(&data);
            let id = (scope != Node).then(|| part.to_string());
            Series { hostname: host.hostname.clone(), id, statistics, data }
        })
    });
    JobMetric { series: series.collect(), timestep_s: 60, ..JobMetric::default() }
}

fn hosts(count: usize) -> Vec<Resource> {
    let accelerators = vec!["0".to_owned(), "1".to_owned()];
    let host = |number| Resource {
        hostname: format!("a{number}"),
        accelerators: accelerators.clone(),
        ..Resource::default()
    };
    (0..count).map(host).collect()
}

fn archived(from: MetricScope, nodes: usize, aggregation: &str) -> BTreeMap<MetricScope, JobMetric> {
    let (cluster, resources) = (cluster(aggregation), hosts(nodes));
    let place = JobPlace { cluster: "alpha", subcluster: &cluster.subclusters[0], resources: &resources };
    archived_scopes(samples(&resources, from), from, &cluster.metrics[0], &place)
}

#[rstest]
#[case::node(Node, 1, &[Node])]
#[case::socket(Socket, 8, &[Socket, Node])]
#[case::sockets_of_many_nodes(Socket, 9, &[Node])]
#[case::core(Core, 8, &[Core, Node])]
#[case::cores_of_many_nodes(Core, 9, &[Node])]
#[case::hwthread_never_as_it_is(HwThread, 1, &[Core, Node])]
#[case::accelerator(Accelerator, 1, &[Accelerator, Node])]
#[case::accelerators_of_many_nodes(Accelerator, 9, &[Accelerator, Node])]
fn scopes_are_those_that_readers_of_archives_expect(
    #[case] from: MetricScope,
    #[case] nodes: usize,
    #[case] expected: &[MetricScope],
) {
    let scopes: Vec<_> = archived(from, nodes, r#", "aggregation": "sum""#).into_keys().collect();
    assert_eq!(scopes, expected);
}

#[rstest]
#[case::few(HwThread, 1, &[HwThread])]
#[case::many(Core, 9, &[Core])]
fn what_cannot_be_aggregated_is_not_lost(
    #[case] from: MetricScope,
    #[case] nodes: usize,
    #[case] expected: &[MetricScope],
) {
    assert_eq!(archived(from, nodes, "").into_keys().collect::<Vec<_>>(), expected);
}

#[rstest]
#[case::sum("sum", 3.0)]
#[case::average("avg", 1.5)]
fn parts_are_aggregated_as_configured(#[case] rule: &str, #[case] expected: f64) {
    let scopes = archived(Socket, 2, &format!(r#", "aggregation": "{rule}""#));
    let node: Vec<_> = scopes[&Node].series.iter().map(|series| series.data[0]).collect();
    assert_eq!(node, [expected; 2]);
}

#[test]
fn many_series_get_statistics_over_them() {
    let scopes = archived(Core, 4, r#", "aggregation": "sum""#);
    assert!(scopes[&Core].statistics_series.is_some());
    assert!(scopes[&Node].statistics_series.is_none());
}

#[test]
fn statistics_of_a_job_are_over_the_nodes_that_have_samples() {
    let series =
        |avg, min, max| Series { statistics: SeriesStatistics { avg, min, max }, ..Series::default() };
    let nan = f64::NAN;
    let series = vec![series(4.0, 1.0, 9.0), series(nan, nan, nan), series(2.0, 2.0, 3.0)];
    let node = JobMetric { series, ..JobMetric::default() };
    let unit = Unit { base: "W".to_owned(), prefix: None };
    let found = job_statistics(&node, &unit).unwrap();
    assert_eq!((found.avg, found.min, found.max, found.unit.base.as_str()), (3.0, 1.0, 9.0, "W"));
    let silent = JobMetric { series: vec![node.series[1].clone()], ..JobMetric::default() };
    assert_eq!(job_statistics(&silent, &unit), None);
}
