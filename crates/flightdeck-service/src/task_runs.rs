//! Lists the periodic work, and when each was done last.

use crate::permission::require;
use crate::{ServiceError, Services};
use flightdeck_model::{Principal, Role, TaskRun};
use std::collections::BTreeMap;

/// A periodic task, and its last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskStatus {
    /// The task's name.
    pub name: String,
    /// `None`: it has not run yet.
    pub last_run: Option<TaskRun>,
}

impl Services {
    /// Every periodic task that is configured, and those that were when they ran last; by name.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `admin`, Port when the database fails.
    pub fn task_runs(&self, principal: &Principal) -> Result<Vec<TaskStatus>, ServiceError> {
        require(principal, Role::Admin)?;
        let configured = self.periodic_tasks().into_iter().map(|task| (task.name.to_owned(), None));
        let mut tasks: BTreeMap<String, Option<TaskRun>> = configured.collect();
        tasks.extend(self.tasks.last_runs()?.into_iter().map(|run| (run.name.clone(), Some(run))));
        Ok(tasks.into_iter().map(|(name, last_run)| TaskStatus { name, last_run }).collect())
    }
}
