//! Archives the jobs that have ended: reads their samples, writes their files, says so in the database.
//!
//! The queue is in the database: what was under way when the server was ended is found there again, and archiving a job
//! twice writes the same files twice. The files are written before the database is told, so that a job which is said to
//! be archived is.

use crate::{ServiceError, Services};
use finished_job::{Finished, LoadedJob, finished};
use flightdeck_model::with_causes;
use flightdeck_model::{
    ArchivedResult, ArchivingOutcome, JobDbId, JobKey, JobRecord, JobToArchive, JobVisibility, PortError,
    TagVisibility, TimeSpan, UnixTime,
};
use futures_executor::block_on;
use std::collections::HashSet;
use std::ops::AddAssign;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

mod finished_job;

/// Jobs that are listed at once.
const PAGE_JOBS: u32 = 500;

/// Seconds from the first failure to the second attempt; twice as many after each further one.
const FIRST_RETRY_S: i64 = 10;

/// Seconds between two attempts at most.
const LAST_RETRY_S: i64 = 3600;

/// What became of the jobs that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArchivingCounts {
    /// They are in the archive.
    pub archived: u64,
    /// It did not work, and is tried again later.
    pub put_off: u64,
    /// It did not work, and is not tried again.
    pub given_up: u64,
    /// They were deleted meanwhile.
    pub gone: u64,
}

impl AddAssign for ArchivingCounts {
    fn add_assign(&mut self, other: Self) {
        self.archived += other.archived;
        self.put_off += other.put_off;
        self.given_up += other.given_up;
        self.gone += other.gone;
    }
}

/// What those who archive and those who give them work share.
#[derive(Debug, Default)]
pub(crate) struct ArchivingSignal {
    is_raised: Mutex<bool>,
    raised: Condvar,
    /// Held by whoever goes through the queue, so that no job is taken twice.
    turn: Mutex<()>,
}

impl ArchivingSignal {
    /// Tells that there may be a job in the queue.
    pub(crate) fn raise(&self) {
        *lock(&self.is_raised) = true;
        self.raised.notify_all();
    }
}

/// Takes a lock. Nothing behind it can be left half done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How an attempt ended that did not fail.
enum Attempted {
    Archived,
    Gone,
}

/// Why an attempt failed, in words.
struct Failure(String);

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Port(port) => Self(with_causes(&*port)),
            other => Self(with_causes(&other)),
        }
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self(with_causes(&error))
    }
}

impl Services {
    /// Archives the jobs that are due, several at the same time, and returns when none is any more. What fails is put
    /// off and counted.
    ///
    /// # Errors
    ///
    /// Port when the queue cannot be read.
    pub fn archive_due_jobs(&self) -> Result<ArchivingCounts, ServiceError> {
        let _turn = lock(&self.archiving_signal.turn);
        let mut counts = ArchivingCounts::default();
        // One whose outcome cannot be written down stays due; it is not tried again in this run.
        let mut tried = HashSet::new();
        loop {
            let due_by = UnixTime(self.clock.now().0.saturating_sub(self.settings.archive_delay_s));
            let mut due = self.archiving.jobs_to_archive(due_by, PAGE_JOBS)?;
            due.retain(|job| tried.insert(job.id));
            if due.is_empty() {
                return Ok(counts);
            }
            counts += self.archive_jobs(&due);
        }
    }

