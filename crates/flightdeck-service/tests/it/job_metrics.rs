//! Which metric data an answer has, and what is told when there are none.

use crate::world::{World, metric, put_data};
use flightdeck_model::{
    JobMetric, JobRecord, JobState, MetricScope, PortErrorKind, ResampleMethod, Resource, StatisticsSeries,
};
use flightdeck_service::{
    EncodedMetrics, MetricRequest, MetricShape, Parts, ServiceError, Services, Settings,
};
use flightdeck_testkit::archived_job;
use rstest::rstest;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// All metrics as they are archived, as a list.
fn everything() -> MetricRequest {
    MetricRequest {
        metrics: Vec::new(),
        scopes: Vec::new(),
        resolution_s: None,
        max_points: None,
        method: ResampleMethod::Lttb,
        shape: MetricShape::List,
    }
}

fn decoded(answer: &EncodedMetrics) -> Value {
    serde_json::from_slice(&answer.0).unwrap()
}

fn ask(world: &World, request: &MetricRequest) -> Value {
    decoded(&world.services.job_metrics(&world.job(1), request).unwrap())
}

/// Job 1 on one node: `cpu_load` per node, `flops` per core.
fn world_with_data() -> World {
    let world = World::with_jobs([archived_job(1)]);
    let flops = metric(&[
        ("a001", Some("0"), &[1.0, f64::NAN, 1.0]),
        ("a001", Some("1"), &[2.0, 2.0, 2.0]),
        ("a001", Some("2"), &[4.0, 4.0, 4.0]),
        ("a001", Some("3"), &[8.0, 8.0, 8.0]),
    ]);
    let load = metric(&[("a001", None, &[0.5, f64::NAN, 1.5])]);
    let metrics = [("cpu_load", MetricScope::Node, load), ("flops", MetricScope::Core, flops)];
    put_data(&world.archive, &world.job(1).key, &metrics);
    world
}

fn named(world: &World, metrics: &[&str]) -> Vec<String> {
    let metrics = metrics.iter().map(|&name| name.to_owned()).collect();
    let answer = ask(world, &MetricRequest { metrics, ..everything() });
    let list = answer.as_array().unwrap();
    list.iter().map(|one| format!("{}/{}", one["name"], one["scope"]).replace('"', "")).collect()
}

#[test]
fn metrics_are_chosen_by_name_and_unknown_names_dropped() {
    let world = world_with_data();
    assert_eq!(named(&world, &[]), ["cpu_load/node", "flops/core"]);
    assert_eq!(named(&world, &["flops"]), ["flops/core"]);
    assert_eq!(named(&world, &["flops", "unheard of", "cpu_load"]), ["cpu_load/node", "flops/core"]);
    assert_eq!(named(&world, &["unheard of"]), [""; 0]);
}

#[test]
fn both_shapes_say_the_same() {
    let world = world_with_data();
    let load = json!({
        "unit": {"base": ""}, "timestep": 60,
        "series": [{"hostname": "a001", "statistics": {"avg": 1.0, "min": 0.5, "max": 1.5},
                    "data": [0.5, null, 1.5]}]
    });
    let request = MetricRequest { metrics: vec!["cpu_load".to_owned()], ..everything() };
    assert_eq!(ask(&world, &request), json!([{"name": "cpu_load", "scope": "node", "metric": load}]));
    let by_scope = MetricRequest { shape: MetricShape::ByScope, ..request };
    assert_eq!(ask(&world, &by_scope), json!({"cpu_load": {"node": load}}));
    let none = MetricRequest { metrics: vec!["unheard of".to_owned()], ..by_scope };
    assert_eq!(ask(&world, &none), json!({}));
}

fn flops_at(world: &World, scopes: &[MetricScope]) -> Value {
    let metrics = vec!["flops".to_owned()];
    let request = MetricRequest { metrics, scopes: scopes.to_vec(), ..everything() };
    ask(world, &MetricRequest { shape: MetricShape::ByScope, ..request })["flops"].clone()
}

fn samples(metric: &Value) -> Vec<Value> {
    metric["series"].as_array().unwrap().iter().map(|series| series["data"].clone()).collect()
}

#[test]
fn a_coarser_scope_is_made_of_the_archived_one() {
    let world = world_with_data();
    let shown = flops_at(&world, &[MetricScope::Node, MetricScope::Socket]);
    assert_eq!(shown.as_object().unwrap().keys().collect::<Vec<_>>(), ["node", "socket"]);
    assert_eq!(samples(&shown["node"]), [json!([15.0, null, 15.0])], "a sum with a part missing is none");
    assert_eq!(samples(&shown["socket"]), [json!([3.0, null, 3.0]), json!([12.0, 12.0, 12.0])]);
}

#[test]
fn only_the_jobs_own_hardware_threads_count() {
    let world = world_with_data();
    let mut meta = archived_job(1).build().meta;
    let hwthreads = vec![2, 3];
    meta.resources = vec![Resource { hostname: "a001".to_owned(), hwthreads, ..Resource::default() }];
    world.archive.insert_job(meta);
    world.import();
    assert_eq!(samples(&flops_at(&world, &[MetricScope::Node])["node"]), [json!([12.0, 12.0, 12.0])]);
}

#[test]
fn a_metric_without_a_rule_is_shown_as_it_is_archived() {
    let world = world_with_data();
    let key = world.job(1).key;
    let unruled = metric(&[("a001", Some("0"), &[1.0])]);
    put_data(&world.archive, &key, &[("unconfigured", MetricScope::Core, unruled)]);
    let request = MetricRequest { scopes: vec![MetricScope::Node], ..everything() };
    assert_eq!(ask(&world, &request)[0]["scope"], "core");
}

