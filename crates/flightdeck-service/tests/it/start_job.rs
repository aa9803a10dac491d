//! A job that starts is there at once, once, and as it was sent; a start that is refused leaves nothing but its entry
//! in the audit log.

use crate::world::{World, admin, call, robot_call};
use flightdeck_model::{AuditAction, AuditOutcome, JobState, PortErrorKind, UnixTime};
use flightdeck_service::ServiceError;
use futures_executor::block_on;
use rstest::rstest;
use serde_json::{Value, json};

const START: i64 = 1_700_000_000;

/// A start in order, with these members changed.
pub(crate) fn body(changes: Value) -> Value {
    let mut body = json!({
        "jobId": 5001, "cluster": "alpha", "user": "mona", "project": "physics", "numNodes": 1,
        "startTime": START, "resources": [{"hostname": "a001"}]
    });
    let Value::Object(changes) = changes else { panic!("the changes are no object") };
    body.as_object_mut().unwrap().extend(changes);
    body
}

#[test]
fn a_started_job_is_listed_at_once_under_the_id_it_was_given() {
    let world = World::new();
    let id = world.start(body(json!({"resources": [{"hostname": "g01"}], "walltime": 60}))).unwrap();
    let job = world.job(5001);
    assert_eq!((job.id, job.state, job.subcluster.as_str()), (id, JobState::Running, "gpu"));
    let used = world.services.used_nodes(&admin(), UnixTime(START + 1)).unwrap();
    assert_eq!(used["alpha"], ["g01"]);
}

#[rstest]
#[case::the_same(START)]
#[case::a_minute_later(START + 60)]
#[case::almost_a_day_earlier(START - 86_399)]
fn a_number_is_used_once_a_day(#[case] start_time: i64) {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    let again = world.start(body(json!({"startTime": start_time, "user": "otto"})));
    assert!(matches!(&again, Err(ServiceError::Unprocessable(_))), "{again:?}");
    assert_eq!(world.job(5001).user, "mona", "what is known stays");
}

#[rstest]
#[case::a_day_later(json!({"startTime": START + 86_400}))]
#[case::a_day_earlier(json!({"startTime": START - 86_400}))]
#[case::on_another_cluster(json!({"cluster": "beta"}))]
fn a_number_comes_again_on_another_day_or_cluster(#[case] changes: Value) {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    world.start(body(changes)).unwrap();
    assert_eq!(world.all_job_ids(), [5001, 5001]);
}

#[test]
fn a_start_and_its_refusals_are_in_the_audit_log() {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    world.start(body(json!({}))).unwrap_err();
    world.start(body(json!({"jobId": 5002, "user": ""}))).unwrap_err();
    world.start(body(json!({"jobId": 5003, "cluster": "\u{0}"}))).unwrap_err();
    let entries = world.audit();
    assert_eq!(
        world.audit_lines(),
        [
            "start_job alpha/5001/1700000000 done",
            "start_job alpha/5001/1700000000 refused",
            "start_job alpha/5002/1700000000 refused",
            "start_job \\u{0}/5003/1700000000 refused",
        ]
    );
    assert_eq!(entries[2].detail, "user: must not be empty");
    assert_eq!(entries[0].origin.username, "robot");
    assert_eq!(
        (entries[0].origin.address.as_str(), entries[0].origin.request_id.as_str()),
        ("192.0.2.7", "r-1")
    );
}

#[test]
fn a_start_that_cannot_be_stored_is_our_failure() {
    let world = World::new();
    world.jobs.fail_changes(Some(PortErrorKind::NoSpace));
    let failed = world.start(body(json!({}))).unwrap_err();
    assert!(
        matches!(&failed, ServiceError::Port(error) if error.kind == PortErrorKind::NoSpace),
        "{failed:?}"
    );
    world.jobs.fail_changes(None);
    world.start(body(json!({}))).unwrap();
}

#[rstest]
#[case::global("global", true)]
#[case::admin("admin", true)]
#[case::own("robot", true)]
#[case::somebody_elses("mona", false)]
fn a_start_brings_tags_that_its_sender_may_write(#[case] scope: &str, #[case] is_allowed: bool) {
    let world = World::new();
    let tags = json!({"tags": [{"type": "origin", "name": "ci", "scope": scope}]});
    let outcome = world.start(body(tags));
    assert_eq!(matches!(outcome, Err(ServiceError::Forbidden(_))), !is_allowed, "{outcome:?}");
    assert_eq!(world.all_job_ids().is_empty(), !is_allowed, "a refused tag refuses the job");
    if is_allowed {
        assert_eq!(world.job(5001).tags[0].scope, scope);
    }
}

#[test]
fn who_may_not_start_jobs_is_forbidden_before_anything_is_looked_at() {
    let world = World::new();
    let mona = call(crate::world::user("mona"));
    let nonsense = serde_json::from_value(json!({"jobId": -1})).unwrap();
    let refused = block_on(world.services.start_job(&mona, nonsense)).unwrap_err();
    assert!(matches!(refused, ServiceError::Forbidden(_)));
    let entry = world.audit().remove(0);
    assert_eq!((entry.action, entry.outcome), (AuditAction::StartJob, AuditOutcome::Refused));
    assert_eq!(entry.origin.username, "mona");
}

#[test]
fn of_many_who_start_one_job_at_once_one_does() {
    let world = World::new();
    let start = || {
        let body = serde_json::from_value(body(json!({}))).unwrap();
        block_on(world.services.start_job(&robot_call(), body)).is_ok()
    };
    let accepted = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        starts.into_iter().map(|it| it.join().unwrap()).filter(|is_ok| *is_ok).count()
    });
    assert_eq!(accepted, 1);
    assert_eq!(world.all_job_ids(), [5001]);
}
