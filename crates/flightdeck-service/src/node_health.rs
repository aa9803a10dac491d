//! Tells how fresh the metrics of nodes are.

use crate::permission::require_sample_owner;
use crate::query_samples::null_as_default;
use crate::{ServiceError, Services};
use flightdeck_model::{NodeHealth, Principal};
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
    #[serde(default, deserialize_with = "null_as_default")]
    pub nodes: Vec<String>,
    /// The metrics that each of them is expected to have.
    #[serde(rename = "metric-names", default, deserialize_with = "null_as_default")]
    pub metric_names: Vec<String>,
}

impl Services {
    /// Tells the health of each named node, by its name.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not look into the store, Invalid for too many nodes and metrics, Unavailable when this
    /// server keeps no samples.
    pub fn node_health(
        &self,
        principal: &Principal,
        body: &HealthBody,
    ) -> Result<BTreeMap<String, NodeHealth>, ServiceError> {
        require_sample_owner(principal)?;
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
