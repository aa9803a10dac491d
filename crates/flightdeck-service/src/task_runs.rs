//! Lists when periodic work was done last.

use crate::permission::require;
use crate::{ServiceError, Services};
use flightdeck_model::{Principal, Role, TaskRun};

impl Services {
    /// The last run of each periodic task, by name.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `admin`, Port when the database fails.
    pub fn task_runs(&self, principal: &Principal) -> Result<Vec<TaskRun>, ServiceError> {
        require(principal, Role::Admin)?;
        Ok(self.tasks.last_runs()?)
    }
}
