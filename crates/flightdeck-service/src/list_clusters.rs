//! Lists the clusters.

use crate::permission::require;
use crate::{ServiceError, Services};
use flightdeck_model::{Cluster, Principal, Role};
use std::sync::Arc;

impl Services {
    /// All clusters in the order of their names, or the one of this name.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `api`, Invalid for a name that no cluster has.
    pub fn list_clusters(
        &self,
        principal: &Principal,
        name: Option<&str>,
    ) -> Result<Vec<Arc<Cluster>>, ServiceError> {
        require(principal, Role::Api)?;
        let Some(name) = name else { return Ok(self.clusters.iter().cloned().collect()) };
        if let Some(cluster) = self.clusters.get(name) {
            return Ok(vec![Arc::clone(cluster)]);
        }
        let names: Vec<&str> = self.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let reason = format!("there is no cluster \"{name}\": there are {known}");
        Err(ServiceError::Invalid { field: "cluster", reason })
    }
}
