//! Jobs that have ended get into the archive, once, whole, and whatever fails on the way.

use crate::live_metrics::with_external;
use crate::world::{NOW, World, admin, call, principal, robot_call};
use flightdeck_model::{
    ArchiveEntry, ArchivingOutcome, ArchivingQueue, DataStamp, FinishedJob, JobArchive, JobData, JobDbId,
    JobKey, JobLabels, JobMatch, JobToArchive, LoadedClusters, MetaEdit, MetricScope, MetricSource,
    MonitoringStatus, PortError, PortErrorKind, PortFuture, Role, SeriesAnswer, SeriesRequest, TagBody,
    TimeSpan, UnixTime, WhichJob,
};
use flightdeck_service::{ArchivingCounts, MetricSources, Parts, ServiceError, Services, Settings};
use flightdeck_testkit::{MemoryArchive, MemoryMetrics};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const ARCHIVED: ArchivingCounts = ArchivingCounts { archived: 1, put_off: 0, given_up: 0, gone: 0 };
const PUT_OFF: ArchivingCounts = ArchivingCounts { archived: 0, put_off: 1, given_up: 0, gone: 0 };
const GIVEN_UP: ArchivingCounts = ArchivingCounts { archived: 0, put_off: 0, given_up: 1, gone: 0 };
const GONE: ArchivingCounts = ArchivingCounts { archived: 0, put_off: 0, given_up: 0, gone: 1 };

/// Job 1 ran for ten minutes on two hosts and has just ended.
fn ended() -> World {
    let world = World::new();
    let hosts = json!([{"hostname": "a001"}, {"hostname": "a002"}]);
    world.start_ago(1, 600, json!({"resources": hosts, "numNodes": 2, "metaData": {"jobName": "first"}}));
    world.put("cpu_load", "a001", ("", ""), 600, &[2.0, 4.0]);
    world.put("cpu_load", "a002", ("", ""), 600, &[8.0, 10.0, 12.0]);
    world.put("node_power", "a001", ("", ""), 600, &[300.0; 10]);
    world.put("node_power", "a002", ("", ""), 600, &[300.0; 10]);
    world.put("flops", "a001", ("core", "0"), 600, &[1.0; 10]);
    world.stop_now(1);
    world
}

fn archive(world: &World) -> ArchivingCounts {
    world.services.archive_due_jobs().unwrap()
}

fn data(world: &World) -> JobData {
    world.archive.load_data(&world.job(1).key).unwrap().unwrap()
}

fn missing(world: &World) -> Vec<(String, String)> {
    let missing: Value = serde_json::from_str(world.job(1).fragments.missing.unwrap().get()).unwrap();
    let entries = missing.as_array().unwrap().iter();
    entries.map(|it| (it["metric"].as_str().unwrap().to_owned(), it["hosts"].to_string())).collect()
}

