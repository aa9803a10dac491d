//! Tells the archive what changed: the tasks that changes of jobs left behind are done, and settled.
//!
//! A task is kept until it is done, so nothing here can fail for good: what does not work is counted and tried again by
//! the periodic work.

use crate::Services;
use flightdeck_model::with_causes;
use flightdeck_model::{
    ArchiveAction, ArchiveOutcome, ArchiveTask, ChangedJob, JobDbId, JobFilter, JobKey, JobOrder,
    JobSelection, JobVisibility, Page, PortError, Range, TagVisibility, UnixTime,
};
use futures_executor::block_on;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tasks that are listed at once at most.
pub(crate) const PAGE_TASKS: u32 = 1000;

/// Jobs whose tasks are asked for at once at most.
const PAGE_JOBS: usize = 500;

/// What those who tell the archive share.
#[derive(Debug, Default)]
pub(crate) struct ArchiveRepair {
    /// Whoever writes a job's files holds the job's lock from reading its state to having told the database, so that an
    /// older state never overwrites a newer one. Several jobs share a lock.
    locks: [Mutex<()>; 32],
    /// When tasks that failed often were last tried.
    pub(crate) last_thorough: Mutex<Option<UnixTime>>,
}

impl ArchiveRepair {
    /// Takes a job's lock.
    pub(crate) fn lock(&self, key: &JobKey) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let [first, ..] = &self.locks;
        let count = u64::try_from(self.locks.len()).unwrap_or(1);
        let place = usize::try_from(hasher.finish() % count).unwrap_or(0);
        // There is nothing behind a lock that a panic could leave half done.
        self.locks.get(place).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many tasks were done, and how many were not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SettledTasks {
    pub(crate) done: u64,
    pub(crate) failed: u64,
}

impl Services {
    /// Brings the archive up to date after a job was changed.
    pub(crate) fn settle_archive_of_changed(&self, changed: ChangedJob) {
        if changed.archive_is_behind {
            self.settle_archive_of(&[changed.id]);
        }
    }

    /// Brings the archive up to date after jobs were changed.
    pub(crate) fn settle_archive_of(&self, jobs: &[JobDbId]) {
        for page in jobs.chunks(PAGE_JOBS) {
            match self.archive_work.archive_tasks_of(page) {
                Ok(tasks) => {
                    self.settle_archive_tasks(tasks);
                }
                Err(error) => return put_off(&error),
            }
        }
    }

    /// Does all tasks that were never tried. `expected`: about how many there are.
    pub(crate) fn settle_untried_archive_tasks(&self, expected: u64) {
        // What others change meanwhile is theirs to settle: this comes to its end.
        let rounds = expected / u64::from(PAGE_TASKS) + 1;
        for _ in 0..rounds {
            match self.archive_work.archive_tasks(PAGE_TASKS) {
                Ok(mut tasks) => {
                    tasks.retain(|task| task.attempts == 0);
                    if tasks.is_empty() {
                        return;
                    }
                    self.settle_archive_tasks(tasks);
                }
                Err(error) => return put_off(&error),
            }
        }
    }

    /// Does tasks and tells the database what became of each.
    pub(crate) fn settle_archive_tasks(&self, tasks: Vec<ArchiveTask>) -> SettledTasks {
        let mut settled = SettledTasks::default();
        // All are told before the first is waited for, so that the database takes them together.
        let mut told = Vec::with_capacity(tasks.len());
        for task in tasks {
            let _job = self.repair.lock(&task.key);
            let outcome = match self.tell_archive(&task) {
                Ok(outcome) => outcome,
                Err(error) => ArchiveOutcome::Failed { problem: with_causes(&error) },
            };
            match &outcome {
                ArchiveOutcome::Done { .. } => settled.done += 1,
                ArchiveOutcome::Failed { problem } => {
                    settled.failed += 1;
                    tracing::warn!(job = %task.key, problem, "the archive could not be told of a change");
                }
            }
            told.push(self.archive_work.settle_archive_task(task, outcome));
        }
        for answer in told {
            if let Err(error) = block_on(answer) {
                put_off(&error);
            }
        }
        settled
    }

    fn tell_archive(&self, task: &ArchiveTask) -> Result<ArchiveOutcome, PortError> {
        match task.action {
            ArchiveAction::Update { job } => {
                let Some(labels) = self.archive_work.job_labels(job)? else {
                    return Ok(ArchiveOutcome::Done { fingerprint: None });
                };
                Ok(match self.archive.write_labels(&task.key, &labels)? {
                    Some(fingerprint) => ArchiveOutcome::Done { fingerprint: Some(fingerprint) },
                    None => ArchiveOutcome::Failed { problem: "the job has no meta.json".to_owned() },
                })
            }
            ArchiveAction::Remove => {
                // It may have come back since, by an import for example. The files are its own then.
                if !self.is_in_database(&task.key)? {
                    self.archive.remove_job(&task.key)?;
                }
                Ok(ArchiveOutcome::Done { fingerprint: None })
            }
        }
    }

    /// Whether there is a job of this identity.
    pub(crate) fn is_in_database(&self, key: &JobKey) -> Result<bool, PortError> {
        let start = Some(key.start_time.0);
        let filter = JobFilter {
            cluster: Some(key.cluster.clone()),
            job_id: Some(key.job_id),
            start_time: Some(Range { from: start, to: start }),
            ..JobFilter::default()
        };
        let selection = JobSelection {
            visibility: JobVisibility::All,
            tags: TagVisibility { admin_tags: true, username: String::new() },
            filter,
            order: JobOrder::default(),
            now: self.clock.now(),
        };
        let first = Page { offset: 0, limit: 1 };
        Ok(!self.jobs.list_job_ids(&selection, first)?.is_empty())
    }
}

fn put_off(error: &PortError) {
    tracing::warn!(error = with_causes(error), "changes of archived jobs are left to the periodic work");
}
