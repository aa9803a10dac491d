//! Metric data of jobs that run, or wait to be archived: from the metric store, and not read twice for nothing.

use crate::world::{World, own};
use flightdeck_model::{
    ArchivingOutcome, ArchivingQueue, JobRecord, MetricScope, MetricSource, PortError, PortErrorKind,
    ResampleMethod, SeriesAnswer, SeriesRequest, TimeSpan, UnixTime,
};
use flightdeck_service::{MetricRequest, MetricShape, MetricSources, Parts, ServiceError, Services};
use flightdeck_testkit::{MemoryMetrics, wait};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A store that counts how often it is read.
#[derive(Debug)]
pub(crate) struct WatchedSource {
    pub(crate) inner: Arc<MemoryMetrics>,
    pub(crate) reads: AtomicUsize,
    pub(crate) knows_changes: bool,
}

impl WatchedSource {
    pub(crate) fn of(world: &World, knows_changes: bool) -> Arc<Self> {
        Arc::new(Self { inner: world.metrics.clone(), reads: AtomicUsize::new(0), knows_changes })
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

impl MetricSource for WatchedSource {
    fn read_series(
        &self,
        cluster: &str,
        requests: &[SeriesRequest],
        span: TimeSpan,
    ) -> Result<Vec<SeriesAnswer>, PortError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.read_series(cluster, requests, span)
    }

    fn change_stamp(&self, cluster: &str, hosts: &[&str]) -> Option<u64> {
        self.inner.change_stamp(cluster, hosts).filter(|_| self.knows_changes)
    }
}

/// The same site, of which another server has the samples of a cluster, a subcluster, or all (`*`).
pub(crate) fn with_external(world: &World, key: &str, source: Arc<dyn MetricSource>) -> Services {
    let external = BTreeMap::from([(key.to_owned(), source)]);
    Services::new(Parts { metrics: MetricSources { external, ..own(&world.metrics) }, ..world.parts() })
}

fn request(metrics: &[&str], scopes: &[MetricScope]) -> MetricRequest {
    MetricRequest {
        metrics: metrics.iter().map(|&name| name.to_owned()).collect(),
        scopes: scopes.to_vec(),
        resolution_s: None,
        max_points: None,
        method: ResampleMethod::Lttb,
        shape: MetricShape::List,
    }
}

fn ask_of(services: &Services, job: &JobRecord, request: &MetricRequest) -> Value {
    serde_json::from_slice(&services.job_metrics(job, request).unwrap().0).unwrap()
}

fn ask(world: &World, metrics: &[&str], scopes: &[MetricScope]) -> Value {
    ask_of(&world.services, &world.job(1), &request(metrics, scopes))
}

/// Name and scope of each metric of an answer, and the samples of its series.
fn shown(answer: &Value) -> Vec<String> {
    let metrics = answer.as_array().unwrap().iter();
    let line = |metric: &Value| {
        let series = metric["metric"]["series"].as_array().unwrap().iter();
        let data: Vec<String> = series.map(|series| format!("{}{}", series["id"], series["data"])).collect();
        format!("{} {} {}", metric["name"], metric["scope"], data.join(" ")).replace('"', "")
    };
    metrics.map(line).collect()
}

/// Job 1 has been running for five minutes on two of the four cores of a host.
fn running() -> World {
    let world = World::new();
    world.start_ago(1, 300, json!({"resources": [{"hostname": "a001", "hwthreads": [1, 2]}]}));
    world.put("cpu_load", "a001", ("", ""), 240, &[1.0, 2.0]);
    for id in ["0", "1", "2", "3"] {
        world.put("flops", "a001", ("core", id), 300, &[10.0, id.parse().unwrap()]);
    }
    world
}

#[test]
fn a_job_that_is_said_to_have_started_in_1970_costs_no_memory() {
    let world = World::new();
    let hosts: Vec<Value> = (1..=10).map(|number| json!({"hostname": format!("a{number:03}")})).collect();
    let of_ten = json!({"resources": hosts, "numNodes": 10, "startTime": 1});
    world.start_ago(1, 0, of_ten);
    let source = WatchedSource::of(&world, true);
    let services = with_external(&world, "*", source.clone());
    let refused = services.job_metrics(&world.job(1), &request(&[], &[])).unwrap_err();
    assert!(matches!(refused, ServiceError::Unprocessable(_)), "{refused:?}");
    world.stop_now(1);
    assert_eq!(services.archive_due_jobs().unwrap().put_off, 1);
    assert_eq!(source.reads(), 0, "the store is not even asked");
    let queued = world.jobs.jobs_to_archive(UnixTime(i64::MAX), 10).unwrap();
    assert!(queued[0].problem.contains("start"), "{queued:?}");
}

#[test]
fn a_running_jobs_samples_are_shown_from_its_start_on() {
    let world = running();
    assert_eq!(
        shown(&ask(&world, &[], &[])),
        ["cpu_load node null[null,1.0,2.0]", "flops core 1[10.0,1.0] 2[10.0,2.0]"]
    );
}

#[rstest]
#[case::node(&[MetricScope::Node], &["flops node null[20.0,3.0]"])]
#[case::socket(&[MetricScope::Socket], &["flops socket 0[10.0,1.0] 1[10.0,2.0]"])]
#[case::too_fine(&[MetricScope::HwThread], &["flops core 1[10.0,1.0] 2[10.0,2.0]"])]
#[case::two(&[MetricScope::Core, MetricScope::Node], &["flops core 1[10.0,1.0] 2[10.0,2.0]", "flops node null[20.0,3.0]"])]
fn scopes_are_made_of_the_jobs_own_parts(#[case] scopes: &[MetricScope], #[case] expected: &[&str]) {
    assert_eq!(shown(&ask(&running(), &["flops", "nonsense"], scopes)), expected);
}

#[test]
fn a_running_job_without_samples_has_an_empty_answer() {
    let world = World::new();
    world.start_ago(1, 300, json!({}));
    assert_eq!(ask(&world, &[], &[]), json!([]));
}

#[test]
fn samples_are_read_again_only_when_there_may_be_others() {
    let world = running();
    let source = WatchedSource::of(&world, true);
    let services = with_external(&world, "*", source.clone());
    let ask = || shown(&ask_of(&services, &world.job(1), &request(&["cpu_load"], &[])));
    assert_eq!(ask(), ["cpu_load node null[null,1.0,2.0]"]);
    world.clock.advance(15);
    assert_eq!((ask().len(), source.reads()), (1, 1), "nothing came in");

    world.put("cpu_load", "a001", ("", ""), 300, &[9.0]);
    assert_eq!(ask(), ["cpu_load node null[9.0,1.0,2.0]"]);
    assert_eq!(source.reads(), 2);
    world.clock.advance(60);
    assert_eq!((ask().len(), source.reads()), (1, 3), "there is a step more to look at");
}

#[test]
fn a_store_that_does_not_know_its_changes_is_read_every_few_seconds() {
    let world = running();
    let source = WatchedSource::of(&world, false);
    let services = with_external(&world, "*", source.clone());
    let ask = || shown(&ask_of(&services, &world.job(1), &request(&["cpu_load"], &[])));
    ask();
    world.put("cpu_load", "a001", ("", ""), 300, &[9.0]);
    assert_eq!((ask()[0].as_str(), source.reads()), ("cpu_load node null[null,1.0,2.0]", 1));
    world.clock.advance(5);
    assert_eq!((ask()[0].as_str(), source.reads()), ("cpu_load node null[9.0,1.0,2.0]", 2));
}

#[test]
fn another_jobs_answer_is_never_given() {
    let world = running();
    world.start_ago(2, 300, json!({"resources": [{"hostname": "a002"}]}));
    world.put("cpu_load", "a002", ("", ""), 300, &[7.0]);
    for _ in 0..2 {
        let other = ask_of(&world.services, &world.job(2), &request(&["cpu_load"], &[]));
        assert_eq!(shown(&other), ["cpu_load node null[7.0]"]);
        assert_eq!(shown(&ask(&world, &["cpu_load"], &[])), ["cpu_load node null[null,1.0,2.0]"]);
    }
}

#[rstest]
#[case::subcluster("alpha-main", true)]
#[case::cluster("alpha", true)]
#[case::any("*", true)]
#[case::another_subcluster("alpha-gpu", false)]
#[case::another_cluster("beta", false)]
fn the_store_that_is_configured_for_the_job_is_read(#[case] key: &str, #[case] is_external: bool) {
    let world = running();
    let source = WatchedSource::of(&world, true);
    let services = with_external(&world, key, source.clone());
    assert_eq!(shown(&ask_of(&services, &world.job(1), &request(&["cpu_load"], &[]))).len(), 1);
    assert_eq!(source.reads() > 0, is_external);
}

#[test]
fn the_most_exact_of_several_stores_is_read() {
    let world = running();
    let sources = ["*", "alpha", "alpha-main"].map(|key| (key, WatchedSource::of(&world, true)));
    let external =
        sources.iter().map(|(key, source)| ((*key).to_owned(), source.clone() as Arc<dyn MetricSource>));
    let metrics = MetricSources { own: None, external: external.collect() };
    let services = Services::new(Parts { metrics, ..world.parts() });
    ask_of(&services, &world.job(1), &request(&["cpu_load"], &[]));
    assert_eq!(sources.map(|(_, source)| source.reads()), [0, 0, 1]);
}

#[test]
fn a_store_that_does_not_answer_is_told_and_asked_again() {
    let world = running();
    world.metrics.fail_reads(Some(PortErrorKind::Unavailable));
    let job = world.job(1);
    let refused = world.services.job_metrics(&job, &request(&[], &[])).unwrap_err();
    assert!(matches!(&refused, ServiceError::Port(error) if error.kind == PortErrorKind::Unavailable));
    world.metrics.fail_reads(None);
    assert_eq!(shown(&ask(&world, &[], &[])).len(), 2);
}

#[test]
fn a_job_that_waits_to_be_archived_is_shown_until_its_end() {
    let world = running();
    world.put("cpu_load", "a001", ("", ""), 0, &[5.0]);
    world.stop_now(1);
    world.clock.advance(3600);
    assert_eq!(shown(&ask(&world, &["cpu_load"], &[])), ["cpu_load node null[null,1.0,2.0]"]);
}

#[test]
fn a_job_that_could_not_be_archived_is_shown_as_long_as_there_are_samples() {
    let world = running();
    world.stop_now(1);
    let job = world.job(1);
    let given_up = ArchivingOutcome::GivenUp { problem: "no room".to_owned() };
    assert!(wait(world.jobs.settle_archiving(job.id, given_up)).unwrap());
    assert_eq!(shown(&ask(&world, &[], &[])).len(), 2);
    let empty = Arc::new(MemoryMetrics::new());
    let services = Services::new(Parts { metrics: own(&empty), ..world.parts() });
    let refused = services.job_metrics(&world.job(1), &request(&[], &[])).unwrap_err();
    assert!(matches!(&refused, ServiceError::NotFound(text) if text.contains("gone")), "{refused:?}");
}

#[test]
fn a_job_without_a_store_or_without_monitoring_has_no_data() {
    let world = running();
    let services = Services::new(Parts { metrics: MetricSources::default(), ..world.parts() });
    let refused = services.job_metrics(&world.job(1), &request(&[], &[])).unwrap_err();
    assert!(matches!(&refused, ServiceError::NotFound(text) if text.contains("no samples")), "{refused:?}");
    world.start_ago(2, 300, json!({"monitoringStatus": 0}));
    let refused = world.services.job_metrics(&world.job(2), &request(&[], &[])).unwrap_err();
    assert!(
        matches!(&refused, ServiceError::NotFound(text) if text.contains("not monitored")),
        "{refused:?}"
    );
}

#[test]
fn long_series_are_resampled_as_archived_ones_are() {
    let world = World::new();
    world.start_ago(1, 60 * 2000, json!({}));
    let samples: Vec<f64> = (0..2000).map(f64::from).collect();
    world.put("cpu_load", "a001", ("", ""), 60 * 2000, &samples);
    let request = MetricRequest { resolution_s: Some(600), ..request(&["cpu_load"], &[]) };
    let answer = ask_of(&world.services, &world.job(1), &request);
    let metric = &answer[0]["metric"];
    assert_eq!(metric["timestep"], 600);
    let series = &metric["series"][0];
    assert_eq!(series["data"].as_array().unwrap().len(), 200);
    assert_eq!(series["statistics"], json!({"avg": 999.5, "min": 0.0, "max": 1999.0}));
}
