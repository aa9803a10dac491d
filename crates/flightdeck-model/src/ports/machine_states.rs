//! The state files of machines: what a node says of itself, kept as it was sent.

use super::PortError;
use crate::UnixTime;
use std::fmt::Debug;

/// What a machine said of itself last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineState {
    /// The text as it was sent; JSON.
    pub json: Vec<u8>,
    /// When it was sent.
    pub modified: UnixTime,
}

/// Keeps one state of each machine. The names of clusters and hosts were checked: they are single names, never
/// paths.
pub trait MachineStates: Send + Sync + Debug {
    /// Reads a machine's state; `None` when none was stored.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    fn read(&self, cluster: &str, host: &str) -> Result<Option<MachineState>, PortError>;

    /// Stores a machine's state in place of the one before, as a whole or not at all.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the one before is still there then.
    fn store(&self, cluster: &str, host: &str, json: &[u8]) -> Result<(), PortError>;
}
