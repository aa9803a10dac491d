//! `flightdeck db check|copy|import-reference`

use super::{load, progress};
use crate::config::Config;
use crate::server::{database_options, open_database};
use anyhow::{Context as _, bail};
use clap::Subcommand;
use flightdeck_db::{CopyProgress, DatabaseLocation, ReferenceReport, copy_database, import_reference};
use indicatif::ProgressBar;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Problems that are listed one by one; all of them are in the log at level debug.
const LISTED_PROBLEMS: usize = 20;

/// What to do with databases.
#[derive(Debug, Subcommand)]
pub(super) enum DbCommand {
    /// Looks through the configured database for damage, and whether its totals agree with its jobs
    Check,
    /// Copies a whole database into an empty one, between SQLite and PostgreSQL or within either, and compares the
    /// counts. Stop the server before: what it writes meanwhile is not copied
    Copy {
        /// The database to copy: path of an SQLite file, or postgres:// URL (its password is better kept in PGPASSWORD
        /// or ~/.pgpass)
        from: String,
        /// The database to copy to; it has to be empty, or not there
        to: String,
    },
    /// Takes over users, settings, tags, jobs and node states from a database file of cc-backend into the configured
    /// database. The file is only read
    ImportReference {
        /// The file, for example the old var/job.db
        path: PathBuf,
    },
}

/// Runs the command.
pub(super) fn run(config_file: &Path, command: &DbCommand) -> anyhow::Result<()> {
    let config = load::config(config_file)?;
    match command {
        DbCommand::Check => check(&config),
        DbCommand::Copy { from, to } => copy(&config, from, to),
        DbCommand::ImportReference { path } => take_over(&config, path),
    }
}

fn check(config: &Config) -> anyhow::Result<()> {
    let problems = open_database(config)?.check()?;
    if problems.is_empty() {
        return super::print("ok: the database is whole");
    }
    bail!("{} problems: {}", problems.len(), problems.join("; "))
}

fn copy(config: &Config, from: &str, to: &str) -> anyhow::Result<()> {
    let (source, target) = (DatabaseLocation::parse(from), DatabaseLocation::parse(to));
    let progress = Bar(progress::bar("{bar:40} {pos}/{len} rows of {msg}, {per_sec}, {eta} left"));
    let report = copy_database(&source, &target, &database_options(&config.main.database), &progress)
        .with_context(|| format!("cannot copy {source} to {target}"))?;
    progress.0.finish_and_clear();
    let mut text = format!("copied {source} to {target}");
    for (table, rows) in &report.tables {
        let _ = write!(text, "\n{rows}\t{table}");
    }
    super::print(&text)
}

fn take_over(config: &Config, path: &Path) -> anyhow::Result<()> {
    let database = open_database(config)?;
    let report =
        import_reference(path, &database).with_context(|| format!("cannot take over {}", path.display()))?;
    for problem in &report.problems {
        tracing::debug!(problem, "something could not be taken over");
    }
    super::print(&summary(&report))
}

/// Counts rows, table by table.
struct Bar(ProgressBar);

impl CopyProgress for Bar {
    fn begin_table(&self, table: &str, rows: u64) {
        self.0.reset();
        self.0.set_length(rows);
        self.0.set_message(table.to_owned());
    }

    fn add_rows(&self, rows: u64) {
        self.0.inc(rows);
    }
}

/// What was done, in a few lines.
fn summary(report: &ReferenceReport) -> String {
    let mut text = format!(
        "taken over: {} users, {} settings, {} tags, {} jobs ({} of them running), {} nodes with {} states",
        report.users,
        report.settings,
        report.tags,
        report.jobs,
        report.running_jobs,
        report.nodes,
        report.node_states,
    );
    if report.users_kept + report.jobs_kept > 0 {
        let _ = write!(text, "\nwere there already: {} users, {} jobs", report.users_kept, report.jobs_kept);
    }
    for problem in report.problems.iter().take(LISTED_PROBLEMS) {
        let _ = write!(text, "\nleft out: {problem}");
    }
    if report.problems.len() > LISTED_PROBLEMS {
        let more = report.problems.len() - LISTED_PROBLEMS;
        let _ = write!(text, "\n… and {more} more: --log debug lists them all");
    }
    text
}
