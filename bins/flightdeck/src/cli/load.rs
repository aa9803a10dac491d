//! Loads the configuration for a command and logs what is odd about it.

use crate::config::{Config, LoadedConfig};
use std::path::Path;

/// The configuration at this path.
pub(super) fn config(path: &Path) -> anyhow::Result<Config> {
    let LoadedConfig { config, warnings } = Config::load(path).map_err(|errors| {
        let missing = !path.exists();
        let error = anyhow::Error::new(errors);
        if missing {
            return error
                .context("there is no configuration: `flightdeck init` writes one, --config names another");
        }
        error
    })?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    Ok(config)
}
