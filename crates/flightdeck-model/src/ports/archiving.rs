//! The queue of jobs that have ended and whose metric data are not in the archive yet. Kept with the jobs, so that it
//! outlives the server.

use super::{JobLabels, PortError, PortFuture};
use crate::{JobDbId, JobStatistics, UnixTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// A job that is to be archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobToArchive {
    /// The job.
    pub id: JobDbId,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is to be tried (next).
    pub due: UnixTime,
    /// Why it failed last; empty when it was not tried.
    pub problem: String,
}

/// Samples that were not there when a job was archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissingSamples {
    /// The metric.
    pub metric: String,
    /// The hosts that had none; empty: no host had any.
    pub hosts: Vec<String>,
    /// Why, in a few words.
    pub reason: String,
}

/// What an archived job's row is to say.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedResult {
    /// Fingerprint of the meta.json that was written.
    pub fingerprint: i64,
    /// The tags and metadata that are in it. If the job has others by now, the archive is told of them next.
    pub labels: JobLabels,
    /// Statistics by metric.
    pub statistics: BTreeMap<String, JobStatistics>,
    /// Footprint key to value.
    pub footprint: BTreeMap<String, f64>,
    /// Energy in kWh.
    pub energy_kwh: f64,
    /// Energy by metric in kWh.
    pub energy_footprint_kwh: BTreeMap<String, f64>,
    /// What was not there.
    pub missing: Vec<MissingSamples>,
}

/// What became of an attempt to archive a job.
#[derive(Debug, Clone, PartialEq)]
pub enum ArchivingOutcome {
    /// It is in the archive: monitoring status 3.
    Archived(Box<ArchivedResult>),
    /// It did not work, and is to be tried again.
    Retry {
        /// When.
        due: UnixTime,
        /// Why it did not work.
        problem: String,
    },
    /// It did not work, and is not tried again: monitoring status 2.
    GivenUp {
        /// Why.
        problem: String,
    },
}

/// The queue of jobs to be archived. [`JobChanges::stop_job`](super::JobChanges::stop_job) puts a job with monitoring
/// status 1 into it, in the same transaction.
pub trait ArchivingQueue: Send + Sync + Debug {
    /// Jobs that are due, the earliest first.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn jobs_to_archive(&self, due: UnixTime, limit: u32) -> Result<Vec<JobToArchive>, PortError>;

    /// Writes down what became of a job, and takes it out of the queue unless it is to be tried again. `false`: the job
    /// is gone, or was archived already.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn settle_archiving(
        &self,
        job: JobDbId,
        outcome: ArchivingOutcome,
    ) -> PortFuture<Result<bool, PortError>>;

    /// Puts jobs that have ended and were given up (monitoring status 2) back into the queue, due at once and as if they
    /// had never been tried: this one, or all. Returns how many there were. What is known of them is looked up before
    /// this returns.
    ///
    /// # Errors
    ///
    /// When the database cannot be read or written; some may be queued then.
    fn requeue(&self, job: Option<JobDbId>) -> PortFuture<Result<u64, PortError>>;

    /// Replaces the footprints of running jobs; those that have ended since stay as they are.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn set_footprints(
        &self,
        footprints: Vec<(JobDbId, BTreeMap<String, f64>)>,
    ) -> PortFuture<Result<(), PortError>>;
}