#[test]
fn an_ended_job_gets_its_files_and_its_row_says_so() {
    let world = ended();
    let tag =
        TagBody { tag_type: "app".into(), name: "vasp".into(), scope: "mona".into(), ..TagBody::default() };
    let mona = principal("mona", &[Role::Api, Role::User], &[]);
    world.services.tag_job(&call(mona), world.job(1).id, &[tag]).unwrap();
    assert_eq!(archive(&world), ARCHIVED);

    let job = world.job(1);
    assert_eq!(job.monitoring_status, MonitoringStatus::Archived);
    let meta = world.archived(&job.key);
    assert_eq!((meta.duration, meta.job_state.as_str(), meta.num_nodes), (600, "completed", 2));
    assert_eq!((meta.sub_cluster.as_str(), meta.meta_data["jobName"].as_str()), ("main", "first"));
    assert_eq!(meta.tags[0].name, "vasp", "also what only its owner sees");
    let load = &meta.statistics["cpu_load"];
    assert_eq!((load.avg, load.min, load.max), (6.5, 2.0, 12.0));
    let footprint: Value = serde_json::from_str(job.fragments.footprint.unwrap().get()).unwrap();
    assert_eq!(footprint, json!({"cpu_load_avg": 6.5, "mem_used_max": 0.0}));
    assert_eq!(job.energy_kwh.to_string(), "0.1", "two nodes, 300 W, ten minutes");
    let energy: Value = serde_json::from_str(job.fragments.energy_footprint.unwrap().get()).unwrap();
    assert_eq!(energy, json!({"node_power": 0.1}));

    let data = data(&world);
    let scopes = |name: &str| data[name].keys().copied().collect::<Vec<_>>();
    assert_eq!(scopes("cpu_load"), [MetricScope::Node]);
    assert_eq!(scopes("flops"), [MetricScope::Core, MetricScope::Node]);
    let load = &data["cpu_load"][&MetricScope::Node].series;
    assert!(load[0].data[2].is_nan() && load[0].data.len() == 3, "{load:?}");
    let lacking = [("flops", "[\"a002\"]"), ("flops", "[\"a001\"]"), ("mem_used", "[]")];
    assert_eq!(missing(&world), lacking.map(|(metric, hosts)| (metric.to_owned(), hosts.to_owned())));
    assert_eq!(archive(&world), ArchivingCounts::default(), "nothing is left to do");
    assert_eq!(world.import().counts.unchanged, 1, "an import finds nothing new in the files");
}

#[test]
fn a_job_without_any_sample_is_archived_and_says_what_is_missing() {
    let world = World::new();
    world.start_ago(1, 600, json!({}));
    world.stop_now(1);
    assert_eq!(archive(&world), ARCHIVED);
    assert!(data(&world).is_empty());
    let names: Vec<String> = missing(&world).into_iter().map(|(metric, _)| metric).collect();
    assert_eq!(names, ["cpu_load", "flops", "mem_used", "node_power"]);
}

#[test]
fn samples_after_the_end_are_not_the_jobs() {
    let world = World::new();
    world.start_ago(1, 600, json!({}));
    world.put("cpu_load", "a001", ("", ""), 660, &[1.0; 30]);
    world.stop(json!({"jobId": 1, "stopTime": NOW - 300, "jobState": "failed"})).unwrap();
    archive(&world);
    assert_eq!(data(&world)["cpu_load"][&MetricScope::Node].series[0].data.len(), 5);
}

#[test]
fn a_job_that_is_not_monitored_is_not_archived() {
    let world = World::new();
    world.start_ago(1, 600, json!({"monitoringStatus": 0}));
    world.stop_now(1);
    assert_eq!(archive(&world), ArchivingCounts::default());
    assert_eq!(world.job(1).monitoring_status, MonitoringStatus::Disabled);
}

#[test]
fn a_failure_is_tried_again_ever_more_rarely_and_given_up_in_the_end() {
    let world = ended();
    world.archive.fail_writes(Some(PortErrorKind::NoSpace));
    let hourly = std::iter::repeat_n(3600, 14);
    for wait_s in [10, 20, 40, 80, 160, 320, 640, 1280, 2560].into_iter().chain(hourly) {
        assert_eq!(archive(&world), PUT_OFF);
        world.clock.advance(wait_s - 1);
        assert_eq!(archive(&world), ArchivingCounts::default(), "not before {wait_s} s are over");
        world.clock.advance(1);
    }
    assert_eq!(archive(&world), GIVEN_UP);
    assert_eq!(world.job(1).monitoring_status, MonitoringStatus::ArchivingFailed);
    world.archive.fail_writes(None);
    world.clock.advance(100_000);
    assert_eq!(archive(&world), ArchivingCounts::default());
}

/// Jobs 1 and 2 have ended, and were given up.
fn two_given_up() -> World {
    let world = ended();
    world.start_ago(2, 300, json!({}));
    world.stop_now(2);
    let settings = Settings { archive_attempts_max: 1, ..Settings::default() };
    let services = Services::new(Parts { settings, ..world.parts() });
    world.archive.fail_writes(Some(PortErrorKind::NoSpace));
    assert_eq!(services.archive_due_jobs().unwrap().given_up, 2);
    world.archive.fail_writes(None);
    world
}

