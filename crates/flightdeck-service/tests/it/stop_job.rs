//! A job stops once, in a final state, not before it started.

use crate::start_job::body;
use crate::world::World;
use flightdeck_model::JobState;
use flightdeck_service::ServiceError;
use rstest::rstest;
use serde_json::{Value, json};

const START: i64 = 1_700_000_000;

fn stop(changes: Value) -> Value {
    let mut body = json!({"jobId": 5001, "cluster": "alpha", "stopTime": START + 600});
    let Value::Object(changes) = changes else { panic!("the changes are no object") };
    body.as_object_mut().unwrap().extend(changes);
    body
}

#[rstest]
#[case::by_number_and_cluster(json!({}))]
#[case::by_number_alone(json!({"cluster": null}))]
#[case::with_an_empty_cluster(json!({"cluster": ""}))]
#[case::exactly(json!({"startTime": START}))]
fn a_running_job_is_stopped_and_shown(#[case] changes: Value) {
    let world = World::new();
    let id = world.start(body(json!({}))).unwrap();
    let job = world.stop(stop(changes)).unwrap();
    assert_eq!((job.id, job.state, job.duration_s), (id, JobState::Completed, 600));
    assert_eq!(world.job(5001).state, JobState::Completed);
}

#[test]
fn a_job_can_stop_in_the_second_it_started() {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    let job = world.stop(stop(json!({"stopTime": START, "jobState": "cancelled"}))).unwrap();
    assert_eq!((job.state, job.duration_s), (JobState::Cancelled, 0));
}

#[rstest]
#[case::number(json!({"jobId": 5002}))]
#[case::cluster(json!({"cluster": "beta"}))]
#[case::unknown_cluster(json!({"cluster": "nowhere"}))]
#[case::start(json!({"startTime": START + 1}))]
fn a_stop_that_fits_no_job_finds_none(#[case] changes: Value) {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    let refused = world.stop(stop(changes)).unwrap_err();
    assert!(matches!(refused, ServiceError::NotFound(_)), "{refused:?}");
    assert_eq!(world.job(5001).state, JobState::Running);
}

#[test]
fn a_stop_before_the_start_is_refused_by_the_fields_name() {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    let refused = world.stop(stop(json!({"stopTime": START - 1}))).unwrap_err();
    assert!(matches!(&refused, ServiceError::Invalid { field, .. } if field == "stopTime"), "{refused:?}");
}

#[test]
fn the_newest_of_several_runs_is_meant() {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    let newest = world.start(body(json!({"startTime": START + 86_400}))).unwrap();
    let job = world.stop(stop(json!({"stopTime": START + 90_000}))).unwrap();
    assert_eq!(job.id, newest);
}

#[test]
fn stopping_again_changes_nothing() {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    world.stop(stop(json!({"jobState": "failed"}))).unwrap();
    let again = world.stop(stop(json!({"stopTime": START + 900}))).unwrap_err();
    assert!(matches!(again, ServiceError::Unprocessable(_)), "{again:?}");
    let job = world.job(5001);
    assert_eq!((job.state, job.duration_s), (JobState::Failed, 600));
}

#[test]
fn of_many_who_stop_one_job_at_once_one_does() {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    let accepted = std::thread::scope(|scope| {
        let stops: Vec<_> = (0..8).map(|_| scope.spawn(|| world.stop(stop(json!({}))).is_ok())).collect();
        stops.into_iter().map(|it| it.join().unwrap()).filter(|is_ok| *is_ok).count()
    });
    assert_eq!(accepted, 1);
}

#[test]
fn stops_and_their_refusals_are_in_the_audit_log() {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    world.stop(stop(json!({}))).unwrap();
    world.stop(stop(json!({}))).unwrap_err();
    world.stop(json!({"jobId": 5001, "startTime": START, "stopTime": 0})).unwrap_err();
    world.stop(json!({"stopTime": 1})).unwrap_err();
    let lines = world.audit_lines();
    assert_eq!(
        lines[1..],
        [
            "stop_job alpha/5001 done",
            "stop_job alpha/5001 refused",
            "stop_job job 5001 started at 1700000000 refused",
            "stop_job job without a number refused",
        ]
    );
}
