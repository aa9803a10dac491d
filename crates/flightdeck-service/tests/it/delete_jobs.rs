//! Jobs that are deleted are gone, with their files when that is wanted.

use crate::start_job::body;
use crate::world::{World, robot_call};
use flightdeck_model::{DeleteBefore, JobDbId, JobMatch, OmitTagged, TagBody, UnixTime, WhichJob};
use flightdeck_service::ServiceError;
use flightdeck_testkit::archived_job;
use rstest::rstest;
use serde_json::json;

fn number(job_id: i64) -> WhichJob {
    WhichJob::Match(JobMatch { job_id, cluster: Some("alpha".into()), start_time: None })
}

fn before(time: i64) -> DeleteBefore {
    DeleteBefore {
        started_before: UnixTime(time),
        omit_tagged: OmitTagged::None,
        include_running: false,
        with_archive: false,
    }
}

/// Where jobs lie in the archive.
fn archived(world: &World) -> usize {
    use flightdeck_model::JobArchive as _;
    world.archive.list_jobs().unwrap().len()
}

#[rstest]
#[case::without_its_archive(false, 2)]
#[case::with_its_archive(true, 1)]
fn one_job_is_deleted(#[case] with_archive: bool, #[case] files_left: usize) {
    let world = World::with_jobs([archived_job(1), archived_job(2)]);
    let id = world.job(1).id;
    assert_eq!(world.services.delete_job(&robot_call(), number(1), with_archive).unwrap(), id);
    assert_eq!(world.all_job_ids(), [2]);
    assert_eq!(archived(&world), files_left);
    let again = world.services.delete_job(&robot_call(), WhichJob::Id(id), with_archive).unwrap_err();
    assert!(matches!(again, ServiceError::NotFound(_)), "{again:?}");
    assert_eq!(world.audit_lines(), ["delete_job alpha/1 done", &format!("delete_job job id {id} refused")]);
}

#[test]
fn a_number_in_the_database_is_never_given_again() {
    let world = World::new();
    let first = world.start(body(json!({}))).unwrap();
    world.services.delete_job(&robot_call(), WhichJob::Id(first), false).unwrap();
    assert_ne!(world.start(body(json!({}))).unwrap(), first);
}

#[rstest]
#[case::number_0(WhichJob::Match(JobMatch { job_id: 0, cluster: None, start_time: None }), true)]
#[case::not_there(WhichJob::Id(JobDbId(-7)), false)]
fn what_is_no_job_is_not_deleted(#[case] which: WhichJob, #[case] is_nonsense: bool) {
    let refused = World::new().services.delete_job(&robot_call(), which, true).unwrap_err();
    assert_eq!(matches!(refused, ServiceError::Invalid { .. }), is_nonsense, "{refused:?}");
    assert_eq!(matches!(refused, ServiceError::NotFound(_)), !is_nonsense);
}

#[test]
fn old_jobs_are_deleted_with_their_files() {
    let world = World::with_jobs((1..=30).map(archived_job));
    let time = world.job(21).key.start_time.0;
    let which = DeleteBefore { with_archive: true, ..before(time) };
    assert_eq!(world.services.delete_jobs_before(&robot_call(), which).unwrap(), 20);
    assert_eq!(world.all_job_ids(), (21..=30).collect::<Vec<_>>());
    assert_eq!(archived(&world), 10);
    assert_eq!(world.services.delete_jobs_before(&robot_call(), which).unwrap(), 0);
    assert_eq!(world.audit_lines()[0], format!("delete_jobs_before jobs before {time} done"));
}

#[test]
fn more_files_are_removed_than_are_listed_at_once() {
    let world = World::with_jobs((1..=2100).map(archived_job));
    let which = DeleteBefore { with_archive: true, ..before(253_402_300_799) };
    assert_eq!(world.services.delete_jobs_before(&robot_call(), which).unwrap(), 2100);
    assert_eq!(archived(&world), 0);
}

#[test]
fn running_jobs_go_only_when_they_are_named() {
    let world = World::new();
    world.start(body(json!({}))).unwrap();
    let which = before(1_800_000_000);
    assert_eq!(world.services.delete_jobs_before(&robot_call(), which).unwrap(), 0);
    let all = DeleteBefore { include_running: true, ..which };
    assert_eq!(world.services.delete_jobs_before(&robot_call(), all).unwrap(), 1);
}

#[rstest]
#[case(OmitTagged::None, &[])]
#[case(OmitTagged::All, &[1, 2])]
#[case(OmitTagged::User, &[2])]
fn tagged_jobs_are_spared(#[case] omit_tagged: OmitTagged, #[case] left: &[i64]) {
    let world = World::with_jobs((1..=3).map(archived_job));
    for (job_id, tag_type) in [(1, "app"), (2, "debug")] {
        let tag = TagBody { tag_type: tag_type.into(), name: "x".into(), ..TagBody::default() };
        world.services.tag_job(&robot_call(), world.job(job_id).id, &[tag]).unwrap();
    }
    let which = DeleteBefore { omit_tagged, ..before(1_800_000_000) };
    world.services.delete_jobs_before(&robot_call(), which).unwrap();
    assert_eq!(world.all_job_ids(), left);
}

#[test]
fn a_time_in_milliseconds_does_not_delete_everything() {
    let world = World::with_jobs([archived_job(1)]);
    let refused = world.services.delete_jobs_before(&robot_call(), before(1_700_000_000_000)).unwrap_err();
    assert!(matches!(&refused, ServiceError::Invalid { field, .. } if field == "ts"), "{refused:?}");
    assert_eq!(world.all_job_ids(), [1]);
}
