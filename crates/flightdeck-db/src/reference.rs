//! Takes over a database file of ClusterCockpit's cc-backend, which is only read.
//!
//! What is there already stays as it is, so taking a file over again changes nothing, and goes on with what broke off.

use crate::{Database, DbError};
use file::ReferenceFile;
use flightdeck_model::JobRepository;
use std::path::Path;

mod accounts;
mod file;
mod jobs;
mod node_states;
mod tables;
mod tags;
mod values;

/// Rows that are read, and written in one transaction, at once.
const BATCH: i64 = 1000;

/// What was taken over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceReport {
    /// Accounts that were added.
    pub users: u64,
    /// Accounts that were there already, and stayed as they were.
    pub users_kept: u64,
    /// Settings of users that were added.
    pub settings: u64,
    /// Tags that were added.
    pub tags: u64,
    /// Jobs that were added, running ones included.
    pub jobs: u64,
    /// Jobs that were there already, and stayed as they were.
    pub jobs_kept: u64,
    /// Jobs that were added and are running.
    pub running_jobs: u64,
    /// Nodes that were added.
    pub nodes: u64,
    /// States of nodes that were added to the history.
    pub node_states: u64,
    /// Rows that were left out because they break a rule, each with its table, its id and the reason.
    pub problems: Vec<String>,
}

impl ReferenceReport {
    fn leave_out(&mut self, table: &str, row: &str, reason: &impl std::fmt::Display) {
        self.problems.push(format!("table {table}, row {row}: {reason}"));
    }
}

/// Takes over users, their settings, tags, running and finished jobs, and states of nodes from a database file of
/// cc-backend, version 11.
///
/// The file is not written to, nor is anything beside it: it is opened as unchangeable, or if there is a log beside it,
/// copied to a temporary folder together with the log. Stop cc-backend first.
///
/// Passwords stay as they are hashed. Accounts, tags, jobs and states that are in the database already stay as they are.
/// Jobs get new ids, in the order of the file. The file has no statistics of jobs; those come with the archive, whose
/// import updates the jobs and leaves them their ids and tags. Rows that break a rule are left out and told of in the
/// report.
///
/// # Errors
///
/// [`DbError::NotReference`], [`DbError::ReferenceVersion`] and [`DbError::ReferenceDirty`] when the file is not such a
/// database; nothing is taken over then. [`DbError::ReferenceChanged`] when cc-backend is writing to the file, and
/// whatever goes wrong with reading it or writing to the database: the rows that were taken over until then stay, and
/// the file can be taken over again.
pub fn import_reference(path: &Path, into: &Database) -> Result<ReferenceReport, DbError> {
    let mut file = ReferenceFile::open(path)?;
    let mut report = ReferenceReport::default();
    accounts::take_users(&mut file, into, &mut report)?;
    accounts::take_settings(&mut file, into, &mut report)?;
    let tag_ids = tags::take_tags(&mut file, into, &mut report)?;
    jobs::take_jobs(&mut file, into, &tag_ids, &mut report)?;
    jobs::take_starting_jobs(&mut file, into, &mut report)?;
    node_states::take_node_states(&mut file, into, &mut report)?;
    file.check_unchanged()?;
    if let Err(error) = into.optimize() {
        tracing::warn!(%error, "all is taken over, but how queries are best made is not known yet");
    }
    Ok(report)
}
