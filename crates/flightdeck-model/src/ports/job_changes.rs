//! Changes of jobs, as a batch system, an administrator or a periodic task makes them.

use super::{PortError, PortFuture};
use crate::{AuditEntry, JobDbId, JobKey, JobRecord, JobState, JobVisibility, NewJob, Tag, UnixTime};
use std::fmt::Debug;

/// Tags on one job at most.
pub const JOB_TAGS_MAX: usize = 256;
/// Bytes of all keys and values of a job's metadata at most.
pub const JOB_METADATA_BYTES_MAX: usize = 4 << 20;
/// A job number of a cluster means the same job within this many seconds, so that a start less than this before or
/// after another one is a duplicate.
pub const SAME_JOB_S: i64 = 86_400;

/// Which job is meant by a number of the batch system: the one that started last of those that fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobMatch {
    /// The batch system's job number.
    pub job_id: i64,
    /// The cluster; `None`: any.
    pub cluster: Option<String>,
    /// When it started; `None`: any time.
    pub start_time: Option<UnixTime>,
}

/// Which job a request means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichJob {
    /// The one with this number in the database.
    Id(JobDbId),
    /// The one that fits and started last.
    Match(JobMatch),
}

/// The end of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEnd {
    /// The job.
    pub job: JobMatch,
    /// How it ended; a final state.
    pub state: JobState,
    /// When it ended.
    pub stop_time: UnixTime,
}

/// A job whose tags or metadata were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedJob {
    /// Its number in the database.
    pub id: JobDbId,
    /// Whether its meta.json in the archive is behind now: an [`ArchiveTask`](super::ArchiveTask) was queued with
    /// the change.
    pub archive_is_behind: bool,
}

/// What became of tags that were deleted everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeletedTags {
    /// How many of the named tags were there.
    pub deleted: u64,
    /// Jobs whose meta.json is behind now.
    pub jobs_behind: Vec<JobDbId>,
}

/// Which jobs with tags are spared when old ones are deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OmitTagged {
    /// None.
    #[default]
    None,
    /// Those with any tag.
    All,
    /// Those with a tag that no classification program made: of another type than `app` and `jobClass`.
    User,
}

impl OmitTagged {
    /// Types of the tags that programs make; [`OmitTagged::User`] does not count them.
    pub const PROGRAM_TYPES: [&'static str; 2] = ["app", "jobClass"];
}

/// Which old jobs to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteBefore {
    /// Jobs that started before this time.
    pub started_before: UnixTime,
    /// Which of them are spared for their tags.
    pub omit_tagged: OmitTagged,
    /// Whether running jobs go as well.
    pub include_running: bool,
    /// Whether the archived files are to go as well: an [`ArchiveTask`](super::ArchiveTask) for each.
    pub with_archive: bool,
}

/// A change of a job was refused. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum JobChangeError {
    /// There is no such job, or the asker may not see it.
    #[error("there is no such job")]
    NotFound,
    /// There is a job of this number on the cluster that started less than a day before or after.
    #[error("job {existing} is known already, with the database id {id}")]
    Duplicate {
        /// The job that is there.
        existing: JobKey,
        /// Its number in the database.
        id: JobDbId,
    },
    /// The job has ended already.
    #[error("job {job} is not running, but {state}")]
    NotRunning {
        /// The job.
        job: JobKey,
        /// Its state.
        state: JobState,
    },
    /// The job would have ended before it started.
    #[error("job {job} cannot have stopped at {stop_time}, before its start")]
    StopBeforeStart {
        /// The job.
        job: JobKey,
        /// When it is said to have stopped, in Unix seconds.
        stop_time: i64,
    },
    /// The start that the stop may belong to is kept in quarantine.
    #[error("the start of its job is kept as request {request}")]
    StartKept {
        /// The number of the kept request.
        request: i64,
    },
    /// There are too many tags on the job.
    #[error("a job can have {most} tags at most")]
    TooManyTags {
        /// How many are allowed.
        most: usize,
    },
    /// The job's metadata would become too large.
    #[error("the metadata of a job can have {most_bytes} bytes at most")]
    MetadataTooLarge {
        /// How large they may be.
        most_bytes: usize,
    },
    /// The database could not be read or written.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Changes jobs.
