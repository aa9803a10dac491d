//! What the nodes of the clusters are said to be doing.

use super::{PortError, PortFuture};
use crate::{NodeReport, NodeStatus, UnixTime};
use std::fmt::Debug;

/// States of nodes: the current one of each, and the history.
pub trait NodeRepository: Send + Sync + Debug {
    /// Stores a report of nodes of a cluster. Nodes that were not seen before are added.
    ///
    /// # Errors
    ///
    /// When the database cannot be written; nothing of the report is stored then.
    fn report_nodes(
        &self,
        cluster: String,
        time: UnixTime,
        nodes: Vec<NodeReport>,
    ) -> PortFuture<Result<(), PortError>>;

    /// The current state of all nodes that were ever reported, by cluster and name. `None`: of all clusters.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn current_nodes(&self, cluster: Option<&str>) -> Result<Vec<NodeStatus>, PortError>;

    /// The states of one node, the newest first. At most `limit`.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn node_history(&self, cluster: &str, hostname: &str, limit: u32) -> Result<Vec<NodeStatus>, PortError>;

    /// Removes states from the history that were reported before the time; the current ones stay. Returns how many.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn remove_node_states_before(&self, time: UnixTime) -> PortFuture<Result<u64, PortError>>;
}
