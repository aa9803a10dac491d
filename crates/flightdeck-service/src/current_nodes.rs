//! Tells what the nodes are doing.

use crate::permission::require;
use crate::{ServiceError, Services};
use flightdeck_model::{NodeStatus, Principal, Role};

impl Services {
    /// The state of every node that was ever reported, by cluster and name; or of one cluster's.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `api`, Invalid for a cluster that is not configured, Port when the database fails.
    pub fn current_nodes(
        &self,
        principal: &Principal,
        cluster: Option<&str>,
    ) -> Result<Vec<NodeStatus>, ServiceError> {
        require(principal, Role::Api)?;
        if let Some(name) = cluster {
            self.clusters.configured(name)?;
        }
        Ok(self.nodes.current_nodes(cluster)?)
    }
}
