//! Opening: snapshots in their order, then the log; or, in a new folder, what the reference server left.

use super::checkpoint::Snapshotting;
use super::{StoreError, StoreOptions};
use crate::block::Block;
use crate::memory::{Dropped, Held, Memory, Refusal, Sample};
use flightdeck_checkpoints::{Piece, read_checkpoints};
use flightdeck_sample_log::{Disk, Log, LogOptions, LoggedSample, Record, SnapshotBlock, Snapshots};
use std::fs::{File, TryLockError};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// Samples that are put into memory at once.
const BATCH_SAMPLES: usize = 16_384;

/// Seconds between two samples of a metric that is not configured and of which no block is known: each keeps its time until
/// there is a timestep.
const UNKNOWN_TIMESTEP_S: u32 = 1;

/// Samples of the log after which memory is looked at.
const ENFORCED_SAMPLES: u64 = 1 << 20;

/// Loading with more threads waits for the locks of memory.
const LOAD_THREADS_MAX: usize = 8;

/// What was found when a store was opened.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OpenReport {
    /// Snapshots that were read.
    pub snapshots: usize,
    /// Blocks that came from them.
    pub blocks: u64,
    /// Samples that came from the log.
    pub log_samples: u64,
    /// Parts of snapshots and records of the log that are damaged. They were left aside; their files are in the folder
    /// `damaged` as well.
    pub damaged: u64,
    /// Files of the log that end in the middle of a record, as a crash leaves them. Nobody was told that such a record was
    /// written, unless it is the very last one and damage made it look like that.
    pub torn: u64,
    /// The bytes of these records.
    pub torn_bytes: u64,
    /// Samples and blocks of clusters and metrics that are not configured. Nobody can read them, but they are kept like
    /// others: they are there again when their names are configured at a later start.
    pub passed_over: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What was taken over from the reference server's checkpoints.
    pub took_over: Option<TakenOver>,
}

/// What was taken over from the reference server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// Hosts.
    pub hosts: u64,
    /// Files that were read.
    pub files: u64,
    /// Samples that were stored.
    pub samples: u64,
    /// Samples that were not: of clusters or metrics that are not configured, or older than what is kept.
    pub passed_over: u64,
    /// Files and records that could not be read, with the reason.
    pub problems: Vec<String>,
}

pub(super) struct Opened {
    pub(super) log: Log,
    pub(super) snapshots: Snapshotting,
    pub(super) lock: File,
    pub(super) report: OpenReport,
}

pub(super) fn open(
    disk: &Arc<dyn Disk>,
    options: &StoreOptions,
    memory: &Memory,
    now_s: i64,
) -> Result<Opened, StoreError> {
    let begun = Instant::now();
    let directory = &options.directory;
    let folder = |source| StoreError::Folder { path: directory.clone(), source };
    disk.create_folders(directory).map_err(folder)?;
    let lock = lock(directory)?;
    let oldest_s = now_s.saturating_sub(options.retention_s);
    let mut report = OpenReport::default();
    let mut files = Snapshots::open(Arc::clone(disk), directory).map_err(StoreError::Log)?;
    let bounds =
        Bounds { memory, retention_s: options.retention_s, waits_for_hold: options.waits_for_hold, now_s };
    let is_rewritten = load_snapshots(&mut files, options, &bounds, &mut report);
    let log_options = LogOptions { durability: options.durability, segment_bytes: options.segment_bytes };
    let mut log =
        Log::open(Arc::clone(disk), directory, log_options, files.log_start()).map_err(StoreError::Log)?;
    let is_new = files.list().is_empty() && log.segments() == 0;
    let freed = replay_log(&mut log, &bounds, &mut report);
    if is_new && let Some(root) = options.reference_checkpoints.as_deref().filter(|root| root.is_dir()) {
        report.took_over = Some(take_over(root, memory, oldest_s));
    }
    report.seconds = begun.elapsed().as_secs_f64();
    // Earlier snapshots still have what was dropped.
    let next_is_full = freed || is_rewritten || memory.counters().dropped_for_memory.blocks > 0;
    let snapshots = Snapshotting { files, next_is_full, stale_blocks: 0 };
    Ok(Opened { log, snapshots, lock, report })
}

fn lock(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join("lock");
    let folder = |source| StoreError::Folder { path: path.clone(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: directory.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StoreError::Folder { path, source }),
    }
}

/// What memory may keep while it is filled.
struct Bounds<'a> {
    memory: &'a Memory,
    retention_s: i64,
    waits_for_hold: bool,
    now_s: i64,
}

impl Bounds<'_> {
    /// Drops what is too much, and what is too old unless somebody will say that it is needed. Each drop is told.
    fn enforce(&self) {
        let nobody = (!self.waits_for_hold).then(Held::default);
        if let Some(held) = &nobody {
            self.memory.expire(self.now_s, self.retention_s, held);
        }
        let Dropped { blocks, samples } = self.memory.enforce_cap(nobody.as_ref());
        if blocks > 0 {
            tracing::warn!(
                blocks,
                samples,
                "the files of the metric store have more than its memory cap allows: their oldest samples were dropped"
            );
        }
    }
}

