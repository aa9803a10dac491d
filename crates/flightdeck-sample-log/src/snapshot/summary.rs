//! The first and the last frame of a snapshot, which say what it is.

use super::{END, HEAD, SnapshotHead};
use crate::disk::ReadFile;
use crate::file_header::FILE_HEADER_BYTES;
use crate::folder::wide;
use crate::frame::{FRAME_HEADER_BYTES, whole_frame};
use crate::log::SegmentNumber;
use crate::varint::{Cursor, Malformed};

const HEAD_PAYLOAD_BYTES: usize = 10;
const END_PAYLOAD_BYTES: usize = 50;

/// What is known of a snapshot without reading its sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) is_full: bool,
    /// The highest number when there is no block.
    pub(super) start_s: i64,
    /// The lowest number when there is no block.
    pub(super) end_s: i64,
    /// Known from the end, like the times.
    pub(super) sections: Option<u64>,
    pub(super) blocks: u64,
    pub(super) is_whole: bool,
    pub(super) is_known: bool,
}

impl Summary {
    /// Of a snapshot that gets its first block.
    pub(super) fn empty(is_full: bool) -> Self {
        Self {
            is_full,
            start_s: i64::MAX,
            end_s: i64::MIN,
            sections: Some(0),
            blocks: 0,
            is_whole: true,
            is_known: true,
        }
    }

    /// Of a snapshot that says nothing. It might have blocks of any time.
    pub(super) fn unknown() -> Self {
        Self {
            is_full: false,
            start_s: i64::MIN,
            end_s: i64::MAX,
            sections: None,
            blocks: 0,
            is_whole: false,
            is_known: false,
        }
    }

    pub(super) fn encode_end(&self, number: u64, covers: SegmentNumber) -> Vec<u8> {
        let mut end = vec![END];
        end.extend_from_slice(&number.to_le_bytes());
        end.extend_from_slice(&covers.0.to_le_bytes());
        end.push(u8::from(self.is_full));
        end.extend_from_slice(&self.start_s.to_le_bytes());
        end.extend_from_slice(&self.end_s.to_le_bytes());
        end.extend_from_slice(&self.sections.unwrap_or(0).to_le_bytes());
        end.extend_from_slice(&self.blocks.to_le_bytes());
        end
    }

    /// `None` when the file does not end as it should.
    pub(super) fn read_end(file: &mut dyn ReadFile, number: u64, covers: SegmentNumber) -> Option<Self> {
        let mut frame = [0; FRAME_HEADER_BYTES + END_PAYLOAD_BYTES];
        let offset = file.bytes().checked_sub(wide(frame.len()))?;
        file.read_at(offset, &mut frame).ok()?;
        let payload = whole_frame(&frame)?;
        let (found_number, found_covers, summary) = Self::decode_end(payload).ok()?;
        (found_number == number && found_covers == covers).then_some(summary)
    }

    fn decode_end(payload: &[u8]) -> Result<(u64, SegmentNumber, Self), Malformed> {
        let mut cursor = Cursor::new(payload);
        if cursor.byte()? != END {
            return Err(Malformed);
        }
        let number = u64::from_le_bytes(cursor.array()?);
        let covers = SegmentNumber(u64::from_le_bytes(cursor.array()?));
        let is_full = cursor.byte()? != 0;
        let start_s = i64::from_le_bytes(cursor.array()?);
        let end_s = i64::from_le_bytes(cursor.array()?);
        let sections = Some(u64::from_le_bytes(cursor.array()?));
        let blocks = u64::from_le_bytes(cursor.array()?);
        let summary = Self { is_full, start_s, end_s, sections, blocks, is_whole: true, is_known: true };
        Ok((number, covers, summary))
    }

    /// `None` when the file does not begin as it should.
    pub(super) fn read_head(file: &mut dyn ReadFile, covers: SegmentNumber) -> Option<Self> {
        let mut frame = [0; FRAME_HEADER_BYTES + HEAD_PAYLOAD_BYTES];
        file.read_at(wide(FILE_HEADER_BYTES), &mut frame).ok()?;
        let head = decode_head(whole_frame(&frame)?).ok()?;
        let is_this = head.covers_log_through == covers;
        is_this.then(|| Self { is_full: head.is_full, is_known: true, ..Self::unknown() })
    }
}

pub(super) fn encode_head(head: SnapshotHead) -> Vec<u8> {
    let mut payload = vec![HEAD];
    payload.extend_from_slice(&head.covers_log_through.0.to_le_bytes());
    payload.push(u8::from(head.is_full));
    payload
}

fn decode_head(payload: &[u8]) -> Result<SnapshotHead, Malformed> {
    let mut cursor = Cursor::new(payload);
    if cursor.byte()? != HEAD {
        return Err(Malformed);
    }
    let covers_log_through = SegmentNumber(u64::from_le_bytes(cursor.array()?));
    Ok(SnapshotHead { covers_log_through, is_full: cursor.byte()? != 0 })
}
