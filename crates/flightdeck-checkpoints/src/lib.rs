//! Reads the folder in which the metric store of ClusterCockpit's cc-backend keeps its samples, so that its successor
//! can take them over: snapshots (`<time>.bin`, `<time>.json`) and the log of each host (`current.wal`).
//!
//! Whatever is damaged is told in the [`Report`] and costs nothing but itself. Times are those in the files: that
//! server shifts them by up to half a step when it restarts, and nothing in a file says so.
//!
//! It must not know what becomes of the samples, nor which clusters and metrics are configured.

mod bytes;
mod error;
mod folder;
mod level_name;
mod log;
mod report;
mod snapshot;

pub use error::{CheckpointError, Reason};
pub use folder::{HostFolder, Piece, Sink, list_hosts, read_checkpoints, read_host};
pub use report::{Problem, Report};
