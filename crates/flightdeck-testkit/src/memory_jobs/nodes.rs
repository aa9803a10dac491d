//! States of nodes in memory.

use super::MemoryJobs;
use flightdeck_model::{NodeReport, NodeRepository, NodeStatus, PortError, PortFuture, UnixTime};

impl NodeRepository for MemoryJobs {
    fn report_nodes(
        &self,
        cluster: String,
        time: UnixTime,
        nodes: Vec<NodeReport>,
    ) -> PortFuture<Result<(), PortError>> {
        self.write(|content| {
            for report in nodes {
                let place = (cluster.clone(), report.hostname.clone());
                let status = NodeStatus { cluster: cluster.clone(), time, report };
                content.node_states.push(status.clone());
                content.nodes.insert(place, status);
            }
            Ok(())
        })
    }

    fn current_nodes(&self, cluster: Option<&str>) -> Result<Vec<NodeStatus>, PortError> {
        let content = self.lock();
        let is_asked = |node: &&NodeStatus| cluster.is_none_or(|name| name == node.cluster);
        Ok(content.nodes.values().filter(is_asked).cloned().collect())
    }

    fn node_history(&self, cluster: &str, hostname: &str, limit: u32) -> Result<Vec<NodeStatus>, PortError> {
        let content = self.lock();
        let is_asked = |node: &&NodeStatus| node.cluster == cluster && node.report.hostname == hostname;
        let mut history: Vec<NodeStatus> =
            content.node_states.iter().rev().filter(is_asked).cloned().collect();
        history.sort_by_key(|node| std::cmp::Reverse(node.time));
        history.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(history)
    }

    fn remove_node_states_before(&self, time: UnixTime) -> PortFuture<Result<u64, PortError>> {
        self.write(|content| {
            let before = content.node_states.len();
            content.node_states.retain(|state| state.time >= time);
            Ok((before - content.node_states.len()) as u64)
        })
    }
}
