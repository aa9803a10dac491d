//! The log: records in numbered segments, durable before their writer is answered. Knows nothing of what is in
//! the records.
//!
//! A segment is a file `log-<number>.fdl`, the number with at least ten digits: a file header
//! ([`file_header`](crate::file_header), kind `FDLOG\r\n\x1a`) and frames ([`frame`](crate::frame)), each with one record.
//!
//! A segment is written by one run of the program alone, and never again after a write or sync of it failed: what the
//! disk then holds is uncertain. A number is never used twice, as snapshots say up to which number they hold the log.

mod replay;

pub use replay::{ReplayReport, UnreadableFile};

use crate::disk::{Disk, WriteFile};
use crate::error::LogError;
use crate::file_header::{self, FILE_HEADER_BYTES, FileHeader, Magic};
use crate::folder::{self, SET_ASIDE_FOLDER};
use crate::frame::{FRAME_HEADER_BYTES, MAX_PAYLOAD_BYTES, put_frame};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: Magic = *b"FDLOG\r\n\x1a";

/// Bytes that are written with one call, unless a single record is longer: what they are gathered in is kept.
const PIECE_BYTES: usize = 128 << 10;

/// The number of a segment, from 1 on. 0 is before all segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SegmentNumber(pub u64);

/// What the snapshots say of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogStart {
    /// Segments up to this one need not be read: what they say is in a snapshot.
    pub covered: SegmentNumber,
    /// Segments up to this one have been there. Snapshots that cannot be read at the moment count as well, as a number
    /// that is used again would one day be taken for the segment that they hold.
    pub used: SegmentNumber,
}

/// When a record counts as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When it is on disk: it outlives a loss of power.
    #[default]
    Sync,
    /// When the operating system has it: it outlives the end of this program.
    Flush,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogOptions {
    /// When a record counts as written.
    pub durability: Durability,
    /// How large a segment gets, about.
    pub segment_bytes: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { durability: Durability::Sync, segment_bytes: 64 << 20 }
    }
}

/// The log of a folder. Only one may be open for a folder.
#[derive(Debug)]
pub struct Log {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    options: LogOptions,
    /// Up to where a snapshot holds what the log says.
    covered: SegmentNumber,
    /// The highest number that was ever used.
    last: SegmentNumber,
    /// What is in the folder, with its size, but for the segment that is written.
    closed: BTreeMap<SegmentNumber, u64>,
    /// Those that [`replay`](Self::replay) found damaged.
    damaged: BTreeSet<SegmentNumber>,
    current: Option<Segment>,
    /// Frames that are written with one call.
    piece: Vec<u8>,
}

/// The segment that is written.
#[derive(Debug)]
struct Segment {
    number: SegmentNumber,
    path: PathBuf,
    file: Box<dyn WriteFile>,
    /// How much of it is certain.
    bytes: u64,
}

impl Segment {
    fn write(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        let written = self.file.write_all(bytes);
        written.map_err(|source| LogError::Write { path: self.path.clone(), source })
    }

    /// Writes records, each into a frame of its own, with one call for each piece.
    fn write_frames(&mut self, records: &[&[u8]], piece: &mut Vec<u8>) -> Result<(), LogError> {
        piece.clear();
        for record in records {
            if !piece.is_empty() && piece.len() + FRAME_HEADER_BYTES + record.len() > PIECE_BYTES {
                self.write(piece)?;
                piece.clear();
            }
            put_frame(piece, record);
        }
        self.write(piece)
    }
}

