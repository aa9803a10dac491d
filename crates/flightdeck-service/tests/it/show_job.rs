//! Who sees one job, and what of it.

use crate::world::{NOW, World, principal, robot, user};
use flightdeck_model::{JobDbId, JobState, Principal, Role, Roles};
use flightdeck_service::ServiceError;
use flightdeck_testkit::archived_job;
use rstest::rstest;

#[rstest]
#[case::api(robot(), true)]
#[case::admin(principal("ada", &[Role::Admin], &[]), true)]
#[case::support(principal("sue", &[Role::Support], &[]), true)]
#[case::manager_of_its_project(principal("max", &[Role::Manager], &["physics"]), true)]
#[case::manager_of_another_project(principal("max", &[Role::Manager], &["biology"]), false)]
#[case::manager_who_owns_it(principal("mona", &[Role::Manager], &[]), true)]
#[case::owner(user("mona"), true)]
#[case::another_user(user("otto"), false)]
#[case::owner_by_token_for_programs(principal("mona", &[Role::Api, Role::User], &[]), true)]
#[case::another_by_token_for_programs(principal("otto", &[Role::Api, Role::User], &[]), false)]
fn a_job_is_shown_to_those_who_may_see_it(#[case] asker: Principal, #[case] is_shown: bool) {
    let world = World::with_jobs([archived_job(1)]);
    let id = world.job(1).id;
    match world.services.show_job(&asker, id) {
        Ok(job) => assert!(is_shown && job.key.job_id == 1),
        Err(error) => assert!(!is_shown && matches!(error, ServiceError::NotFound(_)), "{error:?}"),
    }
}

#[test]
fn without_a_role_nobody_learns_whether_a_job_is_there() {
    let world = World::with_jobs([archived_job(1)]);
    let id = world.job(1).id;
    let unknown = Principal { roles: Roles::from_names(["api", "wizard"]), ..robot() };
    for asker in [principal("mona", &[], &[]), principal("mona", &[Role::Anonymous], &[]), unknown] {
        let refusals = [id, JobDbId(999)].map(|it| world.services.show_job(&asker, it).unwrap_err());
        assert!(refusals.iter().all(|it| matches!(it, ServiceError::Forbidden(_))), "{refusals:?}");
        assert_eq!(refusals[0].to_string(), refusals[1].to_string());
    }
}

#[test]
fn a_hidden_job_and_an_absent_one_look_the_same() {
    let (with_job, without) = (World::with_jobs([archived_job(1)]), World::new());
    let id = with_job.job(1).id;
    let texts = [with_job, without].map(|world| {
        let refused = world.services.show_job(&user("otto"), id).unwrap_err();
        (format!("{refused:?}"), refused.to_string())
    });
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn a_job_is_shown_with_its_free_texts() {
    let world = World::with_jobs([archived_job(1).metadata("jobName", "wind")]);
    let job = world.services.show_job(&user("mona"), world.job(1).id).unwrap();
    assert_eq!(job.fragments.meta_data.unwrap().get(), r#"{"jobName":"wind"}"#);
}

#[test]
fn tags_are_shown_by_their_scope() {
    let job = archived_job(1).tag("q", "good", "global").tag("q", "odd", "admin").tag("q", "own", "mona");
    let world = World::with_jobs([job]);
    let id = world.job(1).id;
    let tags = |asker: Principal| -> Vec<String> {
        let job = world.services.show_job(&asker, id).unwrap();
        job.tags.into_iter().map(|tag| tag.name).collect()
    };
    assert_eq!(tags(user("mona")), ["good", "own"]);
    assert_eq!(tags(robot()), ["good", "odd"]);
    assert_eq!(tags(principal("ada", &[Role::Admin], &[])), ["good", "odd"]);
    assert_eq!(tags(principal("max", &[Role::Manager], &["physics"])), ["good"]);
}

#[test]
fn a_running_job_has_lasted_until_now() {
    let world = World::with_jobs([archived_job(1).start(NOW - 100).duration(7)]);
    world.start_again(1);
    let id = world.job(1).id;
    world.clock.advance(23);
    let job = world.services.show_job(&robot(), id).unwrap();
    assert_eq!((job.state, job.duration_s), (JobState::Running, 123));
}
