//! The address to listen on, as config.json writes it. Resolves no names and opens nothing.

use std::{fmt, net::Ipv6Addr, str::FromStr};

/// Host and port to listen on.
///
/// ```
/// use flightdeck::config::ListenAddress;
///
/// let address: ListenAddress = ":8080".parse()?;
/// assert_eq!(address.to_string(), "[::]:8080");
/// # Ok::<(), flightdeck::config::ParseListenAddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    /// A name, an IPv4 address, or an IPv6 address without brackets; empty for all addresses of the machine.
    pub host: String,
    /// The TCP port; 0 for any free one.
    pub port: u16,
}

/// A text is not an address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseListenAddressError {
    /// There is no colon and port at the end.
    #[error("the port is missing")]
    MissingPort,
    /// What follows the last colon is not a port.
    #[error("the port is not a number from 0 to 65535")]
    InvalidPort,
    /// An IPv6 address stands without brackets, or the brackets hold something else.
    #[error("an IPv6 address has to stand in brackets, and nothing else may")]
    InvalidBrackets,
    /// The host has characters that no name or address has.
    #[error("the host is neither a name nor an address")]
    InvalidHost,
}

impl FromStr for ListenAddress {
    type Err = ParseListenAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host_text, port_text) = text.rsplit_once(':').ok_or(ParseListenAddressError::MissingPort)?;
        let port = parse_port(port_text).ok_or(ParseListenAddressError::InvalidPort)?;
        let in_brackets = host_text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(inner) = in_brackets {
            let is_ipv6 = inner.parse::<Ipv6Addr>().is_ok();
            return if is_ipv6 {
                Ok(Self { host: inner.to_owned(), port })
            } else {
                Err(ParseListenAddressError::InvalidBrackets)
            };
        }
        if host_text.contains([':', '[', ']']) {
            return Err(ParseListenAddressError::InvalidBrackets);
        }
        if !host_text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) {
            return Err(ParseListenAddressError::InvalidHost);
        }
        Ok(Self { host: host_text.to_owned(), port })
    }
}

/// Reads digits alone: the standard parser would take a sign too.
fn parse_port(text: &str) -> Option<u16> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

impl fmt::Display for ListenAddress {
    /// Writes the form that a socket can be bound to: brackets round IPv6, `[::]` for all addresses (on Linux that
    /// takes IPv4 in as well).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.is_empty() {
            return write!(f, "[::]:{}", self.port);
        }
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}