#[test]
fn an_administrator_can_have_jobs_tried_again_that_were_given_up() {
    let world = two_given_up();
    let again = |job| world.services.archive_again(&call(admin()), job);
    let before = world.audit().len();
    assert_eq!(again(Some(world.job(2).id)).unwrap(), 1);
    assert_eq!(archive(&world), ARCHIVED);
    assert_eq!(world.job(2).monitoring_status, MonitoringStatus::Archived);
    assert_eq!(world.job(1).monitoring_status, MonitoringStatus::ArchivingFailed);
    assert!(matches!(again(Some(world.job(2).id)), Err(ServiceError::NotFound(_))), "it is archived");
    assert_eq!(again(None).unwrap(), 1);
    assert_eq!(archive(&world), ARCHIVED);
    assert_eq!(again(None).unwrap(), 0);
    let id = world.job(2).id;
    let expected = [
        format!("archive_again job id {id} done"),
        format!("archive_again job id {id} refused"),
        "archive_again all jobs that were given up done".to_owned(),
        "archive_again all jobs that were given up done".to_owned(),
    ];
    assert_eq!(world.audit_lines()[before..], expected);
}

#[test]
fn only_administrators_have_jobs_tried_again() {
    let world = two_given_up();
    let refused = world.services.archive_again(&robot_call(), None).unwrap_err();
    assert!(matches!(refused, ServiceError::Forbidden(_)));
    assert_eq!(archive(&world), ArchivingCounts::default());
}

#[test]
fn waiting_for_the_next_attempt_takes_an_hour_at_most() {
    let world = ended();
    let settings = Settings { archive_attempts_max: 100, ..Settings::default() };
    let services = Services::new(Parts { settings, ..world.parts() });
    world.archive.fail_writes(Some(PortErrorKind::Unavailable));
    for _ in 0..80 {
        assert_eq!(services.archive_due_jobs().unwrap(), PUT_OFF);
        world.clock.advance(3600);
    }
    world.archive.fail_writes(None);
    assert_eq!(services.archive_due_jobs().unwrap(), ARCHIVED);
}

#[test]
fn a_store_that_does_not_answer_is_a_failure_and_no_gap() {
    let world = ended();
    world.metrics.fail_reads(Some(PortErrorKind::Unavailable));
    assert_eq!(archive(&world), PUT_OFF);
    let queued = world.jobs.jobs_to_archive(UnixTime(i64::MAX), 10).unwrap();
    assert_eq!(
        (queued[0].attempts, queued[0].problem.as_str()),
        (1, "the metric store in memory was told to fail")
    );
    world.metrics.fail_reads(None);
    world.clock.advance(10);
    assert_eq!(archive(&world), ARCHIVED);
}

#[test]
fn without_a_store_for_its_cluster_a_job_waits() {
    let world = ended();
    let parts = Parts { metrics: MetricSources::default(), ..world.parts() };
    assert_eq!(Services::new(parts).archive_due_jobs().unwrap(), PUT_OFF);
    assert_eq!(world.job(1).monitoring_status, MonitoringStatus::RunningOrArchiving);
}

/// A database in which nothing can be settled for a while.
#[derive(Debug)]
struct ForgetfulQueue {
    world_queue: Arc<dyn ArchivingQueue>,
    is_down: AtomicBool,
}

impl ArchivingQueue for ForgetfulQueue {
    fn jobs_to_archive(&self, due: UnixTime, limit: u32) -> Result<Vec<JobToArchive>, PortError> {
        self.world_queue.jobs_to_archive(due, limit)
    }

    fn settle_archiving(
        &self,
        job: JobDbId,
        outcome: ArchivingOutcome,
    ) -> PortFuture<Result<bool, PortError>> {
        if self.is_down.load(Ordering::SeqCst) {
            let error = PortError::plain(PortErrorKind::Unavailable, "the database is away");
            return Box::pin(std::future::ready(Err(error)));
        }
        self.world_queue.settle_archiving(job, outcome)
    }