///
/// Each method queues its change before it returns; the future tells when the change is on disk, or why it was
/// refused. Dropping the future does not take the change back: it is made whole, or not at all. With the change
/// goes its audit entry, in the same transaction; a refused change leaves none. The store may put the job's identity
/// in place of the entry's object, and the number of jobs that were deleted into its detail.
pub trait JobChanges: Send + Sync + Debug {
    /// Adds a running job and its tags. Refuses a job whose number was used on its cluster less than a day before or
    /// after. Of several requests for one job, exactly one is accepted.
    ///
    /// # Errors
    ///
    /// [`JobChangeError::Duplicate`], or when the database cannot be written.
    fn start_job(&self, job: NewJob, audit: AuditEntry) -> PortFuture<Result<JobDbId, JobChangeError>>;

    /// Ends a running job and returns it as it is then, without its tags and metadata. Of several requests for one
    /// job, exactly one is accepted.
    ///
    /// # Errors
    ///
    /// [`JobChangeError::NotFound`], [`JobChangeError::NotRunning`], [`JobChangeError::StopBeforeStart`], or when
    /// the database cannot be written.
    fn stop_job(&self, end: JobEnd, audit: AuditEntry) -> PortFuture<Result<JobRecord, JobChangeError>>;

    /// As [`stop_job`](Self::stop_job), but ends no job when a start is kept that the stop may belong to
    /// ([`Quarantine::start_kept_for`](super::Quarantine::start_kept_for)).
    ///
    /// # Errors
    ///
    /// Those of `stop_job`, and [`JobChangeError::StartKept`].
    fn stop_job_unless_start_is_kept(
        &self,
        end: JobEnd,
        audit: AuditEntry,
    ) -> PortFuture<Result<JobRecord, JobChangeError>>;

    /// Ends every running job that is `grace_s` seconds past its walltime at `now`, at start + walltime, with the
    /// state `timeout`. Jobs without a walltime stay, and those of which the [`Quarantine`](super::Quarantine) has a stop:
    /// it knows better. At most `limit` jobs; returns those that were ended.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn stop_overdue(
        &self,
        now: UnixTime,
        grace_s: i64,
        limit: u32,
        audit: AuditEntry,
    ) -> PortFuture<Result<Vec<JobKey>, PortError>>;

    /// Puts tags on a job, all or none. A tag that is new is made; one that the job has changes nothing.
    ///
    /// # Errors
    ///
    /// [`JobChangeError::NotFound`], [`JobChangeError::TooManyTags`], or when the database cannot be written.
    fn add_tags(
        &self,
        job: JobDbId,
        visibility: JobVisibility,
        tags: Vec<Tag>,
        audit: AuditEntry,
    ) -> PortFuture<Result<ChangedJob, JobChangeError>>;

    /// Takes tags off a job. A tag that the job does not have changes nothing.
    ///
    /// # Errors
    ///
    /// [`JobChangeError::NotFound`], or when the database cannot be written.
    fn remove_tags(
        &self,
        job: JobDbId,
        visibility: JobVisibility,
        tags: Vec<Tag>,
        audit: AuditEntry,
    ) -> PortFuture<Result<ChangedJob, JobChangeError>>;

    /// Deletes tags everywhere, all of those that are there.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn delete_tags(&self, tags: Vec<Tag>, audit: AuditEntry) -> PortFuture<Result<DeletedTags, PortError>>;

    /// Sets one key of a job's metadata; the others stay.
    ///
    /// # Errors
    ///
    /// [`JobChangeError::NotFound`], [`JobChangeError::MetadataTooLarge`], or when the database cannot be written.
    fn set_metadata(
        &self,
        job: WhichJob,
        visibility: JobVisibility,
        key: String,
        value: String,
        audit: AuditEntry,
    ) -> PortFuture<Result<ChangedJob, JobChangeError>>;

    /// Deletes a job. `with_archive` queues an [`ArchiveTask`](super::ArchiveTask) that removes its files.
    ///
    /// # Errors
    ///
    /// [`JobChangeError::NotFound`], or when the database cannot be written.
    fn delete_job(
        &self,
        job: WhichJob,
        with_archive: bool,
        audit: AuditEntry,
    ) -> PortFuture<Result<JobDbId, JobChangeError>>;

    /// Deletes old jobs in one transaction and tells how many.
    ///
    /// # Errors
    ///
    /// When the database cannot be written; all jobs are still there then.
    fn delete_jobs_before(
        &self,
        which: DeleteBefore,
        audit: AuditEntry,
    ) -> PortFuture<Result<u64, PortError>>;
}
