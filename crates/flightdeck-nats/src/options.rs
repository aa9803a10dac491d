//! What a listener is told: where the servers are, who it is there, and what it listens to.

use crate::NatsError;
use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::path::PathBuf;

#[cfg(test)]
mod tests;

/// What a listener is told.
#[derive(Clone)]
pub struct NatsOptions {
    /// Addresses of the servers, as `nats://host:port` (`nats://` and port 4222 may be left out) or `tls://host:port`.
    /// A name and password in an address count as [`username`](Self::username) and [`password`](Self::password), unless
    /// these are given.
    pub addresses: Vec<String>,
    /// Name at the servers.
    pub username: Option<String>,
    /// Password at the servers.
    pub password: Option<String>,
    /// File with a token and a key, as the NATS tools write it; takes the place of name and password.
    pub credentials_file: Option<PathBuf>,
    /// The stream that keeps the subjects; `None`: messages are taken as they pass by.
    pub stream: Option<StreamOptions>,
    /// Subject of starts and stops of jobs.
    pub job_event_subject: Option<String>,
    /// Subject of states of nodes.
    pub node_state_subject: Option<String>,
    /// Subjects of samples.
    pub samples: Vec<SampleSubscription>,
    /// Job events that are worked on at the same time; 0 counts as 1.
    pub job_concurrency: usize,
    /// Reports of node states that are worked on at the same time; 0 counts as 1.
    pub node_concurrency: usize,
}

/// A `JetStream` stream. It is not made here, because how long it keeps what is its owner's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOptions {
    /// Its name.
    pub name: String,
    /// With what the names of the durable consumers begin that remember how far this server has read. Servers that are
    /// to get every message each need one of their own.
    pub consumer_prefix: String,
}

/// A subject of samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleSubscription {
    /// The subject; may have wildcards.
    pub subject: String,
    /// The cluster of samples that name none.
    pub cluster_tag: Option<String>,
}

impl Default for NatsOptions {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            username: None,
            password: None,
            credentials_file: None,
            stream: None,
            job_event_subject: None,
            node_state_subject: None,
            samples: Vec::new(),
            job_concurrency: 8,
            node_concurrency: 2,
        }
    }
}

/// Shows neither the password nor the addresses, which may hold one.
impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsOptions")
            .field("addresses", &self.addresses.len())
            .field("username", &self.username)
            .field("credentials_file", &self.credentials_file)
            .field("stream", &self.stream)
            .field("job_event_subject", &self.job_event_subject)
            .field("node_state_subject", &self.node_state_subject)
            .field("samples", &self.samples)
            .field("job_concurrency", &self.job_concurrency)
            .field("node_concurrency", &self.node_concurrency)
            .finish_non_exhaustive()
    }
}

/// Where to connect to, and with which name and password. The addresses hold neither, so that they may be logged.
pub(crate) struct Servers {
    pub(crate) addresses: Vec<ServerAddr>,
    pub(crate) login: Option<(String, String)>,
}

impl Servers {
    /// Reads the addresses.
    pub(crate) fn of(options: &NatsOptions) -> Result<Self, NatsError> {
        let given = options.username.clone().map(|name| (name, options.password.clone().unwrap_or_default()));
        let mut servers = Self { addresses: Vec::new(), login: given };
        for (index, address) in options.addresses.iter().enumerate() {
            let refused = || NatsError::Address(index + 1);
            // The decoder's words are left out: they may repeat the address.
            let parsed: ServerAddr = address.trim().parse().map_err(|_may_repeat_it| refused())?;
            if parsed.host().is_empty() || parsed.is_websocket() {
                return Err(refused());
            }
            let login =
                parsed.username().map(|name| (decoded(name), decoded(parsed.password().unwrap_or_default())));
            servers.login = servers.login.or(login);
            let mut url = parsed.into_inner();
            if url.set_username("").is_err() || url.set_password(None).is_err() {
                return Err(refused());
            }
            servers.addresses.push(ServerAddr::from_url(url).map_err(|_may_repeat_it| refused())?);
        }
        if servers.addresses.is_empty() { Err(NatsError::NoAddress) } else { Ok(servers) }
    }

    /// The addresses in a line.
    pub(crate) fn names(&self) -> String {
        let names: Vec<_> =
            self.addresses.iter().map(|one| format!("{}:{}", one.host(), one.port())).collect();
        names.join(", ")
    }
}

/// A part of an address without its percent signs; what is no such escape stays as it is.
fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}
