//! Who may use what: every use case of the writing side, by every kind of principal.

use crate::start_job::body;
use crate::world::{ALL, World, admin, call, principal, robot, user};
use flightdeck_model::{
    AuditFilter, DeleteBefore, JobDbId, MetaEdit, OmitTagged, Principal, Role, UnixTime, UserChange, WhichJob,
};
use flightdeck_service::{Caller, HealthBody, ServiceError};
use futures_executor::block_on;
use rstest::rstest;
use serde_json::json;

type Attempt = fn(&World, &Caller) -> Result<(), ServiceError>;

/// Needed is `api` alone, or with `admin`.
const ANY_JOB: &[(&str, Attempt)] = &[
    ("start_job", |world, caller| {
        let body = serde_json::from_value(body(json!({}))).unwrap();
        block_on(world.services.start_job(caller, body)).map(drop)
    }),
    ("stop_job", |world, caller| {
        let body = serde_json::from_value(json!({"jobId": 1, "stopTime": 1})).unwrap();
        block_on(world.services.stop_job(caller, body)).map(drop)
    }),
    ("report_nodes", |world, caller| {
        let body = serde_json::from_value(json!({"cluster": "alpha"})).unwrap();
        block_on(world.services.report_nodes(caller, body)).map(drop)
    }),
    ("delete_job", |world, caller| {
        world.services.delete_job(caller, WhichJob::Id(JobDbId(1)), false).map(drop)
    }),
    ("delete_jobs_before", |world, caller| {
        let which = DeleteBefore {
            started_before: UnixTime(1),
            omit_tagged: OmitTagged::None,
            include_running: false,
            with_archive: false,
        };
        world.services.delete_jobs_before(caller, which).map(drop)
    }),
    ("store_machine_state", |world, caller| {
        world.services.store_machine_state(caller, "alpha", "a001", b"{}")
    }),
];

/// Needed is `api`, with anything that lets its holder see jobs.
const OWN_JOBS: &[(&str, Attempt)] = &[
    ("tag_job", |world, caller| world.services.tag_job(caller, JobDbId(1), &[]).map(drop)),
    ("untag_job", |world, caller| world.services.untag_job(caller, JobDbId(1), &[]).map(drop)),
    ("delete_tags", |world, caller| world.services.delete_tags(caller, &[]).map(drop)),
    ("edit_meta", |world, caller| {
        let edit = MetaEdit { key: "a".into(), value: "b".into() };
        world.services.edit_meta(caller, WhichJob::Id(JobDbId(1)), &edit).map(drop)
    }),
    ("current_nodes", |world, caller| world.services.current_nodes(&caller.principal, None).map(drop)),
    ("machine_state", |world, caller| {
        world.services.machine_state(&caller.principal, "alpha", "a001").map(drop)
    }),
];

/// Needed is `admin`.
const ADMIN: &[(&str, Attempt)] = &[
    ("change_user", |world, caller| {
        world.services.change_user(caller, "mona", &UserChange::AddRole(Role::Api)).map(drop)
    }),
    ("audit_entries", |world, caller| {
        world.services.audit_entries(&caller.principal, &AuditFilter::default(), ALL).map(drop)
    }),
    ("quarantined", |world, caller| world.services.quarantined(&caller.principal, ALL).map(drop)),
    ("retry_quarantined", |world, caller| world.services.retry_quarantined(caller, 1, None).map(drop)),
    ("drop_quarantined", |world, caller| world.services.drop_quarantined(caller, 1)),
    ("task_runs", |world, caller| world.services.task_runs(&caller.principal).map(drop)),
];

/// Needed is a program that stores samples, or one of [`OWN_SAMPLES`].
const STORE_SAMPLES: &[(&str, Attempt)] = &[("write_samples", |world, caller| {
    world.services.write_samples(&caller.principal, b"", None, None).map(drop)
})];

/// Needed is `api` alone, or with one of `user`, `manager` and `admin`.
const OWN_SAMPLES: &[(&str, Attempt)] = &[
    ("free_samples", |world, caller| world.services.free_samples(caller, &[], UnixTime(1)).map(drop)),
    ("stored_series", |world, caller| world.services.stored_series(&caller.principal, &[], ALL).map(drop)),
    ("node_health", |world, caller| {
        world.services.node_health(&caller.principal, &HealthBody::default()).map(drop)
    }),
];

