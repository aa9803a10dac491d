//! Starts and stops that were refused by a rule, and are kept until an administrator mends the cause.

use super::{PortError, PortFuture};
use crate::{
    AuditEntry, JobChangeError, JobMatch, KeptRequest, NewRefusedRequest, Page, RefusedRequest, UnixTime,
};
use std::fmt::Debug;

/// Bytes of a body beyond which a list does not show it.
pub const LISTED_BODY_BYTES_MAX: usize = 64 << 10;

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineRoom {
    /// Requests.
    pub requests: u64,
    /// KiB of all bodies, each rounded up.
    pub body_kib: u64,
}

/// What became of a request that was to be kept.
#[derive(Debug)]
pub enum Keeping {
    /// It is kept, now or already.
    Kept,
    /// There is no room for it.
    Full,
    /// What it tells has happened already: there is such a job, or it has ended. It is not kept.
    Known(JobChangeError),
}

/// A page of kept requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinePage {
    /// The requests, the oldest first. A body of more than [`LISTED_BODY_BYTES_MAX`] bytes is empty here.
    pub requests: Vec<RefusedRequest>,
    /// How many there are in all.
    pub total: u64,
}

/// Keeps refused requests.
pub trait Quarantine: Send + Sync + Debug {
    /// Keeps a request, unless it tells what is known: a start of a job that is there, by the rule of starts; a stop of
    /// one that has ended, if no start is kept that it may belong to. One that is kept already is kept as it is: a start
    /// on the same cluster of the same number less than a day before or after, a stop with the same cluster, number,
    /// start and end. A repetition never replaces what is known.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn keep(
        &self,
        request: NewRefusedRequest,
        room: QuarantineRoom,
        audit: AuditEntry,
    ) -> PortFuture<Result<Keeping, PortError>>;

    /// Lists kept requests, the oldest first.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn list_refused(&self, page: Page) -> Result<QuarantinePage, PortError>;

    /// Finds a kept request by its number.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn find_refused(&self, id: i64) -> Result<Option<RefusedRequest>, PortError>;

    /// The kept requests for one job number, starts before stops.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn kept_of_job(&self, job_id: i64) -> Result<Vec<KeptRequest>, PortError>;

    /// The number of the kept start that a stop may belong to: one of that number that began before it, and after any job
    /// that is there, fits, and began before it.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn start_kept_for(&self, ended: &JobMatch, stop_time: UnixTime) -> Result<Option<i64>, PortError>;

    /// The numbers of kept stops whose job is there and runs, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn kept_stops_of_running_jobs(&self, limit: u32) -> Result<Vec<i64>, PortError>;

    /// Removes a kept request; `false` when it was not there.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn remove_refused(&self, id: i64, audit: AuditEntry) -> PortFuture<Result<bool, PortError>>;
}
