//! Writes a snapshot, under a temporary name until it is complete.

use super::section::SectionBuilder;
use super::summary::{Summary, encode_head};
use super::{MAGIC, SnapshotBlock, SnapshotHead, SnapshotInfo, TEMPORARY_PREFIX, file_name};
use crate::disk::{Disk, WriteFile};
use crate::error::LogError;
use crate::file_header;
use crate::folder::wide;
use crate::frame::{MAX_PAYLOAD_BYTES, put_frame};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// From this size on a section is complete: a damaged one should not cost too much, and several are read at once.
const SECTION_BYTES: usize = 1 << 20;
/// How much may wait to come to disk: one large sync at the end would hold up those of the log.
const UNSYNCED_BYTES: u64 = 8 << 20;
/// What a block takes at most beside its bytes and its names.
const BLOCK_OVERHEAD_BYTES: usize = 128;

/// A snapshot that is being written. Dropped before [`Snapshots::publish`](crate::Snapshots::publish), it leaves nothing
/// behind.
#[derive(Debug)]
pub struct SnapshotWriter {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    temporary_path: PathBuf,
    number: u64,
    head: SnapshotHead,
    /// Nothing once the file is complete.
    file: Option<Box<dyn WriteFile>>,
    bytes: u64,
    unsynced_bytes: u64,
    section: SectionBuilder,
    /// A section as it goes into the file.
    frame: Vec<u8>,
    summary: Summary,
    is_published: bool,
}

impl SnapshotWriter {
    pub(super) fn create(
        disk: Arc<dyn Disk>,
        folder: &Path,
        number: u64,
        head: SnapshotHead,
    ) -> Result<Self, LogError> {
        let name = file_name(number, head.covers_log_through);
        let temporary_path = folder.join(format!("{TEMPORARY_PREFIX}{name}"));
        let file = match disk.create(&temporary_path) {
            Ok(file) => file,
            Err(source) => return Err(LogError::Create { path: temporary_path, source }),
        };
        let mut writer = Self {
            disk,
            folder: folder.to_owned(),
            temporary_path,
            number,
            head,
            file: Some(file),
            bytes: 0,
            unsynced_bytes: 0,
            section: SectionBuilder::new(),
            frame: file_header::encode(MAGIC, number),
            summary: Summary::empty(head.is_full),
            is_published: false,
        };
        put_frame(&mut writer.frame, &encode_head(head));
        writer.write_frame()?;
        Ok(writer)
    }

    /// Adds a block, whose samples are from `start_s` on and before `end_s`, in seconds since the epoch. Blocks of series
    /// with much of their names in common should follow each other.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, or the block is larger than 16 MiB. Then the snapshot should be dropped.
    pub fn add(&mut self, block: &SnapshotBlock<'_>, start_s: i64, end_s: i64) -> Result<(), LogError> {
        let block_bytes = most_bytes(block);
        if block_bytes > MAX_PAYLOAD_BYTES - SECTION_BYTES {
            return Err(LogError::UnfitSize { bytes: block_bytes });
        }
        self.section.push(block);
        self.summary.start_s = self.summary.start_s.min(start_s);
        self.summary.end_s = self.summary.end_s.max(end_s);
        self.summary.blocks += 1;
        if self.section.bytes() >= SECTION_BYTES { self.end_section() } else { Ok(()) }
    }

    /// Ends a section, so that what follows can be read even if what was added last gets damaged. Sections of
    /// about 1 MiB are ended without this.
    ///
    /// # Errors
    ///
    /// When the file cannot be written. Then the snapshot should be dropped.
    pub fn end_section(&mut self) -> Result<(), LogError> {
        if self.section.blocks() == 0 {
            return Ok(());
        }
        put_frame(&mut self.frame, self.section.finish());
        self.section.clear();
        self.summary.sections = self.summary.sections.map(|sections| sections + 1);
        self.write_frame()
    }

    /// How many blocks there are.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.summary.blocks
    }

    pub(super) fn finish(mut self) -> Result<SnapshotInfo, LogError> {
        self.end_section()?;
        put_frame(&mut self.frame, &self.summary.encode_end(self.number, self.head.covers_log_through));
        self.write_frame()?;
        self.sync()?;
        self.file = None;
        let path = self.folder.join(file_name(self.number, self.head.covers_log_through));
        let renamed = self.disk.rename(&self.temporary_path, &path);
        renamed.map_err(|source| LogError::Rename { path: self.temporary_path.clone(), source })?;
        if let Err(source) = self.disk.sync_folder(&self.folder) {
            // Dropping this removes it under the new name as well.
            self.temporary_path = path;
            return Err(LogError::Sync { path: self.folder.clone(), source });
        }
        self.is_published = true;
        Ok(SnapshotInfo {
            number: self.number,
            is_full: self.head.is_full,
            covers: self.head.covers_log_through,
            start_s: self.summary.start_s,
            end_s: self.summary.end_s,
            bytes: self.bytes,
            path,
            is_whole: true,
            sections: self.summary.sections,
            is_known: true,
        })
    }

    fn write_frame(&mut self) -> Result<(), LogError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file.write_all(&self.frame);
        written.map_err(|source| LogError::Write { path: self.temporary_path.clone(), source })?;
        self.bytes += wide(self.frame.len());
        self.unsynced_bytes += wide(self.frame.len());
        self.frame.clear();
        if self.unsynced_bytes >= UNSYNCED_BYTES { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<(), LogError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        self.unsynced_bytes = 0;
        let synced = file.sync_data();
        synced.map_err(|source| LogError::Sync { path: self.temporary_path.clone(), source })
    }
}

impl Drop for SnapshotWriter {
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        self.file = None;
        // What stays is removed when the folder is opened the next time.
        if let Err(error) = self.disk.remove(&self.temporary_path) {
            tracing::warn!(path = %self.temporary_path.display(), %error, "an unfinished snapshot stays");
        }
    }
}

fn most_bytes(block: &SnapshotBlock<'_>) -> usize {
    let name = &block.series;
    let texts = [name.cluster, name.host, name.kind, name.id, name.sub_kind, name.sub_id, name.metric];
    let text_bytes: usize = texts.iter().map(|text| text.len()).sum();
    BLOCK_OVERHEAD_BYTES + text_bytes + block.bytes.len()
}
