//! Why a listener cannot be started. A broker that is away is no reason.

use std::io;

/// A listener could not be started.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// There is no address to connect to.
    #[error("no address of a NATS server is given")]
    NoAddress,
    /// An address is none. It is not repeated, because it may hold a password.
    #[error(
        "address {0} of the NATS servers is not one: an address is written nats://host:4222 or tls://host:4222"
    )]
    Address(usize),
    /// The thread or what runs on it could not be made.
    #[error("the thread for NATS cannot be started")]
    Thread(#[source] io::Error),
}
