//! Who changed what.

use super::{PortError, PortFuture};
use crate::{AuditEntry, AuditFilter, Page, RecordedEntry};
use std::fmt::Debug;

/// A page of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries, the newest first.
    pub entries: Vec<RecordedEntry>,
    /// How many entries fit in all.
    pub total: u64,
}

/// The log of changes. Entries are only ever added.
pub trait AuditLog: Send + Sync + Debug {
    /// Adds an entry of something that is in no other transaction, such as a refusal.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn record(&self, entry: AuditEntry) -> PortFuture<Result<(), PortError>>;

    /// Lists entries, the newest first.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn list_entries(&self, filter: &AuditFilter, page: Page) -> Result<AuditPage, PortError>;
}
