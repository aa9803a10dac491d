//! The command line. One file per subcommand; this one only says which there are.
//!
//! What a command gives is on standard output; messages are on standard error. The exit code is 0 only on
//! success.

mod archive;
pub mod config_check;
mod db;
mod demo;
mod import;
pub mod init;
pub mod keygen;
mod load;
mod logging;
mod metrics;
mod progress;
mod quarantine;
mod serve;
mod table;
mod tasks;
mod token;
mod user;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Job monitoring for HPC clusters.
#[derive(Debug, Parser)]
#[command(name = "flightdeck", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes, before or after its name.
#[derive(Debug, Args)]
struct Global {
    /// The configuration file; the file .env beside it holds the keys
    #[arg(long, global = true, default_value = "config.json", value_name = "PATH")]
    config: PathBuf,
    /// What to log, for example `warn`, `debug` or `info,flightdeck_http=debug`
    #[arg(long, global = true, default_value = "info", value_name = "FILTER", env = "FLIGHTDECK_LOG")]
    log: String,
    /// Log one JSON object a line
    #[arg(long, global = true)]
    log_json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a configuration, keys and an empty archive into a folder
    Init {
        /// The folder; made if need be
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Tries the server with a synthetic archive: writes it, imports it, serves it
    Demo(demo::DemoArgs),
    /// Imports the configured archive into the database
    Import(import::ImportArgs),
    /// Serves the REST API
    Serve,
    /// Manages user accounts
    #[command(subcommand)]
    User(user::UserCommand),
    /// Lists the periodic tasks: name, last run, how long it took and what came of it, separated by tabs
    Tasks,
    /// Shows and mends job starts and stops that were refused and kept (main.refused-jobs)
    #[command(subcommand)]
    Quarantine(quarantine::QuarantineCommand),
    /// Archives what could not be archived
    #[command(subcommand)]
    Archive(archive::ArchiveCommand),
    /// Says what the samples of running jobs need
    #[command(subcommand)]
    Metrics(metrics::MetricsCommand),
    /// Checks, copies and takes over databases
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Issues a token for the REST API and prints it alone
    Token(token::TokenArgs),
    /// Prints fresh keys for .env
    Keygen,
    /// Checks the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Prints the version
    Version,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Says everything that is wrong or odd in the configuration
    Check,
}

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = logging::install(&cli.global.log, cli.global.log_json) {
        return fail(&error);
    }
    match dispatch(&cli.global, cli.command) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

fn dispatch(global: &Global, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init { folder } => init_folder(&folder)?,
        Command::Demo(args) => demo::run(&args)?,
        Command::Import(args) => import::run(&load::config(&global.config)?, &args)?,
        Command::Serve => serve::run(load::config(&global.config)?)?,
        Command::User(command) => user::run(&load::config(&global.config)?, command)?,
        Command::Tasks => tasks::run(&load::config(&global.config)?)?,
        Command::Quarantine(command) => quarantine::run(&load::config(&global.config)?, &command)?,
        Command::Archive(command) => archive::run(&load::config(&global.config)?, &command)?,
        Command::Metrics(command) => metrics::run(&command)?,
        Command::Db(command) => db::run(&global.config, &command)?,
        Command::Token(args) => print(&token::run(&load::config(&global.config)?, &args)?)?,
        Command::Keygen => print(keygen::run()?.trim_end())?,
        Command::Config(ConfigCommand::Check) => return check_config(&global.config),
        Command::Version => print(concat!("flightdeck ", env!("CARGO_PKG_VERSION")))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn init_folder(folder: &Path) -> anyhow::Result<()> {
    let written = init::run(folder)?;
    let list: Vec<String> = written.iter().map(|path| format!("  {}", path.display())).collect();
    let next = "Put the archive's clusters into var/job-archive, then: flightdeck import, flightdeck serve";
    print(&format!("Written:\n{}\n{next}", list.join("\n")))
}

fn check_config(path: &Path) -> anyhow::Result<ExitCode> {
    let report = config_check::run(path);
    print(&report.to_string())?;
    Ok(if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes a line to standard output.
fn print(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("cannot write to standard output")
}

/// Writes why a command failed, with all causes, to standard error.
fn fail(error: &anyhow::Error) -> ExitCode {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    // With standard error gone there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "flightdeck: {}", causes.join(": "));
    ExitCode::FAILURE
}
