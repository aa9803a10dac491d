//! When periodic work was done last.

use super::{PortError, PortFuture};
use crate::TaskRun;
use std::fmt::Debug;

/// Keeps the last run of each periodic task.
pub trait TaskLog: Send + Sync + Debug {
    /// Keeps a run in place of the task's last one.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn record_run(&self, run: TaskRun) -> PortFuture<Result<(), PortError>>;

    /// The last run of each task, by name.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn last_runs(&self) -> Result<Vec<TaskRun>, PortError>;
}
