use std::error::Error as _;

use rstest::rstest;
use serde_json::{Value, json};

use super::*;

/// One socket of two cores with one hardware thread each.
fn topology() -> Value {
    json!({"node": [0, 1], "socket": [[0, 1]], "memoryDomain": [[0, 1]], "core": [[0], [1]]})
}

fn subcluster(name: &str, nodes: &str) -> Value {
    json!({"name": name, "nodes": nodes, "topology": topology()})
}

fn metric(name: &str) -> Value {
    json!({"name": name, "timestep": 60})
}

fn cluster_json(metrics: &[Value], subclusters: &[Value]) -> Vec<u8> {
    json!({"name": "alpha", "metricConfig": metrics, "subClusters": subclusters}).to_string().into_bytes()
}

fn cluster(metrics: &[Value], subclusters: &[Value]) -> Cluster {
    Cluster::from_json(&cluster_json(metrics, subclusters)).unwrap().0
}

fn warnings(metrics: &[Value], subclusters: &[Value]) -> Vec<String> {
    let (_, warnings) = Cluster::from_json(&cluster_json(metrics, subclusters)).unwrap();
    warnings.into_iter().map(|ClusterWarning(text)| text).collect()
}

/// The error with its causes, as a log shows it.
fn refusal(json: &[u8]) -> String {
    let error = Cluster::from_json(json).unwrap_err();
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    format!("{error}{cause}")
}

/// The metric `m` on subcluster `main`, where it is overridden.
fn overridden(mut base: Value, mut different: Value) -> Option<MetricConfig> {
    base["name"] = "m".into();
    base["timestep"] = 30.into();
    different["name"] = "main".into();
    base["subClusters"] = json!([different]);
    let cluster = cluster(&[metric("other"), base], &[subcluster("main", "a1"), subcluster("rest", "a2")]);
    cluster.subcluster("main").unwrap().metric("m").cloned()
}

#[test]
fn reads_a_metric_with_everything_that_it_can_have() {
    let full = json!({
        "name": "mem_used", "unit": {"base": "B", "prefix": "G"}, "scope": "memoryDomain", "aggregation": "sum",
        "timestep": 30, "peak": 256, "normal": 128, "caution": 200.5, "alert": 240, "footprint": "max",
        "energy": "power", "lowerIsBetter": true, "restrict": true, "unknown": {"key": 1}
    });
    let expected = MetricConfig {
        name: "mem_used".into(),
        unit: Unit { base: "B".into(), prefix: Some("G".into()) },
        scope: MetricScope::MemoryDomain,
        aggregation: Some(Aggregation::Sum),
        timestep_s: 30,
        thresholds: Thresholds { peak: 256.0, normal: 128.0, caution: 200.5, alert: 240.0 },
        footprint: Some(FootprintKind::Max),
        energy: Some(EnergyKind::Power),
        lower_is_better: true,
        restrict: true,
    };
    let cluster = cluster(&[full], &[subcluster("main", "a1")]);
    assert_eq!(cluster.metrics, vec![expected]);
    assert_eq!(cluster.subcluster("main").unwrap().metrics, cluster.metrics);
    assert_eq!(cluster.metrics[0].footprint_key().as_deref(), Some("mem_used_max"));
}

#[test]
fn a_metric_with_the_least_is_measured_by_node_and_not_aggregated() {
    let bare =
        json!({"name": "m", "timestep": 1, "scope": "", "aggregation": null, "footprint": "", "energy": ""});
    let cluster = cluster(&[bare], &[subcluster("main", "a1")]);
    let metric = &cluster.metrics[0];
    assert_eq!((metric.scope, metric.aggregation), (MetricScope::Node, None));
    assert_eq!((metric.footprint, metric.energy, metric.footprint_key()), (None, None, None));
}

#[test]
fn a_subcluster_inherits_what_it_does_not_override() {
    let base = json!({"peak": 100, "normal": 50, "caution": 20, "alert": 10, "footprint": "avg", "energy": "power",
        "lowerIsBetter": true, "restrict": true});
    let here = overridden(base, json!({"peak": 200, "alert": 0})).unwrap();
    assert_eq!(here.thresholds, Thresholds { peak: 200.0, normal: 50.0, caution: 20.0, alert: 0.0 });
    assert_eq!((here.footprint, here.energy), (Some(FootprintKind::Avg), Some(EnergyKind::Power)));
    assert!(here.lower_is_better && here.restrict);
    assert_eq!(here.timestep_s, 30);
}

