//! Frames: how records lie in files, so that a damaged one is noticed and costs only itself. Knows nothing of what is
//! in them.
//!
//! A frame is a marker (the bytes `F1 DE C4 FD`, which no UTF-8 text has), the payload's length (u32), a CRC32C over
//! the length's four bytes (u32), another one over them and the payload (u32), and the payload. Numbers are little
//! endian.
//!
//! Where a frame is due and none is found, the reader looks for the next marker whose length and checksums fit. What
//! lies between is damaged, except at a file's end: there the beginning of a frame, or zeros, are what a crash leaves of
//! a write that nobody was told had succeeded, and count as torn. The length has a checksum of its own, so that a changed
//! length does not look like a frame that was cut off.

use crate::disk::ReadFile;
use crate::folder::wide;
use std::io;

#[cfg(test)]
mod tests;

/// The largest payload: more is not written, and a length beyond it is damage.
pub const MAX_PAYLOAD_BYTES: usize = 16 << 20;

/// How many bytes stand in front of a payload.
pub(crate) const FRAME_HEADER_BYTES: usize = 16;

const MARKER: [u8; 4] = [0xF1, 0xDE, 0xC4, 0xFD];
/// How much is read at once.
const WINDOW_BYTES: usize = 1 << 20;

/// Appends a frame.
pub(crate) fn put_frame(out: &mut Vec<u8>, payload: &[u8]) {
    // Callers have checked the length against `MAX_PAYLOAD_BYTES`.
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    out.reserve(FRAME_HEADER_BYTES + payload.len());
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(&length);
    out.extend_from_slice(&crc32c::crc32c(&length).to_le_bytes());
    out.extend_from_slice(&checksum(length, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

/// The payload of a frame that fills the bytes, if it is undamaged.
pub(crate) fn whole_frame(bytes: &[u8]) -> Option<&[u8]> {
    let header = FrameHeader::decode(bytes)?;
    let (_, payload) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>()?;
    (payload.len() == header.payload_bytes && header.fits(payload)).then_some(payload)
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), payload)
}

struct FrameHeader {
    length: [u8; 4],
    payload_bytes: usize,
    checksum: u32,
}

impl FrameHeader {
    /// `None` when the bytes cannot be the beginning of a frame.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (marker, behind_marker) = bytes.split_first_chunk::<4>()?;
        let (length, behind_length) = behind_marker.split_first_chunk::<4>()?;
        let (length_checksum, behind_checksum) = behind_length.split_first_chunk::<4>()?;
        let (checksum, _) = behind_checksum.split_first_chunk::<4>()?;
        let payload_bytes = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let is_undamaged =
            *marker == MARKER && crc32c::crc32c(length) == u32::from_le_bytes(*length_checksum);
        let is_plausible = is_undamaged && (1..=MAX_PAYLOAD_BYTES).contains(&payload_bytes);
        is_plausible.then_some(Self {
            length: *length,
            payload_bytes,
            checksum: u32::from_le_bytes(*checksum),
        })
    }

    fn fits(&self, payload: &[u8]) -> bool {
        checksum(self.length, payload) == self.checksum
    }
}

/// What of a file could not be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Damage {
    /// How many frames are damaged; next to each other they can only be guessed.
    pub(crate) frames: u64,
    /// How many bytes they take.
    pub(crate) bytes: u64,
    /// How many bytes at the end were never written to their end.
    pub(crate) torn_bytes: u64,
}

/// Reads the frames of a file, whatever state it is in, through a window.
#[derive(Debug)]
pub(crate) struct FrameReader {
    file: Box<dyn ReadFile>,
    position: u64,
    /// Begins with the window: a part of the file.
    buffer: Vec<u8>,
    window_bytes: usize,
    window_start: u64,
    /// How many bytes may still be summed in search of the next frame: payloads full of made-up markers would
    /// otherwise make the search quadratic.
    search_budget_bytes: u64,
    damage: Damage,
}

impl FrameReader {
    /// Reads from an offset on.
    pub(crate) fn new(file: Box<dyn ReadFile>, position: u64) -> Self {
        let search_budget_bytes = file.bytes().saturating_mul(8).saturating_add(64 << 20);
        let damage = Damage::default();
        Self {
            file,
            position,
            buffer: Vec::new(),
            window_bytes: 0,
            window_start: 0,
            search_budget_bytes,
            damage,
        }
    }

    /// What was passed over so far.
    pub(crate) fn damage(&self) -> Damage {
        self.damage
    }

    /// The payload of the next undamaged frame; `None` at the end of the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read; there is no use in going on.
    pub(crate) fn next_frame(&mut self) -> io::Result<Option<&[u8]>> {
        loop {
            let begin = self.position;
            if begin >= self.file.bytes() {
                return Ok(None);
            }
            if let Some(payload_bytes) = self.frame_at(begin)? {
                let payload_at = begin + wide(FRAME_HEADER_BYTES);
                self.position = payload_at + wide(payload_bytes);
                return Ok(self.loaded(payload_at).get(..payload_bytes));
            }
            self.pass_damage()?;
        }
    }

    /// The length of the payload of the undamaged frame at an offset, which is then in the window.
    fn frame_at(&mut self, offset: u64) -> io::Result<Option<usize>> {
        let Some(header) = self.header_at(offset)? else { return Ok(None) };
        let frame_bytes = FRAME_HEADER_BYTES + header.payload_bytes;
        if self.file.bytes() - offset < wide(frame_bytes) {
            return Ok(None);
        }
        self.load(offset, frame_bytes)?;
        let payload = self.loaded(offset).get(FRAME_HEADER_BYTES..frame_bytes);
        Ok(payload.filter(|bytes| header.fits(bytes)).map(<[u8]>::len))
    }

