//! The store as a whole: memory, log and snapshots as one. What it must not know: jobs, HTTP, configuration files.
//!
//! **What is promised.** When a write is answered, its samples are in the log and (with [`Durability::Sync`]) on disk;
//! they outlive a crash at any moment. Samples that were not acknowledged may be found after a crash or not. A snapshot
//! is there as a whole or not at all, and the log is cut only after the snapshot that holds its samples is on disk.
//! Damaged files cost what is damaged in them, and are counted; the store opens all the same. Samples of clusters and
//! metrics that are not configured at the moment are kept like others, until they are too old.

mod checkpoint;
mod error;
mod open;
mod ports;
mod writer;

pub use error::StoreError;
pub use open::{OpenReport, TakenOver};

use crate::catalogue::Catalogue;
use crate::intake::{FUTURE_MAX_S, Part, Window, read_body};
use crate::line_totals::LineTotals;
use crate::memory::{Held, Limits, Memory};
use checkpoint::Snapshotting;
use flightdeck_model::{Clock, Cluster, PortError, PortFuture, WriteContext, WriteReport};
use flightdeck_sample_log::{Disk, OsDisk};
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use writer::{Fate, Writer};

pub use flightdeck_sample_log::Durability;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Folder of the log and the snapshots; made if need be. Of one store alone.
    pub directory: PathBuf,
    /// Folder of the reference server's checkpoints, taken over if `directory` has nothing yet; `None`: nothing is.
    pub reference_checkpoints: Option<PathBuf>,
    /// The clusters whose samples are stored.
    pub clusters: Vec<Arc<Cluster>>,
    /// Seconds that samples are kept.
    pub retention_s: i64,
    /// Bytes that samples may take; 0: no limit.
    pub memory_cap_bytes: u64,
    /// Series beyond which no new ones are made.
    pub series_max: u32,
    /// When a write is answered.
    pub durability: Durability,
    /// How long a write waits for the disk.
    pub write_deadline: Duration,
    /// Bytes of the log after which the next one of its files begins.
    pub segment_bytes: u64,
    /// Threads that load snapshots; 0: one per core, at most 8.
    pub load_threads: usize,
    /// Whether somebody is going to say with `hold` whose samples are needed longer than others. Until it was called once,
    /// also without hosts, nothing is dropped for its age, and memory may take a quarter more than the cap.
    pub waits_for_hold: bool,
}

impl StoreOptions {
    /// Two days of these clusters' samples, without a limit on memory, synced before every answer. It waits for `hold`:
    /// who never calls that sets `waits_for_hold` to false.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, clusters: Vec<Arc<Cluster>>) -> Self {
        Self {
            directory: directory.into(),
            reference_checkpoints: None,
            clusters,
            retention_s: 48 * 3600,
            memory_cap_bytes: 0,
            series_max: 5_000_000,
            durability: Durability::Sync,
            write_deadline: Duration::from_secs(4),
            segment_bytes: 64 << 20,
            load_threads: 0,
            waits_for_hold: true,
        }
    }
}

/// A store of samples. Dropping it writes what waits and ends its threads; [`close`](Self::close) makes a snapshot
/// first, so that the next start is quick.
#[derive(Debug)]
pub struct SampleStore {
    options: StoreOptions,
    clock: Arc<dyn Clock>,
    memory: Arc<Memory>,
    /// `None`: nobody has said yet.
    held: RwLock<Option<Held>>,
    snapshots: Mutex<Snapshotting>,
    writer: Writer,
    lines: Arc<LineTotals>,
    /// Locked as long as the store is open, so that no second one writes into the folder.
    _lock: File,
}

impl SampleStore {
    /// Opens the store: loads snapshots, replays the log, and says what it found.
    ///
    /// # Errors
    ///
    /// When the folder cannot be used at all, or another store has it open. Damaged files are no error.
    pub fn open(options: StoreOptions, clock: Arc<dyn Clock>) -> Result<(Self, OpenReport), StoreError> {
        let disk: Arc<dyn Disk> = Arc::new(OsDisk);
        Self::open_on(&disk, options, clock)
    }

    /// Opens the store on a disk of another kind, such as one that fails on purpose.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_on(
        disk: &Arc<dyn Disk>,
        options: StoreOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, OpenReport), StoreError> {
        // What is on disk was accepted once: the limit is for new series.
        let limits = Limits { series_max: u32::MAX, memory_cap_bytes: options.memory_cap_bytes };
        let mut memory = Memory::new(Arc::new(Catalogue::new(&options.clusters)), limits);
        let opened = open::open(disk, &options, &memory, clock.now().0)?;
        memory.limit_series(options.series_max);
        let memory = Arc::new(memory);
        let writer = Writer::start(opened.log, Arc::clone(&memory), options.write_deadline)
            .map_err(StoreError::Thread)?;
        let store = Self {
            clock,
            memory,
            held: RwLock::new((!options.waits_for_hold).then(Held::default)),
            snapshots: Mutex::new(opened.snapshots),
            writer,
            lines: Arc::default(),
            _lock: opened.lock,
            options,
        };
        if opened.report.took_over.is_some() {
            // Until this is on disk the next start takes over again.
            store.checkpoint_all()?;
        }
        Ok((store, opened.report))
    }

    /// Stores a body in line protocol. It is read before this returns; the answer comes when its samples are on disk.
    ///
    /// The answer's error: kind Unavailable when the disk does not keep up, `NoSpace` when it is full; then nothing of
    /// the body counts as stored.
    pub fn write(&self, body: &[u8], context: &WriteContext) -> PortFuture<Result<WriteReport, PortError>> {
        let fate = Arc::new(Fate::default());
        let deadline = self.writer.deadline();
        let mut last = None;
        let read = self.read(body, context, &mut |part| match last.replace(part) {
            Some(before) => self.writer.write(before, &fate, deadline),
            None => Ok(()),
        });
        let report = match (read, last) {
            (Ok(report), Some(part)) => match self.writer.write_last(part, fate, deadline, report) {
                Ok(answer) => {
                    let lines = Arc::clone(&self.lines);
                    return Box::pin(async move {
                        let outcome = answer.await.unwrap_or_else(|_gone| Err(ended()));
                        outcome.inspect(|report| lines.add(report))
                    });
                }
                Err(error) => Err(error),
            },
            (report, _) => report,
        };
        Box::pin(std::future::ready(report.inspect(|report| self.lines.add(report))))
    }

    fn read(
        &self,
        body: &[u8],
        context: &WriteContext,
        take: &mut dyn FnMut(Part) -> Result<(), PortError>,
    ) -> Result<WriteReport, PortError> {
        let now_s = self.clock.now().0;
        let window = Window {
            oldest_s: now_s.saturating_sub(self.options.retention_s).max(0),
            newest_s: now_s.saturating_add(FUTURE_MAX_S),
        };
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let is_held = |cluster: &str, host: &str, time_s: i64| {
            time_s >= 0 && held.as_ref().is_some_and(|held| held.holds(cluster, host, time_s))
        };
        read_body(body, context, window, &self.memory, is_held, &|| self.writer.room(), take)
    }

    /// Writes a snapshot of what is new, and ends.
    ///
    /// # Errors
    ///
    /// When the snapshot could not be written. Nothing is lost then: the log has it.
    pub fn close(self) -> Result<(), StoreError> {
        self.checkpoint_new().map(|_what| ())
    }
}

fn ended() -> PortError {
    PortError::plain(flightdeck_model::PortErrorKind::Internal, "the metric store ended before it answered")
}
