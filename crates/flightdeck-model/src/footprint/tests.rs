use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::Cluster;

/// A subcluster with these metrics; `second` has them as its overrides say.
fn subcluster(name: &str, metrics: &Value) -> SubCluster {
    let topology = json!({"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]});
    let file = json!({
        "name": "alpha",
        "metricConfig": metrics,
        "subClusters": [
            {"name": "main", "nodes": "a1", "topology": topology},
            {"name": "second", "nodes": "a2", "topology": topology}
        ]
    });
    let (cluster, _) = Cluster::from_json(file.to_string().as_bytes()).unwrap();
    cluster.subcluster(name).unwrap().clone()
}

fn metrics() -> Value {
    json!([
        {"name": "cpu_load", "timestep": 60, "footprint": "avg",
            "subClusters": [{"name": "second", "footprint": "min"}]},
        {"name": "mem_used", "timestep": 60, "footprint": "max"},
        {"name": "ipc", "timestep": 60},
        {"name": "core_power", "timestep": 60, "energy": "power"},
        {"name": "mem_power", "timestep": 60, "energy": "power", "footprint": "avg"},
        {"name": "node_energy", "timestep": 60, "energy": "energy"}
    ])
}

fn statistics(numbers: &[(&str, f64, f64, f64)]) -> BTreeMap<String, JobStatistics> {
    let members = numbers.iter().map(|&(metric, min, avg, max)| {
        (metric.to_owned(), JobStatistics { avg, min, max, ..JobStatistics::default() })
    });
    members.collect()
}

fn entries(values: &BTreeMap<String, f64>) -> Vec<(&str, f64)> {
    values.iter().map(|(key, &value)| (key.as_str(), value)).collect()
}

fn average_powers(core_w: f64, memory_w: f64) -> BTreeMap<String, JobStatistics> {
    statistics(&[("core_power", 0.0, core_w, 999.0), ("mem_power", 0.0, memory_w, 999.0)])
}

#[rstest]
#[case::cluster_wide("main", &[("cpu_load_avg", 2.0), ("mem_power_avg", 0.0), ("mem_used_max", 30.0)])]
#[case::of_the_subcluster("second", &[("cpu_load_min", 1.0), ("mem_power_avg", 0.0), ("mem_used_max", 30.0)])]
fn the_footprint_has_the_configured_statistic(#[case] name: &str, #[case] expected: &[(&str, f64)]) {
    let job =
        statistics(&[("cpu_load", 1.0, 2.0, 3.0), ("mem_used", 10.0, 20.0, 30.0), ("ipc", 1.0, 1.0, 1.0)]);
    assert_eq!(entries(&job_footprint(&subcluster(name, &metrics()), &job)), expected);
}

#[test]
fn a_missing_metric_or_value_is_0_in_the_footprint() {
    let job = statistics(&[("cpu_load", f64::NAN, f64::NAN, f64::NAN)]);
    let footprint = job_footprint(&subcluster("main", &metrics()), &job);
    assert_eq!(entries(&footprint), [("cpu_load_avg", 0.0), ("mem_power_avg", 0.0), ("mem_used_max", 0.0)]);
}

#[test]
fn energy_is_average_power_times_nodes_times_hours() {
    let energy = job_energy(&subcluster("main", &metrics()), &average_powers(250.0, 50.0), 4, 7200);
    let by_metric_kwh = [("core_power".to_owned(), 2.0), ("mem_power".to_owned(), 0.4)].into();
    assert_eq!(energy, JobEnergy { total_kwh: 2.4, by_metric_kwh });
}

#[test]
fn the_sum_is_rounded_not_its_parts() {
    // 0.00354 kWh and 0.00177 kWh: each alone would be 0.00.
    let energy = job_energy(&subcluster("main", &metrics()), &average_powers(72.0, 36.0), 1, 177);
    let near = |value: f64, expected: f64| (value - expected).abs() < 1e-12;
    assert!(near(energy.by_metric_kwh["core_power"], 0.003_54));
    assert!(near(energy.by_metric_kwh["mem_power"], 0.001_77));
    assert!(near(energy.total_kwh, 0.01));
}

#[test]
fn a_metric_without_power_counts_0_and_one_without_value_not_at_all() {
    let job = statistics(&[("core_power", f64::NAN, f64::NAN, f64::NAN)]);
    let energy = job_energy(&subcluster("main", &metrics()), &job, 2, 3600);
    assert_eq!(energy, JobEnergy { total_kwh: 0.0, by_metric_kwh: [("mem_power".to_owned(), 0.0)].into() });
}

#[test]
fn metrics_in_joule_are_left_out() {
    let job = statistics(&[("node_energy", 1.0, 1e9, 1e9)]);
    let energy = job_energy(&subcluster("main", &metrics()), &job, 1, 3600);
    assert_eq!(entries(&energy.by_metric_kwh), [("core_power", 0.0), ("mem_power", 0.0)]);
}

#[test]
fn a_job_that_did_not_run_used_nothing() {
    let energy = job_energy(&subcluster("main", &metrics()), &average_powers(250.0, 50.0), 4, 0);
    assert_eq!(entries(&energy.by_metric_kwh), [("core_power", 0.0), ("mem_power", 0.0)]);
}

proptest! {
    #[test]
    fn the_total_is_the_sum_to_the_hundredth(
        core_w in 0.0..2000.0,
        memory_w in 0.0..500.0,
        nodes in 1..2000,
        duration_s in 0..1_000_000_i64,
    ) {
        let energy = job_energy(&subcluster("main", &metrics()), &average_powers(core_w, memory_w), nodes, duration_s);
        let sum: f64 = energy.by_metric_kwh.values().sum();
        prop_assert!((energy.total_kwh - sum).abs() <= 0.005 + sum * 1e-12);
    }
}
