//! Snapshots: what is new in memory goes to a file of its own, then the log is cut.
//!
//! A snapshot has whole blocks: each that changed since the one before. So later files replace earlier ones block by
//! block, and a file can go when all of its blocks are older than what is kept. After blocks were dropped on request the
//! next snapshot has everything and takes the place of all others, so that they do not come back.

use super::{SampleStore, StoreError};
use crate::store::writer::Order;
use flightdeck_sample_log::{LogError, SnapshotHead, SnapshotInfo, SnapshotWriter, Snapshots};
use std::sync::PoisonError;

/// What is on disk besides the log.
#[derive(Debug, Default)]
pub(super) struct Snapshotting {
    /// Oldest first.
    pub(super) files: Vec<SnapshotInfo>,
    /// Whether the next one has to have everything.
    pub(super) next_is_full: bool,
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
        let mut file = SnapshotWriter::create(&self.disk, &self.options.directory, head).map_err(StoreError::Log)?;
        let mut blocks = 0;
        let visited = self.memory.visit_dirty(is_full, &mut |name, timestep_s, block, end_s, bytes| {
            blocks += 1;
            file.add(name, timestep_s, block, end_s, bytes)
        });
        if let Err(error) = visited.and_then(|()| self.finish(file, blocks, is_full, &mut snapshots)) {
            self.memory.mark_all_unsaved();
            return Err(StoreError::Log(error));
        }
        snapshots.next_is_full = false;
        self.writer.order(|answer| Order::RemoveThrough(covered, answer))?;
        Ok(Checkpointed { blocks, is_full })
    }

    /// Puts the file in its place, and removes those that it makes needless.
    fn finish(
        &self,
        file: SnapshotWriter,
        blocks: u64,
        is_full: bool,
        snapshots: &mut Snapshotting,
    ) -> Result<(), LogError> {
        if blocks == 0 && !is_full {
            return file.discard();
        }
        let written = file.finish()?;
        if is_full {
            for old in std::mem::take(&mut snapshots.files) {
                Snapshots::remove(&self.disk, &old)?;
            }
        }
        snapshots.files.push(written);
        Ok(())
    }

    /// Removes the snapshots whose blocks are all older than this. Returns how many.
    pub(super) fn remove_snapshots_before(&self, oldest_s: i64) -> Result<usize, StoreError> {
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut removed = 0;
        // Oldest first, and no further than the first that stays: one of an older block in a newer file must not come
        // back in its older form.
        while snapshots.files.first().is_some_and(|file| file.end_s < oldest_s) {
            let oldest = snapshots.files.remove(0);
            Snapshots::remove(&self.disk, &oldest).map_err(StoreError::Log)?;
            removed += 1;
        }
        Ok(removed)
    }
}
