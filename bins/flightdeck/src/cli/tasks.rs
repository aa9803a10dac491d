//! `flightdeck tasks`

use super::table;
use crate::config::Config;
use crate::server::services;
use flightdeck_model::TaskRun;
use flightdeck_service::{Caller, TaskStatus};

/// Prints the last run of each task, and which of those that are configured have not run yet.
pub(super) fn run(config: &Config) -> anyhow::Result<()> {
    let services = services(config)?;
    for TaskStatus { name, last_run } in services.task_runs(&Caller::on_machine().principal)? {
        let line = match last_run {
            None => table::line(&[name, "never".to_owned()]),
            Some(run) => table::line(&columns(run)),
        };
        super::print(&line)?;
    }
    Ok(())
}

fn columns(run: TaskRun) -> [String; 4] {
    let outcome = match run.error {
        Some(error) => format!("failed: {error}"),
        None => run.result,
    };
    [run.name, table::time(run.started), format!("{} ms", run.duration_ms), outcome]
}
