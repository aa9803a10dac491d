//! Starts and stops that were refused by a rule, and are kept until an administrator mends the cause.

use super::{PortError, PortFuture};
use crate::{AuditEntry, NewRefusedRequest, Page, RefusedRequest};
use std::fmt::Debug;

/// A page of kept requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinePage {
    /// The requests, the oldest first.
    pub requests: Vec<RefusedRequest>,
    /// How many there are in all.
    pub total: u64,
}

/// Keeps refused requests.
pub trait Quarantine: Send + Sync + Debug {
    /// Keeps a request. One that is there already (same kind, cluster, job number and event time) is
    /// kept as it is: a repetition never replaces what is known. Returns `false` when there are `most` requests
    /// already and it was not kept.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn keep(
        &self,
        request: NewRefusedRequest,
        most: u64,
        audit: AuditEntry,
    ) -> PortFuture<Result<bool, PortError>>;

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

    /// The kept requests for one job number, starts before stops. `None`: on any cluster.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn refused_of_job(&self, cluster: Option<&str>, job_id: i64) -> Result<Vec<RefusedRequest>, PortError>;

    /// Removes a kept request; `false` when it was not there.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn remove_refused(&self, id: i64, audit: AuditEntry) -> PortFuture<Result<bool, PortError>>;
}
