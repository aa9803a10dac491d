//! The server's own metric store, as far as more is done with it than [`MetricSource`](super::MetricSource) has.

use super::{MetricSource, PortError, PortFuture};
use crate::{Page, UnixTime};
use std::collections::BTreeMap;

/// In which unit the times of written samples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimePrecision {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

/// What goes with a body of samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteContext {
    /// The cluster of lines that name none.
    pub default_cluster: Option<String>,
    /// The unit of the times; `None`: told from how large each is.
    pub precision: Option<TimePrecision>,
    /// The time of lines that have none.
    pub received: UnixTime,
}

/// What became of the lines of a body. Only [`first_bad`](Self::first_bad) is the sender's fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteReport {
    /// Samples that were stored, and are on disk.
    pub stored: u64,
    /// Lines that are well formed and were passed over, by reason (`unknown metric`, `event`, `too far in the
    /// future`, ...).
    pub skipped: BTreeMap<&'static str, u64>,
    /// Lines that are not well formed.
    pub bad: u64,
    /// The number of the first of them, from 1, and what is wrong with it.
    pub first_bad: Option<(u64, String)>,
}

/// How a host's metrics are doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeFreshness {
    /// Whether anything is known of the host.
    pub is_known: bool,
    /// Metrics without any sample.
    pub missing: Vec<String>,
    /// Metrics whose newest sample, on one of the parts that have it, is older than five timesteps.
    pub degraded: Vec<String>,
}

/// A run of steps of a series that is kept together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockInfo {
    /// When its first sample's step begins.
    pub start: UnixTime,
    /// When its last sample's step ends.
    pub end: UnixTime,
    /// Steps from the first to the last sample.
    pub steps: u32,
    /// Bytes that its samples take.
    pub bytes: u64,
    /// Whether a snapshot on disk has it as it is.
    pub is_saved: bool,
}

/// One series of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesInfo {
    /// Cluster, host, and for a part its type and id put together (`socket0`), and so for a part below.
    pub path: Vec<String>,
    /// The metric's name.
    pub metric: String,
    /// Seconds between two samples.
    pub timestep_s: u32,
    /// What is kept of it, oldest first.
    pub blocks: Vec<BlockInfo>,
}

/// A page of the store's series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeriesPage {
    /// The page's series, sorted by path and metric.
    pub series: Vec<SeriesInfo>,
    /// How many the whole list has.
    pub total: u64,
}

/// Samples of a host that have to stay, whatever their age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldHost {
    /// The cluster.
    pub cluster: String,
    /// The host.
    pub host: String,
    /// From when on.
    pub from: UnixTime,
}

/// The store of samples of running jobs.
pub trait MetricStore: MetricSource {
    /// Stores a body in line protocol. It is read before this returns; the answer comes when what was stored is on disk
    /// (as configured).
    ///
    /// The answer's error: kind Unavailable when the disk does not keep up, `NoSpace` when it is full. Then nothing
    /// of the body counts as stored.
    fn write(&self, body: &[u8], context: &WriteContext) -> PortFuture<Result<WriteReport, PortError>>;

    /// Drops the blocks that end before `to` of all series at or below one of the paths (as in
    /// [`SeriesInfo::path`]; an empty path is the whole store). Returns how many blocks were dropped. They do not come
    /// back after a restart.
    ///
    /// # Errors
    ///
    /// When it could not be written down.
    fn free(&self, paths: &[Vec<String>], to: UnixTime) -> Result<u64, PortError>;

    /// Lists the series at or below a path.
    fn list_series(&self, path: &[String], page: Page) -> SeriesPage;

    /// The hosts of a cluster that have series, in any order.
    fn hosts(&self, cluster: &str) -> Vec<String>;

    /// Looks how fresh the metrics of hosts are, in the order of `hosts`.
    fn freshness(&self, cluster: &str, hosts: &[&str], metrics: &[&str], now: UnixTime)
    -> Vec<NodeFreshness>;

    /// Says which hosts' samples jobs still need; replaces what was said before.
    fn hold(&self, hosts: Vec<HeldHost>);

    /// Does what has to be done now and then: closes blocks, drops what is too old or too much. Returns what was done,
    /// in a few words.
    ///
    /// # Errors
    ///
    /// When files could not be removed.
    fn maintain(&self, now: UnixTime) -> Result<String, PortError>;

    /// Writes what is new since the last time to a snapshot, and removes the log that is not needed any more. Returns
    /// what was done, in a few words.
    ///
    /// # Errors
    ///
    /// When the snapshot could not be written; the log is then still there.
    fn checkpoint(&self) -> Result<String, PortError>;
}