#[test]
fn resampled_data_keep_the_statistics_of_the_native_samples() {
    let world = World::with_jobs([archived_job(1)]);
    let many: Vec<f64> = (0..100).map(f64::from).collect();
    let series: Vec<(&str, Option<&str>, &[f64])> = vec![("a001", None, &many); 8];
    put_data(&world.archive, &world.job(1).key, &[("cpu_load", MetricScope::Node, metric(&series))]);
    let request = MetricRequest { max_points: Some(10), ..everything() };
    let shown = &ask(&world, &request)[0]["metric"];
    assert_eq!(shown["timestep"], 600);
    assert_eq!(shown["series"][0]["data"].as_array().unwrap().len(), 10);
    assert_eq!(shown["series"][0]["statistics"], json!({"avg": 49.5, "min": 0.0, "max": 99.0}));
    assert_eq!(shown["statisticsSeries"]["max"][0], 9.0, "of all native samples of the step");
}

#[test]
fn short_series_are_not_resampled_to_a_resolution() {
    let world = world_with_data();
    let request = MetricRequest { resolution_s: Some(120), ..everything() };
    assert_eq!(ask(&world, &request), ask(&world, &everything()));
    let settings = Settings { resampling_minimum_points: 0, ..Settings::default() };
    let services = Services::new(Parts { settings, ..world.parts() });
    let shown = decoded(&services.job_metrics(&world.job(1), &request).unwrap());
    assert_eq!(shown[0]["metric"]["timestep"], 120);
}

#[test]
fn the_default_resolution_is_the_largest_configured_one() {
    let world = World::with_jobs([archived_job(1), archived_job(2).cluster("beta").subcluster("all")]);
    assert_eq!(world.services.default_resolution_s(), None);
    let settings = Settings { resampling_resolutions_s: vec![60, 600, 240], ..Settings::default() };
    let services = Services::new(Parts { settings, ..world.parts() });
    assert_eq!(services.default_resolution_s(), Some(600));
    assert_eq!(services.largest_timestep_s(&world.job(1)), Some(120));
    assert_eq!(services.largest_timestep_s(&world.job(2)), Some(30));
}

/// Statistics as another server stored them, with missing samples counted as 0.
fn stored_statistics(steps: usize) -> StatisticsSeries {
    let zeros = vec![0.0; steps];
    StatisticsSeries { mean: zeros.clone(), median: zeros.clone(), min: zeros.clone(), max: zeros }
}

#[test]
fn stored_statistics_of_few_series_are_computed_anew() {
    let world = World::with_jobs([archived_job(1)]);
    let two: JobMetric = metric(&[("a001", None, &[1.0, f64::NAN]), ("a002", None, &[2.0, 7.0])]);
    let stored = JobMetric { statistics_series: Some(stored_statistics(2)), ..two };
    put_data(&world.archive, &world.job(1).key, &[("cpu_load", MetricScope::Node, stored)]);
    let shown = &ask(&world, &everything())[0]["metric"]["statisticsSeries"];
    let expected = json!({"mean": [1.5, 7.0], "median": [1.5, 7.0], "min": [1.0, 7.0], "max": [2.0, 7.0]});
    assert_eq!(*shown, expected);
}

#[rstest]
#[case::few(7, false)]
#[case::many(8, true)]
fn many_series_get_statistics_over_them(#[case] count: usize, #[case] has_statistics: bool) {
    let world = World::with_jobs([archived_job(1)]);
    let series: Vec<(&str, Option<&str>, &[f64])> = vec![("a001", None, &[3.0]); count];
    put_data(&world.archive, &world.job(1).key, &[("cpu_load", MetricScope::Node, metric(&series))]);
    let shown = &ask(&world, &everything())[0]["metric"];
    assert_eq!(shown["series"].as_array().unwrap().len(), count);
    assert_eq!(shown.get("statisticsSeries").is_some(), has_statistics);
}

fn refused(world: &World, job: &JobRecord) -> ServiceError {
    world.services.job_metrics(job, &everything()).unwrap_err()
}

#[test]
fn a_job_without_a_data_file_has_no_data() {
    let world = World::with_jobs([archived_job(1).state(JobState::Failed)]);
    let job = world.job(1);
    let expected = format!("job {} has no metric data in the archive", job.id);
    assert!(matches!(refused(&world, &job), ServiceError::NotFound(text) if text == expected));
}

#[track_caller]
fn assert_corrupt(refusal: &ServiceError, what: &str) {
    let ServiceError::Port(error) = refusal else { panic!("storage failed, but there is {refusal:?}") };
    assert_eq!(error.kind, PortErrorKind::Corrupt);
    assert!(error.what.contains(what), "{}", error.what);
}

#[test]
fn damaged_data_are_told_with_their_path() {
    let world = world_with_data();
    let job = world.job(1);
    world.archive.damage_data(job.key.clone(), "cut off");
    assert_corrupt(&refused(&world, &job), &format!("memory/{}/data.json", job.key));
}

#[test]
fn damaged_resources_are_told_with_the_job() {
    let world = world_with_data();
    let mut job = world.job(1);
    job.fragments.resources = RawValue::from_string("{}".to_owned()).unwrap();
    assert_corrupt(&refused(&world, &job), &format!("resources of job {}", job.id));
}