    fn set_footprints(
        &self,
        footprints: Vec<(JobDbId, BTreeMap<String, f64>)>,
    ) -> PortFuture<Result<(), PortError>> {
        self.world_queue.set_footprints(footprints)
    }

    fn requeue(&self, job: Option<JobDbId>) -> PortFuture<Result<u64, PortError>> {
        self.world_queue.requeue(job)
    }
}

#[test]
fn files_that_the_database_was_not_told_of_are_written_again() {
    let world = ended();
    let queue = Arc::new(ForgetfulQueue { world_queue: world.jobs.clone(), is_down: AtomicBool::new(true) });
    let services = Services::new(Parts { archiving: queue.clone(), ..world.parts() });
    assert_eq!(services.archive_due_jobs().unwrap(), PUT_OFF, "it ends although the job stays due");
    assert_eq!(world.job(1).monitoring_status, MonitoringStatus::RunningOrArchiving);
    assert_eq!(world.archived(&world.job(1).key).duration, 600);
    queue.is_down.store(false, Ordering::SeqCst);
    assert_eq!(services.archive_due_jobs().unwrap(), ARCHIVED);
    assert_eq!(world.job(1).monitoring_status, MonitoringStatus::Archived);
}

/// An archive in which something happens while a job is written.
struct EventfulArchive {
    inner: Arc<MemoryArchive>,
    event: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for EventfulArchive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventfulArchive").finish_non_exhaustive()
    }
}

impl JobArchive for EventfulArchive {
    fn load_clusters(&self) -> Result<LoadedClusters, PortError> {
        self.inner.load_clusters()
    }

    fn list_jobs(&self) -> Result<Vec<String>, PortError> {
        self.inner.list_jobs()
    }

    fn read_meta(&self, location: &str) -> ArchiveEntry {
        self.inner.read_meta(location)
    }

    fn data_stamp(&self, key: &JobKey) -> Result<Option<DataStamp>, PortError> {
        self.inner.data_stamp(key)
    }

    fn load_data(&self, key: &JobKey) -> Result<Option<JobData>, PortError> {
        self.inner.load_data(key)
    }

    fn store_job(&self, job: &FinishedJob, data: &JobData) -> Result<i64, PortError> {
        let fingerprint = self.inner.store_job(job, data)?;
        (self.event)();
        Ok(fingerprint)
    }

    fn write_labels(&self, key: &JobKey, labels: &JobLabels) -> Result<Option<i64>, PortError> {
        self.inner.write_labels(key, labels)
    }

    fn remove_job(&self, key: &JobKey) -> Result<bool, PortError> {
        self.inner.remove_job(key)
    }
}

/// The same site, where something happens while a job is written.
fn with_event(world: &World, event: impl Fn() + Send + Sync + 'static) -> Services {
    let archive = EventfulArchive { inner: world.archive.clone(), event: Box::new(event) };
    Services::new(Parts { archive: Arc::new(archive), ..world.parts() })
}

#[test]
fn files_of_a_job_that_is_deleted_meanwhile_do_not_stay() {
    let world = ended();
    let (services, id) = (world.services.clone(), world.job(1).id);
    let delete = move || {
        services.delete_job(&robot_call(), WhichJob::Id(id), false).unwrap();
    };
    assert_eq!(with_event(&world, delete).archive_due_jobs().unwrap(), GONE);
    assert!(world.archive.list_jobs().unwrap().is_empty());
    assert_eq!(archive(&world), ArchivingCounts::default());
}

#[test]
fn files_of_a_job_that_somebody_else_archived_stay() {
    let world = ended();
    let others = world.services.clone();
    let has_come = AtomicUsize::new(0);
    // Another server on the same database, which has locks of its own.
    let twin = Services::new(world.parts());
    let archive_too = move || {
        if has_come.fetch_add(1, Ordering::SeqCst) == 0 {
            assert_eq!(twin.archive_due_jobs().unwrap(), ARCHIVED);
        }
    };
    assert_eq!(with_event(&world, archive_too).archive_due_jobs().unwrap(), GONE);
    assert_eq!(others.archive_due_jobs().unwrap(), ArchivingCounts::default());
    assert_eq!(world.archived(&world.job(1).key).duration, 600);
}

