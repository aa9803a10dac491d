//! What a node is said to be doing, and how its metrics are doing.

use crate::UnixTime;
use crate::job::null_as_default;
use crate::ports::NodeFreshness;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// What a node is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NodeState {
    /// All of it is in use.
    Allocated,
    /// Kept free for somebody.
    Reserved,
    /// Free.
    Idle,
    /// Partly in use.
    Mixed,
    /// Out of service.
    Down,
    /// None of the reported words is known.
    Unknown,
}

impl NodeState {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Allocated, Self::Reserved, Self::Idle, Self::Mixed, Self::Down, Self::Unknown];

    /// The state's name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allocated => "allocated",
            Self::Reserved => "reserved",
            Self::Idle => "idle",
            Self::Mixed => "mixed",
            Self::Down => "down",
            Self::Unknown => "unknown",
        }
    }

    /// The state of a node that a batch system describes with these words, in any case of letters. The first that
    /// fits decides: allocated, reserved, idle together with down (down), idle, down, mixed.
    #[must_use]
    pub fn from_words(words: &[String]) -> Self {
        let says = |wanted: &str| words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
        match () {
            () if says("allocated") => Self::Allocated,
            () if says("reserved") => Self::Reserved,
            () if says("down") && says("idle") => Self::Down,
            () if says("idle") => Self::Idle,
            () if says("down") => Self::Down,
            () if says("mixed") => Self::Mixed,
            () => Self::Unknown,
        }
    }
}

impl fmt::Display for NodeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a node state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a node state: allowed are allocated, reserved, idle, mixed, down and unknown")]
pub struct UnknownNodeState(pub String);

impl FromStr for NodeState {
    type Err = UnknownNodeState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| UnknownNodeState(text.to_owned()))
    }
}

/// In a word, how a node's metrics are doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NodeHealthState {
    /// All expected metrics are fresh.
    Full,
    /// Some are.
    Partial,
    /// None is, or nothing is known of the node.
    Failed,
}

impl NodeHealthState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Full, Self::Partial, Self::Failed];

    /// The state's name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for NodeHealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a state of a node's metrics.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a node's health: allowed are full, partial and failed")]
pub struct UnknownNodeHealth(pub String);

impl FromStr for NodeHealthState {
    type Err = UnknownNodeHealth;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| UnknownNodeHealth(text.to_owned()))
    }
}

/// How a node's metrics are doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeHealth {
    /// In a word.
    #[serde(rename = "State")]
    pub state: NodeHealthState,
    /// JSON as text: `{"missing":[…],"degraded":[…]}`, the metrics without any sample and those whose newest sample is
    /// older than five timesteps; empty when nothing is known of the node, and when nobody looked.
    #[serde(rename = "HealthMetrics")]
    pub health_metrics: String,
}

/// The metrics that are not fresh, as [`NodeHealth::health_metrics`] has them.
#[derive(Serialize)]
struct NotFresh<'a> {
    missing: &'a [String],
    degraded: &'a [String],
}

impl NodeHealth {
    /// The health of a node that is out of service: nobody expects samples of it.
    #[must_use]
    pub const fn of_down_node() -> Self {
        Self { state: NodeHealthState::Full, health_metrics: String::new() }
    }

    /// The health of a node that is expected to have `expected` metrics.
    #[must_use]
    pub fn of(freshness: &NodeFreshness, expected: usize) -> Self {
        if !freshness.is_known {
            return Self { state: NodeHealthState::Failed, health_metrics: String::new() };
        }
        let NodeFreshness { missing, degraded, .. } = freshness;
        let state = match missing.len() + degraded.len() {
            0 => NodeHealthState::Full,
            bad if bad >= expected => NodeHealthState::Failed,
            _ => NodeHealthState::Partial,
        };
        // Lists of texts can always be encoded.
        let health_metrics = serde_json::to_string(&NotFresh { missing, degraded }).unwrap_or_default();
        Self { state, health_metrics }
    }
}

/// The body of a report of node states. `null` counts as absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeStatesBody {
    /// The cluster's name.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "aurora"))]
    pub cluster: String,
    /// Nodes of the cluster; those that are not named stay as they were reported last.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<NodeStateBody>))]
    pub nodes: Vec<NodeEntry>,
}

/// An entry of a report. It is read apart from the others: one that cannot be understood costs itself alone.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum NodeEntry {
    /// What is said of a node.
    Node(NodeStateBody),
    /// It cannot be understood.
    Odd {
        /// The field that cannot be; empty when the entry is no object.
        field: String,
        /// Why.
        reason: String,
    },
}

impl<'de> Deserialize<'de> for NodeEntry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(&Value::deserialize(deserializer)?))
    }
}

impl NodeEntry {
    fn of(entry: &Value) -> Self {
        let Value::Object(members) = entry else {
            return Self::Odd { field: String::new(), reason: "is no object".to_owned() };
        };
        let error = match NodeStateBody::deserialize(entry) {
            Ok(node) => return Self::Node(node),
            Err(error) => error,
        };
        // The decoder does not name the field; alone it fails in the same way.
        let alone = |(key, value): (&String, &Value)| {
            let member = Map::from_iter([(key.clone(), value.clone())]);
            let failed = NodeStateBody::deserialize(Value::Object(member)).err()?;
            Some(Self::Odd { field: key.clone(), reason: failed.to_string() })
        };
        let unnamed = || Self::Odd { field: String::new(), reason: error.to_string() };
        members.iter().find_map(alone).unwrap_or_else(unnamed)
    }
}

/// What a batch system says of one node.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeStateBody {
    /// The node's name.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "a0117"))]
    pub hostname: String,
    /// The batch system's words for what it is doing, such as `DOWN` and `DRAIN`.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = json!(["IDLE"])))]
    pub states: Vec<String>,
    /// Hardware threads in use.
    #[serde(default, deserialize_with = "null_as_default")]
    pub cpus_allocated: i64,
    /// Memory in use, in MB.
    #[serde(default, deserialize_with = "null_as_default")]
    pub memory_allocated: i64,
    /// Accelerators in use.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gpus_allocated: i64,
    /// Number of jobs on it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub jobs_running: i64,
}

/// One node of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeReport {
    /// The node's name.
    pub hostname: String,
    /// Its subcluster.
    pub subcluster: String,
    /// What it is doing.
    pub state: NodeState,
    /// Hardware threads in use.
    pub cpus_allocated: i64,
    /// Memory in use, in MB.
    pub memory_allocated_mb: i64,
    /// Accelerators in use.
    pub gpus_allocated: i64,
    /// Number of jobs on it.
    pub jobs_running: i64,
    /// How its metrics were doing; `None` when this server does not keep them.
    pub health: Option<NodeHealth>,
}

/// What a node was doing at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    /// Its cluster.
    pub cluster: String,
    /// When it was reported.
    pub time: UnixTime,
    /// What was reported.
    pub report: NodeReport,
}
