//! Where log lines go: to standard error, as text or as JSON.

use anyhow::Context as _;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Installs the log for the whole process.
pub(super) fn install(filter: &str, json: bool) -> anyhow::Result<()> {
    let parsed = EnvFilter::try_new(filter)
        .with_context(|| format!("--log \"{filter}\" is not a log filter: try error, warn, info or debug"))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let installed = if json { lines.json().try_init() } else { lines.try_init() };
    // A program that embeds the command line may have its own log already.
    installed.or(Ok(()))
}
