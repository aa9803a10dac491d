//! Changes that come at the same time, and callers that do not wait.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, audit_entry, every_job};
use crate::store_under_test::{Store, StoreUnderTest, newest, tag};
use crate::wait;
use flightdeck_model::{
    AuditAction, JobChangeError, JobEnd, JobMatch, JobState, JobVisibility, UnixTime, WhichJob,
};
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

const THREADS: i64 = 8;

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    one_of_many_starts_is_accepted(&make());
    one_of_many_close_starts_is_accepted(&make());
    one_of_many_stops_is_accepted(make());
    one_of_many_deletions_is_accepted(make());
    nothing_of_many_threads_is_lost(&make());
    tags_of_many_threads_all_stay(make());
    a_refusal_does_not_spoil_what_came_with_it(&make());
    a_change_is_made_though_nobody_waits(&make());
}

/// What eight threads get that do the same at the same moment.
fn at_once<T: Send>(store: &dyn Store, act: impl Fn(&dyn Store, i64) -> T + Sync) -> Vec<T> {
    let ready = Barrier::new(usize::try_from(THREADS).unwrap());
    thread::scope(|scope| {
        let (ready, act) = (&ready, &act);
        let spawn = |number| {
            scope.spawn(move || {
                ready.wait();
                act(store, number)
            })
        };
        let threads: Vec<_> = (0..THREADS).map(spawn).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn accepted<T, E>(answers: &[Result<T, E>]) -> usize {
    answers.iter().filter(|answer| answer.is_ok()).count()
}

fn start(store: &dyn Store, job_id: i64, start_s: i64) -> Result<(), JobChangeError> {
    let audit = audit_entry(AuditAction::StartJob, "job");
    wait(store.start_job(archived_job(job_id).start(start_s).as_started(), audit)).map(drop)
}

fn stop(store: &dyn Store, job: JobMatch, stop_s: i64) -> Result<(), JobChangeError> {
    let end = JobEnd { job, state: JobState::Completed, stop_time: UnixTime(stop_s) };
    wait(store.stop_job(end, audit_entry(AuditAction::StopJob, "job"))).map(drop)
}

fn one_of_many_starts_is_accepted(store: &StoreUnderTest) {
    let answers = at_once(&*store.ports, |ports, _| start(ports, 1, FIRST_START));
    assert_eq!(accepted(&answers), 1, "{answers:?}");
    let refused = answers.iter().filter(|it| matches!(it, Err(JobChangeError::Duplicate { .. })));
    assert_eq!(refused.count(), 7, "{answers:?}");
    assert_eq!(store.listed(&every_job()), [1]);
    assert_eq!(store.audit_entries().len(), 1);
}

fn one_of_many_close_starts_is_accepted(store: &StoreUnderTest) {
    let answers = at_once(&*store.ports, |ports, number| start(ports, 1, FIRST_START + 1000 * number));
    assert_eq!(accepted(&answers), 1, "{answers:?}");
    assert_eq!(store.listed(&every_job()), [1]);
}

fn one_of_many_stops_is_accepted(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).start(FIRST_START).as_started()]);
    let answers = at_once(&*store.ports, |ports, number| stop(ports, newest(1), FIRST_START + number));
    assert_eq!(accepted(&answers), 1, "{answers:?}");
    let refused = answers.iter().filter(|it| matches!(it, Err(JobChangeError::NotRunning { .. })));
    assert_eq!(refused.count(), 7, "{answers:?}");
    let winner = answers.iter().position(Result::is_ok).unwrap();
    assert_eq!(store.job(1).duration_s, i64::try_from(winner).unwrap(), "what was accepted holds");
}

fn one_of_many_deletions_is_accepted(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).as_started()]);
    let id = store.job(1).id;
    let audit = || audit_entry(AuditAction::DeleteJob, "job");
    let answers = at_once(&*store.ports, |ports, _| wait(ports.delete_job(WhichJob::Id(id), true, audit())));
    assert_eq!(accepted(&answers), 1, "{answers:?}");
    assert!(store.listed(&every_job()).is_empty());
}

fn nothing_of_many_threads_is_lost(store: &StoreUnderTest) {
    const EACH: i64 = 20;
    at_once(&*store.ports, |ports, thread| {
        for number in 0..EACH {
            let job_id = 1 + thread * EACH + number;
            start(ports, job_id, FIRST_START).unwrap();
            if number % 2 == 0 {
                stop(ports, newest(job_id), PRESENT).unwrap();
            }
        }
    });
    assert_eq!(store.listed(&every_job()).len(), 160);
    let mut running = every_job();
    running.filter.states = vec![JobState::Running];
    assert_eq!(store.listed(&running).len(), 80);
    let ids = store.ports.list_job_ids(&every_job(), crate::store_under_test::ALL).unwrap();
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 160, "ids are given out once");
}

fn tags_of_many_threads_all_stay(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).as_started()]);
    let id = store.job(1).id;
    let answers = at_once(&*store.ports, |ports, number| {
        let tags = vec![tag("all", "same", "global"), tag("own", &number.to_string(), "global")];
        wait(ports.add_tags(id, JobVisibility::All, tags, audit_entry(AuditAction::TagJob, "job")))?;
        let (key, audit) = (format!("key{number}"), audit_entry(AuditAction::EditMeta, "job"));
        wait(ports.set_metadata(WhichJob::Id(id), JobVisibility::All, key, "x".to_owned(), audit))
    });
    assert_eq!(accepted(&answers), 8, "{answers:?}");
    let labels = store.ports.job_labels(id).unwrap().unwrap();
    assert_eq!((labels.tags.len(), labels.meta_data.len()), (9, 8));
}

fn a_refusal_does_not_spoil_what_came_with_it(store: &StoreUnderTest) {
    let queue = |job_id: i64| {
        let audit = audit_entry(AuditAction::StartJob, &job_id.to_string());
        store.ports.start_job(archived_job(job_id).start(FIRST_START).as_started(), audit)
    };
    // All are queued before the first is waited for.
    let answers = [1, 2, 1, 3, 2, 4].map(queue);
    let accepted: Vec<bool> = answers.into_iter().map(|answer| wait(answer).is_ok()).collect();
    assert_eq!(accepted, [true, true, false, true, false, true], "in the order they were asked");
    assert_eq!(store.listed(&every_job()), [4, 3, 2, 1]);
    let objects: Vec<String> = store.audit_entries().into_iter().map(|entry| entry.object).collect();
    assert_eq!(objects, ["4", "3", "2", "1"]);
}

fn a_change_is_made_though_nobody_waits(store: &StoreUnderTest) {
    let audit = audit_entry(AuditAction::StartJob, "job");
    drop(store.ports.start_job(archived_job(1).as_started(), audit));
    // Another process may commit in between, but not a hundred times before this one.
    let is_there = (0..100).any(|number| {
        wait(store.ports.record(audit_entry(AuditAction::StopJob, &number.to_string()))).unwrap();
        store.ports.count_jobs(&every_job()).unwrap() == 1
    });
    assert!(is_there);
}
