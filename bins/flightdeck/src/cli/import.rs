//! `flightdeck import`

use super::progress;
use crate::Server;
use crate::config::Config;
use clap::Args;
use flightdeck_service::{ImportOptions, ImportProgress, ImportReport};
use indicatif::ProgressBar;
use std::fmt::Write as _;

/// Skipped jobs that are listed one by one; all of them are in the log at level debug.
const LISTED_PROBLEMS: usize = 20;

/// How to import.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Remove what an earlier import brought, then import everything anew. Running jobs and users stay
    #[arg(long)]
    rebuild: bool,
}

/// Imports and prints what was done.
pub(super) fn run(config: &Config, args: &ImportArgs) -> anyhow::Result<()> {
    let report = import(config, args.rebuild)?;
    super::print(&summary(&report))
}

/// Imports with a progress bar on a terminal.
pub(super) fn import(config: &Config, rebuild: bool) -> anyhow::Result<ImportReport> {
    let readers = std::thread::available_parallelism().map_or(1, usize::from);
    let progress = Bar(progress::bar("{bar:40} {pos}/{len} jobs, {per_sec}, {eta} left"));
    let report = Server::builder(config.clone()).import(ImportOptions { rebuild, readers }, &progress)?;
    progress.0.finish_and_clear();
    for problem in &report.skipped {
        tracing::debug!(path = problem.path, reason = problem.reason, "a job was skipped");
    }
    Ok(report)
}

/// What was done, in a few lines.
pub(super) fn summary(report: &ImportReport) -> String {
    let counts = report.counts;
    let mut text = format!(
        "imported: {} new, {} updated, {} unchanged, {} skipped",
        counts.added,
        counts.updated,
        counts.unchanged,
        report.skipped.len()
    );
    if counts.running > 0 {
        let _ = write!(text, "\nleft alone because they are running: {}", counts.running);
    }
    if report.removed > 0 {
        let _ = write!(text, "\nremoved before: {}", report.removed);
    }
    for problem in &report.clusters_left_out {
        let _ = write!(text, "\nleft out the whole cluster of {}: {}", problem.path, problem.reason);
    }
    for problem in report.skipped.iter().take(LISTED_PROBLEMS) {
        let _ = write!(text, "\nskipped {}: {}", problem.path, problem.reason);
    }
    if report.skipped.len() > LISTED_PROBLEMS {
        let more = report.skipped.len() - LISTED_PROBLEMS;
        let _ = write!(text, "\n… and {more} more: --log debug lists them all");
    }
    text
}

/// Counts jobs.
struct Bar(ProgressBar);

impl ImportProgress for Bar {
    fn begins(&self, jobs: u64) {
        self.0.set_length(jobs);
    }

    fn advances(&self, jobs: u64) {
        self.0.inc(jobs);
    }
}
