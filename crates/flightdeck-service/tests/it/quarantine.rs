//! Starts and stops that break a rule are kept, so that those who send them in order go on.

use crate::start_job::body;
use crate::world::{NOW, World, admin, call, robot_call, user};
use flightdeck_model::{JobState, PortErrorKind, QuarantineRoom, RefusedKind, UnixTime};
use flightdeck_service::{RefusedJobs, ServiceError, Settings};
use futures_executor::block_on;
use rstest::rstest;
use serde_json::{Value, json};

const START: i64 = 1_700_000_000;

fn stop(changes: Value) -> Value {
    let mut body = json!({"jobId": 5001, "cluster": "alpha", "stopTime": START + 600});
    let Value::Object(changes) = changes else { panic!("the changes are no object") };
    body.as_object_mut().unwrap().extend(changes);
    body
}

#[track_caller]
fn assert_kept<T: std::fmt::Debug>(outcome: Result<T, ServiceError>) {
    match outcome {
        Err(ServiceError::Unprocessable(told)) => assert!(told.contains("is kept in quarantine: "), "{told}"),
        other => panic!("{other:?} is not kept"),
    }
}

#[rstest]
#[case::unknown_cluster(json!({"cluster": "nowhere"}))]
#[case::unknown_subcluster(json!({"subCluster": "tiny"}))]
#[case::unknown_host(json!({"resources": [{"hostname": "z9"}]}))]
#[case::no_user(json!({"user": ""}))]
#[case::odd_user(json!({"user": "mo\u{0}na"}))]
#[case::count_of_nodes(json!({"numNodes": 2}))]
fn a_start_that_breaks_a_rule_is_kept_once(#[case] changes: Value) {
    let world = World::with_quarantine();
    for _ in 0..3 {
        assert_kept(world.start(body(changes.clone())));
    }
    let kept = world.kept();
    assert_eq!(kept.len(), 1, "a repetition changes nothing");
    let request = &kept[0].request;
    assert_eq!((request.kind, request.job.job_id), (RefusedKind::StartJob, 5001));
    assert_eq!((request.event_time, request.received), (UnixTime(START), UnixTime(NOW)));
    assert_eq!(request.username, "robot");
    assert!(!request.reason.is_empty());
    assert!(world.all_job_ids().is_empty());
}

#[rstest]
#[case::no_number(json!({"jobId": 0}))]
#[case::no_cluster(json!({"cluster": ""}))]
#[case::no_time(json!({"startTime": 0}))]
#[case::milliseconds(json!({"startTime": 1_700_000_000_000_i64}))]
#[case::cluster_that_never_will_be(json!({"cluster": "\u{0}"}))]
fn a_start_that_names_no_job_is_refused_plainly(#[case] changes: Value) {
    let world = World::with_quarantine();
    let refused = world.start(body(changes)).unwrap_err();
    assert!(matches!(refused, ServiceError::Invalid { .. }), "{refused:?}");
    assert!(world.kept().is_empty());
}

#[rstest]
#[case::unknown_word(json!({"jobState": "requeued"}))]
#[case::running(json!({"jobState": "running"}))]
#[case::before_the_start(json!({"stopTime": START - 10}))]
#[case::no_such_job(json!({"jobId": 5002}))]
#[case::no_such_job_on_any_cluster(json!({"jobId": 5002, "cluster": null}))]
#[case::unknown_cluster(json!({"cluster": "nowhere"}))]
fn a_stop_that_breaks_a_rule_is_kept_once(#[case] changes: Value) {
    let world = World::with_quarantine();
    world.start(body(json!({}))).unwrap();
    for _ in 0..3 {
        assert_kept(world.stop(stop(changes.clone())));
    }
    let kept = world.kept();
    assert_eq!((kept.len(), kept[0].request.kind), (1, RefusedKind::StopJob));
    assert_eq!(world.job(5001).state, JobState::Running);
}

#[rstest]
#[case::no_number(json!({"jobId": null}))]
#[case::no_time(json!({"stopTime": null}))]
#[case::milliseconds(json!({"stopTime": 1_700_000_000_000_i64}))]
fn a_stop_that_names_no_job_is_refused_plainly(#[case] changes: Value) {
    let world = World::with_quarantine();
    let refused = world.stop(stop(changes)).unwrap_err();
    assert!(matches!(refused, ServiceError::Invalid { .. }), "{refused:?}");
    assert!(world.kept().is_empty());
}

#[test]
fn what_is_known_or_done_already_is_not_kept() {
    let world = World::with_quarantine();
    world.start(body(json!({}))).unwrap();
    world.start(body(json!({}))).unwrap_err();
    world.stop(stop(json!({}))).unwrap();
    let again = world.stop(stop(json!({}))).unwrap_err();
    assert!(matches!(&again, ServiceError::Unprocessable(told) if !told.contains("quarantine")), "{again:?}");
    assert!(world.kept().is_empty());
}

