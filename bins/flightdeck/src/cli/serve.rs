//! `flightdeck serve`

use crate::Server;
use crate::config::Config;
use anyhow::Context as _;

/// Serves until SIGINT or SIGTERM.
pub(super) fn run(config: Config) -> anyhow::Result<()> {
    let server = Server::builder(config).handle_signals().start()?;
    tracing::info!(url = server.url(), "serving");
    server.wait().context("the server ended with an error")?;
    tracing::info!("stopped");
    Ok(())
}
