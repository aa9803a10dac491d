//! What the server does with samples by itself.

use crate::live_metrics::{WatchedSource, with_external};
use crate::world::{NOW, World};
use flightdeck_model::{HeldHost, PortErrorKind, UnixTime};
use flightdeck_service::Services;
use serde_json::{Value, json};

fn run(services: &Services, task: &str) -> String {
    let run = services.run_periodic_task(task);
    assert_eq!(run.error, None);
    run.result
}

#[test]
fn samples_of_running_and_not_yet_archived_jobs_are_held_from_their_start() {
    let world = World::new();
    let on = |host: &str| json!({"resources": [{"hostname": host}]});
    world.start_ago(1, 7200, on("a001"));
    world.start_ago(2, 3600, on("a001"));
    world.start_ago(3, 1800, on("a002"));
    world.start_ago(4, 900, on("a003"));
    world.stop_now(3);
    world.stop_now(4);
    let held = |world: &World| -> Vec<String> {
        let line = |it: HeldHost| format!("{} {} {}", it.cluster, it.host, NOW - it.from.0);
        world.metrics.held().into_iter().map(line).collect()
    };
    assert_eq!(run(&world.services, "hold-samples"), "3 hosts of 4 jobs");
    assert_eq!(held(&world), ["alpha a001 7200", "alpha a002 1800", "alpha a003 900"]);
    world.services.archive_due_jobs().unwrap();
    world.stop_now(1);
    assert_eq!(run(&world.services, "hold-samples"), "1 hosts of 2 jobs", "one waits to be archived");
    assert_eq!(held(&world), ["alpha a001 7200"]);
}

#[test]
fn the_store_is_maintained_and_saved() {
    let world = World::new();
    assert_eq!(run(&world.services, "metric-store-maintenance"), "nothing to do");
    assert_eq!(run(&world.services, "metric-checkpoint"), "0 hosts");
    assert_eq!(world.metrics.checkpoints(), 1);
    world.metrics.fail_writes(Some(PortErrorKind::NoSpace));
    for task in ["metric-store-maintenance", "metric-checkpoint"] {
        let error = world.services.run_periodic_task(task).error.unwrap();
        assert_eq!(error, "storage failed: the metric store in memory was told to fail");
    }
}

fn footprint(world: &World, job_id: i64) -> Value {
    let fragment = world.job(job_id).fragments.footprint;
    let footprint = fragment.map_or(Value::Null, |json| serde_json::from_str(json.get()).unwrap());
    if footprint == json!({}) { Value::Null } else { footprint }
}

#[test]
fn jobs_that_have_been_running_for_a_while_get_a_footprint() {
    let world = World::new();
    world.start_ago(1, 1200, json!({"resources": [{"hostname": "a001"}]}));
    world.start_ago(2, 600, json!({"resources": [{"hostname": "a002"}]}));
    world.start_ago(3, 1200, json!({"resources": [{"hostname": "a003"}]}));
    for host in ["a001", "a002"] {
        world.put("cpu_load", host, ("", ""), 1260, &[99.0, 2.0, 6.0]);
    }
    assert_eq!(run(&world.services, "footprints"), "1 jobs refreshed, 0 failed");
    assert_eq!(footprint(&world, 1), json!({"cpu_load_avg": 4.0, "mem_used_max": 0.0}));
    assert_eq!((footprint(&world, 2), footprint(&world, 3)), (Value::Null, Value::Null));
    world.put("cpu_load", "a001", ("", ""), 0, &[7.0]);
    run(&world.services, "footprints");
    assert_eq!(footprint(&world, 1)["cpu_load_avg"], 5.0);
}

#[test]
fn a_store_that_does_not_answer_costs_its_own_jobs_and_one_attempt() {
    let world = World::new();
    for job_id in 1..=20 {
        world.start_ago(job_id, 1200, json!({}));
    }
    world.start_ago(30, 1200, json!({"cluster": "beta", "resources": [{"hostname": "b1"}]}));
    let silent = WatchedSource::of(&World::new(), true);
    silent.inner.fail_reads(Some(PortErrorKind::Unavailable));
    let services = with_external(&world, "alpha", silent.clone());
    let name =
        flightdeck_model::SeriesName { cluster: "beta", host: "b1", metric: "net_bw", ..Default::default() };
    world.metrics.put(name, NOW - 60, 3.0);
    assert_eq!(run(&services, "footprints"), "1 jobs refreshed, 20 failed");
    assert_eq!(silent.reads(), 1);
    assert_eq!(footprint(&world, 30), json!({"net_bw_avg": 3.0}));
    assert!(world.services.clock().now() == UnixTime(NOW));
}
