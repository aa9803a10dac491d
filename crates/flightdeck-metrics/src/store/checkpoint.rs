//! Snapshots: what is new in memory goes to a file of its own, then the log is cut.
//!
//! A snapshot has whole blocks: each that changed since the one before. So later files replace earlier ones block by
//! block, and a file can go when all of its blocks are older than what is kept. A snapshot that has everything takes the
//! place of all others. It is written after blocks were dropped on request, so that they do not come back, when much of
//! what the files have was dropped for memory, and when old files stay for the sake of a few hosts.

use super::{SampleStore, StoreError};
use crate::block::BLOCK_STEPS;
use crate::memory::Dropped;
use crate::store::writer::Order;
use flightdeck_sample_log::{LogError, SnapshotBlock, SnapshotHead, SnapshotWriter, Snapshots};
use std::sync::PoisonError;

/// Steps of a block, as block numbers are counted.
#[expect(clippy::cast_possible_wrap, reason = "a few hundred")]
const STEPS: i64 = BLOCK_STEPS as i64;

/// The part of all blocks, as its divisor, that the files may have and memory not. It is less than the quarter by which memory
/// may exceed its cap after a start: what jobs need is not dropped then for what is not needed any more.
const STALE_SHARE: u64 = 8;

/// What is on disk besides the log.
#[derive(Debug)]
pub(super) struct Snapshotting {
    pub(super) files: Snapshots,
    /// Whether the next one has to have everything.
    pub(super) next_is_full: bool,
    /// Blocks that were dropped for memory since one had everything.
    pub(super) stale_blocks: u64,
}

/// What a checkpoint did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Checkpointed {
    pub(super) blocks: u64,
    pub(super) is_full: bool,
}

impl SampleStore {
    /// Writes a snapshot of what is new.
    pub(super) fn checkpoint_new(&self) -> Result<Checkpointed, StoreError> {
        self.checkpoint_as(false)
    }

    /// Writes a snapshot of everything.
    pub(super) fn checkpoint_all(&self) -> Result<Checkpointed, StoreError> {
        self.checkpoint_as(true)
    }

    fn checkpoint_as(&self, everything: bool) -> Result<Checkpointed, StoreError> {
        // One at a time.
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = everything || snapshots.next_is_full;
        // What was acknowledged so far is in memory: the writing thread does one after the other.
        let covered = self.writer.order(Order::Rotate)?;
        let head = SnapshotHead { covers_log_through: covered, is_full };
        let file = snapshots.files.create(head).map_err(StoreError::Log)?;
        let written = match self.write_blocks(file, is_full) {
            Ok(file) if file.blocks() == 0 && !is_full => return Ok(Checkpointed::default()),
            Ok(file) => {
                let blocks = file.blocks();
                snapshots.files.publish(file).map(|info| (info.number, blocks))
            }
            Err(error) => Err(error),
        };
        let (number, blocks) = written.map_err(|error| {
            self.memory.mark_all_unsaved();
            StoreError::Log(error)
        })?;
        if is_full {
            snapshots.next_is_full = false;
            snapshots.stale_blocks = 0;
        }
        self.writer.order(|answer| Order::RemoveThrough(covered, answer))?;
        if is_full {
            let older: Vec<u64> =
                snapshots.files.list().iter().map(|file| file.number).filter(|it| *it < number).collect();
            snapshots.files.remove(&older).map_err(StoreError::Log)?;
        }
        Ok(Checkpointed { blocks, is_full })
    }

    fn write_blocks(&self, mut file: SnapshotWriter, is_full: bool) -> Result<SnapshotWriter, LogError> {
        self.memory.visit_dirty(is_full, &mut |series, timestep_s, number, end_s, bytes| {
            let first_step = number.saturating_mul(STEPS);
            let start_s = first_step.saturating_mul(i64::from(timestep_s));
            file.add(
                &SnapshotBlock { series: *series, timestep_s, block_number: number, bytes },
                start_s,
                end_s,
            )
        })?;
        Ok(file)
    }

    /// Notes that blocks were dropped for memory that the snapshots still have.
    pub(super) fn note_dropped(&self, dropped: Dropped) {
        let counters = self.memory.counters();
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        snapshots.stale_blocks += dropped.blocks;
        snapshots.next_is_full |=
            snapshots.stale_blocks > (counters.open_blocks + counters.closed_blocks) / STALE_SHARE;
    }

    /// Removes the snapshots whose blocks are all older than the retention and than what is held, but never the newest: a
    /// folder without any looks new, and what the reference server left would be taken over again. Returns how many.
    pub(super) fn remove_old_snapshots(&self, retained_s: i64, held_s: i64) -> Result<usize, StoreError> {
        let oldest_s = retained_s.min(held_s);
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        // Oldest first, and no further than the first that stays: a block that a newer file replaced must not come back
        // in its older form.
        let (_, earlier) = snapshots.files.list().split_last().unzip();
        let needless = earlier.unwrap_or_default().iter().take_while(|file| file.end_s < oldest_s);
        let numbers: Vec<u64> = needless.map(|file| file.number).collect();
        if !numbers.is_empty() {
            snapshots.files.remove(&numbers).map_err(StoreError::Log)?;
        }
        // What is left of these is what is held, and that may be little.
        let (_, earlier) = snapshots.files.list().split_last().unzip();
        let has_old = earlier.unwrap_or_default().iter().any(|file| file.end_s < retained_s);
        snapshots.next_is_full |= has_old;
        Ok(numbers.len())
    }
}