    /// Waits until a job has ended since the last call, or the time is over.
    pub fn wait_for_archiving(&self, timeout: Duration) {
        let signal = &self.archiving_signal;
        let waited =
            signal.raised.wait_timeout_while(lock(&signal.is_raised), timeout, |is_raised| !*is_raised);
        let (mut is_raised, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *is_raised = false;
    }

    fn archive_jobs(&self, due: &[JobToArchive]) -> ArchivingCounts {
        let claims = Mutex::new(due.iter());
        let counts = Mutex::new(ArchivingCounts::default());
        let work = || {
            loop {
                // On a line of its own, so that the lock is given back before the claim is worked on.
                let next = lock(&claims).next();
                let Some(job) = next else { return };
                let outcome = self.archive_job(job);
                *lock(&counts) += outcome;
            }
        };
        let threads = self.settings.archive_workers.clamp(1, due.len().max(1));
        thread::scope(|scope| {
            for _ in 1..threads {
                let worker = thread::Builder::new().name("flightdeck-archiver".to_owned());
                if let Err(error) = worker.spawn_scoped(scope, work) {
                    tracing::warn!(%error, "no further thread can be started: jobs are archived with fewer");
                    break;
                }
            }
            work();
        });
        *lock(&counts)
    }

    /// Archives a job, and writes down what became of it. A fault is a failure of this job alone.
    fn archive_job(&self, job: &JobToArchive) -> ArchivingCounts {
        let attempted = catch_unwind(AssertUnwindSafe(|| self.try_to_archive(job)));
        let panicked = |_| Err(Failure("the attempt panicked: the log has the place".to_owned()));
        match attempted.unwrap_or_else(panicked) {
            Ok(Attempted::Archived) => ArchivingCounts { archived: 1, ..ArchivingCounts::default() },
            Ok(Attempted::Gone) => ArchivingCounts { gone: 1, ..ArchivingCounts::default() },
            Err(Failure(problem)) => self.note_failure(job, problem),
        }
    }

    fn try_to_archive(&self, job: &JobToArchive) -> Result<Attempted, Failure> {
        let now = self.clock.now();
        // Its tags are read apart, all of them.
        let no_tags = TagVisibility { admin_tags: false, username: String::new() };
        let Some(record) = self.jobs.find_job(job.id, &JobVisibility::All, &no_tags, now)? else {
            return self.forget(job);
        };
        // Before the lock is taken: reading may take long, and whoever changes the job's labels waits for the lock.
        let loaded = self.load_ended(&record)?;
        let _files = self.repair.lock(&record.key);
        let Some(labels) = self.archive_work.job_labels(job.id)? else { return self.forget(job) };
        let Finished { job: files, data, missing } = finished(&record, &labels, loaded)?;
        let fingerprint = self.archive.store_job(&files, &data)?;
        let result = ArchivedResult {
            fingerprint,
            labels,
            statistics: files.meta.statistics,
            footprint: files.footprint,
            energy_kwh: files.energy_kwh,
            energy_footprint_kwh: files.energy_footprint_kwh,
            missing,
        };
        let outcome = ArchivingOutcome::Archived(Box::new(result));
        if block_on(self.archiving.settle_archiving(job.id, outcome))? {
            return Ok(Attempted::Archived);
        }
        self.remove_orphan(&record.key)?;
        Ok(Attempted::Gone)
    }

    fn load_ended(&self, job: &JobRecord) -> Result<LoadedJob<'_>, Failure> {
        let JobKey { cluster, start_time, .. } = &job.key;
        let subcluster = self.clusters.subcluster(cluster, &job.subcluster).ok_or_else(|| {
            Failure(format!("cluster \"{cluster}\" has no subcluster \"{}\"", job.subcluster))
        })?;
        let source = self
            .metrics
            .of(cluster, &job.subcluster)
            .ok_or_else(|| Failure(format!("this server keeps no samples of cluster \"{cluster}\"")))?;
        let resources = job
            .resources()
            .map_err(|error| Failure(format!("the job's resources cannot be decoded: {error}")))?;
        let span = TimeSpan { from: *start_time, to: UnixTime(start_time.0.saturating_add(job.duration_s)) };
        Ok(LoadedJob::read(source, cluster, subcluster, resources, span)?)
    }

    /// Takes a job out of the queue that is no longer there.
    fn forget(&self, job: &JobToArchive) -> Result<Attempted, Failure> {
        let outcome = ArchivingOutcome::GivenUp { problem: "the job was deleted".to_owned() };
        block_on(self.archiving.settle_archiving(job.id, outcome))?;
        Ok(Attempted::Gone)
    }

    /// Removes the files of a job that was deleted while they were written.
    fn remove_orphan(&self, key: &JobKey) -> Result<(), PortError> {
        // One that is there was archived already, or came back by an import.
        if !self.is_in_database(key)? {
            self.archive.remove_job(key)?;
        }
        Ok(())
    }

    /// The job as the batch system knows it; empty when that cannot be found out.
    fn name_of(&self, id: JobDbId) -> String {
        let no_tags = TagVisibility { admin_tags: false, username: String::new() };
        let found = self.jobs.find_job(id, &JobVisibility::All, &no_tags, self.clock.now());
        found.ok().flatten().map(|job| job.key.to_string()).unwrap_or_default()
    }

    fn note_failure(&self, job: &JobToArchive, problem: String) -> ArchivingCounts {
        let attempts = job.attempts.saturating_add(1);
        let is_last = attempts >= self.settings.archive_attempts_max;
        let outcome = if is_last {
            // The queue forgets it with the job: this is where an administrator finds it.
            let key = self.name_of(job.id);
            tracing::error!(job = %job.id, key, attempts, problem, "a job is not archived: it was given up");
            ArchivingOutcome::GivenUp { problem }
        } else {
            tracing::warn!(job = %job.id, attempts, problem, "a job could not be archived");
            let due = UnixTime(self.clock.now().0.saturating_add(retry_after_s(job.attempts)));
            ArchivingOutcome::Retry { due, problem }
        };
        if let Err(error) = block_on(self.archiving.settle_archiving(job.id, outcome)) {
            tracing::warn!(job = %job.id, error = with_causes(&error), "a failure was not written down");
            return ArchivingCounts { put_off: 1, ..ArchivingCounts::default() };
        }
        let (put_off, given_up) = if is_last { (0, 1) } else { (1, 0) };
        ArchivingCounts { put_off, given_up, ..ArchivingCounts::default() }
    }
}

/// How many seconds to wait after a failure that `attempts` others went before.
fn retry_after_s(attempts: u32) -> i64 {
    let doubled = 2_i64.checked_pow(attempts).and_then(|factor| factor.checked_mul(FIRST_RETRY_S));
    doubled.map_or(LAST_RETRY_S, |seconds| seconds.min(LAST_RETRY_S))
}
