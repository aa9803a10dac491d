//! How much memory and disk a site needs. The figures are measured: see docs/PERFORMANCE.md.

/// Bytes that a series takes besides its samples: its name, its place in the tables and its list of blocks.
const SERIES_BYTES: u64 = 150;
/// Bytes of a sample in a block that is still written to, with the room that is kept for the next ones. Two decimals of a
/// value below 300 fit into two, numbers of 17 digits take eight.
const OPEN_SAMPLE_BYTES: f64 = 4.7;
/// Bytes of a sample in a closed block: 2.0 of data as collectors send them, 0.15 for the entry in the list of blocks, and
/// what the allocator adds. What the example `site` says of a whole day must not be more than the estimate that it prints.
const CLOSED_SAMPLE_BYTES: f64 = 2.5;
/// Bytes of a sample in the log.
const LOG_SAMPLE_BYTES: f64 = 9.0;

/// What a site measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// Nodes.
    pub nodes: u64,
    /// Metrics that are measured once a node.
    pub node_metrics: u64,
    /// Hardware threads (or cores) of a node.
    pub hwthreads: u64,
    /// Metrics that are measured for each of these.
    pub hwthread_metrics: u64,
    /// Seconds between two samples.
    pub timestep_s: u64,
    /// Seconds that samples are kept.
    pub retention_s: u64,
    /// Seconds between two snapshots.
    pub checkpoint_interval_s: u64,
}

/// What it needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Need {
    /// Series.
    pub series: u64,
    /// Samples that are kept.
    pub samples: u64,
    /// Samples a second that come in.
    pub samples_per_s: f64,
    /// Bytes of memory when all is full.
    pub memory_bytes: f64,
    /// Bytes on disk: snapshots and the log between two of them.
    pub disk_bytes: f64,
}

impl Site {
    /// Adds up what the site needs. The newest block of a series, of 256 steps, is open; in all others samples are
    /// compressed. A snapshot repeats the open blocks.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn need(&self) -> Need {
        let series = self.nodes * (self.node_metrics + self.hwthreads * self.hwthread_metrics);
        let timestep_s = self.timestep_s.max(1);
        let steps = self.retention_s / timestep_s;
        let open_steps = steps.min(crate::block::BLOCK_STEPS as u64);
        let closed_steps = steps - open_steps;
        let per_series = SERIES_BYTES as f64
            + open_steps as f64 * OPEN_SAMPLE_BYTES
            + closed_steps as f64 * CLOSED_SAMPLE_BYTES;
        let interval_s = self.checkpoint_interval_s.max(1);
        let snapshots = (self.retention_s as f64 / interval_s as f64).max(1.0);
        // Each snapshot has the block that was open then, on average half full, beside what is new.
        let per_snapshot = (interval_s / timestep_s) as f64 + open_steps as f64 / 2.0;
        let logged = 2.0 * (interval_s / timestep_s) as f64 * LOG_SAMPLE_BYTES;
        Need {
            series,
            samples: series * steps,
            samples_per_s: series as f64 / timestep_s as f64,
            memory_bytes: series as f64 * per_series,
            disk_bytes: series as f64 * (snapshots * per_snapshot * CLOSED_SAMPLE_BYTES + logged),
        }
    }
}
