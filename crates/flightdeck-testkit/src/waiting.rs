//! Waiting for a port in a test that is not asynchronous.

use flightdeck_model::PortFuture;

/// Blocks this thread until the port has answered.
#[must_use]
pub fn wait<T>(answer: PortFuture<T>) -> T {
    futures_executor::block_on(answer)
}
