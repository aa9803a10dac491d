//! Jobs that are deleted, one by one and the old ones at once.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, audit_entry, every_job};
use crate::store_under_test::{StoreUnderTest, newest, tag};
use crate::wait;
use flightdeck_model::{
    AuditAction, DeleteBefore, JobChangeError, JobDbId, JobMatch, JobState, OmitTagged, UnixTime, WhichJob,
};

const DAY_S: i64 = 86_400;

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    a_deleted_job_is_gone(make());
    the_newest_match_is_meant(make());
    ids_are_not_used_again(make());
    old_jobs_go_at_once(make());
    running_jobs_go_when_they_are_included(make());
    tags_spare_a_job(make);
}

fn delete(store: &StoreUnderTest, job: WhichJob) -> Result<JobDbId, JobChangeError> {
    wait(store.ports.delete_job(job, false, audit_entry(AuditAction::DeleteJob, "job")))
}

fn delete_before(store: &StoreUnderTest, which: DeleteBefore) -> u64 {
    let audit = audit_entry(AuditAction::DeleteJobsBefore, "jobs");
    wait(store.ports.delete_jobs_before(which, audit)).unwrap()
}

fn before(started_before_s: i64) -> DeleteBefore {
    DeleteBefore {
        started_before: UnixTime(started_before_s),
        omit_tagged: OmitTagged::None,
        include_running: false,
        with_archive: false,
    }
}

fn a_deleted_job_is_gone(store: StoreUnderTest) {
    let full = |job_id| archived_job(job_id).tag("app", "vasp", "global").metadata("jobName", "x");
    let store = store.with([full(1).build()]).with_running([full(2).hosts(&["a002"]).as_started()]);
    for job_id in [1, 2] {
        let id = store.job(job_id).id;
        assert_eq!(delete(&store, WhichJob::Id(id)).unwrap(), id);
        assert!(store.find(id).is_none());
        assert!(store.ports.job_labels(id).unwrap().is_none());
        let again = delete(&store, WhichJob::Id(id));
        assert!(matches!(again, Err(JobChangeError::NotFound)), "{again:?}");
        let stopped = store.stop(newest(job_id), JobState::Completed, PRESENT);
        assert!(matches!(stopped, Err(JobChangeError::NotFound)), "{stopped:?}");
        let tagged = store.add_tags(id, &[tag("a", "b", "global")]);
        assert!(matches!(tagged, Err(JobChangeError::NotFound)), "{tagged:?}");
    }
    assert!(store.listed(&every_job()).is_empty());
    for host in ["a001", "a002"] {
        let mut on_node = every_job();
        on_node.filter.node = Some(host.to_owned());
        assert!(store.listed(&on_node).is_empty());
    }
    assert!(store.ports.used_nodes(UnixTime(PRESENT)).unwrap().is_empty());
    for unknown in [0, -1, i64::MAX] {
        assert!(matches!(delete(&store, WhichJob::Id(JobDbId(unknown))), Err(JobChangeError::NotFound)));
    }
}

fn the_newest_match_is_meant(store: StoreUnderTest) {
    let at = |days: i64, cluster: &str| archived_job(1).cluster(cluster).start(FIRST_START + days * DAY_S);
    let store = store.with([at(2, "alpha").build(), at(0, "alpha").build()]);
    let store = store.with_running([at(4, "alpha").as_started(), at(3, "beta").as_started()]);
    let starts = || -> Vec<i64> {
        let ids = store.ports.list_job_ids(&every_job(), crate::store_under_test::ALL).unwrap();
        let starts = ids.into_iter().map(|id| store.find(id).unwrap().key.start_time.0);
        starts.map(|start_s| (start_s - FIRST_START) / DAY_S).collect()
    };
    let at_start = JobMatch { start_time: Some(UnixTime(FIRST_START)), ..newest(1) };
    let on_beta = JobMatch { cluster: Some("beta".to_owned()), ..newest(1) };
    let on_gamma = JobMatch { cluster: Some("gamma".to_owned()), ..newest(1) };
    assert!(matches!(delete(&store, WhichJob::Match(on_gamma)), Err(JobChangeError::NotFound)));
    delete(&store, WhichJob::Match(at_start)).unwrap();
    assert_eq!(starts(), [4, 3, 2]);
    delete(&store, WhichJob::Match(newest(1))).unwrap();
    assert_eq!(starts(), [3, 2]);
    delete(&store, WhichJob::Match(on_beta)).unwrap();
    assert_eq!(starts(), [2]);
}

