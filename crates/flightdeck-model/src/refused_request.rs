//! Starts and stops that were refused by a rule and kept.

use crate::{JobMatch, UnixTime};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RefusedKind {
    /// The start of a job.
    StartJob,
    /// The end of a job.
    StopJob,
}

impl RefusedKind {
    /// The kind's name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StartJob => "start_job",
            Self::StopJob => "stop_job",
        }
    }
}

impl fmt::Display for RefusedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a kind of refused request: allowed are start_job and stop_job")]
pub struct UnknownRefusedKind(pub String);

impl FromStr for RefusedKind {
    type Err = UnknownRefusedKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "start_job" => Ok(Self::StartJob),
            "stop_job" => Ok(Self::StopJob),
            other => Err(UnknownRefusedKind(other.to_owned())),
        }
    }
}

/// A request that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefusedRequest {
    /// What was refused.
    pub kind: RefusedKind,
    /// The job it was for; a stop may name no cluster and no start time.
    pub job: JobMatch,
    /// When the job is said to have started, or stopped.
    pub event_time: UnixTime,
    /// When it came.
    pub received: UnixTime,
    /// Who sent it.
    pub username: String,
    /// Why it was refused.
    pub reason: String,
    /// The request's body, as JSON.
    pub body: String,
}

/// A request that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRequest {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub request: NewRefusedRequest,
}