    fn header_at(&mut self, offset: u64) -> io::Result<Option<FrameHeader>> {
        self.load(offset, FRAME_HEADER_BYTES)?;
        Ok(FrameHeader::decode(self.loaded(offset)))
    }

    /// Goes on to the next undamaged frame, or to the end.
    fn pass_damage(&mut self) -> io::Result<()> {
        let begin = self.position;
        self.load(begin, MARKER.len())?;
        let mut markers = u64::from(self.loaded(begin).starts_with(&MARKER));
        let mut searched = begin;
        while let Some(found) = self.find_marker(searched + 1)? {
            if self.may_sum(found)? && self.frame_at(found)?.is_some() {
                self.damage.frames += markers.max(1);
                self.damage.bytes += found - begin;
                self.position = found;
                return Ok(());
            }
            markers += 1;
            searched = found;
        }
        self.position = self.file.bytes();
        let tail_bytes = self.position - begin;
        if markers < 2 && self.is_torn(begin)? {
            self.damage.torn_bytes += tail_bytes;
        } else {
            self.damage.frames += markers.max(1);
            self.damage.bytes += tail_bytes;
        }
        Ok(())
    }

    fn may_sum(&mut self, offset: u64) -> io::Result<bool> {
        let Some(header) = self.header_at(offset)? else { return Ok(false) };
        let cost_bytes = wide(header.payload_bytes);
        let Some(left_bytes) = self.search_budget_bytes.checked_sub(cost_bytes) else { return Ok(false) };
        self.search_budget_bytes = left_bytes;
        Ok(true)
    }

    /// Whether what lies from an offset to the end looks like a write that was cut off.
    fn is_torn(&mut self, begin: u64) -> io::Result<bool> {
        let file_bytes = self.file.bytes();
        if file_bytes - begin < wide(FRAME_HEADER_BYTES) {
            self.load(begin, FRAME_HEADER_BYTES)?;
            let is_beginning = self.loaded(begin).iter().zip(&MARKER).all(|(found, due)| found == due);
            return Ok(is_beginning || self.is_zero(begin)?);
        }
        match self.header_at(begin)? {
            Some(header) => Ok(file_bytes - begin < wide(FRAME_HEADER_BYTES + header.payload_bytes)),
            // Of the frame's beginning a part is there, and nothing behind it.
            None => self.is_zero(begin + wide(FRAME_HEADER_BYTES)),
        }
    }

    fn is_zero(&mut self, begin: u64) -> io::Result<bool> {
        let mut offset = begin;
        while offset < self.file.bytes() {
            self.load(offset, 1)?;
            let loaded = self.loaded(offset);
            if loaded.is_empty() || loaded.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            offset += wide(loaded.len());
        }
        Ok(true)
    }

    fn find_marker(&mut self, from: u64) -> io::Result<Option<u64>> {
        let [first, ..] = MARKER;
        let mut offset = from;
        loop {
            self.load(offset, MARKER.len())?;
            let loaded = self.loaded(offset);
            if loaded.len() < MARKER.len() {
                return Ok(None);
            }
            let mut skipped = 0;
            while let Some(rest) = loaded.get(skipped..)
                && let Some(distance) = rest.iter().position(|byte| *byte == first)
                && let Some(candidate) = rest.get(distance..)
            {
                if candidate.starts_with(&MARKER) {
                    return Ok(Some(offset + wide(skipped + distance)));
                }
                skipped += distance + 1;
            }
            // A marker may begin in this window and end in the next.
            offset += wide(loaded.len() - (MARKER.len() - 1));
        }
    }

    /// What the window has from an offset on.
    fn loaded(&self, offset: u64) -> &[u8] {
        let skipped = offset.checked_sub(self.window_start).and_then(|bytes| usize::try_from(bytes).ok());
        skipped.and_then(|bytes| self.buffer.get(bytes..self.window_bytes)).unwrap_or_default()
    }

    /// Makes the window hold so many bytes from an offset on, or what there is up to the end of the file.
    fn load(&mut self, offset: u64, bytes: usize) -> io::Result<()> {
        let left_bytes = self.file.bytes().saturating_sub(offset);
        let wanted_bytes = usize::try_from(left_bytes).unwrap_or(usize::MAX).min(bytes);
        let kept_bytes = self.loaded(offset).len();
        if kept_bytes >= wanted_bytes {
            return Ok(());
        }
        let new_bytes = usize::try_from(left_bytes).unwrap_or(usize::MAX).min(bytes.max(WINDOW_BYTES));
        self.keep_from(offset, kept_bytes, new_bytes);
        let missing = self.buffer.get_mut(kept_bytes..new_bytes).unwrap_or_default();
        self.file.read_at(offset + wide(kept_bytes), missing)?;
        self.window_bytes = new_bytes;
        Ok(())
    }

    /// Moves the bytes that are still needed to the front of a buffer that has room for so many.
    fn keep_from(&mut self, offset: u64, kept_bytes: usize, room_bytes: usize) {
        let kept_at = self.window_bytes - kept_bytes;
        if self.buffer.len() < room_bytes {
            let mut larger = vec![0; room_bytes];
            let kept = self.buffer.get(kept_at..self.window_bytes).unwrap_or_default();
            larger.get_mut(..kept_bytes).unwrap_or_default().copy_from_slice(kept);
            self.buffer = larger;
        } else {
            self.buffer.copy_within(kept_at..self.window_bytes, 0);
        }
        self.window_start = offset;
        self.window_bytes = kept_bytes;
    }
}