#[test]
fn a_subcluster_has_what_it_overrides() {
    let base = json!({"footprint": "avg", "lowerIsBetter": true});
    let different = json!({"footprint": "max", "energy": "energy", "lowerIsBetter": false, "restrict": true});
    let here = overridden(base, different).unwrap();
    assert_eq!((here.footprint, here.energy), (Some(FootprintKind::Max), Some(EnergyKind::Energy)));
    assert!(!here.lower_is_better && here.restrict);
}

#[rstest]
#[case::empty(json!(""))]
#[case::null(Value::Null)]
fn an_empty_word_takes_a_metric_out_of_footprint_and_energy(#[case] nothing: Value) {
    let base = json!({"footprint": "avg", "energy": "power"});
    let here = overridden(base, json!({"footprint": nothing, "energy": nothing})).unwrap();
    assert_eq!((here.footprint, here.energy), (None, None));
}

#[test]
fn a_removed_metric_is_missing_on_that_subcluster_only() {
    let removed =
        json!({"name": "gpu", "timestep": 60, "subClusters": [{"name": "cpu", "remove": true, "peak": 1}]});
    let cluster = cluster(&[removed, metric("load")], &[subcluster("cpu", "a1"), subcluster("gpu", "a2")]);
    let names = |subcluster| -> Vec<&str> {
        cluster.subcluster(subcluster).unwrap().metrics.iter().map(|metric| metric.name.as_str()).collect()
    };
    assert_eq!(names("cpu"), ["load"]);
    assert_eq!(names("gpu"), ["gpu", "load"]);
    assert_eq!(cluster.metrics.len(), 2);
}

#[test]
fn footprint_and_energy_metrics_are_those_of_the_subcluster() {
    let load = json!({"name": "load", "timestep": 60, "footprint": "avg",
        "subClusters": [{"name": "second", "footprint": "min"}]});
    let power = json!({"name": "power", "timestep": 120, "energy": "power"});
    let cluster = cluster(&[load, power], &[subcluster("first", "a1"), subcluster("second", "a2")]);
    let second = cluster.subcluster("second").unwrap();
    let kinds: Vec<_> =
        second.footprint_metrics().map(|(metric, kind)| (metric.name.as_str(), kind)).collect();
    assert_eq!(kinds, [("load", FootprintKind::Min)]);
    let energies: Vec<_> =
        second.energy_metrics().map(|(metric, kind)| (metric.name.as_str(), kind)).collect();
    assert_eq!(energies, [("power", EnergyKind::Power)]);
    assert_eq!(cluster.largest_timestep_s(), 120);
}

#[rstest]
#[case::listed("a2", Some("second"))]
#[case::overlap_first_of_the_file("a1", Some("first"))]
#[case::fallback("z9", Some("any"))]
fn a_host_belongs_to_the_first_that_names_it(
    #[case] host: &str,
    #[case] expected: Option<&str>,
    #[values(0, 1, 2)] place_of_any: usize,
) {
    let mut subclusters = vec![subcluster("first", "a1"), subcluster("second", "a[1-2]")];
    subclusters.insert(place_of_any, subcluster("any", "*"));
    let cluster = cluster(&[metric("m")], &subclusters);
    assert_eq!(cluster.subcluster_of_host(host).map(|found| found.name.as_str()), expected);
}

#[test]
fn a_host_that_no_list_names_belongs_nowhere() {
    let cluster = cluster(&[metric("m")], &[subcluster("main", "a[1-2]"), subcluster("empty", "")]);
    assert!(cluster.subcluster_of_host("a3").is_none());
    assert!(cluster.subcluster("none").is_none());
}