/// Needed is `api` alone, or with one of `support` and `admin`.
const ALL_SAMPLES: &[(&str, Attempt)] = &[("query_samples", |world, caller| {
    let body = serde_json::from_value(json!({"cluster": "alpha", "from": 0, "to": 1})).unwrap();
    world.services.query_samples(&caller.principal, &body).map(drop)
})];

#[rstest]
#[case::collector(principal("cc", &[Role::Ingest], &[]), true, false, false)]
#[case::program(robot(), true, true, true)]
#[case::administrators_program(admin(), true, true, true)]
#[case::users_program(principal("mona", &[Role::Api, Role::User], &[]), true, true, false)]
#[case::managers_program(principal("max", &[Role::Api, Role::Manager], &["p"]), true, true, false)]
#[case::supporters_program(principal("sue", &[Role::Api, Role::Support], &[]), false, false, true)]
#[case::administrator(principal("root", &[Role::Admin], &[]), false, false, false)]
#[case::plain_user(user("mona"), false, false, false)]
#[case::odd_program(principal("x", &[Role::Api, Role::Anonymous], &[]), false, false, false)]
fn everybody_may_do_to_samples_what_their_roles_allow(
    #[case] who: Principal,
    #[case] may_store: bool,
    #[case] may_free: bool,
    #[case] may_see: bool,
) {
    let world = World::new();
    let caller = call(who);
    for (attempts, is_allowed) in
        [(STORE_SAMPLES, may_store), (OWN_SAMPLES, may_free), (ALL_SAMPLES, may_see)]
    {
        for (name, attempt) in attempts {
            let is_forbidden = matches!(attempt(&world, &caller), Err(ServiceError::Forbidden(_)));
            assert_eq!(is_forbidden, !is_allowed, "{name}");
        }
    }
}

#[rstest]
#[case::program(robot(), true, true, false)]
#[case::administrators_program(admin(), true, true, true)]
#[case::users_program(principal("mona", &[Role::Api, Role::User], &[]), false, true, false)]
#[case::managers_program(principal("max", &[Role::Api, Role::Manager], &["p"]), false, true, false)]
#[case::supporters_program(principal("sue", &[Role::Api, Role::Support], &[]), false, true, false)]
#[case::administrator(principal("root", &[Role::Admin], &[]), false, false, true)]
#[case::supporter(principal("sue", &[Role::Support], &[]), false, false, false)]
#[case::plain_user(user("mona"), false, false, false)]
#[case::collector(principal("cc", &[Role::Ingest], &[]), false, false, false)]
#[case::nobody(principal("x", &[], &[]), false, false, false)]
fn everybody_may_do_what_their_roles_allow(
    #[case] who: Principal,
    #[case] any_job: bool,
    #[case] own_jobs: bool,
    #[case] is_admin: bool,
) {
    let world = World::new();
    let caller = call(who);
    for (attempts, is_allowed) in [(ANY_JOB, any_job), (OWN_JOBS, own_jobs), (ADMIN, is_admin)] {
        for (name, attempt) in attempts {
            let is_forbidden = matches!(attempt(&world, &caller), Err(ServiceError::Forbidden(_)));
            assert_eq!(is_forbidden, !is_allowed, "{name}");
        }
    }
}

#[test]
fn the_machine_itself_may_do_everything() {
    let world = World::new();
    for caller in [Caller::on_machine(), Caller::server()] {
        for (name, attempt) in [ANY_JOB, OWN_JOBS, ADMIN, STORE_SAMPLES, OWN_SAMPLES, ALL_SAMPLES].concat() {
            let outcome = attempt(&world, &caller);
            assert!(!matches!(outcome, Err(ServiceError::Forbidden(_))), "{name}");
        }
    }
}

#[test]
fn the_audit_log_can_be_asked_for_anything() {
    let world = World::new();
    let filter = AuditFilter { object: Some("\0".into()), ..AuditFilter::default() };
    assert_eq!(world.services.audit_entries(&admin(), &filter, ALL).unwrap().total, 0);
}
