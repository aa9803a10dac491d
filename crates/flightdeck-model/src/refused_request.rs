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

/// A request that is kept, without what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRequest {
    /// Its number.
    pub id: i64,
    /// What was refused.
    pub kind: RefusedKind,
    /// The job it was for; a stop may name no cluster and no start time.
    pub job: JobMatch,
    /// When the job is said to have started, or stopped.
    pub event_time: UnixTime,
}

impl NewRefusedRequest {
    /// KiB of the body, rounded up.
    #[must_use]
    pub fn body_kib(&self) -> u64 {
        u64::try_from(self.body.len().div_ceil(1024)).unwrap_or(u64::MAX)
    }
}

impl RefusedRequest {
    /// The same without what was sent.
    #[must_use]
    pub fn brief(&self) -> KeptRequest {
        let NewRefusedRequest { kind, job, event_time, .. } = &self.request;
        KeptRequest { id: self.id, kind: *kind, job: job.clone(), event_time: *event_time }
    }
}

impl KeptRequest {
    /// Whether it is a start that a stop may belong to: of that number, begun before the stop.
    #[must_use]
    pub fn may_be_start_of(&self, job: &JobMatch, stop_time: UnixTime) -> bool {
        self.kind == RefusedKind::StartJob
            && self.job.job_id == job.job_id
            && (job.cluster.is_none() || job.cluster == self.job.cluster)
            && job.start_time.is_none_or(|time| time == self.event_time)
            && self.event_time <= stop_time
    }
}
