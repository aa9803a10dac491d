//! Reads a snapshot back, with several threads. Whatever state the file is in, what is undamaged is found.

use super::section::read_blocks;
use super::{END, HEAD, MAGIC, SECTION, SnapshotBlock, SnapshotInfo, Snapshots};
use crate::file_header::{FILE_HEADER_BYTES, FileHeader};
use crate::folder::{self, wide};
use crate::frame::FrameReader;
use crate::log::UnreadableFile;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What [`Snapshots::load`] found.
#[derive(Debug, Default)]
pub struct LoadReport {
    /// Blocks that were read.
    pub blocks: u64,
    /// Sections (or heads, or ends of files) that are damaged or missing; next to each other they can only be guessed.
    pub damaged_sections: u64,
    /// The bytes that could not be used.
    pub damaged_bytes: u64,
    /// The file, when it could not be read, or not to its end.
    pub unreadable: Option<UnreadableFile>,
}

impl LoadReport {
    /// Whether everything that was written was found.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.damaged_sections == 0 && self.unreadable.is_none()
    }
}

/// What one thread found.
#[derive(Debug, Default)]
struct Tally {
    sections: u64,
    blocks: u64,
    malformed_sections: u64,
    malformed_bytes: u64,
    has_end: bool,
    error: Option<io::Error>,
}

impl Snapshots {
    /// Gives all blocks of a snapshot to `visit`, from so many threads at once and in no order; no block is there
    /// twice. What is damaged is passed over and counted, and the file is kept in the folder `damaged` as well; it stays until
    /// [`remove`](Self::remove), as its good sections are needed until a full snapshot takes its place. About 1 MiB a thread is in memory, and
    /// 1 MiB more.
    ///
    /// A number without a snapshot gives nothing.
    pub fn load(
        &mut self,
        number: u64,
        threads: usize,
        visit: &(dyn Fn(SnapshotBlock<'_>) + Sync),
    ) -> LoadReport {
        let Some(snapshot) = self.known.iter().find(|snapshot| snapshot.number == number) else {
            return LoadReport::default();
        };
        let report = match self.frames(snapshot) {
            Ok(frames) => load_sections(frames, snapshot, threads, visit),
            Err(error) => {
                let unreadable = Some(UnreadableFile { path: snapshot.path.clone(), error });
                LoadReport { unreadable, ..LoadReport::default() }
            }
        };
        if !report.is_complete() {
            let path = snapshot.path.clone();
            let LoadReport { damaged_sections: sections, damaged_bytes: bytes, unreadable, .. } = &report;
            let error = unreadable.as_ref().map(|file| tracing::field::display(&file.error));
            tracing::error!(path = %path.display(), sections, bytes, error, "a snapshot is damaged");
            self.keep_damaged(number, &path);
        }
        report
    }

    /// Says that a snapshot has blocks without sense, although its checksums fit.
    pub fn reject(&mut self, number: u64, blocks: u64) {
        let Some(snapshot) = self.known.iter().find(|snapshot| snapshot.number == number) else { return };
        let path = snapshot.path.clone();
        tracing::error!(path = %path.display(), blocks, "a snapshot has blocks without sense");
        self.keep_damaged(number, &path);
    }

    fn keep_damaged(&mut self, number: u64, path: &Path) {
        folder::try_keep_aside(self.disk.as_ref(), &self.folder, path);
        self.damaged.insert(number);
    }

    fn frames(&self, snapshot: &SnapshotInfo) -> io::Result<FrameReader> {
        let (file, header) = folder::read_header(self.disk.open(&snapshot.path)?, MAGIC)?;
        // Behind a damaged header the first frame is searched like any other.
        let first = if header == FileHeader::Good { wide(FILE_HEADER_BYTES) } else { 0 };
        Ok(FrameReader::new(file, first))
    }
}

fn load_sections(
    frames: FrameReader,
    snapshot: &SnapshotInfo,
    threads: usize,
    visit: &(dyn Fn(SnapshotBlock<'_>) + Sync),
) -> LoadReport {
    let frames = Mutex::new(frames);
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| read_sections(&frames, visit))).collect();
        let mut tallies = vec![read_sections(&frames, visit)];
        for other in others {
            match other.join() {
                Ok(tally) => tallies.push(tally),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        tallies
    });
    let damage = frames.into_inner().unwrap_or_else(PoisonError::into_inner).damage();
    let mut report = LoadReport {
        damaged_sections: damage.frames,
        damaged_bytes: damage.bytes + damage.torn_bytes,
        ..LoadReport::default()
    };
    let mut sections = 0;
    let mut has_end = false;
    for tally in tallies {
        report.blocks += tally.blocks;
        report.damaged_sections += tally.malformed_sections;
        report.damaged_bytes += tally.malformed_bytes;
        sections += tally.sections;
        has_end |= tally.has_end;
        if let Some(error) = tally.error {
            report.unreadable = Some(UnreadableFile { path: snapshot.path.clone(), error });
        }
    }
    let missing = snapshot.sections.map_or(u64::from(!has_end), |due| due.saturating_sub(sections));
    report.damaged_sections = report.damaged_sections.max(missing);
    report
}

/// Takes one section after the other until there are no more.
fn read_sections(frames: &Mutex<FrameReader>, visit: &(dyn Fn(SnapshotBlock<'_>) + Sync)) -> Tally {
    let mut tally = Tally::default();
    let mut payload = Vec::new();
    loop {
        // A panic of `visit` happens outside the lock; the reader is sound in any case.
        match take_payload(&mut frames.lock().unwrap_or_else(PoisonError::into_inner), &mut payload) {
            Ok(true) => tally.read(&payload, visit),
            Ok(false) => return tally,
            Err(error) => {
                tally.error = Some(error);
                return tally;
            }
        }
    }
}

fn take_payload(frames: &mut FrameReader, payload: &mut Vec<u8>) -> io::Result<bool> {
    payload.clear();
    let Some(found) = frames.next_frame()? else { return Ok(false) };
    payload.extend_from_slice(found);
    Ok(true)
}

impl Tally {
    fn read(&mut self, payload: &[u8], visit: &(dyn Fn(SnapshotBlock<'_>) + Sync)) {
        let is_well_formed = match payload.split_first() {
            Some((&SECTION, content)) => {
                self.sections += 1;
                let mut count_and_visit = |block: SnapshotBlock<'_>| {
                    self.blocks += 1;
                    visit(block);
                };
                read_blocks(content, &mut count_and_visit).is_ok()
            }
            Some((&HEAD, _)) => true,
            Some((&END, _)) => {
                self.has_end = true;
                true
            }
            _ => false,
        };
        if !is_well_formed {
            self.malformed_sections += 1;
            self.malformed_bytes += wide(payload.len());
        }
    }
}
