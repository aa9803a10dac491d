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
        Ok(vec![Arc::clone(self.clusters.configured(name)?)])
    }
}
