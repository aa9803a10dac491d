//! `flightdeck archive again`

use crate::config::Config;
use crate::server::services;
use clap::{Args, Subcommand};
use flightdeck_model::JobDbId;
use flightdeck_service::Caller;

/// What to do with jobs that are not in the archive.
#[derive(Debug, Subcommand)]
pub(super) enum ArchiveCommand {
    /// Queues jobs whose archiving was given up (monitoringStatus 2), and prints how many; a running server tries them
    /// within a minute
    Again(AgainArgs),
}

/// Which of them.
#[derive(Debug, Args)]
pub(super) struct AgainArgs {
    /// Only the job with this database id
    #[arg(long, value_name = "ID")]
    job: Option<i64>,
}

/// Runs the command, whether a server runs or not.
pub(super) fn run(config: &Config, command: &ArchiveCommand) -> anyhow::Result<()> {
    let ArchiveCommand::Again(AgainArgs { job }) = command;
    let queued = services(config)?.archive_again(&Caller::on_machine(), job.map(JobDbId))?;
    super::print(&queued.to_string())
}
