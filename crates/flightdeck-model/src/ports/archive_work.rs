//! What the archive has to be told after a change in the database: kept with the change, so that it is done even
//! when the server is killed in between.

use super::{PortError, PortFuture};
use crate::{JobDbId, JobKey, Tag};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// What is to be done in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveAction {
    /// Write the job's tags and metadata into its meta.json.
    Update {
        /// The job.
        job: JobDbId,
    },
    /// Remove the files of a job that was deleted.
    Remove,
}

/// One thing that is to be done in the archive. There is at most one of each action for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveTask {
    /// Its number.
    pub id: i64,
    /// What is to be done.
    pub action: ArchiveAction,
    /// The job's identity.
    pub key: JobKey,
    /// Grows with every change of the job: a task that was done for an older state is not done.
    pub version: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed last; empty when it was not tried.
    pub problem: String,
}

/// What the archive should say of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobLabels {
    /// All of its tags, whoever may see them.
    pub tags: Vec<Tag>,
    /// Its metadata.
    pub meta_data: BTreeMap<String, String>,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveOutcome {
    /// Done. `fingerprint`: of the meta.json as it is now, so that an import knows the job for unchanged.
    Done {
        /// `None` when files were removed.
        fingerprint: Option<i64>,
    },
    /// Could not be done.
    Failed {
        /// Why.
        problem: String,
    },
}

/// The queue of what is to be done in the archive.
pub trait ArchiveWork: Send + Sync + Debug {
    /// Lists tasks, those that were tried least first. At most `limit`.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn archive_tasks(&self, limit: u32) -> Result<Vec<ArchiveTask>, PortError>;

    /// The tasks of these jobs.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn archive_tasks_of(&self, jobs: &[JobDbId]) -> Result<Vec<ArchiveTask>, PortError>;

    /// The tags and metadata of a job as they are now; `None` when it is gone.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn job_labels(&self, job: JobDbId) -> Result<Option<JobLabels>, PortError>;

    /// Removes a task that was done, unless the job was changed again since; or counts the failed attempt.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn settle_archive_task(
        &self,
        task: ArchiveTask,
        outcome: ArchiveOutcome,
    ) -> PortFuture<Result<(), PortError>>;
}
