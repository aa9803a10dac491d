//! All series in memory: found by name, written to, read, and kept within bounds. Knows no disk and no clock: the
//! present is an argument where it matters.
//!
//! Hosts are spread over shards, each behind a lock of its own, so that readers and those who ask for series hardly meet
//! the one who writes. No two shards are locked at once; the lock on the names of parts (`parts`) may be taken while a
//! shard is locked, never the other way round; so may that on the names of what is not configured (`former`).

mod block_list;
mod cap;
mod change;
mod former;
mod freshness;
mod hash;
mod held;
mod insert;
mod listing;
mod parts;
mod path;
mod reading;
mod resolver;
mod shard;
mod slab;
mod snapshot;
#[cfg(test)]
mod tests;
mod totals;
mod upkeep;

pub use held::Held;
pub use resolver::{Refusal, Resolver, SeriesRef};
pub use snapshot::BlockVisitor;
pub use totals::Dropped;

use crate::block::BLOCK_STEPS;
use crate::catalogue::Catalogue;
use former::Former;
use hash::{Hashes, hash_of};
use parts::Parts;
use shard::Shard;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use upkeep::Generations;

/// Bits of a series' number that name the shard.
const SHARD_BITS: u32 = 6;

/// Steps of a block, as times are counted.
const STEPS: u64 = BLOCK_STEPS as u64;

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Series, at most.
    pub series_max: u32,
    /// Bytes that [`Memory::enforce_cap`] leaves, at most; 0: no limit.
    pub memory_cap_bytes: u64,
}

/// A series. The number is good for as long as the batch it was asked for is on its way; five minutes at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeriesNumber(u32);

impl SeriesNumber {
    /// The number of a series that a shard has under a number of its own.
    fn new(shard: usize, in_shard: u32) -> Self {
        let shard_bits = u32::try_from(shard).unwrap_or(0);
        Self(in_shard << SHARD_BITS | shard_bits)
    }

    /// The shard.
    const fn shard(self) -> usize {
        (self.0 & ((1 << SHARD_BITS) - 1)) as usize
    }

    /// The number in the shard.
    const fn in_shard(self) -> u32 {
        self.0 >> SHARD_BITS
    }
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Of which series.
    pub series: SeriesNumber,
    /// When, in seconds of the Unix epoch; it counts for the step that it lies in.
    pub time_s: i64,
    /// The value; NaN takes away what was there.
    pub value: f64,
}

/// How much there is, and what was dropped since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Hosts.
    pub hosts: u64,
    /// Series.
    pub series: u64,
    /// Blocks that are written to.
    pub open_blocks: u64,
    /// Compressed blocks.
    pub closed_blocks: u64,
    /// Samples.
    pub samples: u64,
    /// Bytes of all: blocks, series and their tables. What the allocator adds is not in it.
    pub bytes: u64,
    /// Of these, bytes of open blocks.
    pub open_bytes: u64,
    /// Of these, bytes of compressed blocks.
    pub closed_bytes: u64,
    /// What was dropped for its age.
    pub expired: Dropped,
    /// What was dropped for the memory it took.
    pub dropped_for_memory: Dropped,
    /// What was dropped on request.
    pub freed: Dropped,
}

/// All series.
#[derive(Debug)]
pub struct Memory {
    /// Which clusters and metrics there are.
    catalogue: Arc<Catalogue>,
    /// Those that are not configured, but have samples on disk.
    former: RwLock<Former>,
    /// How much may be kept.
    limits: Limits,
    /// Hashes the names of hosts.
    hashes: Hashes,
    /// The names of parts.
    parts: RwLock<Parts>,
    /// The hosts with their series.
    shards: Box<[RwLock<Shard>]>,
    /// How many series there are.
    series_count: AtomicU32,
    /// Counts changes, for [`change_stamp`](Self::change_stamp).
    changes: AtomicU64,
    /// The change that was the last removal of a host.
    host_removed_at: AtomicU64,
    /// The present generation, see [`expire`](Self::expire).
    generation: AtomicU16,
    /// When it began.
    generations: Mutex<Generations>,
    /// What was dropped so far: for its age, for memory, on request.
    dropped: Mutex<[Dropped; 3]>,
}

