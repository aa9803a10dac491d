//! Metadata is edited by those who see the job.

use crate::start_job::body;
use crate::world::{World, call, principal, robot_call};
use flightdeck_model::{JobMatch, JobRecord, MetaEdit, Role, UnixTime, WhichJob};
use flightdeck_service::ServiceError;
use rstest::rstest;
use serde_json::{Value, json};

fn edit(key: &str, value: &str) -> MetaEdit {
    MetaEdit { key: key.into(), value: value.into() }
}

fn number(job_id: i64) -> WhichJob {
    WhichJob::Match(JobMatch { job_id, cluster: None, start_time: None })
}

fn metadata(job: &JobRecord) -> Value {
    serde_json::from_str(job.fragments.meta_data.as_ref().unwrap().get()).unwrap()
}

#[test]
fn one_text_is_set_and_the_others_stay() {
    let world = World::new();
    let id = world.start(body(json!({"metaData": {"jobName": "first"}}))).unwrap();
    world.services.edit_meta(&robot_call(), WhichJob::Id(id), &edit("note", "ran hot")).unwrap();
    let job = world.services.edit_meta(&robot_call(), number(5001), &edit("note", "cooled\n")).unwrap();
    assert_eq!(metadata(&job), json!({"jobName": "first", "note": "cooled\n"}), "the answer shows all of it");
    assert_eq!(metadata(&world.job(5001)), metadata(&job));
    let entry = world.audit().pop().unwrap();
    assert_eq!((entry.object.as_str(), entry.detail.as_str()), ("job 5001", "key note"));
}

#[rstest]
#[case::no_key(edit("", "x"), "key")]
#[case::nul(edit("note", "\u{0}"), "value")]
fn a_text_that_cannot_be_stored_is_refused_by_the_fields_name(#[case] bad: MetaEdit, #[case] name: &str) {
    let world = World::new();
    let id = world.start(body(json!({}))).unwrap();
    let refused = world.services.edit_meta(&robot_call(), WhichJob::Id(id), &bad).unwrap_err();
    assert!(matches!(&refused, ServiceError::Invalid { field, .. } if field == name), "{refused:?}");
}

#[test]
fn the_metadata_of_a_job_do_not_grow_without_end() {
    let world = World::new();
    let id = world.start(body(json!({}))).unwrap();
    let three_mib = "x".repeat(3 << 20);
    world.services.edit_meta(&robot_call(), WhichJob::Id(id), &edit("a", &three_mib)).unwrap();
    let refused =
        world.services.edit_meta(&robot_call(), WhichJob::Id(id), &edit("b", &three_mib)).unwrap_err();
    assert!(matches!(&refused, ServiceError::Invalid { field, .. } if field == "value"), "{refused:?}");
}

#[rstest]
#[case::number_0(0, None, None, "jobId")]
#[case::nul(1, Some("\u{0}"), None, "cluster")]
#[case::milliseconds(1, None, Some(1_700_000_000_000), "startTime")]
fn a_job_that_cannot_be_is_refused_by_the_fields_name(
    #[case] job_id: i64,
    #[case] cluster: Option<&str>,
    #[case] start_time: Option<i64>,
    #[case] name: &str,
) {
    let cluster = cluster.map(str::to_owned);
    let which = WhichJob::Match(JobMatch { job_id, cluster, start_time: start_time.map(UnixTime) });
    let refused = World::new().services.edit_meta(&robot_call(), which, &edit("a", "b")).unwrap_err();
    assert!(matches!(&refused, ServiceError::Invalid { field, .. } if field == name), "{refused:?}");
}

#[test]
fn a_job_that_is_out_of_sight_is_not_there() {
    let world = World::new();
    let id = world.start(body(json!({}))).unwrap();
    let otto = call(principal("otto", &[Role::Api, Role::User], &[]));
    for (caller, which) in
        [(&otto, WhichJob::Id(id)), (&otto, number(5001)), (&robot_call(), number(987_654))]
    {
        let refused = world.services.edit_meta(caller, which, &edit("note", "x")).unwrap_err();
        assert!(matches!(refused, ServiceError::NotFound(_)), "{refused:?}");
    }
    let mona = call(principal("mona", &[Role::Api, Role::User], &[]));
    world.services.edit_meta(&mona, WhichJob::Id(id), &edit("note", "x")).unwrap();
}
