//! What has to be known of a store to ask it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A token, which is sent and never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Token(String);

impl Token {
    /// The token itself, for the request.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// How a store is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the store is, without `/api/query`: `http://store:8082`. For `https` the process has to have a default
    /// provider of cryptography (of rustls) before the first question.
    pub url: String,
    /// Sent with each question (`Authorization: Bearer`), to this address only; none when empty.
    pub token: Token,
    /// How long one question may take in all; 10 s.
    pub timeout: Duration,
    /// How long it may take until there is a connection; 2 s.
    pub connect_timeout: Duration,
    /// File with the certificates (PEM) of those whose word is taken for who a server is. `None`: those of the system.
    pub certificates: Option<PathBuf>,
    /// Answers of more bytes than this are refused; 256 MiB.
    pub answer_limit_bytes: u64,
    /// Questions that are under way at once, at most; 2. Each holds a thread of whoever asks.
    pub questions_at_once: usize,
    /// How long a question waits for another one to end when so many are under way; 250 ms.
    pub turn_wait: Duration,
}

impl Options {
    /// A store at an address, asked with a token; all else as usual.
    #[must_use]
    pub fn new(url: &str, token: &str) -> Self {
        Self {
            url: url.to_owned(),
            token: Token::from(token),
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(2),
            certificates: None,
            answer_limit_bytes: 256 << 20,
            questions_at_once: 2,
            turn_wait: Duration::from_millis(250),
        }
    }
}