impl Memory {
    /// Without series.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>, limits: Limits) -> Self {
        let hashes = Hashes::default();
        Self {
            catalogue,
            former: RwLock::default(),
            limits,
            parts: RwLock::default(),
            shards: (0..1 << SHARD_BITS).map(|_| RwLock::new(Shard::new(hashes.clone()))).collect(),
            hashes,
            series_count: AtomicU32::new(0),
            changes: AtomicU64::new(0),
            host_removed_at: AtomicU64::new(0),
            generation: AtomicU16::new(0),
            generations: Mutex::default(),
            dropped: Mutex::default(),
        }
    }

    /// Changes how many series may be made.
    pub fn limit_series(&mut self, series_max: u32) {
        self.limits.series_max = series_max;
    }

    /// Starts finding series by name, for one batch.
    pub fn resolver(&self) -> Resolver<'_> {
        Resolver::new(self)
    }

    /// Stores samples; of several of one step the last counts. Returns how many could not be stored: those of times before
    /// 1970 or beyond all sense, and those of series that are not there any more.
    ///
    /// One thread at a time is to write, so that the samples arrive in the order of the log; others may read meanwhile.
    pub fn apply(&self, samples: &[Sample]) -> u64 {
        let mut refused = 0;
        for run in samples.chunk_by(|left, right| left.series.shard() == right.series.shard()) {
            let Some(mut shard) = run.first().and_then(|sample| self.shard_mut(sample.series.shard())) else {
                continue;
            };
            let change = self.next_change();
            let mut changed_host = None;
            for sample in run {
                let host = shard.set(sample.series.in_shard(), sample.time_s, sample.value);
                refused += u64::from(host.is_none());
                if host.is_some() && host != changed_host {
                    shard.note_change(host, change);
                    changed_host = host;
                }
            }
        }
        refused
    }

    /// How much there is.
    pub fn counters(&self) -> Counters {
        let mut counters = Counters::default();
        for shard in 0..self.shards.len() {
            let Some(shard) = self.shard(shard) else { continue };
            let totals = shard.totals;
            counters.hosts += shard.hosts.len() as u64;
            counters.series += shard.series.len() as u64;
            counters.open_blocks += totals.open_blocks;
            counters.closed_blocks += totals.closed_blocks;
            counters.samples += totals.samples;
            counters.open_bytes += totals.open_bytes as u64;
            counters.closed_bytes += totals.closed_bytes as u64;
            counters.bytes += shard.bytes() as u64;
        }
        counters.bytes += self.parts().heap_bytes() as u64;
        let dropped = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        [counters.expired, counters.dropped_for_memory, counters.freed] = *dropped;
        counters
    }

    /// Bytes of all.
    fn bytes(&self) -> u64 {
        let of_shards: usize =
            (0..self.shards.len()).filter_map(|shard| Some(self.shard(shard)?.bytes())).sum();
        (of_shards + self.parts().heap_bytes()) as u64
    }

    /// Counts what was dropped.
    fn count_dropped(&self, why: Why, dropped: Dropped) {
        let mut counts = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(why as usize) {
            count.add(dropped);
        }
    }

    /// The number of the shard that has a host, and the hash of the host's name.
    fn place_of_host(&self, cluster: u16, host: &str) -> (usize, u64) {
        let hash = hash_of(&self.hashes, &(cluster, host));
        // The tables use the highest and the lowest bits.
        ((hash >> 32) as usize % (1 << SHARD_BITS), hash)
    }

    /// A shard, to read.
    fn shard(&self, shard: usize) -> Option<RwLockReadGuard<'_, Shard>> {
        Some(self.shards.get(shard)?.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A shard, to write.
    fn shard_mut(&self, shard: usize) -> Option<RwLockWriteGuard<'_, Shard>> {
        Some(self.shards.get(shard)?.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// The names of parts, to read.
    fn parts(&self) -> RwLockReadGuard<'_, Parts> {
        self.parts.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names of parts, to write.
    fn parts_mut(&self) -> RwLockWriteGuard<'_, Parts> {
        self.parts.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for a change; larger than all before.
    fn next_change(&self) -> u64 {
        self.changes.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Why samples were dropped.
#[derive(Debug, Clone, Copy)]
enum Why {
    /// For their age.
    Age,
    /// For the memory they took.
    Memory,
    /// On request.
    Request,
}

/// The block and the step within it that a time belongs to.
fn block_of(time_s: i64, timestep_s: u32) -> Option<(u32, u8)> {
    let step = u64::try_from(time_s).ok()? / u64::from(timestep_s.max(1));
    Some((u32::try_from(step / STEPS).ok()?, u8::try_from(step % STEPS).ok()?))
}

/// When a step of a block begins; the step after the last one is when the block ends.
fn time_of(block: u32, step: u64, timestep_s: u32) -> i64 {
    let first = u64::from(block) * STEPS;
    // At most 2^32 × 2^8 steps of 2^32 s do not fit, but no time that came in is beyond an i64.
    i64::try_from(u128::from(first + step) * u128::from(timestep_s)).unwrap_or(i64::MAX)
}
