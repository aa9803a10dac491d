//! Stores what a batch system says of the nodes of a cluster, and how their metrics are doing at that time.

use crate::field_rules::required_word;
use crate::permission::require_any_job;
use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{
    AuditAction, Cluster, NodeHealth, NodeReport, NodeState, NodeStateBody, NodeStatesBody, UnixTime,
};
use std::collections::BTreeMap;

/// What became of a report of node states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodesReported {
    /// How many nodes' states were stored.
    pub stored: u64,
    /// Hosts that no subcluster of the cluster has; all of them when the cluster is not configured.
    pub unknown: Vec<String>,
    /// Whether the cluster is configured.
    pub cluster_is_known: bool,
}

impl Services {
    /// Stores the states of nodes. Nodes that are not configured are passed over and told: a client that sends all its
    /// nodes at once is not to lose them for one. Of a node that is named twice, the last state counts.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not change any job, Invalid for a field that breaks a rule, Port when the database
    /// fails. Nothing was stored then.
    pub async fn report_nodes(
        &self,
        caller: &Caller,
        body: NodeStatesBody,
    ) -> Result<NodesReported, ServiceError> {
        let object = format!("nodes of {}", shown(&body.cluster));
        let attempt = self.attempt(caller, AuditAction::ReportNodes, object);
        if let Err(refusal) = require_any_job(&caller.principal).and_then(|()| check(&body)) {
            return Err(attempt.refused(refusal));
        }
        let Some(cluster) = self.clusters.get(&body.cluster) else {
            let unknown = body.nodes.into_iter().map(|node| node.hostname).collect();
            return Ok(NodesReported { stored: 0, unknown, cluster_is_known: false });
        };
        let (mut reports, unknown) = reports_of(cluster, body.nodes);
        let stored = u64::try_from(reports.len()).unwrap_or(u64::MAX);
        if stored > 0 {
            let time = self.clock.now();
            self.add_health(cluster, &mut reports, time);
            let stored_reports = self.nodes.report_nodes(body.cluster, time, reports).await;
            if let Err(error) = stored_reports {
                return Err(attempt.refused(error.into()));
            }
            attempt.with_detail(format!("{stored} nodes")).made().await?;
        }
        Ok(NodesReported { stored, unknown, cluster_is_known: true })
    }

    /// Says how the nodes' metrics are doing, where this server keeps them.
    fn add_health(&self, cluster: &Cluster, reports: &mut [NodeReport], now: UnixTime) {
        for subcluster in &cluster.subclusters {
            let Some(store) = self.metrics.own_of(&cluster.name, &subcluster.name) else { continue };
            let (down, up): (Vec<_>, Vec<_>) = reports
                .iter_mut()
                .filter(|report| report.subcluster == subcluster.name)
                .partition(|report| report.state == NodeState::Down);
            for report in down {
                report.health = Some(NodeHealth::of_down_node());
            }
            let expected: Vec<&str> = subcluster.metrics.iter().map(|metric| metric.name.as_str()).collect();
            let hosts: Vec<&str> = up.iter().map(|report| report.hostname.as_str()).collect();
            let found = store.freshness(&cluster.name, &hosts, &expected, now);
            for (report, freshness) in up.into_iter().zip(&found) {
                report.health = Some(NodeHealth::of(freshness, expected.len()));
            }
        }
    }
}

fn check(body: &NodeStatesBody) -> Result<(), ServiceError> {
    for (place, node) in body.nodes.iter().enumerate() {
        let invalid =
            |key: &str, reason: &str| ServiceError::invalid(format!("nodes[{place}].{key}"), reason);
        required_word(&node.hostname).map_err(|reason| invalid("hostname", reason))?;
        let numbers = [
            ("cpusAllocated", node.cpus_allocated),
            ("memoryAllocated", node.memory_allocated),
            ("gpusAllocated", node.gpus_allocated),
            ("jobsRunning", node.jobs_running),
        ];
        if let Some((key, _)) = numbers.into_iter().find(|(_, number)| *number < 0) {
            return Err(invalid(key, "must not be negative"));
        }
    }
    Ok(())
}

/// The nodes that the cluster has, each once, by name; and the names of those that it does not have.
fn reports_of(cluster: &Cluster, nodes: Vec<NodeStateBody>) -> (Vec<NodeReport>, Vec<String>) {
    let mut reports = BTreeMap::new();
    let mut unknown = Vec::new();
    for node in nodes {
        let Some(subcluster) = cluster.subcluster_of_host(&node.hostname) else {
            unknown.push(node.hostname);
            continue;
        };
        let report = NodeReport {
            hostname: node.hostname,
            subcluster: subcluster.name.clone(),
            state: NodeState::from_words(&node.states),
            cpus_allocated: node.cpus_allocated,
            memory_allocated_mb: node.memory_allocated,
            gpus_allocated: node.gpus_allocated,
            jobs_running: node.jobs_running,
            health: None,
        };
        reports.insert(report.hostname.clone(), report);
    }
    (reports.into_values().collect(), unknown)
}
