//! Why a server does not start.

use flightdeck_archive::ArchiveError;
use flightdeck_auth::{AddressListError, KeyError};
use flightdeck_db::DbError;
use flightdeck_model::PortError;
use flightdeck_service::ServiceError;
use std::path::PathBuf;

/// A part of the server could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The archive's root cannot be used.
    #[error("the archive cannot be opened")]
    Archive(#[from] ArchiveError),
    /// The folder of the machines' state files cannot be used.
    #[error("the folder of main.machine-state-dir cannot be opened")]
    MachineStates(#[source] ArchiveError),
    /// The archive cannot be read.
    #[error("the archive cannot be read")]
    Port(#[from] PortError),
    /// The database cannot be used.
    #[error("the database cannot be opened")]
    Database(#[from] DbError),
    /// A key cannot be used.
    #[error("{name} cannot be used")]
    Key {
        /// Name of the variable.
        name: &'static str,
        /// What is wrong with it.
        source: KeyError,
    },
    /// There is no key to check tokens with.
    #[error(
        "no key to check tokens with: set JWT_PUBLIC_KEY in .env or the environment (`flightdeck keygen` makes one)"
    )]
    NoKey,
    /// An entry of a list of addresses cannot be used.
    #[error("{key}: {}", reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Addresses {
        /// The list's key in the configuration.
        key: &'static str,
        /// What is wrong with its entries.
        reasons: Vec<AddressListError>,
    },
    /// A file for HTTPS cannot be used.
    #[error("{}: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: choose another one with main.addr, or stop what uses it")]
    Bind {
        /// The address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The metric store cannot be used.
    #[error("the metric store cannot be opened")]
    MetricStore(#[from] flightdeck_metrics::StoreError),
    /// NATS cannot be listened to.
    #[cfg(feature = "nats")]
    #[error("the section nats cannot be used")]
    Nats(#[from] flightdeck_nats::NatsError),
    /// Another server's metric store cannot be asked.
    #[error("metric-store-external for \"{scope}\": {reason}")]
    External {
        /// What it serves.
        scope: String,
        /// What is wrong.
        reason: String,
    },
    /// A thread of the server could not be started.
    #[error("a thread of the server cannot be started")]
    Thread(#[source] std::io::Error),
    /// The serving thread ended before it served.
    #[error("the server stopped while it started")]
    Stopped,
    /// The import failed as a whole.
    #[error("the import failed")]
    Import(#[from] ServiceError),
}
