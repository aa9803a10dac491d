//! What a use case can refuse, as far as its caller can act on it.

use flightdeck_model::{JobChangeError, NoJobAccess, PortError, UserChangeError};
use std::borrow::Cow;
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
        field: Cow<'static, str>,
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// The request is understood, but what is there already does not allow it; or it is kept in quarantine.
    #[error("{0}")]
    Unprocessable(String),
    /// This server is not set up for it. Another time is no better.
    #[error("{0}")]
    Unavailable(String),
    /// Storage failed.
    #[error("storage failed")]
    Port(#[from] Arc<PortError>),
    /// An answer could not be encoded.
    #[error("the answer cannot be encoded")]
    Encode(#[from] Arc<serde_json::Error>),
}

impl ServiceError {
    /// A parameter or field that is wrong.
    pub(crate) fn invalid(field: impl Into<Cow<'static, str>>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }
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

impl From<JobChangeError> for ServiceError {
    fn from(error: JobChangeError) -> Self {
        match error {
            JobChangeError::NotFound => Self::NotFound(error.to_string()),
            JobChangeError::Duplicate { .. }
            | JobChangeError::NotRunning { .. }
            | JobChangeError::StartKept { .. } => Self::Unprocessable(error.to_string()),
            JobChangeError::StopBeforeStart { .. } => Self::invalid("stopTime", error.to_string()),
            JobChangeError::TooManyTags { .. } => Self::invalid("tags", error.to_string()),
            JobChangeError::MetadataTooLarge { .. } => Self::invalid("value", error.to_string()),
            JobChangeError::Port(port) => port.into(),
        }
    }
}

impl From<UserChangeError> for ServiceError {
    fn from(error: UserChangeError) -> Self {
        match error {
            UserChangeError::Exists(_) | UserChangeError::Unknown(_) | UserChangeError::Rule(_) => {
                Self::Unprocessable(error.to_string())
            }
            UserChangeError::Port(port) => port.into(),
        }
    }
}
