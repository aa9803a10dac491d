//! `flightdeck tasks`

use super::table;
use crate::config::Config;
use crate::server::services;
use flightdeck_model::TaskRun;
use flightdeck_service::Caller;

/// Prints the last run of each task, and which of those that are configured have not run yet.
pub(super) fn run(config: &Config) -> anyhow::Result<()> {
    let services = services(config)?;
    let runs = services.task_runs(&Caller::on_machine().principal)?;
    for task in services.periodic_tasks() {
        if runs.iter().all(|run| run.name != task.name) {
            super::print(&table::line(&[task.name.to_owned(), "never".to_owned()]))?;
        }
    }
    for run in runs {
        super::print(&table::line(&columns(run)))?;
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