#[test]
fn a_stop_is_kept_with_its_start_although_an_older_job_had_its_number() {
    let world = World::with_quarantine();
    world.start(body(json!({}))).unwrap();
    world.stop(stop(json!({}))).unwrap();
    let later = START + 200_000;
    assert_kept(world.start(body(json!({"startTime": later, "user": ""}))));
    assert_kept(world.stop(stop(json!({"stopTime": later + 60}))));
    assert_eq!(world.kept().len(), 2);
    let repeated = world.stop(stop(json!({}))).unwrap_err();
    assert!(matches!(&repeated, ServiceError::Unprocessable(told) if !told.contains("quarantine")));
    assert_eq!(world.kept().len(), 2, "the repeated stop of the older job is its own");
}

#[test]
fn what_is_forbidden_is_never_kept() {
    let world = World::with_quarantine();
    let bad = serde_json::from_value(body(json!({"user": ""}))).unwrap();
    let refused = block_on(world.services.start_job(&call(user("mona")), bad)).unwrap_err();
    assert!(matches!(refused, ServiceError::Forbidden(_)));
    let tags = json!({"user": "", "tags": [{"type": "a", "name": "b", "scope": "mona"}]});
    assert!(matches!(world.start(body(tags)).unwrap_err(), ServiceError::Forbidden(_)));
    assert!(world.kept().is_empty());
}

#[test]
fn when_our_storage_fails_nothing_is_kept() {
    let world = World::with_quarantine();
    world.jobs.fail_changes(Some(PortErrorKind::Unavailable));
    for refused in [world.start(body(json!({}))), world.start(body(json!({"user": ""})))] {
        assert!(matches!(refused, Err(ServiceError::Port(_))), "{refused:?}");
    }
}

#[test]
fn a_full_quarantine_refuses_plainly() {
    let settings = Settings {
        refused_jobs: RefusedJobs::Quarantine,
        quarantine_room: QuarantineRoom { requests: 1, body_kib: 100 },
        ..Settings::default()
    };
    let world = World::with_settings(settings);
    assert_kept(world.start(body(json!({"user": ""}))));
    let refused = world.start(body(json!({"user": "", "jobId": 5002}))).unwrap_err();
    assert!(matches!(&refused, ServiceError::Invalid { field, .. } if field == "user"), "{refused:?}");
    assert_kept(world.start(body(json!({"user": ""}))));
}

#[test]
fn without_quarantine_nothing_is_kept() {
    let world = World::new();
    assert!(matches!(world.start(body(json!({"user": ""}))), Err(ServiceError::Invalid { .. })));
    assert!(matches!(world.stop(stop(json!({}))), Err(ServiceError::NotFound(_))));
    assert!(world.kept().is_empty());
}

#[test]
fn what_is_kept_is_in_the_audit_log_as_refused() {
    let world = World::with_quarantine();
    assert_kept(world.start(body(json!({"user": ""}))));
    let entry = world.audit().remove(0);
    assert_eq!(entry.detail, "the request is kept in quarantine: user: must not be empty");
    assert_eq!(world.audit_lines(), ["start_job alpha/5001/1700000000 refused"]);
}

#[test]
fn a_kept_request_can_be_dropped() {
    let world = World::with_quarantine();
    assert_kept(world.start(body(json!({"user": ""}))));
    let id = world.kept()[0].id;
    world.services.drop_quarantined(&call(admin()), id).unwrap();
    assert!(world.kept().is_empty());
    let again = world.services.drop_quarantined(&call(admin()), id).unwrap_err();
    assert!(matches!(again, ServiceError::NotFound(_)));
    let forbidden = world.services.drop_quarantined(&robot_call(), id).unwrap_err();
    assert!(matches!(forbidden, ServiceError::Forbidden(_)));
    assert_eq!(world.audit_lines()[1], format!("drop_quarantined quarantined request {id} done"));
}

#[test]
fn a_repetition_that_breaks_a_rule_is_answered_as_what_is_known() {
    let world = World::with_quarantine();
    world.start(body(json!({}))).unwrap();
    for changes in [json!({"user": ""}), json!({"startTime": START + 10, "resources": [{"hostname": "z9"}]})]
    {
        let known = world.start(body(changes)).unwrap_err();
        assert!(
            matches!(&known, ServiceError::Unprocessable(told) if told.contains("is known already")),
            "{known:?}"
        );
    }
    world.stop(stop(json!({}))).unwrap();
    let ended = world.stop(stop(json!({"jobState": "requeued"}))).unwrap_err();
    assert!(
        matches!(&ended, ServiceError::Unprocessable(told) if told.contains("is not running")),
        "{ended:?}"
    );
    assert!(world.kept().is_empty());
}

#[test]
fn a_poorer_repetition_does_not_hold_up_the_stop_of_a_job_that_runs() {
    let world = World::with_quarantine();
    world.start(body(json!({}))).unwrap();
    world.start(body(json!({"startTime": START + 10, "user": ""}))).unwrap_err();
    world.stop(stop(json!({}))).unwrap();
    assert_eq!(world.job(5001).state, JobState::Completed);
}