impl Log {
    /// Opens the log of a folder, which is made if it is missing. `start` is what
    /// [`Snapshots::log_start`](crate::Snapshots::log_start) gives.
    ///
    /// Nothing is written into the folder yet, so that a log on a full disk can be opened.
    ///
    /// # Errors
    ///
    /// When the folder cannot be used, or a later version of the program wrote a segment that is still needed.
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        options: LogOptions,
        start: LogStart,
    ) -> Result<Self, LogError> {
        let mut closed = BTreeMap::new();
        for file in folder::list_or_create(disk.as_ref(), folder)? {
            if let Some(number) = folder::number_in(&file.name, "log-", ".fdl") {
                closed.insert(SegmentNumber(number), file.bytes);
            }
        }
        let newest = closed.last_key_value().map(|(number, _)| *number).unwrap_or_default();
        let log = Self {
            disk,
            folder: folder.to_owned(),
            options,
            covered: start.covered,
            last: newest.max(start.used).max(start.covered),
            closed,
            damaged: BTreeSet::new(),
            current: None,
            piece: Vec::new(),
        };
        log.refuse_newer_versions()?;
        Ok(log)
    }

    /// Writes the records of a group, each into a frame of its own, and returns when they are durable: with one sync for
    /// all, and one call for small groups.
    ///
    /// # Errors
    ///
    /// When they may not be durable, or one is empty or larger than 16 MiB; then none of them counts as written, although
    /// some may be found by [`replay`](Self::replay). The next call begins a new segment.
    pub fn append(&mut self, records: &[&[u8]]) -> Result<(), LogError> {
        if let Some(unfit) = records.iter().find(|record| !(1..=MAX_PAYLOAD_BYTES).contains(&record.len())) {
            return Err(LogError::UnfitSize { bytes: unfit.len() });
        }
        let group_bytes = records.iter().map(|record| folder::wide(FRAME_HEADER_BYTES + record.len())).sum();
        let mut segment = self.segment_for(group_bytes)?;
        let mut piece = std::mem::take(&mut self.piece);
        let outcome = segment.write_frames(records, &mut piece).and_then(|()| self.sync(&mut segment));
        // A record may be longer than a piece.
        piece.clear();
        piece.shrink_to(PIECE_BYTES);
        self.piece = piece;
        if let Err(error) = outcome {
            self.abandon(segment);
            return Err(error);
        }
        segment.bytes += group_bytes;
        self.current = Some(segment);
        Ok(())
    }

    /// Ends the current segment: what is appended from now on is in segments beyond the one that is returned, and what
    /// was appended before is not.
    pub fn rotate(&mut self) -> SegmentNumber {
        if let Some(segment) = self.current.take() {
            self.closed.insert(segment.number, segment.bytes);
        }
        self.last
    }

    /// Removes all segments up to one that [`rotate`](Self::rotate) gave, because a snapshot holds what they say. A segment
    /// that was found damaged stays in the folder `damaged`, for somebody to look at; nothing here removes it from there.
    ///
    /// # Errors
    ///
    /// When a segment could not be removed; the others are, and it is tried again the next time.
    pub fn remove_through(&mut self, last: SegmentNumber) -> Result<(), LogError> {
        self.covered = self.covered.max(last);
        let numbers: Vec<SegmentNumber> = self.closed.range(..=last).map(|(number, _)| *number).collect();
        let mut outcome = Ok(());
        for number in &numbers {
            match self.remove(*number) {
                Ok(()) => {
                    self.closed.remove(number);
                    self.damaged.remove(number);
                }
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        if !numbers.is_empty() {
            let synced = self.disk.sync_folder(&self.folder);
            outcome =
                outcome.and(synced.map_err(|source| LogError::Sync { path: self.folder.clone(), source }));
        }
        outcome
    }

    /// How many bytes the segments have.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let current_bytes = self.current.as_ref().map_or(0, |segment| segment.bytes);
        self.closed.values().sum::<u64>() + current_bytes
    }

    /// How many segments there are.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.closed.len() + usize::from(self.current.is_some())
    }

    fn refuse_newer_versions(&self) -> Result<(), LogError> {
        for number in self.uncovered() {
            let path = self.path(number);
            // What cannot be read is replay's business.
            let Ok(file) = self.disk.open(&path) else { continue };
            let Ok((_, header)) = folder::read_header(file, MAGIC) else { continue };
            if let FileHeader::Newer { version } = header {
                return Err(LogError::NewerVersion { path, version });
            }
        }
        Ok(())
    }

    /// The segments that no snapshot holds, but for the one that is written.
    fn uncovered(&self) -> impl Iterator<Item = SegmentNumber> {
        self.closed.keys().copied().filter(|number| *number > self.covered)
    }

    /// Takes the current segment, or a new one if there is none or it is full.
    fn segment_for(&mut self, group_bytes: u64) -> Result<Segment, LogError> {
        match self.current.take() {
            Some(segment) if !self.is_full(&segment, group_bytes) => return Ok(segment),
            Some(segment) => {
                self.closed.insert(segment.number, segment.bytes);
            }
            None => {}
        }
        self.create_segment()
    }

    fn is_full(&self, segment: &Segment, group_bytes: u64) -> bool {
        has_records(segment.bytes) && segment.bytes + group_bytes > self.options.segment_bytes
    }

    fn create_segment(&mut self) -> Result<Segment, LogError> {
        self.last = SegmentNumber(self.last.0 + 1);
        let number = self.last;
        let path = self.path(number);
        let file = match self.disk.create(&path) {
            Ok(file) => file,
            Err(source) => return Err(LogError::Create { path, source }),
        };
        let header = file_header::encode(MAGIC, number.0);
        let mut segment = Segment { number, path, file, bytes: 0 };
        let outcome =
            segment.write(&header).and_then(|()| self.sync(&mut segment)).and_then(|()| self.sync_names());
        if let Err(error) = outcome {
            self.abandon(segment);
            return Err(error);
        }
        segment.bytes = folder::wide(header.len());
        Ok(segment)
    }

    fn sync(&self, segment: &mut Segment) -> Result<(), LogError> {
        if self.options.durability == Durability::Flush {
            return Ok(());
        }
        let synced = segment.file.sync_data();
        synced.map_err(|source| LogError::Sync { path: segment.path.clone(), source })
    }

    fn sync_names(&self) -> Result<(), LogError> {
        if self.options.durability == Durability::Flush {
            return Ok(());
        }
        let synced = self.disk.sync_folder(&self.folder);
        synced.map_err(|source| LogError::Sync { path: self.folder.clone(), source })
    }

    /// Leaves a segment behind that could not be written, without what is uncertain of it if that is possible.
    fn abandon(&mut self, segment: Segment) {
        let Segment { number, path, mut file, bytes } = segment;
        // On a full disk each attempt would otherwise leave a file without records.
        if !has_records(bytes) {
            drop(file);
            if self.disk.remove(&path).is_err() {
                self.closed.insert(number, bytes);
            }
            return;
        }
        self.closed.insert(number, bytes);
        // Replaying copes with what stays behind; it was just never acknowledged.
        if let Err(error) = file.truncate(bytes).and_then(|()| file.sync_data()) {
            tracing::warn!(path = %path.display(), %error, "the end of a log segment could not be cut off");
        }
    }

    fn remove(&self, number: SegmentNumber) -> Result<(), LogError> {
        let path = self.path(number);
        if self.damaged.contains(&number) {
            return folder::set_aside(self.disk.as_ref(), &self.folder, &path);
        }
        folder::remove(self.disk.as_ref(), &path)
    }

    fn path(&self, number: SegmentNumber) -> PathBuf {
        self.folder.join(format!("log-{:010}.fdl", number.0))
    }

    /// Where damaged segments are kept.
    #[must_use]
    pub fn set_aside_folder(&self) -> PathBuf {
        self.folder.join(SET_ASIDE_FOLDER)
    }
}

fn has_records(segment_bytes: u64) -> bool {
    segment_bytes > folder::wide(FILE_HEADER_BYTES + FRAME_HEADER_BYTES)
}
