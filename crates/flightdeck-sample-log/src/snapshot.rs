//! Snapshots: files with blocks of series, written whole or not at all. Knows nothing of what is in the blocks.
//!
//! A snapshot is a file `snapshot-<number>-<segment>.fds`, both with at least ten digits; the segment is the one up to
//! which the log is held. It has a file header ([`file_header`](crate::file_header), kind `FDSNAP\r\n`) and frames
//! ([`frame`](crate::frame)), whose payloads begin with their kind:
//!
//! - 3, the head: the segment (u64), 1 if the snapshot is full, else 0 (u8);
//! - 4, sections of about 1 MiB, each of which can be read alone ([`section`]);
//! - 5, the end: number (u64), segment (u64), full or not (u8), when the first block starts and the last one ends (i64
//!   each, seconds), number of sections and of blocks (u64 each).
//!
//! The end repeats the head, so that neither of them can be lost alone. A full snapshot holds all blocks there
//! were; the others hold those that were new or changed, which take the place of what earlier snapshots have.
//! While it is written a file is called `.new-snapshot-...`.

mod load;
mod section;
mod summary;
mod writer;

pub use load::LoadReport;
pub use section::SnapshotBlock;
pub use writer::SnapshotWriter;

use crate::disk::{Disk, FileEntry};
use crate::error::LogError;
use crate::file_header::{FileHeader, Magic};
use crate::folder::{self, SET_ASIDE_FOLDER};
use crate::log::{LogStart, SegmentNumber};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use summary::Summary;

const MAGIC: Magic = *b"FDSNAP\r\n";
const HEAD: u8 = 3;
const SECTION: u8 = 4;
const END: u8 = 5;

const TEMPORARY_PREFIX: &str = ".new-";

/// What a snapshot is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotHead {
    /// The log's segment up to which everything is in this snapshot or an earlier one.
    pub covers_log_through: SegmentNumber,
    /// Whether it holds all blocks, so that no earlier snapshot is needed.
    pub is_full: bool,
}

/// A snapshot of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Its number: later ones have higher numbers.
    pub number: u64,
    /// Whether it holds all blocks, so that no earlier snapshot is needed.
    pub is_full: bool,
    /// The log's segment up to which everything is in this snapshot or an earlier one.
    pub covers: SegmentNumber,
    /// When its oldest block starts, in seconds since the epoch; the lowest number when that is unknown, the highest
    /// when there are no blocks.
    pub start_s: i64,
    /// When its newest block ends, in seconds since the epoch; the highest number when that is unknown, the lowest
    /// when there are no blocks.
    pub end_s: i64,
    /// The size of the file.
    pub bytes: u64,
    /// The file.
    pub path: PathBuf,
    /// Whether the file has its end, and thus all its parts unless they are damaged.
    pub is_whole: bool,
    /// How many sections there should be, if that is known.
    sections: Option<u64>,
    /// Whether the head or the end can be read.
    is_known: bool,
}

/// The snapshots of a folder. Only one may be open for a folder.
#[derive(Debug)]
pub struct Snapshots {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// By number.
    known: Vec<SnapshotInfo>,
    /// Those that [`load`](Self::load) found damaged.
    damaged: BTreeSet<u64>,
    last_number: u64,
    /// Up to here the log's numbers are used.
    last_segment: SegmentNumber,
}

