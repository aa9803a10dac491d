//! Entries of the audit log.

use crate::{Range, UnixTime};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What was done, or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AuditAction {
    /// A job was started.
    StartJob,
    /// A job was ended.
    StopJob,
    /// Tags were put on a job.
    TagJob,
    /// Tags were taken off a job.
    UntagJob,
    /// Tags were deleted everywhere.
    DeleteTags,
    /// A job's metadata was edited.
    EditMeta,
    /// A job was deleted.
    DeleteJob,
    /// Old jobs were deleted.
    DeleteJobsBefore,
    /// An account was changed.
    ChangeUser,
    /// States of nodes were reported.
    ReportNodes,
    /// A machine's state file was stored.
    StoreMachineState,
    /// A refused request was tried again.
    RetryQuarantined,
    /// A refused request was dropped.
    DropQuarantined,
    /// Samples were dropped from the metric store.
    FreeSamples,
    /// Jobs that could not be archived were queued again.
    ArchiveAgain,
}

impl AuditAction {
    /// All actions.
    pub const ALL: [Self; 15] = [
        Self::StartJob,
        Self::StopJob,
        Self::TagJob,
        Self::UntagJob,
        Self::DeleteTags,
        Self::EditMeta,
        Self::DeleteJob,
        Self::DeleteJobsBefore,
        Self::ChangeUser,
        Self::ReportNodes,
        Self::StoreMachineState,
        Self::RetryQuarantined,
        Self::DropQuarantined,
        Self::FreeSamples,
        Self::ArchiveAgain,
    ];

    /// The action's name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StartJob => "start_job",
            Self::StopJob => "stop_job",
            Self::TagJob => "tag_job",
            Self::UntagJob => "untag_job",
            Self::DeleteTags => "delete_tags",
            Self::EditMeta => "edit_meta",
            Self::DeleteJob => "delete_job",
            Self::DeleteJobsBefore => "delete_jobs_before",
            Self::ChangeUser => "change_user",
            Self::ReportNodes => "report_nodes",
            Self::StoreMachineState => "store_machine_state",
            Self::RetryQuarantined => "retry_quarantined",
            Self::DropQuarantined => "drop_quarantined",
            Self::FreeSamples => "free_samples",
            Self::ArchiveAgain => "archive_again",
        }
    }
}

impl fmt::Display for AuditAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an action of the audit log: allowed are {names}", names = names(&AuditAction::ALL.map(AuditAction::as_str)))]
pub struct UnknownAuditAction(pub String);

impl FromStr for AuditAction {
    type Err = UnknownAuditAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|action| action.as_str() == text);
        found.ok_or_else(|| UnknownAuditAction(text.to_owned()))
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused; nothing changed.
    Refused,
    /// It failed; nothing changed.
    Failed,
}

impl AuditOutcome {
    /// All outcomes.
    pub const ALL: [Self; 3] = [Self::Done, Self::Refused, Self::Failed];

    /// The outcome's name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for AuditOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an outcome: allowed are done, refused and failed")]
pub struct UnknownAuditOutcome(pub String);

impl FromStr for AuditOutcome {
    type Err = UnknownAuditOutcome;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|outcome| outcome.as_str() == text);
        found.ok_or_else(|| UnknownAuditOutcome(text.to_owned()))
    }
}

fn names(words: &[&str]) -> String {
    words.join(", ")
}

/// Who asks for a change, and by which request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Login name; of a command on the machine `cli`, of a periodic task `server`.
    pub username: String,
    /// Address of the client; empty when the request came from the machine itself.
    pub address: String,
    /// The request's id, as the log has it; empty when there was none.
    pub request_id: String,
}

/// What is said of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub time: UnixTime,
    /// Who, from where, by which request.
    pub origin: Origin,
    /// What.
    pub action: AuditAction,
    /// On what: `aurora/4711/1700000000` for a job, else in words.
    pub object: String,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// What changed, or why it did not; may be empty.
    pub detail: String,
}

/// An entry as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEntry {
    /// Its number; grows.
    pub id: i64,
    /// What it says.
    pub entry: AuditEntry,
}

/// Conditions on entries; all given ones must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The login name.
    pub username: Option<String>,
    /// One of these actions; empty: any.
    pub actions: Vec<AuditAction>,
    /// One of these outcomes; empty: any.
    pub outcomes: Vec<AuditOutcome>,
    /// The object, in full.
    pub object: Option<String>,
    /// The time in Unix seconds.
    pub time: Option<Range<i64>>,
}
