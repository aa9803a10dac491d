//! Which periodic work there is, and what each does.

use crate::start_job::body;
use crate::world::{NOW, World, admin, robot_call};
use flightdeck_model::{JobState, NodeRepository, PortErrorKind};
use flightdeck_service::{MetricSources, Parts, Services, Settings};
use futures_executor::block_on;
use serde_json::json;

const OVERDUE: &str = "stop-overdue-jobs";
const RETENTION: &str = "node-state-retention";

fn configured() -> World {
    let settings = Settings {
        stop_overdue_grace_s: Some(600),
        node_state_retention_s: Some(86_400),
        ..Settings::default()
    };
    World::with_settings(settings)
}

#[test]
fn only_what_is_configured_is_done() {
    let names = |world: &World| -> Vec<(&str, u64, bool)> {
        let tasks = world.services.periodic_tasks().into_iter();
        tasks.map(|task| (task.name, task.interval.as_secs(), task.at_start)).collect()
    };
    let metrics = [
        ("hold-samples", 60, true),
        ("metric-store-maintenance", 60, false),
        ("metric-checkpoint", 3600, false),
        ("footprints", 600, false),
    ];
    assert_eq!(names(&World::new()), [&[("settle-archive", 60, true)], &metrics[..]].concat());
    let others = [(OVERDUE, 60, false), ("settle-archive", 60, true), (RETENTION, 3600, true)];
    assert_eq!(names(&configured()), [&others[..], &metrics].concat());

    let world = World::new();
    let settings = Settings { footprint_interval_s: None, checkpoint_interval_s: 60, ..Settings::default() };
    let services = Services::new(Parts { settings, ..world.parts() });
    let tasks = services.periodic_tasks();
    assert!(tasks.iter().all(|task| task.name != "footprints"));
    assert!(tasks.iter().any(|task| task.name == "metric-checkpoint" && task.interval.as_secs() == 60));
    let without_store = Services::new(Parts { metrics: MetricSources::default(), ..world.parts() });
    assert_eq!(without_store.periodic_tasks().len(), 1, "only the archive's");
}

#[test]
fn jobs_past_their_walltime_and_grace_are_ended_at_their_walltime() {
    let world = configured();
    let start = |job_id: i64, started_ago_s: i64, walltime_s: i64| {
        let times = json!({"jobId": job_id, "startTime": NOW - started_ago_s, "walltime": walltime_s});
        world.start(body(times)).unwrap();
    };
    start(1, 4300, 3600);
    start(2, 4100, 3600);
    start(3, 90_000, 0);
    assert_eq!(world.services.run_periodic_task(OVERDUE).result, "stopped 1 jobs");
    let ended = world.job(1);
    assert_eq!((ended.state, ended.duration_s), (JobState::Timeout, 3600));
    for job_id in [2, 3] {
        assert_eq!(world.job(job_id).state, JobState::Running);
    }
    let entry = world.audit().pop().unwrap();
    assert_eq!((entry.origin.username.as_str(), entry.object), ("server", ended.key.to_string()));
    assert_eq!(world.services.run_periodic_task(OVERDUE).result, "stopped 0 jobs");
}

#[test]
fn all_overdue_jobs_are_ended_in_one_run() {
    let world = configured();
    for job_id in 1..=2050 {
        let times = json!({"jobId": job_id, "startTime": NOW - 90_000, "walltime": 60});
        world.start(body(times)).unwrap();
    }
    assert_eq!(world.services.run_periodic_task(OVERDUE).result, "stopped 2050 jobs");
}

#[test]
fn old_states_of_nodes_go_and_the_current_ones_stay() {
    let world = configured();
    let report = |states: &str| {
        let body = json!({"cluster": "alpha", "nodes": [{"hostname": "a001", "states": [states]}]});
        block_on(world.services.report_nodes(&robot_call(), serde_json::from_value(body).unwrap())).unwrap();
    };
    for states in ["IDLE", "DOWN"] {
        report(states);
        world.clock.advance(43_201);
    }
    assert_eq!(world.services.run_periodic_task(RETENTION).result, "removed 1 states");
    assert_eq!(world.jobs.node_history("alpha", "a001", 10).unwrap().len(), 1);
    world.clock.advance(1_000_000);
    let _ = world.services.run_periodic_task(RETENTION);
    assert_eq!(world.services.current_nodes(&admin(), Some("alpha")).unwrap().len(), 1);
}

#[test]
fn a_run_that_fails_says_why() {
    let world = configured();
    world.jobs.fail_changes(Some(PortErrorKind::Unavailable));
    let run = world.services.run_periodic_task(OVERDUE);
    assert_eq!(run.result, "");
    assert_eq!(run.error.unwrap(), "storage failed: the store in memory was told to fail");
    world.jobs.fail_changes(None);
    assert!(world.services.run_periodic_task("polish-the-brass").error.is_some());
    let never = world.services.task_runs(&admin()).unwrap();
    assert!(never.iter().all(|task| task.last_run.is_none() && task.name != "polish-the-brass"));
}

#[test]
fn tasks_are_listed_by_name_whether_they_have_run_or_not() {
    let world = configured();
    let _ = world.services.run_periodic_task(RETENTION);
    // What is no longer configured is shown as long as its run is known.
    let _ = world.services.run_periodic_task("apply-kept-stops");
    let tasks = world.services.task_runs(&admin()).unwrap();
    let shown: Vec<(&str, bool)> =
        tasks.iter().map(|task| (task.name.as_str(), task.last_run.is_some())).collect();
    let expected = [
        ("apply-kept-stops", true),
        ("footprints", false),
        ("hold-samples", false),
        ("metric-checkpoint", false),
        ("metric-store-maintenance", false),
        (RETENTION, true),
        ("settle-archive", false),
        (OVERDUE, false),
    ];
    assert_eq!(shown, expected);
}