#[rstest]
#[case::metric(
    &[metric("m"), metric("m")], &[subcluster("s", "a")], "\"metricConfig\" names \"m\" twice"
)]
#[case::subcluster(
    &[metric("m")], &[subcluster("s", "a"), subcluster("s", "b")], "\"subClusters\" names \"s\" twice"
)]
#[case::no_metric(&[], &[subcluster("s", "a")], "\"metricConfig\" is missing or empty")]
#[case::no_subcluster(&[metric("m")], &[], "\"subClusters\" is missing or empty")]
#[case::unnamed(
    &[metric("m"), json!({"timestep": 1})],
    &[subcluster("s", "a")],
    "metricConfig[1]: \"name\" is missing or empty"
)]
#[case::timestep_0(
    &[json!({"name": "m", "timestep": 0})],
    &[subcluster("s", "a")],
    "metric \"m\": \"timestep\" is 0, allowed is 1 to 86400 seconds"
)]
#[case::timestep_missing(
    &[json!({"name": "m"})],
    &[subcluster("s", "a")],
    "metric \"m\": \"timestep\" is 0, allowed is 1 to 86400 seconds"
)]
#[case::timestep_negative(
    &[json!({"name": "m", "timestep": -60})],
    &[subcluster("s", "a")],
    "metric \"m\": \"timestep\" is -60, allowed is 1 to 86400 seconds"
)]
#[case::timestep_too_long(
    &[json!({"name": "m", "timestep": 86401})],
    &[subcluster("s", "a")],
    "metric \"m\": \"timestep\" is 86401, allowed is 1 to 86400 seconds"
)]
fn refuses_and_names_what_is_wrong(
    #[case] metrics: &[Value],
    #[case] subclusters: &[Value],
    #[case] message: &str,
) {
    assert_eq!(refusal(&cluster_json(metrics, subclusters)), message);
}

#[rstest]
#[case::no_name(json!({"metricConfig": [], "subClusters": []}), "\"name\" is missing or empty")]
#[case::null_lists(
    json!({"name": "a", "metricConfig": null, "subClusters": null}),
    "\"metricConfig\" is missing or empty"
)]
fn refuses_a_file_without_its_main_keys(#[case] file: Value, #[case] message: &str) {
    assert_eq!(refusal(file.to_string().as_bytes()), message);
}

#[rstest]
#[case::scope(json!({"name": "m", "timestep": 60, "scope": "rack"}), "rack")]
#[case::aggregation(json!({"name": "m", "timestep": 60, "aggregation": "max"}), "max")]
#[case::footprint(json!({"name": "m", "timestep": 60, "footprint": "median"}), "median")]
#[case::energy(json!({"name": "m", "timestep": 60, "energy": "heat"}), "heat")]
#[case::override_word(
    json!({"name": "m", "timestep": 60, "subClusters": [{"name": "s", "footprint": "median"}]}),
    "median"
)]
fn an_unknown_word_is_refused_with_what_is_allowed(#[case] metric: Value, #[case] word: &str) {
    let message = refusal(&cluster_json(&[metric], &[subcluster("s", "a")]));
    assert!(message.starts_with("not a cluster configuration: unknown variant"), "{message}");
    assert!(message.contains(word) && message.contains("expected"), "{message}");
}

#[test]
fn a_broken_node_list_is_refused_with_its_subcluster() {
    let message = refusal(&cluster_json(&[metric("m")], &[subcluster("main", "a[1-")]));
    assert!(message.starts_with("subcluster \"main\": \"nodes\" is not a node list: "), "{message}");
}

#[test]
fn text_that_is_no_json_is_refused() {
    assert!(refusal(b"{\"name\": ").starts_with("not a cluster configuration: "));
}

#[test]
fn an_inconsistent_topology_only_warns() {
    let mut odd = subcluster("odd", "a1");
    odd["topology"]["core"] = json!([[0]]);
    assert_eq!(
        warnings(&[metric("m")], &[subcluster("even", "a2"), odd]),
        ["subcluster \"odd\": the topology has 2 hardware threads, its cores have 1, its sockets 2"]
    );
}

#[test]
fn an_override_for_no_subcluster_only_warns() {
    let stray = json!({"name": "m", "timestep": 60, "subClusters": [{"name": "gone", "peak": 1}]});
    assert_eq!(
        warnings(&[stray], &[subcluster("main", "a1")]),
        ["metric \"m\" has settings for subcluster \"gone\", which does not exist"]
    );
}

#[test]
fn lists_of_a_topology_may_be_null_or_missing_and_derived_keys_are_passed_over() {
    let bare = json!({"name": "main", "nodes": "a1", "footprint": ["m"], "metricConfig": [],
        "topology": {"node": [0], "socket": [[0]], "core": [[0]], "memoryDomain": null,
            "accelerators": [{"id": "0:19", "type": "Nvidia GPU", "model": "H100"}]}});
    let cluster = cluster(&[metric("m")], &[bare]);
    let topology = &cluster.subclusters[0].topology;
    assert!(topology.memory_domain.is_empty());
    assert_eq!(topology.accelerators[0].id, "0:19");
    assert_eq!(cluster.subclusters[0].metrics.len(), 1);
}
