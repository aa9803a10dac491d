//! What can go wrong with the store of another server. No message shows a token or a password.

use flightdeck_model::{PortError, PortErrorKind};
use std::io;
use std::path::PathBuf;

/// A store cannot be asked as configured, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// The address is none of a store. It is not shown: it may hold a password.
    #[error("the address of the metric store {what}")]
    Address {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The token has signs that cannot be sent.
    #[error("the token of the metric store {url} has signs that no token has")]
    Token {
        /// The store.
        url: String,
    },
    /// The file with the certificates to trust cannot be read.
    #[error("the certificates {path} cannot be read")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There are no certificates to trust, but the store is to be asked over TLS.
    #[error("no certificates were found that say which servers to trust: name a file with them")]
    NoCertificates,
    /// The connection could not be made, broke, or took too long.
    #[error("the metric store {url} did not answer")]
    NoAnswer {
        /// The store.
        url: String,
        /// What went wrong.
        source: Box<ureq::Error>,
    },
    /// The answer is none: its status is not 200.
    #[error("the metric store {url} answered with status {status}")]
    Status {
        /// The store.
        url: String,
        /// The status.
        status: u16,
    },
    /// The answer is longer than can be taken.
    #[error("the answer of the metric store {url} has more than {limit_bytes} bytes")]
    TooLarge {
        /// The store.
        url: String,
        /// The most that is taken.
        limit_bytes: u64,
    },
    /// The answer cannot be understood.
    #[error("the answer of the metric store {url} cannot be understood")]
    Decode {
        /// The store.
        url: String,
        /// What the decoder says.
        source: serde_json::Error,
    },
    /// The question cannot be written as JSON.
    #[error("the question for the metric store {url} cannot be encoded")]
    Encode {
        /// The store.
        url: String,
        /// What the encoder says.
        source: serde_json::Error,
    },
    /// The store failed a moment ago and is not asked yet.
    #[error("the metric store {url} is left alone for a moment, since it failed {seconds_ago} s ago: {why}")]
    LeftAlone {
        /// The store.
        url: String,
        /// How long ago that was.
        seconds_ago: i64,
        /// What went wrong then.
        why: String,
    },
    /// As many questions as may be are waiting for the store.
    #[error(
        "the metric store {url} of this cluster does not answer: {under_way} questions are waiting for it, and no more \
         are asked at once"
    )]
    Busy {
        /// The store.
        url: String,
        /// How many questions are waiting.
        under_way: usize,
    },
}

impl From<ExternalError> for PortError {
    fn from(error: ExternalError) -> Self {
        let kind = match &error {
            ExternalError::Address { .. }
            | ExternalError::Token { .. }
            | ExternalError::Certificates { .. }
            | ExternalError::NoCertificates
            | ExternalError::Encode { .. } => PortErrorKind::Internal,
            // A server that says nonsense is as little there as one that says nothing.
            ExternalError::NoAnswer { .. }
            | ExternalError::Status { .. }
            | ExternalError::TooLarge { .. }
            | ExternalError::Decode { .. }
            | ExternalError::LeftAlone { .. }
            | ExternalError::Busy { .. } => PortErrorKind::NoAnswer,
        };
        let what = error.to_string();
        match error {
            ExternalError::Certificates { source, .. } => Self::new(kind, what, source),
            ExternalError::NoAnswer { source, .. } => Self::new(kind, what, source),
            ExternalError::Decode { source, .. } | ExternalError::Encode { source, .. } => {
                Self::new(kind, what, source)
            }
            _ => Self::plain(kind, what),
        }
    }
}
