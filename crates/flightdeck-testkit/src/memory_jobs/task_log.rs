//! Runs of periodic tasks in memory.

use super::MemoryJobs;
use flightdeck_model::{PortError, PortFuture, TaskLog, TaskRun};

impl TaskLog for MemoryJobs {
    fn record_run(&self, run: TaskRun) -> PortFuture<Result<(), PortError>> {
        self.write(|content| {
            content.task_runs.insert(run.name.clone(), run);
            Ok(())
        })
    }

    fn last_runs(&self) -> Result<Vec<TaskRun>, PortError> {
        Ok(self.lock().task_runs.values().cloned().collect())
    }
}
