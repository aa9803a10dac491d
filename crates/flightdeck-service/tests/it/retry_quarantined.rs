//! What was kept comes in after the cause was mended, with its true times, and only once.

use crate::start_job::body;
use crate::world::{World, admin, call};
use flightdeck_model::{JobArchive, JobState, RefusedKind};
use flightdeck_service::{
    ClusterCatalog, Parts, RefusedJobs, RetryOutcome, ServiceError, Services, Settings,
};
use futures_executor::block_on;
use rstest::rstest;
use serde_json::{Value, json};

const START: i64 = 1_700_000_000;

const GAMMA: &str = r#"{"name": "gamma",
  "metricConfig": [{"name": "cpu_load", "scope": "node", "timestep": 60}],
  "subClusters": [{"name": "all", "nodes": "c[01-10]",
    "topology": {"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}}]}"#;

/// The same site after its administrator configured the cluster gamma.
fn mended(world: &World) -> World {
    world.archive.insert_cluster("gamma", GAMMA);
    restarted(world)
}

/// The same site after the server was started again, and read the clusters.
fn restarted(world: &World) -> World {
    let services = Services::new(Parts {
        clusters: ClusterCatalog::new(world.archive.load_clusters().unwrap().clusters),
        settings: Settings { refused_jobs: RefusedJobs::Quarantine, ..Settings::default() },
        ..world.parts()
    });
    World {
        services,
        jobs: world.jobs.clone(),
        users: world.users.clone(),
        archive: world.archive.clone(),
        metrics: world.metrics.clone(),
        clock: world.clock.clone(),
    }
}

fn start(changes: Value) -> Value {
    let mut body = body(json!({"cluster": "gamma", "resources": [{"hostname": "c01"}]}));
    let Value::Object(changes) = changes else { panic!("the changes are no object") };
    body.as_object_mut().unwrap().extend(changes);
    body
}

/// As the Slurm adapter sends it: without the time of the start.
fn stop(stop_time: i64, state: &str) -> Value {
    json!({"jobId": 5001, "cluster": "gamma", "stopTime": stop_time, "jobState": state})
}

/// The number of the first kept request of this kind.
fn kept(world: &World, kind: RefusedKind) -> i64 {
    world.kept().into_iter().find(|kept| kept.request.kind == kind).unwrap().id
}

fn retry(world: &World, id: i64, state: Option<JobState>) -> Result<RetryOutcome, ServiceError> {
    world.services.retry_quarantined(&call(admin()), id, state)
}

#[test]
fn a_start_and_its_stop_come_in_with_their_true_times() {
    let before = World::with_quarantine();
    before.start(start(json!({"walltime": 3600, "metaData": {"jobName": "x"}}))).unwrap_err();
    before.stop(stop(START + 600, "timeout")).unwrap_err();
    let id = kept(&before, RefusedKind::StartJob);
    let still = retry(&before, id, None).unwrap_err();
    assert!(matches!(&still, ServiceError::Unprocessable(told) if told.contains("gamma")), "{still:?}");
    assert_eq!(before.kept().len(), 2, "what is still refused stays");

    let world = mended(&before);
    let outcome = retry(&world, id, None).unwrap();
    let job = world.job(5001);
    assert_eq!((outcome.started, outcome.stopped), (Some(job.id), true));
    assert_eq!((job.state, job.duration_s, job.walltime_s), (JobState::Timeout, 600, 3600));
    assert!(world.kept().is_empty());
    assert!(matches!(retry(&world, id, None), Err(ServiceError::NotFound(_))));
    assert!(outcome.to_string().starts_with("job gamma/5001/1700000000 has started"), "{outcome}");
}

#[test]
fn a_retry_is_in_the_audit_log() {
    let before = World::with_quarantine();
    before.start(start(json!({}))).unwrap_err();
    before.stop(stop(START + 600, "failed")).unwrap_err();
    let (start, stop) = (kept(&before, RefusedKind::StartJob), kept(&before, RefusedKind::StopJob));
    let world = mended(&before);
    retry(&world, start, None).unwrap();
    assert_eq!(
        world.audit_lines()[2..],
        [
            "start_job gamma/5001/1700000000 done".to_owned(),
            "stop_job gamma/5001/1700000000 done".to_owned(),
            format!("retry_quarantined quarantined request {stop} done"),
            format!("retry_quarantined quarantined request {start} done"),
        ]
    );
    let entry = &world.audit()[2];
    assert_eq!(entry.origin.username, "root");
    assert_eq!(entry.detail, format!("quarantined request {start}, sent by robot"));
}

#[test]
fn a_job_that_still_runs_is_started_and_stops_as_any_other() {
    let before = World::with_quarantine();
    before.start(start(json!({}))).unwrap_err();
    let world = mended(&before);
    let outcome = retry(&world, kept(&world, RefusedKind::StartJob), None).unwrap();
    assert!(!outcome.stopped);
    world.stop(stop(START + 60, "completed")).unwrap();
}

#[test]
fn a_start_that_came_in_by_itself_meanwhile_takes_its_stop_along() {
    let before = World::with_quarantine();
    before.start(start(json!({}))).unwrap_err();
    before.stop(stop(START + 600, "failed")).unwrap_err();
    let world = mended(&before);
    world.start(start(json!({}))).unwrap();
    let outcome = retry(&world, kept(&world, RefusedKind::StartJob), None).unwrap();
    assert_eq!((outcome.started, outcome.stopped), (None, true));
    assert!(outcome.to_string().contains("was started already"), "{outcome}");
    assert_eq!(world.job(5001).state, JobState::Failed);
    assert!(world.kept().is_empty());
}

#[test]
fn a_start_that_another_job_stands_in_the_way_of_stays() {
    let before = World::with_quarantine();
    before.start(start(json!({}))).unwrap_err();
    let world = mended(&before);
    world.start(start(json!({"startTime": START + 60}))).unwrap();
    let refused = retry(&world, kept(&world, RefusedKind::StartJob), None).unwrap_err();
    assert!(matches!(refused, ServiceError::Unprocessable(_)), "{refused:?}");
    assert_eq!(world.kept().len(), 1);
    assert_eq!(world.all_job_ids(), [5001]);
}

#[test]
fn each_of_two_runs_gets_its_own_stop() {
    let before = World::with_quarantine();
    let second = START + 100_000;
    before.start(start(json!({}))).unwrap_err();
    before.stop(stop(START + 600, "failed")).unwrap_err();
    before.start(start(json!({"startTime": second}))).unwrap_err();
    before.stop(stop(second + 60, "completed")).unwrap_err();
    let world = mended(&before);
    let starts: Vec<i64> = world
        .kept()
        .iter()
        .filter(|kept| kept.request.kind == RefusedKind::StartJob)
        .map(|kept| kept.id)
        .collect();
    for id in starts {
        assert!(retry(&world, id, None).unwrap().stopped);
    }
    let ends: Vec<_> = world.all_jobs().iter().map(|job| (job.duration_s, job.state)).collect();
    assert_eq!(ends, [(600, JobState::Failed), (60, JobState::Completed)]);
    assert!(world.kept().is_empty());
}

#[test]
fn the_first_of_several_stops_decides_and_the_others_go() {
    let before = World::with_quarantine();
    before.start(start(json!({}))).unwrap_err();
    before.stop(stop(START + 600, "failed")).unwrap_err();
    before.stop(stop(START + 900, "completed")).unwrap_err();
    let world = mended(&before);
    retry(&world, kept(&world, RefusedKind::StartJob), None).unwrap();
    assert_eq!((world.job(5001).state, world.job(5001).duration_s), (JobState::Failed, 600));
    assert!(world.kept().is_empty());
}

#[rstest]
#[case::another_cluster(json!({"jobId": 5001, "cluster": "delta", "stopTime": START + 600}))]
#[case::before_the_start(json!({"jobId": 5001, "cluster": "gamma", "stopTime": START - 600}))]
#[case::another_start(json!({"jobId": 5001, "startTime": START + 1, "stopTime": START + 600}))]
fn stops_of_other_jobs_stay(#[case] stop: Value) {
    let before = World::with_quarantine();
    before.start(start(json!({}))).unwrap_err();
    before.stop(stop).unwrap_err();
    let world = mended(&before);
    assert!(!retry(&world, kept(&world, RefusedKind::StartJob), None).unwrap().stopped);
    assert_eq!(world.job(5001).state, JobState::Running);
    assert_eq!(world.kept().len(), 1);
}

#[test]
fn a_stop_that_names_no_cluster_belongs_to_its_start() {
    let before = World::with_quarantine();
    before.start(start(json!({}))).unwrap_err();
    before.stop(json!({"jobId": 5001, "stopTime": START + 600})).unwrap_err();
    let world = mended(&before);
    assert!(retry(&world, kept(&world, RefusedKind::StartJob), None).unwrap().stopped);
}

#[test]
fn a_state_that_nobody_knows_is_replaced() {
    let world = mended(&World::with_quarantine());
    world.start(start(json!({}))).unwrap();
    world.stop(stop(START + 600, "requeued")).unwrap_err();
    let id = kept(&world, RefusedKind::StopJob);
    let still = retry(&world, id, None).unwrap_err();
    assert!(matches!(&still, ServiceError::Unprocessable(told) if told.contains("jobState")), "{still:?}");
    assert!(retry(&world, id, Some(JobState::Preempted)).unwrap().stopped);
    assert_eq!((world.job(5001).state, world.job(5001).duration_s), (JobState::Preempted, 600));
    assert!(world.kept().is_empty());
}

#[test]
fn a_start_is_retried_with_the_state_that_its_stop_should_have_named() {
    let before = World::with_quarantine();
    before.start(start(json!({}))).unwrap_err();
    before.stop(stop(START + 600, "requeued")).unwrap_err();
    let world = mended(&before);
    assert!(retry(&world, kept(&world, RefusedKind::StartJob), Some(JobState::Failed)).unwrap().stopped);
    assert_eq!(world.job(5001).state, JobState::Failed);
}

#[test]
fn a_stop_with_an_unknown_state_stays_when_its_start_comes_in() {
    let before = World::with_quarantine();
    before.start(start(json!({}))).unwrap_err();
    before.stop(stop(START + 600, "requeued")).unwrap_err();
    let world = mended(&before);
    let outcome = retry(&world, kept(&world, RefusedKind::StartJob), None).unwrap();
    assert!(outcome.started.is_some() && !outcome.stopped);
    assert!(outcome.to_string().contains("jobState"), "{outcome}");
    let id = kept(&world, RefusedKind::StopJob);
    assert!(retry(&world, id, Some(JobState::Cancelled)).unwrap().stopped);
    assert!(world.kept().is_empty());
}

#[test]
fn a_stop_waits_for_its_start() {
    let before = World::with_quarantine();
    before.start(start(json!({}))).unwrap_err();
    before.stop(stop(START + 600, "failed")).unwrap_err();
    let start = kept(&before, RefusedKind::StartJob);
    let refused = retry(&before, kept(&before, RefusedKind::StopJob), None).unwrap_err();
    let hint = format!("request {start}");
    assert!(matches!(&refused, ServiceError::Unprocessable(told) if told.contains(&hint)), "{refused:?}");
    assert_eq!(before.kept().len(), 2);
}

#[test]
fn a_stop_of_a_job_that_has_ended_is_done_with() {
    let world = World::with_quarantine();
    world.start(body(json!({}))).unwrap();
    let with_state = |state: &str| json!({"jobId": 5001, "stopTime": START + 600, "jobState": state});
    world.stop(with_state("requeued")).unwrap_err();
    world.stop(with_state("failed")).unwrap();
    let id = kept(&world, RefusedKind::StopJob);
    let outcome = retry(&world, id, Some(JobState::Completed)).unwrap();
    assert!(!outcome.stopped && outcome.to_string().contains("had ended already"), "{outcome}");
    assert_eq!(world.job(5001).state, JobState::Failed, "what is known stays");
    assert!(world.kept().is_empty());
}

#[test]
fn a_start_keeps_the_tags_that_its_sender_was_allowed() {
    let before = World::with_quarantine();
    let tags = json!({"tags": [{"type": "a", "name": "b", "scope": "robot"}]});
    before.start(start(tags)).unwrap_err();
    let world = mended(&before);
    retry(&world, kept(&world, RefusedKind::StartJob), None).unwrap();
    let robot = crate::world::robot();
    let job = world.services.show_job(&robot, world.job(5001).id).unwrap();
    assert_eq!(job.tags[0].scope, "robot");
}

#[test]
fn starts_and_stops_as_they_come_are_not_held_up_by_one_that_is_kept() {
    let world = World::with_quarantine();
    world.start(start(json!({}))).unwrap_err();
    let next = serde_json::from_value(body(json!({"jobId": 5002}))).unwrap();
    block_on(world.services.start_job(&crate::world::robot_call(), next)).unwrap();
    world.stop(stop(START + 600, "failed")).unwrap_err();
    world.stop(json!({"jobId": 5002, "stopTime": START + 600})).unwrap();
    assert_eq!(world.all_job_ids(), [5002]);
    assert_eq!(world.kept().len(), 2);
}

#[test]
fn a_kept_stop_says_how_its_job_ended_whatever_its_walltime() {
    let mut world = World::with_quarantine();
    world.start(body(json!({"walltime": 900}))).unwrap();
    world.stop(json!({"jobId": 5001, "stopTime": START + 500, "jobState": "requeued"})).unwrap_err();
    world.services = Services::new(Parts {
        settings: Settings {
            refused_jobs: RefusedJobs::Quarantine,
            stop_overdue_grace_s: Some(60),
            ..Settings::default()
        },
        ..world.parts()
    });
    let run = world.services.run_periodic_task("stop-overdue-jobs");
    assert_eq!((run.result.as_str(), run.error), ("stopped 0 jobs", None));
    retry(&world, kept(&world, RefusedKind::StopJob), Some(JobState::Cancelled)).unwrap();
    let job = world.job(5001);
    assert_eq!((job.state, job.duration_s), (JobState::Cancelled, 500));
}

#[test]
fn a_stop_that_contradicts_what_is_known_stays_until_somebody_drops_it() {
    let world = World::with_quarantine();
    world.start(body(json!({}))).unwrap();
    world.stop(json!({"jobId": 5001, "stopTime": START + 500, "jobState": "requeued"})).unwrap_err();
    world.stop(json!({"jobId": 5001, "stopTime": START + 900, "jobState": "timeout"})).unwrap();
    let id = kept(&world, RefusedKind::StopJob);
    let refused = retry(&world, id, Some(JobState::Cancelled)).unwrap_err();
    assert!(refused.to_string().contains("has ended already, otherwise: timeout after 900 s"), "{refused}");
    assert_eq!((world.job(5001).state, world.kept().len()), (JobState::Timeout, 1));
}

#[test]
fn a_stop_that_came_before_its_start_ends_the_job_by_itself() {
    let world = World::with_quarantine();
    world.stop(json!({"jobId": 5001, "cluster": "alpha", "stopTime": START + 600})).unwrap_err();
    world.stop(json!({"jobId": 5002, "stopTime": START + 60, "jobState": "requeued"})).unwrap_err();
    assert_eq!(world.services.run_periodic_task("apply-kept-stops").result, "stopped 0 jobs");
    for job_id in [5001, 5002] {
        world.start(body(json!({"jobId": job_id}))).unwrap();
    }
    let run = world.services.run_periodic_task("apply-kept-stops");
    assert_eq!((run.result.as_str(), run.error), ("stopped 1 jobs", None));
    let job = world.job(5001);
    assert_eq!((job.state, job.duration_s), (JobState::Completed, 600));
    assert_eq!(world.job(5002).state, JobState::Running, "what breaks a rule is for somebody to mend");
    assert_eq!(world.kept().len(), 1);
    let entry = &world.audit().pop().unwrap();
    assert_eq!(entry.detail, "job alpha/5001/1700000000 has been stopped");
}
