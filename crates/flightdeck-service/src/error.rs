//! What a use case can refuse, as far as its caller can act on it.

use flightdeck_model::{NoJobAccess, PortError};
use std::sync::Arc;

/// A use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It is not there, or the asker may not know that it is.
    #[error("{0}")]
    NotFound(String),
    /// The asker is known, but is not allowed this.
    #[error("{0}")]
    Forbidden(String),
    /// The request makes no sense.
    #[error("{field}: {reason}")]
    Invalid {
        /// The parameter or field that is wrong.
        field: &'static str,
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// Storage failed.
    #[error("storage failed")]
    Port(#[from] Arc<PortError>),
    /// An answer could not be encoded.
    #[error("the answer cannot be encoded")]
    Encode(#[from] Arc<serde_json::Error>),
}

impl From<PortError> for ServiceError {
    fn from(error: PortError) -> Self {
        Self::Port(Arc::new(error))
    }
}

impl From<NoJobAccess> for ServiceError {
    fn from(error: NoJobAccess) -> Self {
        Self::Forbidden(error.to_string())
    }
}