#[test]
fn labels_that_are_changed_meanwhile_get_into_the_files_as_well() {
    let world = ended();
    let services = world.services.clone();
    let edit = move || {
        let which = WhichJob::Match(JobMatch { job_id: 1, cluster: None, start_time: None });
        let edit = MetaEdit { key: "note".into(), value: "ran hot".into() };
        services.edit_meta(&call(admin()), which, &edit).unwrap();
    };
    assert_eq!(with_event(&world, edit).archive_due_jobs().unwrap(), ARCHIVED);
    assert!(world.services.run_periodic_task("settle-archive").error.is_none());
    assert_eq!(world.archived(&world.job(1).key).meta_data["note"], "ran hot");
}

#[test]
fn a_fault_costs_the_one_job_and_no_other() {
    let world = ended();
    world.start_ago(2, 300, json!({"resources": [{"hostname": "a003"}]}));
    world.put("cpu_load", "a003", ("", ""), 300, &[1.0]);
    world.stop_now(2);
    let services = with_external(&world, "*", Arc::new(FaultyHost(world.metrics.clone())));
    let counts = services.archive_due_jobs().unwrap();
    assert_eq!(counts, ArchivingCounts { archived: 1, put_off: 1, ..ArchivingCounts::default() });
    let queued = world.jobs.jobs_to_archive(UnixTime(i64::MAX), 10).unwrap();
    assert!(queued[0].problem.contains("panicked"), "{queued:?}");
    world.clock.advance(10);
    assert_eq!(archive(&world), ARCHIVED, "and it holds no lock");
}

/// Reading host a002 is a fault.
#[derive(Debug)]
struct FaultyHost(Arc<MemoryMetrics>);

impl MetricSource for FaultyHost {
    fn read_series(
        &self,
        cluster: &str,
        requests: &[SeriesRequest],
        span: TimeSpan,
    ) -> Result<Vec<SeriesAnswer>, PortError> {
        assert!(requests.iter().all(|request| request.host != "a002"), "on purpose");
        self.0.read_series(cluster, requests, span)
    }

    fn change_stamp(&self, _: &str, _: &[&str]) -> Option<u64> {
        None
    }
}

#[rstest]
fn many_jobs_are_archived_each_once(#[values(0, 1, 3)] archive_workers: usize) {
    let world = World::new();
    for job_id in 1..=600 {
        world.start_ago(job_id, 600, json!({}));
        world.stop_now(job_id);
    }
    let settings = Settings { archive_workers, ..Settings::default() };
    let services = Services::new(Parts { settings, ..world.parts() });
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| services.archive_due_jobs().unwrap());
        (services.archive_due_jobs().unwrap(), other.join().unwrap())
    });
    assert_eq!(one.archived + other.archived, 600);
    assert_eq!(world.archive.list_jobs().unwrap().len(), 600);
}

#[test]
fn a_stop_wakes_who_waits_for_work_and_only_once() {
    let world = World::new();
    world.start_ago(1, 600, json!({}));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| world.services.wait_for_archiving(Duration::from_mins(10)));
        world.stop_now(1);
        waiting.join().unwrap();
    });
    assert!(begun.elapsed() < Duration::from_mins(5));
    world.services.wait_for_archiving(Duration::ZERO);
}

#[test]
fn samples_that_come_within_the_delay_are_archived() {
    let mut world = ended();
    world.services = Services::new(Parts {
        settings: Settings { archive_delay_s: 90, ..Settings::default() },
        ..world.parts()
    });
    world.clock.advance(89);
    assert_eq!(archive(&world), ArchivingCounts::default());
    assert_eq!(world.job(1).monitoring_status, MonitoringStatus::RunningOrArchiving);
    world.put("mem_used", "a001", ("", ""), 600, &[7.0]);
    world.clock.advance(1);
    assert_eq!(archive(&world), ARCHIVED);
    assert!(data(&world).contains_key("mem_used"));
}