impl Snapshots {
    /// Opens the snapshots of a folder, which is made if it is missing. What an interrupted writer left is removed.
    ///
    /// # Errors
    ///
    /// When the folder cannot be used, or a later version of the program wrote a snapshot.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, LogError> {
        let mut opened = Self {
            disk,
            folder: folder.to_owned(),
            known: Vec::new(),
            damaged: BTreeSet::new(),
            last_number: 0,
            last_segment: SegmentNumber(0),
        };
        for file in folder::list_or_create(opened.disk.as_ref(), folder)? {
            opened.take_in(&file)?;
        }
        opened.known.sort_by_key(|snapshot| snapshot.number);
        Ok(opened)
    }

    /// All snapshots, by number.
    #[must_use]
    pub fn list(&self) -> &[SnapshotInfo] {
        &self.known
    }

    /// The snapshots that have to be loaded, in this order: from the newest full one on that is whole.
    #[must_use]
    pub fn needed(&self) -> &[SnapshotInfo] {
        let newest_full = self.known.iter().rposition(|snapshot| snapshot.is_full && snapshot.is_whole);
        self.known.get(newest_full.unwrap_or(0)..).unwrap_or_default()
    }

    /// What [`Log::open`](crate::Log::open) has to know.
    #[must_use]
    pub fn log_start(&self) -> LogStart {
        // What a file without head and end holds is unknown.
        let readable = self.needed().iter().filter(|snapshot| snapshot.is_known);
        let covered = readable.map(|snapshot| snapshot.covers).max().unwrap_or_default();
        LogStart { covered, used: self.last_segment }
    }

    /// Begins a snapshot. It is not there before [`publish`](Self::publish).
    ///
    /// # Errors
    ///
    /// When its file cannot be written.
    pub fn create(&mut self, head: SnapshotHead) -> Result<SnapshotWriter, LogError> {
        self.last_number += 1;
        SnapshotWriter::create(Arc::clone(&self.disk), &self.folder, self.last_number, head)
    }

    /// Completes a snapshot: it is on disk, under its name, when this returns.
    ///
    /// # Errors
    ///
    /// When it may not be; then it counts as never written.
    pub fn publish(&mut self, writer: SnapshotWriter) -> Result<SnapshotInfo, LogError> {
        let info = writer.finish()?;
        self.last_segment = self.last_segment.max(info.covers);
        let place = self.known.partition_point(|snapshot| snapshot.number < info.number);
        self.known.insert(place, info.clone());
        Ok(info)
    }

    /// Removes snapshots. One that was found damaged stays in the folder `damaged`, for somebody to look at; nothing here
    /// removes it from there.
    ///
    /// # Errors
    ///
    /// When one could not be removed; the others are, and it stays in the list.
    pub fn remove(&mut self, numbers: &[u64]) -> Result<(), LogError> {
        let mut outcome = Ok(());
        let all = std::mem::take(&mut self.known);
        let mut is_changed = false;
        for snapshot in all {
            if !numbers.contains(&snapshot.number) {
                self.known.push(snapshot);
                continue;
            }
            is_changed = true;
            if let Err(error) = self.remove_file(&snapshot) {
                self.known.push(snapshot);
                outcome = outcome.and(Err(error));
            }
        }
        if is_changed {
            let synced = self.disk.sync_folder(&self.folder);
            outcome =
                outcome.and(synced.map_err(|source| LogError::Sync { path: self.folder.clone(), source }));
        }
        outcome
    }

    /// How many bytes the snapshots have.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.known.iter().map(|snapshot| snapshot.bytes).sum()
    }

    /// Where damaged snapshots are kept.
    #[must_use]
    pub fn set_aside_folder(&self) -> PathBuf {
        self.folder.join(SET_ASIDE_FOLDER)
    }

    fn remove_file(&self, snapshot: &SnapshotInfo) -> Result<(), LogError> {
        if self.damaged.contains(&snapshot.number) {
            return folder::set_aside(self.disk.as_ref(), &self.folder, &snapshot.path);
        }
        folder::remove(self.disk.as_ref(), &snapshot.path)
    }

    fn take_in(&mut self, file: &FileEntry) -> Result<(), LogError> {
        if let Some((number, _)) = file.name.strip_prefix(TEMPORARY_PREFIX).and_then(numbers_in) {
            self.last_number = self.last_number.max(number);
            return folder::remove(self.disk.as_ref(), &self.folder.join(&file.name)).or_else(|error| {
                // It is in nobody's way: the next writer takes another name.
                tracing::warn!(%error, name = file.name, "what is left of a snapshot stays");
                Ok(())
            });
        }
        let Some((number, covers)) = numbers_in(&file.name) else { return Ok(()) };
        self.last_number = self.last_number.max(number);
        self.last_segment = self.last_segment.max(covers);
        let path = self.folder.join(&file.name);
        let summary = self.read_summary(&path, number, covers)?;
        self.known.push(SnapshotInfo {
            number,
            is_full: summary.is_full,
            covers,
            start_s: summary.start_s,
            end_s: summary.end_s,
            bytes: file.bytes,
            path,
            is_whole: summary.is_whole,
            sections: summary.sections,
            is_known: summary.is_known,
        });
        Ok(())
    }

    /// A file that cannot be read is no reason not to start.
    fn read_summary(&self, path: &Path, number: u64, covers: SegmentNumber) -> Result<Summary, LogError> {
        let opened = self.disk.open(path).and_then(|file| folder::read_header(file, MAGIC));
        let (mut file, header) = match opened {
            Ok(file) => file,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a snapshot cannot be read");
                return Ok(Summary::unknown());
            }
        };
        if let FileHeader::Newer { version } = header {
            return Err(LogError::NewerVersion { path: path.to_owned(), version });
        }
        let summary = Summary::read_end(file.as_mut(), number, covers);
        Ok(summary.or_else(|| Summary::read_head(file.as_mut(), covers)).unwrap_or_else(Summary::unknown))
    }
}

/// The number of a snapshot and of the segment up to which it holds the log.
fn numbers_in(name: &str) -> Option<(u64, SegmentNumber)> {
    let (front, back) = name.rsplit_once('-')?;
    let number = folder::number_in(front, "snapshot-", "")?;
    let segment = folder::number_in(back, "", ".fds")?;
    Some((number, SegmentNumber(segment)))
}

fn file_name(number: u64, covers: SegmentNumber) -> String {
    format!("snapshot-{number:010}-{:010}.fds", covers.0)
}
