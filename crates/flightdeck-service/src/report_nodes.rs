//! Stores what a batch system says of the nodes of a cluster, and how their metrics are doing at that time.

use crate::field_rules::required_word;
use crate::permission::require_any_job;
use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{
    AuditAction, Cluster, NodeEntry, NodeHealth, NodeReport, NodeState, NodeStateBody, NodeStatesBody,
    UnixTime,
};
use std::collections::{BTreeMap, BTreeSet};

/// What became of a report of node states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodesReported {
    /// How many nodes' states were stored.
    pub stored: u64,
    /// Hosts that no subcluster of the cluster has, each once; all of them when the cluster is not configured.
    pub unknown: Vec<String>,
    /// Whether the cluster is configured.
    pub cluster_is_known: bool,
    /// Entries that make no sense, which are passed over.
    pub odd: u64,
    /// The first of them: its field, such as `nodes[3].hostname`, and what is wrong with it.
    pub first_odd: Option<(String, String)>,
}

impl Services {
    /// Stores the states of nodes. Nodes that are not configured and entries that make no sense are passed over and told: a
    /// client that sends all its nodes at once is not to lose them for one. Of a node that is named twice, the last state
    /// counts.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not change any job, Port when the database fails. Nothing was stored then.
    pub async fn report_nodes(
        &self,
        caller: &Caller,
        body: NodeStatesBody,
    ) -> Result<NodesReported, ServiceError> {
        let object = format!("nodes of {}", shown(&body.cluster));
        let attempt = self.attempt(caller, AuditAction::ReportNodes, object);
        if let Err(refusal) = require_any_job(&caller.principal) {
            return Err(attempt.refused(refusal));
        }
        let Sorted { nodes, odd, first_odd } = sorted(body.nodes);
        let reported = NodesReported { odd, first_odd, ..NodesReported::default() };
        let Some(cluster) = self.clusters.get(&body.cluster) else {
            let unknown = each_once(nodes.into_iter().map(|node| node.hostname));
            return Ok(NodesReported { unknown, ..reported });
        };
        let (mut reports, unknown) = reports_of(cluster, nodes);
        let stored = u64::try_from(reports.len()).unwrap_or(u64::MAX);
        if stored > 0 {
            let time = self.clock.now();
            self.add_health(cluster, &mut reports, time);
            let stored_reports = self.nodes.report_nodes(body.cluster, time, reports).await;
            if let Err(error) = stored_reports {
                return Err(attempt.refused(error.into()));
            }
            let odd_too = if odd == 0 { String::new() } else { format!(", {odd} odd entries passed over") };
            attempt.with_detail(format!("{stored} nodes{odd_too}")).made().await?;
        } else if let Some((field, reason)) = &reported.first_odd {
            // Nothing is stored: for the audit log that is a refusal.
            attempt.refused(ServiceError::invalid(field.clone(), reason.clone()));
        }
        Ok(NodesReported { stored, unknown, cluster_is_known: true, ..reported })
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

/// The entries of a report.
#[derive(Debug, Default)]
struct Sorted {
    nodes: Vec<NodeStateBody>,
    odd: u64,
    first_odd: Option<(String, String)>,
}

/// Takes apart what makes sense and what does not.
fn sorted(entries: Vec<NodeEntry>) -> Sorted {
    let mut sorted = Sorted::default();
    for (place, entry) in entries.into_iter().enumerate() {
        let (field, reason) = match checked(entry) {
            Ok(node) => {
                sorted.nodes.push(node);
                continue;
            }
            Err(problem) => problem,
        };
        sorted.odd += 1;
        let dot = if field.is_empty() { "" } else { "." };
        sorted.first_odd.get_or_insert_with(|| (format!("nodes[{place}]{dot}{field}"), reason));
    }
    sorted
}

/// The entry, if it makes sense; else its field that does not, and why.
fn checked(entry: NodeEntry) -> Result<NodeStateBody, (String, String)> {
    let node = match entry {
        NodeEntry::Node(node) => node,
        NodeEntry::Odd { field, reason } => return Err((shown(&field).into_owned(), reason)),
    };
    required_word(&node.hostname).map_err(|reason| ("hostname".to_owned(), reason.to_owned()))?;
    let numbers = [
        ("cpusAllocated", node.cpus_allocated),
        ("memoryAllocated", node.memory_allocated),
        ("gpusAllocated", node.gpus_allocated),
        ("jobsRunning", node.jobs_running),
    ];
    match numbers.into_iter().find(|(_, number)| *number < 0) {
        Some((key, _)) => Err((key.to_owned(), "must not be negative".to_owned())),
        None => Ok(node),
    }
}

fn each_once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
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
    (reports.into_values().collect(), each_once(unknown.into_iter()))
}
