//! Reads a log back. Whatever state the files are in, what is undamaged is found.

use super::{Log, MAGIC, SegmentNumber};
use crate::disk::Disk;
use crate::file_header::{FILE_HEADER_BYTES, FileHeader};
use crate::folder;
use crate::frame::{Damage, FrameReader};
use crate::record::{Record, RecordError};
use std::collections::BTreeSet;
use std::io;
use std::ops::{AddAssign, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

/// How many bytes of records are handed over at once.
const CHUNK_BYTES: usize = 1 << 20;
/// How many of them may wait.
const WAITING_CHUNKS: usize = 4;
/// A log smaller than this is read by one thread: beginning a second one takes longer.
const ALONE_BELOW_BYTES: u64 = 1 << 20;

/// What [`Log::replay`] found.
#[derive(Debug, Default)]
pub struct ReplayReport {
    /// Segments that were read.
    pub segments: u64,
    /// Records that were read.
    pub records: u64,
    /// Records (and heads of files) that are damaged; next to each other they can only be guessed.
    pub damaged_records: u64,
    /// The bytes they take.
    pub damaged_bytes: u64,
    /// Segments with damage, or that cannot be read.
    pub damaged_segments: u64,
    /// Segments that end in the middle of a record, as a crash or a full disk leaves them. Nobody was told that
    /// such a record was written.
    pub torn_segments: u64,
    /// The bytes of these records.
    pub torn_bytes: u64,
    /// Segments that could not be read, or not to their end.
    pub unreadable: Vec<UnreadableFile>,
}

/// A file that the system does not hand out, or not to its end.
#[derive(Debug)]
pub struct UnreadableFile {
    /// The file.
    pub path: PathBuf,
    /// What the system says.
    pub error: io::Error,
}

/// Some undamaged records of a segment.
struct Chunk {
    segment: SegmentNumber,
    bytes: Vec<u8>,
    records: Vec<Range<usize>>,
}

impl Log {
    /// Gives all records that no snapshot holds, in the order in which they were appended; to be called before anything is
    /// appended. What is damaged is passed over and counted, and its segment is kept in the folder `damaged` as well. An
    /// error of `visit` counts the record as damaged as well.
    ///
    /// Reading and checking run ahead on a second thread; about 6 MiB are in memory at a time.
    pub fn replay(&mut self, visit: &mut dyn FnMut(Record<'_>) -> Result<(), RecordError>) -> ReplayReport {
        let segments: Vec<(SegmentNumber, PathBuf)> =
            self.uncovered().map(|number| (number, self.path(number))).collect();
        let mut report = ReplayReport::default();
        let mut malformed = BTreeSet::new();
        let mut take = |chunk: Chunk| {
            let rejected = visit_chunk(&chunk, visit, &mut report);
            if rejected {
                malformed.insert(chunk.segment);
            }
        };
        let total_bytes: u64 = self.uncovered().filter_map(|number| self.closed.get(&number)).sum();
        let mut reading = Reading::new(Arc::clone(&self.disk));
        if total_bytes < ALONE_BELOW_BYTES {
            for (number, path) in &segments {
                reading.read_segment(*number, path, &mut take);
            }
        } else {
            reading = read_ahead(reading, &segments, &mut take);
        }
        report += reading.report;
        for number in malformed {
            tracing::error!(path = %self.path(number).display(), "a log segment has records without sense");
            reading.damaged.insert(number);
        }
        report.damaged_segments = folder::wide(reading.damaged.len());
        for number in reading.damaged {
            folder::try_keep_aside(self.disk.as_ref(), &self.folder, &self.path(number));
            self.damaged.insert(number);
        }
        report
    }
}

impl AddAssign for ReplayReport {
    fn add_assign(&mut self, other: Self) {
        self.segments += other.segments;
        self.records += other.records;
        self.damaged_records += other.damaged_records;
        self.damaged_bytes += other.damaged_bytes;
        self.damaged_segments += other.damaged_segments;
        self.torn_segments += other.torn_segments;
        self.torn_bytes += other.torn_bytes;
        self.unreadable.extend(other.unreadable);
    }
}

/// Whether a record was malformed.
fn visit_chunk(
    chunk: &Chunk,
    visit: &mut dyn FnMut(Record<'_>) -> Result<(), RecordError>,
    report: &mut ReplayReport,
) -> bool {
    let mut is_malformed = false;
    for range in &chunk.records {
        let bytes = chunk.bytes.get(range.clone()).unwrap_or_default();
        if Record::decode(bytes).and_then(&mut *visit).is_ok() {
            report.records += 1;
        } else {
            is_malformed = true;
            report.damaged_records += 1;
            report.damaged_bytes += folder::wide(bytes.len());
        }
    }
    is_malformed
}

/// Reads on another thread, and takes here.
fn read_ahead(
    mut reading: Reading,
    segments: &[(SegmentNumber, PathBuf)],
    take: &mut dyn FnMut(Chunk),
) -> Reading {
    let (sender, receiver) = mpsc::sync_channel(WAITING_CHUNKS);
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            send_segments(&mut reading, segments, &sender);
            reading
        });
        for chunk in receiver {
            take(chunk);
        }
        match reader.join() {
            Ok(finished) => finished,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn send_segments(reading: &mut Reading, segments: &[(SegmentNumber, PathBuf)], sender: &SyncSender<Chunk>) {
    for (number, path) in segments {
        reading.read_segment(*number, path, &mut |chunk| {
            // Nobody listens any more only when the caller panicked; then the result does not matter.
            let _ignored = sender.send(chunk);
        });
    }
}

/// The reading half, with what it found.
struct Reading {
    disk: Arc<dyn Disk>,
    report: ReplayReport,
    damaged: BTreeSet<SegmentNumber>,
}

impl Reading {
    fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, report: ReplayReport::default(), damaged: BTreeSet::new() }
    }

    fn read_segment(&mut self, number: SegmentNumber, path: &Path, give: &mut dyn FnMut(Chunk)) {
        self.report.segments += 1;
        let mut damage = Damage::default();
        if let Err(error) = self.read_frames(number, path, &mut damage, give) {
            tracing::error!(path = %path.display(), %error, "a log segment cannot be read to its end");
            self.report.unreadable.push(UnreadableFile { path: path.to_owned(), error });
            self.damaged.insert(number);
        }
        if damage.frames > 0 {
            let Damage { frames, bytes, .. } = damage;
            tracing::error!(path = %path.display(), records = frames, bytes, "a log segment is damaged");
            self.damaged.insert(number);
        }
        if damage.torn_bytes > 0 {
            let bytes = damage.torn_bytes;
            tracing::warn!(path = %path.display(), bytes, "a log segment ends within a record that nobody was told of");
        }
        self.report.damaged_records += damage.frames;
        self.report.damaged_bytes += damage.bytes;
        self.report.torn_segments += u64::from(damage.torn_bytes > 0);
        self.report.torn_bytes += damage.torn_bytes;
    }

    fn read_frames(
        &self,
        segment: SegmentNumber,
        path: &Path,
        damage: &mut Damage,
        give: &mut dyn FnMut(Chunk),
    ) -> io::Result<()> {
        let (file, header) = folder::read_header(self.disk.open(path)?, MAGIC)?;
        if header == FileHeader::Torn {
            damage.torn_bytes = file.bytes();
            return Ok(());
        }
        // Behind a damaged header the first frame is searched like any other.
        let first = if header == FileHeader::Good { folder::wide(FILE_HEADER_BYTES) } else { 0 };
        let mut reader = FrameReader::new(file, first);
        let outcome = fill_chunks(&mut reader, segment, give);
        *damage = reader.damage();
        outcome
    }
}

fn fill_chunks(
    reader: &mut FrameReader,
    segment: SegmentNumber,
    give: &mut dyn FnMut(Chunk),
) -> io::Result<()> {
    let mut chunk = Chunk { segment, bytes: Vec::new(), records: Vec::new() };
    let outcome = loop {
        match reader.next_frame() {
            Ok(Some(payload)) => {
                let start = chunk.bytes.len();
                chunk.bytes.extend_from_slice(payload);
                chunk.records.push(start..chunk.bytes.len());
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
        if chunk.bytes.len() >= CHUNK_BYTES {
            give(std::mem::replace(&mut chunk, Chunk { segment, bytes: Vec::new(), records: Vec::new() }));
        }
    };
    if !chunk.records.is_empty() {
        give(chunk);
    }
    outcome
}
