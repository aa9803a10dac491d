//! Tags go onto jobs and off them as a whole, by those who may see the job and write the scope.

use crate::start_job::body;
use crate::world::{World, admin, call, principal, robot, robot_call};
use flightdeck_model::{JobDbId, Principal, Role, TagBody};
use flightdeck_service::ServiceError;
use rstest::rstest;
use serde_json::json;

fn tag(tag_type: &str, name: &str, scope: &str) -> TagBody {
    TagBody { tag_type: tag_type.into(), name: name.into(), scope: scope.into(), id: None }
}

fn world_with_a_job() -> (World, JobDbId) {
    let world = World::new();
    let id = world.start(body(json!({}))).unwrap();
    (world, id)
}

/// The tags of the job as an administrator sees them.
fn tags_of(world: &World, id: JobDbId) -> Vec<String> {
    let job = world.services.show_job(&admin(), id).unwrap();
    let mut tags: Vec<String> =
        job.tags.iter().map(|tag| format!("{}:{}@{}", tag.tag_type, tag.name, tag.scope)).collect();
    tags.sort();
    tags
}

#[test]
fn tagging_twice_changes_nothing() {
    let (world, id) = world_with_a_job();
    let tags = [tag("debug", "slow", ""), tag("debug", "slow", "global"), tag("debug", "slow", "admin")];
    for _ in 0..2 {
        let job = world.services.tag_job(&robot_call(), id, &tags).unwrap();
        assert_eq!(job.tags.len(), 2, "the answer shows each once");
    }
    assert_eq!(tags_of(&world, id), ["debug:slow@admin", "debug:slow@global"]);
}

#[test]
fn untagging_takes_off_what_is_there() {
    let (world, id) = world_with_a_job();
    world.services.tag_job(&robot_call(), id, &[tag("a", "b", ""), tag("c", "d", "")]).unwrap();
    let job = world.services.untag_job(&robot_call(), id, &[tag("a", "b", ""), tag("x", "y", "")]).unwrap();
    assert_eq!(job.tags.len(), 1);
    assert_eq!(tags_of(&world, id), ["c:d@global"]);
}

#[rstest]
#[case::empty_name(tag("debug", "", "global"))]
#[case::empty_type(tag("", "slow", "global"))]
#[case::forbidden(tag("debug", "slow", "galactic"))]
fn a_list_of_tags_is_applied_whole_or_not_at_all(#[case] bad: TagBody) {
    let (world, id) = world_with_a_job();
    let refused = world.services.tag_job(&robot_call(), id, &[tag("a", "b", ""), bad]).unwrap_err();
    assert!(matches!(refused, ServiceError::Invalid { .. } | ServiceError::Forbidden(_)), "{refused:?}");
    assert!(tags_of(&world, id).is_empty());
    assert_eq!(world.audit_lines()[1..], [format!("tag_job job id {id} refused")]);
}

fn api_and(username: &str, role: Role) -> Principal {
    principal(username, &[Role::Api, role], &["physics"])
}

#[rstest]
#[case::program_global(robot(), "global", true)]
#[case::program_admin(robot(), "admin", true)]
#[case::program_own(robot(), "robot", true)]
#[case::program_others(robot(), "mona", false)]
#[case::admin_global(api_and("root", Role::Admin), "global", true)]
#[case::admin_admin(api_and("root", Role::Admin), "admin", true)]
#[case::admin_others(api_and("root", Role::Admin), "mona", false)]
#[case::support_global(api_and("sue", Role::Support), "global", true)]
#[case::support_admin(api_and("sue", Role::Support), "admin", false)]
#[case::support_own(api_and("sue", Role::Support), "sue", true)]
#[case::manager_global(api_and("max", Role::Manager), "global", false)]
#[case::manager_own(api_and("max", Role::Manager), "max", true)]
#[case::user_global(api_and("mona", Role::User), "", false)]
#[case::user_admin(api_and("mona", Role::User), "admin", false)]
#[case::user_own(api_and("mona", Role::User), "mona", true)]
fn a_scope_is_written_by_those_it_belongs_to(
    #[case] who: Principal,
    #[case] scope: &str,
    #[case] is_allowed: bool,
) {
    let (world, id) = world_with_a_job();
    let tags = [tag("debug", "slow", scope)];
    let caller = call(who);
    let outcomes = [
        world.services.tag_job(&caller, id, &tags).map(|job| job.tags.len()),
        world.services.untag_job(&caller, id, &tags).map(|job| job.tags.len()),
        world.services.delete_tags(&caller, &tags).map(|_| 0),
    ];
    for (outcome, left) in outcomes.into_iter().zip([1, 0, 0]) {
        match outcome {
            Ok(tags) => assert_eq!((is_allowed, tags), (true, left)),
            Err(refused) => {
                assert!(!is_allowed && matches!(refused, ServiceError::Forbidden(_)), "{refused:?}");
            }
        }
    }
}

#[test]
fn a_job_that_is_out_of_sight_is_not_there() {
    let (world, id) = world_with_a_job();
    let otto = call(api_and("otto", Role::User));
    let tags = [tag("debug", "slow", "otto")];
    for refused in [
        world.services.tag_job(&otto, id, &tags),
        world.services.untag_job(&otto, id, &tags),
        world.services.tag_job(&otto, id, &[]),
        world.services.tag_job(&robot_call(), JobDbId(424_242), &[tag("debug", "slow", "")]),
    ] {
        assert!(matches!(refused, Err(ServiceError::NotFound(_))), "{refused:?}");
    }
    assert!(tags_of(&world, id).is_empty());
}

#[test]
fn no_tags_are_nothing_to_do() {
    let (world, id) = world_with_a_job();
    assert_eq!(world.services.tag_job(&robot_call(), id, &[]).unwrap().id, id);
    assert_eq!(world.services.delete_tags(&robot_call(), &[]).unwrap(), 0);
    assert_eq!(world.audit_lines().len(), 1, "only the start is in the log");
}

#[test]
fn tags_that_are_deleted_are_gone_from_all_jobs_and_counted() {
    let (world, first) = world_with_a_job();
    let second = world.start(body(json!({"jobId": 5002}))).unwrap();
    for id in [first, second] {
        world.services.tag_job(&robot_call(), id, &[tag("a", "b", ""), tag("c", "d", "admin")]).unwrap();
    }
    let gone = [tag("a", "b", "global"), tag("a", "b", ""), tag("no", "such", "global")];
    assert_eq!(world.services.delete_tags(&robot_call(), &gone).unwrap(), 1);
    for id in [first, second] {
        assert_eq!(tags_of(&world, id), ["c:d@admin"]);
    }
    assert_eq!(
        world.audit_lines().last().unwrap(),
        "delete_tags tags a:b@global, a:b@global, no:such@global done"
    );
}
