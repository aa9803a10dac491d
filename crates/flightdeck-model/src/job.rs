//! What a job is: its identity, state, resources and statistics, as the API and the archive write them.
//!
//! The JSON names are the field's published language; they stand here once.

use crate::{Unit, UnixTime};
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

mod meta;
mod meta_edit;
mod new;
mod record;
#[cfg(test)]
mod tests;

pub use meta::JobMeta;
pub use meta_edit::MetaEdit;
pub use new::{NewJob, PassedOver, StartJobBody, StartResource, StopJobBody, TagBody};
pub use record::{ConcurrentJobs, JobFragments, JobRecord};

/// The number of a job in this server's database. Never used again after the job is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = 4711))]
pub struct JobDbId(pub i64);

impl fmt::Display for JobDbId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The identity of a job everywhere: batch systems use a job number again, but not at the same time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    /// The cluster's name.
    pub cluster: String,
    /// The batch system's job number.
    pub job_id: i64,
    /// When the job started.
    pub start_time: UnixTime,
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.cluster, self.job_id, self.start_time.0)
    }
}

/// What the batch system says of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum JobState {
    /// A node did not boot.
    BootFail,
    /// Cancelled by the user or an administrator.
    Cancelled,
    /// Ended by itself, successfully.
    Completed,
    /// Ended at its deadline.
    Deadline,
    /// Ended by itself, with an error.
    Failed,
    /// A node failed.
    NodeFail,
    /// Used more memory than it was given.
    OutOfMemory,
    /// Waits for resources.
    Pending,
    /// Had to make room for another job.
    Preempted,
    /// Runs.
    Running,
    /// Suspended.
    Suspended,
    /// Ran into its time limit.
    Timeout,
}

impl JobState {
    /// All states, in alphabetical order.
    pub const ALL: [Self; 12] = [
        Self::BootFail,
        Self::Cancelled,
        Self::Completed,
        Self::Deadline,
        Self::Failed,
        Self::NodeFail,
        Self::OutOfMemory,
        Self::Pending,
        Self::Preempted,
        Self::Running,
        Self::Suspended,
        Self::Timeout,
    ];

    /// The state's name in the API, the archive and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BootFail => "boot_fail",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
            Self::Deadline => "deadline",
            Self::Failed => "failed",
            Self::NodeFail => "node_fail",
            Self::OutOfMemory => "out_of_memory",
            Self::Pending => "pending",
            Self::Preempted => "preempted",
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Timeout => "timeout",
        }
    }
}

impl JobState {
    /// Whether a job in this state has ended: it is neither waiting, nor running, nor suspended.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Suspended)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a job state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a job state: allowed are boot_fail, cancelled, completed, deadline, failed, node_fail, \
     out_of_memory, pending, preempted, running, suspended and timeout"
)]
pub struct UnknownState(pub String);

impl FromStr for JobState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// Who else may use the job's nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Shared {
    /// The job has its nodes for itself.
    #[default]
    None,
    /// Other jobs of the same user.
    SingleUser,
    /// Anybody's jobs.
    MultiUser,
}

impl Shared {
    /// The name in the API, the archive and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SingleUser => "single_user",
            Self::MultiUser => "multi_user",
        }
    }
}

/// The text is not one of the ways to share a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a way to share nodes: allowed are none, single_user and multi_user")]
pub struct UnknownShared(pub String);

impl FromStr for Shared {
    type Err = UnknownShared;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::None, Self::SingleUser, Self::MultiUser]
            .into_iter()
            .find(|shared| shared.as_str() == text)
            .ok_or_else(|| UnknownShared(text.to_owned()))
    }
}

/// Where a job's metric data are. A number in JSON: 0 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MonitoringStatus {
    /// 0: the job is not monitored.
    Disabled,
    /// 1: the data are in the metric store; the job runs or waits to be archived.
    RunningOrArchiving,
    /// 2: archiving failed.
    ArchivingFailed,
    /// 3: the data are in the archive.
    Archived,
}

impl MonitoringStatus {
    /// The number in the API and the database.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Disabled => 0,
            Self::RunningOrArchiving => 1,
            Self::ArchivingFailed => 2,
            Self::Archived => 3,
        }
    }

    /// The status with this number.
    #[must_use]
    pub const fn from_code(code: i16) -> Option<Self> {
        match code {
            0 => Some(Self::Disabled),
            1 => Some(Self::RunningOrArchiving),
            2 => Some(Self::ArchivingFailed),
            3 => Some(Self::Archived),
            _ => None,
        }
    }
}

/// One node of a job, and what of it the job has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resource {
    /// The node's name.
    #[cfg_attr(feature = "openapi", schema(example = "a0117"))]
    pub hostname: String,
    /// Numbers of the job's hardware threads; absent when the job has the whole node.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub hwthreads: Vec<u32>,
    /// Ids of the job's accelerators.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub accelerators: Vec<String>,
    /// Free text of the batch system.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub configuration: String,
}

/// A label on jobs. Unique by type, name and scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tag {
    /// The tag's number in this server's database; 0 in the archive.
    #[serde(default)]
    pub id: i64,
    /// What kind of label, for example `app` or `jobClass`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(example = "quality"))]
    pub tag_type: String,
    /// The label.
    #[cfg_attr(feature = "openapi", schema(example = "good"))]
    pub name: String,
    /// Who sees it: `global`, `admin`, or the name of the one user.
    #[serde(default = "global_scope", deserialize_with = "scope_or_global")]
    #[cfg_attr(feature = "openapi", schema(example = "global"))]
    pub scope: String,
}

fn global_scope() -> String {
    "global".to_owned()
}

fn scope_or_global<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let scope = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    Ok(if scope.is_empty() { global_scope() } else { scope })
}

/// One metric over the whole run of a job: per-node average, smallest and largest sample.
///
/// NaN stands for "no value" and is `null` in JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobStatistics {
    /// The unit of the three values.
    #[serde(default)]
    pub unit: Unit,
    /// Average of the nodes' averages.
    #[serde(default, deserialize_with = "null_as_nan")]
    pub avg: f64,
    /// Smallest sample of any node.
    #[serde(default, deserialize_with = "null_as_nan")]
    pub min: f64,
    /// Largest sample of any node.
    #[serde(default, deserialize_with = "null_as_nan")]
    pub max: f64,
}

/// Reads `null` as the type's default: old archives have it where a list or text is meant to be empty.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads `null` as NaN, "no value".
pub(crate) fn null_as_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::<f64>::deserialize(deserializer).map(|value| value.unwrap_or(f64::NAN))
}

/// Reads the `statistics` object of a meta.json, passing over members that are no statistics
/// (old archives have a list `filesystems` there).
pub(crate) fn statistics_by_metric<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, JobStatistics>, D::Error> {
    let members = Option::<BTreeMap<String, StatisticsMember>>::deserialize(deserializer)?;
    let known = members.unwrap_or_default().into_iter();
    Ok(known.filter_map(|(metric, StatisticsMember(statistics))| Some((metric, statistics?))).collect())
}

/// A member of the `statistics` object: statistics, or something else that is passed over.
struct StatisticsMember(Option<JobStatistics>);

impl<'de> Deserialize<'de> for StatisticsMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatisticsMemberVisitor)
    }
}

struct StatisticsMemberVisitor;

impl<'de> Visitor<'de> for StatisticsMemberVisitor {
    type Value = StatisticsMember;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with avg, min and max")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        JobStatistics::deserialize(MapAccessDeserializer::new(map)).map(|it| StatisticsMember(Some(it)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(StatisticsMember(None))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(StatisticsMember(None))
    }
}