/// Brings what the snapshots have into memory. Returns whether the next one has to have everything: one that is damaged is
/// in the way of the later ones until another takes its place, and blocks of other steps do not take each other's.
fn load_snapshots(
    files: &mut Snapshots,
    options: &StoreOptions,
    bounds: &Bounds<'_>,
    report: &mut OpenReport,
) -> bool {
    let memory = bounds.memory;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = if options.load_threads == 0 { cores.min(LOAD_THREADS_MAX) } else { options.load_threads };
    let passed_over = AtomicU64::new(0);
    let senseless = AtomicU64::new(0);
    let has_other_steps = AtomicBool::new(false);
    let take = |found: SnapshotBlock<'_>| {
        let configured_timestep_s = memory.configured_timestep_s(&found.series);
        if configured_timestep_s.is_none() {
            passed_over.fetch_add(1, Ordering::Relaxed);
        } else if configured_timestep_s != Some(found.timestep_s) {
            has_other_steps.store(true, Ordering::Relaxed);
        }
        let is_taken = Block::from_bytes(found.bytes).is_ok_and(|block| {
            memory.insert_saved(&found.series, found.timestep_s, found.block_number, block, i64::MIN)
        });
        senseless.fetch_add(u64::from(!is_taken), Ordering::Relaxed);
    };
    let needed: Vec<(u64, bool)> = files.needed().iter().map(|file| (file.number, file.is_whole)).collect();
    let mut has_damage = false;
    for (number, is_whole) in needed {
        let loaded = files.load(number, threads, &take);
        let rejected = senseless.swap(0, Ordering::Relaxed);
        if rejected > 0 {
            files.reject(number, rejected);
        }
        report.snapshots += 1;
        report.blocks += loaded.blocks;
        report.damaged += rejected + loaded.damaged_sections + u64::from(loaded.unreadable.is_some());
        has_damage |= rejected > 0 || !is_whole || !loaded.is_complete();
        bounds.enforce();
    }
    report.passed_over += passed_over.into_inner();
    has_damage || has_other_steps.into_inner()
}

/// Brings what the log says into memory. Returns whether blocks were dropped on request.
fn replay_log(log: &mut Log, bounds: &Bounds<'_>, report: &mut OpenReport) -> bool {
    let memory = bounds.memory;
    let mut resolver = memory.resolver();
    let mut batch = Vec::with_capacity(BATCH_SAMPLES);
    let mut samples = 0;
    let mut enforced = 0;
    let mut passed_over = 0;
    let mut refused = 0;
    let mut has_freed = false;
    let counts = log.replay(&mut |record| {
        let reader = match record {
            Record::Samples(reader) => reader,
            Record::Freed(freed) => {
                memory.apply(&batch);
                batch.clear();
                memory.free(&freed.paths, freed.to_s);
                has_freed = true;
                return Ok(());
            }
        };
        for sample in reader {
            let LoggedSample { series, time_s, value } = sample?;
            let found = match resolver.resolve(&series) {
                Ok(found) => Some(found),
                Err(Refusal::UnknownCluster | Refusal::UnknownMetric) => {
                    passed_over += 1;
                    memory.former_series(&series, UNKNOWN_TIMESTEP_S)
                }
                Err(_) => None,
            };
            let Some(found) = found else {
                refused += 1;
                continue;
            };
            samples += 1;
            batch.push(Sample { series: found.number, time_s, value });
        }
        if batch.len() >= BATCH_SAMPLES {
            memory.apply(&batch);
            batch.clear();
        }
        if samples >= enforced + ENFORCED_SAMPLES {
            enforced = samples;
            bounds.enforce();
        }
        Ok(())
    });
    memory.apply(&batch);
    bounds.enforce();
    report.log_samples += samples;
    report.passed_over += passed_over;
    report.damaged += refused + counts.damaged_records + counts.unreadable.len() as u64;
    report.torn += counts.torn_segments;
    report.torn_bytes += counts.torn_bytes;
    has_freed
}

/// Takes over what the reference server left.
fn take_over(root: &Path, memory: &Memory, oldest_s: i64) -> TakenOver {
    let mut taken = TakenOver::default();
    let mut resolver = memory.resolver();
    let mut batch = Vec::with_capacity(BATCH_SAMPLES);
    let read = read_checkpoints(root, &mut |name, piece| {
        let Ok(series) = resolver.resolve(&name) else {
            taken.passed_over += match piece {
                Piece::Run { values, .. } => values.iter().filter(|value| !value.is_nan()).count() as u64,
                Piece::Sample { .. } => 1,
            };
            return;
        };
        let mut add = |time_s: i64, value: f64| {
            if value.is_nan() {
                return;
            }
            if time_s < oldest_s {
                taken.passed_over += 1;
                return;
            }
            taken.samples += 1;
            batch.push(Sample { series: series.number, time_s, value });
        };
        match piece {
            Piece::Run { timestep_s, start_s, values } => {
                let mut time_s = start_s;
                for value in values {
                    add(time_s, shortest_decimal(*value));
                    time_s = time_s.saturating_add(timestep_s);
                }
            }
            Piece::Sample { time_s, value } => add(time_s, shortest_decimal(value)),
        }
        if batch.len() >= BATCH_SAMPLES {
            memory.apply(&batch);
            batch.clear();
        }
    });
    memory.apply(&batch);
    match read {
        Ok(report) => {
            taken.hosts = report.hosts;
            taken.files = report.files;
            let problem =
                |one: &flightdeck_checkpoints::Problem| format!("{}: {}", one.path.display(), one.reason);
            taken.problems = report.problems.iter().map(problem).collect();
        }
        Err(error) => taken.problems.push(error.to_string()),
    }
    taken
}

/// The value that was most likely sent, of which the file has 32 bits: 0.1 and not 0.10000000149011612.
fn shortest_decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
