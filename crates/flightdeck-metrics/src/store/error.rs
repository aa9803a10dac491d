//! Why something could not be done with the store as a whole.

use flightdeck_model::{PortError, PortErrorKind};
use flightdeck_sample_log::LogError;
use std::path::PathBuf;

/// The store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be used.
    #[error("the folder {} of the metric store cannot be used", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another store has the folder open.
    #[error("the folder {} of the metric store is in use by another process", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The log or a snapshot could not be read or written.
    #[error("the log or a snapshot of the metric store could not be read or written")]
    Log(#[source] LogError),
    /// A thread could not be started.
    #[error("a thread of the metric store could not be started")]
    Thread(#[source] std::io::Error),
    /// The store is being closed.
    #[error("the metric store is being closed")]
    Closed,
}

impl From<StoreError> for PortError {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Log(log) if log.is_disk_full() => PortErrorKind::NoSpace,
            StoreError::Log(_) | StoreError::Closed | StoreError::InUse { .. } => PortErrorKind::Unavailable,
            StoreError::Folder { .. } | StoreError::Thread(_) => PortErrorKind::Internal,
        };
        Self::new(kind, error.to_string(), error)
    }
}
