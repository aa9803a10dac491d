//! Several processes on one database: each has a writer of its own.

use crate::store::{Maker, TestStore};
use flightdeck_db::Database;
use flightdeck_model::{
    AuditAction, JobChangeError, JobChanges, JobDbId, JobEnd, JobMatch, JobRepository, JobState, Page,
    UnixTime,
};
use flightdeck_testkit::{PRESENT, archived_job, audit_entry, every_job, wait};
use std::collections::BTreeSet;
use std::sync::Barrier;

const JOBS: usize = 20;
const THREADS: usize = 8;

/// Lets eight threads on each of two databases do the same for every job, all at once. Returns what they were told
/// of each job.
fn race<T: Send>(databases: &[Database; 2], change: impl Fn(&Database, i64) -> T + Sync) -> Vec<Vec<T>> {
    let barrier = Barrier::new(2 * THREADS);
    let by_thread: Vec<Vec<T>> = std::thread::scope(|scope| {
        let contestants = (0..2 * THREADS).map(|number| {
            let (database, barrier, change) = (&databases[number % 2], &barrier, &change);
            scope.spawn(move || {
                (1..)
                    .take(JOBS)
                    .map(|job_id| {
                        barrier.wait();
                        change(database, job_id)
                    })
                    .collect()
            })
        });
        let threads: Vec<_> = contestants.collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut by_job: Vec<Vec<T>> = (0..JOBS).map(|_| Vec::new()).collect();
    for answers in by_thread {
        by_job.iter_mut().zip(answers).for_each(|(of_job, answer)| of_job.push(answer));
    }
    by_job
}

/// Takes the one answer that is a success; all others have to fit.
fn only_winner<T, E: std::fmt::Debug>(answers: Vec<Result<T, E>>, is_loser: impl Fn(&E) -> bool) -> T {
    let mut winners = Vec::new();
    for answer in answers {
        match answer {
            Ok(winner) => winners.push(winner),
            Err(error) => assert!(is_loser(&error), "{error:?}"),
        }
    }
    assert_eq!(winners.len(), 1, "exactly one wins");
    winners.remove(0)
}

/// Checks that of many requests for one job, sent to two processes, one is accepted.
pub(crate) fn one_of_many_wins(make: Maker<'_>) {
    let store = make();
    let databases = [store.database.clone(), store.place.open()];
    let starts = race(&databases, |database, job_id| {
        let job = archived_job(job_id).tag("t", &format!("tag {}", job_id % 3), "global").as_started();
        wait(database.start_job(job, audit_entry(AuditAction::StartJob, "")))
    });
    let ids: BTreeSet<JobDbId> = starts
        .into_iter()
        .map(|answers| only_winner(answers, |error| matches!(error, JobChangeError::Duplicate { .. })))
        .collect();
    assert_eq!(ids.len(), JOBS, "every job has a number of its own");
    for database in &databases {
        let page = database.list_jobs(&every_job(), Page { offset: 0, limit: 1000 }, false).unwrap();
        assert_eq!(page.jobs.len(), JOBS);
        let listed: BTreeSet<JobDbId> = page.jobs.iter().map(|job| job.id).collect();
        assert_eq!(listed, ids);
        let tags: BTreeSet<i64> = page.jobs.iter().flat_map(|job| &job.tags).map(|tag| tag.id).collect();
        assert_eq!(tags.len(), 3, "each tag is there once");
    }
    let stops = race(&databases, |database, job_id| {
        let job = JobMatch { job_id, cluster: None, start_time: None };
        let end = JobEnd { job, state: JobState::Completed, stop_time: UnixTime(PRESENT) };
        wait(database.stop_job(end, audit_entry(AuditAction::StopJob, "")))
    });
    for answers in stops {
        only_winner(answers, |error| matches!(error, JobChangeError::NotRunning { .. }));
    }
    let mut running = every_job();
    running.filter.states = vec![JobState::Running];
    for database in &databases {
        assert_eq!(database.count_jobs(&running).unwrap(), 0);
        assert_eq!(database.count_jobs(&every_job()).unwrap(), JOBS as u64);
    }
}

#[test]
fn one_of_many_wins_in_sqlite() {
    one_of_many_wins(&TestStore::new);
}
