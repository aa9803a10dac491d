//! Tells which hosts are in use.

use crate::permission::require;
use crate::{ServiceError, Services};
use flightdeck_model::{Principal, Role, UnixTime};
use std::collections::BTreeMap;

impl Services {
    /// Hosts of running jobs that started before the time, by cluster, sorted, each once.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `api`, Port when the database fails.
    pub fn used_nodes(
        &self,
        principal: &Principal,
        started_before: UnixTime,
    ) -> Result<BTreeMap<String, Vec<String>>, ServiceError> {
        require(principal, Role::Api)?;
        Ok(self.jobs.used_nodes(started_before)?)
    }
}
