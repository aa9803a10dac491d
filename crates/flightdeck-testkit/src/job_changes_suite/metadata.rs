//! Metadata of jobs, key by key.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, archived_job, audit_entry};
use crate::store_under_test::{StoreUnderTest, newest};
use crate::wait;
use flightdeck_model::{
    AuditAction, ChangedJob, JobChangeError, JobDbId, JobMatch, JobVisibility, UnixTime, WhichJob,
};
use serde_json::{Value, json};

const DAY_S: i64 = 86_400;
const MOST_BYTES: usize = 4 * 1024 * 1024;

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    one_key_is_set_and_the_others_stay(make());
    the_newest_visible_match_is_meant(make());
    hidden_and_missing_jobs_look_the_same(make());
    all_of_it_has_a_limit(make());
}

fn set(
    store: &StoreUnderTest,
    job: WhichJob,
    visibility: JobVisibility,
    key: &str,
    value: &str,
) -> Result<ChangedJob, JobChangeError> {
    let audit = audit_entry(AuditAction::EditMeta, "job");
    wait(store.ports.set_metadata(job, visibility, key.to_owned(), value.to_owned(), audit))
}

fn metadata(store: &StoreUnderTest, id: JobDbId) -> Value {
    let shown: Value = serde_json::to_value(store.find(id).unwrap().fragments.meta_data).unwrap();
    let labels = store.ports.job_labels(id).unwrap().unwrap().meta_data;
    assert_eq!(shown, if labels.is_empty() { Value::Null } else { json!(labels) }, "both tell the same");
    shown
}

fn one_key_is_set_and_the_others_stay(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).as_started()]);
    let id = store.job(1).id;
    assert_eq!(metadata(&store, id), Value::Null);
    let by_id = || WhichJob::Id(id);
    for (key, value, expected) in [
        ("issue", "slow", json!({"issue": "slow"})),
        ("jobName", "x", json!({"issue": "slow", "jobName": "x"})),
        ("issue", "fixed", json!({"issue": "fixed", "jobName": "x"})),
        ("issue", "fixed", json!({"issue": "fixed", "jobName": "x"})),
        ("issue", "", json!({"issue": "", "jobName": "x"})),
        ("Issue", "other", json!({"Issue": "other", "issue": "", "jobName": "x"})),
    ] {
        let changed = set(&store, by_id(), JobVisibility::All, key, value).unwrap();
        assert_eq!(changed, ChangedJob { id, archive_is_behind: false });
        assert_eq!(metadata(&store, id), expected);
    }
}

fn the_newest_visible_match_is_meant(store: StoreUnderTest) {
    let at = |days: i64, cluster: &str| archived_job(1).cluster(cluster).start(FIRST_START + days * DAY_S);
    let store = store.with([at(0, "alpha").build()]).with_running([
        at(4, "alpha").as_started(),
        at(2, "alpha").as_started(),
        at(6, "beta").user("otto").as_started(),
    ]);
    let set_of = |job: JobMatch, visibility: &JobVisibility| {
        set(&store, WhichJob::Match(job), visibility.clone(), "k", "v").map(|changed| {
            let found = store.find(changed.id).unwrap();
            (found.key.cluster, (found.key.start_time.0 - FIRST_START) / DAY_S)
        })
    };
    let on_alpha = || JobMatch { cluster: Some("alpha".to_owned()), ..newest(1) };
    let at_start = || JobMatch { start_time: Some(UnixTime(FIRST_START)), ..newest(1) };
    let mona = JobVisibility::Own { username: "mona".to_owned() };
    for (job, visibility, expected) in [
        (newest(1), &JobVisibility::All, ("beta".to_owned(), 6)),
        (newest(1), &mona, ("alpha".to_owned(), 4)),
        (on_alpha(), &JobVisibility::All, ("alpha".to_owned(), 4)),
        (at_start(), &JobVisibility::All, ("alpha".to_owned(), 0)),
    ] {
        assert_eq!(set_of(job.clone(), visibility).unwrap(), expected, "{job:?} {visibility:?}");
    }
    assert!(matches!(set_of(newest(2), &JobVisibility::All), Err(JobChangeError::NotFound)));
}

fn hidden_and_missing_jobs_look_the_same(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).user("otto").as_started()]);
    let id = store.job(1).id;
    let mona = || JobVisibility::Own { username: "mona".to_owned() };
    for (job, visibility) in [
        (WhichJob::Id(id), mona()),
        (WhichJob::Match(newest(1)), mona()),
        (WhichJob::Id(JobDbId(id.0 + 1)), JobVisibility::All),
    ] {
        let refused = set(&store, job.clone(), visibility, "k", "v");
        assert!(matches!(refused, Err(JobChangeError::NotFound)), "{job:?}: {refused:?}");
    }
    assert_eq!(metadata(&store, id), Value::Null);
    let otto = JobVisibility::Own { username: "otto".to_owned() };
    assert!(set(&store, WhichJob::Id(id), otto, "k", "v").is_ok());
}

fn all_of_it_has_a_limit(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).metadata("ab", "cd").as_started()]);
    let id = store.job(1).id;
    let set_to = |bytes: usize| set(&store, WhichJob::Id(id), JobVisibility::All, "key", &"x".repeat(bytes));
    let room = MOST_BYTES - "abcd".len() - "key".len();
    let refused = set_to(room + 1);
    assert!(
        matches!(refused, Err(JobChangeError::MetadataTooLarge { most_bytes: MOST_BYTES })),
        "{refused:?}"
    );
    assert_eq!(metadata(&store, id), json!({"ab": "cd"}));
    set_to(room).unwrap();
    assert_eq!(metadata(&store, id).pointer("/key").unwrap().as_str().unwrap().len(), room);
    assert!(set_to(room).is_ok(), "the old value makes room for the new one");
    assert!(set(&store, WhichJob::Id(id), JobVisibility::All, "a", "").is_err());
    set_to(1).unwrap();
    assert!(set(&store, WhichJob::Id(id), JobVisibility::All, "a", "").is_ok());
}
