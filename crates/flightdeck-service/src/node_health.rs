//! Tells how fresh the metrics of nodes are.

use crate::permission::require_sample_reader;
use crate::{ServiceError, Services};
use flightdeck_model::{NodeFreshness, Principal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Nodes and metrics of one request at most, multiplied.
const CHECKS_MAX: usize = 1_000_000;

/// Asks for the health of nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthBody {
    /// The cluster's name.
    pub cluster: String,
    /// Names of its nodes.
    pub nodes: Vec<String>,
    /// The metrics that each of them is expected to have.
    #[serde(rename = "metric-names")]
    pub metric_names: Vec<String>,
}

/// In a word, how a node's metrics are doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeHealthState {
    /// All expected metrics are fresh.
    Full,
    /// Some are.
    Partial,
    /// None is, or nothing is known of the node.
    Failed,
}

impl NodeHealthState {
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

/// How a node's metrics are doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeHealth {
    /// In a word.
    #[serde(rename = "State")]
    pub state: NodeHealthState,
    /// JSON as text: `{"missing":[…],"degraded":[…]}`, the metrics without any sample and those whose newest sample is
    /// older than five timesteps; empty when nothing is known of the node.
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
    /// The health of a node that is expected to have `expected` metrics.
    pub(crate) fn of(freshness: &NodeFreshness, expected: usize) -> Self {
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

impl Services {
    /// Tells the health of each named node, by its name.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not see all samples, Invalid for too many nodes and metrics, Unavailable when this
    /// server keeps no samples.
    pub fn node_health(
        &self,
        principal: &Principal,
        body: &HealthBody,
    ) -> Result<BTreeMap<String, NodeHealth>, ServiceError> {
        require_sample_reader(principal)?;
        let store = self.metrics.own_store()?;
        let checks = body.nodes.len().saturating_mul(body.metric_names.len().max(1));
        if checks > CHECKS_MAX {
            let reason = format!("these nodes and metrics are {checks} series: allowed are {CHECKS_MAX}");
            return Err(ServiceError::invalid("nodes", reason));
        }
        let nodes: Vec<&str> = body.nodes.iter().map(String::as_str).collect();
        let metrics: Vec<&str> = body.metric_names.iter().map(String::as_str).collect();
        let found = store.freshness(&body.cluster, &nodes, &metrics, self.clock.now());
        let healths = found.iter().map(|freshness| NodeHealth::of(freshness, metrics.len()));
        Ok(body.nodes.iter().cloned().zip(healths).collect())
    }
}
