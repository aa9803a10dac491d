//! Jobs that run longer than they were allowed to, and are ended for it.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, audit_entry};
use crate::store_under_test::{StoreUnderTest, newest};
use crate::wait;
use flightdeck_model::{AuditAction, JobKey, JobState, NewJob, UnixTime};

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    a_job_ends_at_its_walltime(make());
    others_run_on(make());
    the_second_is_exact(make());
    no_more_than_the_limit_end_at_once(make());
    every_ended_job_has_an_audit_entry(make());
}

fn running(job_id: i64, start_s: i64, walltime_s: i64) -> NewJob {
    NewJob { walltime_s, ..archived_job(job_id).start(start_s).as_started() }
}

/// The numbers of the jobs that are ended now, sorted.
fn ended(store: &StoreUnderTest, now_s: i64, grace_s: i64, limit: u32) -> Vec<i64> {
    let audit = audit_entry(AuditAction::StopJob, "overdue jobs");
    let keys: Vec<JobKey> = wait(store.ports.stop_overdue(UnixTime(now_s), grace_s, limit, audit)).unwrap();
    for key in &keys {
        assert_eq!(store.job(key.job_id).key, *key);
    }
    let mut numbers: Vec<i64> = keys.into_iter().map(|key| key.job_id).collect();
    numbers.sort_unstable();
    numbers
}

fn a_job_ends_at_its_walltime(store: StoreUnderTest) {
    let store = store.with_running([running(1, FIRST_START, 3600)]);
    assert_eq!(ended(&store, PRESENT, 600, 100), [1]);
    let job = store.job(1);
    assert_eq!((job.state, job.duration_s), (JobState::Timeout, 3600), "the time after it does not count");
    assert!(store.ports.used_nodes(UnixTime(PRESENT)).unwrap().is_empty());
    assert_eq!(ended(&store, PRESENT, 600, 100), [0; 0], "once");
    let late = store.stop(newest(1), JobState::Completed, FIRST_START + 3500);
    assert!(late.is_err(), "its own stop comes too late: {late:?}");
}

fn others_run_on(store: StoreUnderTest) {
    let store = store.with([archived_job(4).duration(1).build()]).with_running([
        running(1, FIRST_START, 0),
        running(2, PRESENT - 100, 3600),
        running(3, PRESENT + 50, 10),
    ]);
    assert_eq!(ended(&store, PRESENT, 0, 100), [0; 0]);
    for job_id in 1..=3 {
        assert_eq!(store.job(job_id).state, JobState::Running, "job {job_id}");
    }
    assert_eq!(store.job(4).state, JobState::Completed);
    assert_eq!(ended(&store, PRESENT, i64::MAX, 100), [0; 0], "a long grace");
}

fn the_second_is_exact(store: StoreUnderTest) {
    let store = store.with_running([running(1, FIRST_START, 3600)]);
    assert_eq!(ended(&store, FIRST_START + 3600 + 59, 60, 100), [0; 0]);
    assert_eq!(ended(&store, FIRST_START + 3600 + 60, 60, 100), [1], "60 seconds past it");
}

fn no_more_than_the_limit_end_at_once(store: StoreUnderTest) {
    let store = store.with_running((1..=5).map(|job_id| running(job_id, FIRST_START, 60)));
    let mut all = Vec::new();
    for expected in [2, 2, 1, 0] {
        let some = ended(&store, PRESENT, 0, 2);
        assert_eq!(some.len(), expected);
        all.extend(some);
    }
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3, 4, 5]);
}

fn every_ended_job_has_an_audit_entry(store: StoreUnderTest) {
    let store = store.with_running([running(1, FIRST_START, 60), running(2, FIRST_START, 60)]);
    let before = store.audit_entries().len();
    ended(&store, FIRST_START + 1, 0, 100);
    assert_eq!(store.audit_entries().len(), before, "nothing ended");
    ended(&store, PRESENT, 0, 100);
    let entries = store.audit_entries();
    let new = entries.len() - before;
    let mut objects: Vec<String> = entries.into_iter().take(new).map(|entry| entry.object).collect();
    objects.sort_unstable();
    assert_eq!(objects, [1, 2].map(|job_id| store.job(job_id).key.to_string()));
}
