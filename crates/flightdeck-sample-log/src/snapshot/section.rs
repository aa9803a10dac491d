//! Sections of a snapshot: blocks of series, each section readable alone.
//!
//! The kind (4), the number of blocks (u32, little endian), and each block: a byte of flags, the series as
//! [`series_code`](crate::series_code) has it (bits 0 to 5); if bit 6 is set, the timestep in seconds, which otherwise
//! is that of the block before (0 before the first); if bit 7 is set, the block number minus that of the block before
//! (signed, wrapping; 0 before the first); the number of bytes, and these. Numbers without a size are of variable length
//! ([`varint`](crate::varint)).

use super::SECTION;
use crate::series_code::{SeriesReader, SeriesWriter};
use crate::varint::{Cursor, Malformed, put_length, put_signed, put_unsigned};
use flightdeck_model::SeriesName;

const HEAD: [u8; 5] = [SECTION, 0, 0, 0, 0];
const NEW_TIMESTEP: u8 = 1 << 6;
const NEW_NUMBER: u8 = 1 << 7;

/// A block of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotBlock<'a> {
    /// The series.
    pub series: SeriesName<'a>,
    /// Seconds between two samples.
    pub timestep_s: u32,
    /// Which of the series' blocks it is.
    pub block_number: i64,
    /// Its samples, in a form that is their owner's business.
    pub bytes: &'a [u8],
}

/// Puts blocks together to a section.
#[derive(Debug)]
pub(super) struct SectionBuilder {
    section: Vec<u8>,
    series: SeriesWriter,
    timestep_before_s: u32,
    number_before: i64,
    blocks: u32,
}

impl SectionBuilder {
    pub(super) fn new() -> Self {
        Self {
            section: HEAD.to_vec(),
            series: SeriesWriter::default(),
            timestep_before_s: 0,
            number_before: 0,
            blocks: 0,
        }
    }

    pub(super) fn push(&mut self, block: &SnapshotBlock<'_>) {
        let flags_at = self.section.len();
        self.section.push(0);
        let mut flags = self.series.put(&mut self.section, &block.series);
        if block.timestep_s != self.timestep_before_s {
            put_unsigned(&mut self.section, u64::from(block.timestep_s));
            self.timestep_before_s = block.timestep_s;
            flags |= NEW_TIMESTEP;
        }
        if block.block_number != self.number_before {
            put_signed(&mut self.section, block.block_number.wrapping_sub(self.number_before));
            self.number_before = block.block_number;
            flags |= NEW_NUMBER;
        }
        put_length(&mut self.section, block.bytes.len());
        self.section.extend_from_slice(block.bytes);
        if let Some(place) = self.section.get_mut(flags_at) {
            *place = flags;
        }
        self.blocks += 1;
    }

    pub(super) fn bytes(&self) -> usize {
        self.section.len()
    }

    pub(super) fn blocks(&self) -> u32 {
        self.blocks
    }

    /// The section; it stays until [`clear`](Self::clear).
    pub(super) fn finish(&mut self) -> &[u8] {
        if let Some(place) = self.section.get_mut(1..HEAD.len()) {
            place.copy_from_slice(&self.blocks.to_le_bytes());
        }
        &self.section
    }

    pub(super) fn clear(&mut self) {
        self.section.truncate(HEAD.len());
        self.series.clear();
        self.timestep_before_s = 0;
        self.number_before = 0;
        self.blocks = 0;
    }
}

/// Reads the blocks of a section, without its kind.
pub(super) fn read_blocks<'a>(
    content: &'a [u8],
    visit: &mut dyn FnMut(SnapshotBlock<'a>),
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(content);
    let blocks = u32::from_le_bytes(cursor.array()?);
    let mut series = SeriesReader::default();
    let mut timestep_s = 0;
    let mut block_number = 0_i64;
    for _ in 0..blocks {
        let flags = cursor.byte()?;
        let name = series.read(flags, &mut cursor)?;
        if flags & NEW_TIMESTEP != 0 {
            timestep_s = u32::try_from(cursor.unsigned()?).ok().ok_or(Malformed)?;
        }
        if flags & NEW_NUMBER != 0 {
            block_number = block_number.wrapping_add(cursor.signed()?);
        }
        let bytes = cursor.bytes()?;
        visit(SnapshotBlock { series: name, timestep_s, block_number, bytes });
    }
    if cursor.is_empty() { Ok(()) } else { Err(Malformed) }
}