fn ids_are_not_used_again(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).as_started(), archived_job(2).as_started()]);
    let newest_id = store.job(2).id;
    delete(&store, WhichJob::Id(newest_id)).unwrap();
    let next = store.start(archived_job(3).as_started()).unwrap();
    assert!(next > newest_id);
    let all = DeleteBefore { include_running: true, ..before(PRESENT) };
    assert_eq!(delete_before(&store, all), 2);
    let store = store.with([archived_job(4).build()]);
    assert!(store.job(4).id > next, "nor by an import");
    assert!(store.start(archived_job(5).as_started()).unwrap() > store.job(4).id);
}

fn old_jobs_go_at_once(store: StoreUnderTest) {
    let at = |job_id: i64| archived_job(job_id).start(FIRST_START + job_id);
    let store = store.with((1..=5).map(|job_id| at(job_id).build()));
    assert_eq!(delete_before(&store, before(FIRST_START + 1)), 0);
    assert_eq!(delete_before(&store, before(FIRST_START + 3)), 2, "strictly before");
    assert_eq!(store.listed(&every_job()), [5, 4, 3]);
    assert_eq!(delete_before(&store, before(FIRST_START + 3)), 0, "again");
    assert_eq!(delete_before(&store, before(i64::MIN)), 0);
    assert_eq!(delete_before(&store, before(i64::MAX)), 3);
    assert!(store.listed(&every_job()).is_empty());
}

fn running_jobs_go_when_they_are_included(store: StoreUnderTest) {
    let store =
        store.with([archived_job(1).build()]).with_running([2, 3].map(|id| archived_job(id).as_started()));
    store.stop(newest(3), JobState::Failed, PRESENT).unwrap();
    assert_eq!(delete_before(&store, before(PRESENT)), 2);
    assert_eq!(store.listed(&every_job()), [2]);
    assert_eq!(delete_before(&store, DeleteBefore { include_running: true, ..before(PRESENT) }), 1);
    assert!(store.listed(&every_job()).is_empty());
    assert!(store.ports.used_nodes(UnixTime(PRESENT)).unwrap().is_empty());
}

fn tags_spare_a_job(make: &dyn Fn() -> StoreUnderTest) {
    for (omit_tagged, expected) in [
        (OmitTagged::None, vec![]),
        (OmitTagged::User, vec![7, 6, 5]),
        (OmitTagged::All, vec![7, 6, 5, 4, 3, 2]),
    ] {
        let store = make().with([
            archived_job(1).build(),
            archived_job(2).tag("app", "vasp", "global").build(),
            archived_job(3).tag("jobClass", "stencil", "global").build(),
            archived_job(4).tag("app", "vasp", "global").tag("jobClass", "stencil", "admin").build(),
            archived_job(5).tag("app", "vasp", "global").tag("quality", "good", "global").build(),
            archived_job(6).tag("App", "vasp", "global").build(),
            archived_job(7).tag("note", "mine", "mona").build(),
        ]);
        let deleted = delete_before(&store, DeleteBefore { omit_tagged, ..before(PRESENT) });
        assert_eq!(store.listed(&every_job()), expected, "{omit_tagged:?}");
        assert_eq!(deleted, 7 - expected.len() as u64);
    }
    let store = make().with([archived_job(1).tag("quality", "good", "global").build()]);
    store.remove_tags(store.job(1).id, &[tag("quality", "good", "global")]).unwrap();
    let all = DeleteBefore { omit_tagged: OmitTagged::All, ..before(PRESENT) };
    assert_eq!(delete_before(&store, all), 1, "a tag that was taken off spares nothing");
}
