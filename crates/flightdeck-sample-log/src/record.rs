//! The records of the log: batches of samples, and what was freed. Each stands for itself, so that a damaged one takes
//! no other with it. Knows nothing of files.
//!
//! The first byte of a record is its kind.
//!
//! Kind 1, samples: their number (u32, little endian), then each one: a byte of flags, the series as
//! [`series_code`](crate::series_code) has it (bits 0 to 5); if bit 6 is set, the time in seconds minus that of the
//! sample before (signed, wrapping; the time before the first is 0); if bit 7 is set, the value's form, which otherwise
//! is that of the sample before (0 before the first); the value as [`value_code`](crate::value_code) has it.
//!
//! Kind 2, freed: the time in seconds (signed), the number of paths, and for each the number of its parts and the parts
//! (length, bytes).
//!
//! Numbers without a size are of variable length ([`varint`](crate::varint)).

mod builder;
mod reader;

pub use builder::RecordBuilder;
pub use reader::{LoggedSample, RecordReader};

use crate::varint::{Cursor, Malformed, put_length, put_signed, put_text};

#[cfg(test)]
mod tests;

pub(crate) const SAMPLES: u8 = 1;
pub(crate) const FREED: u8 = 2;

/// The flag of a time that differs from the one before.
pub(crate) const NEW_TIME: u8 = 1 << 6;
/// The flag of a value whose form differs from the one before.
pub(crate) const NEW_FORM: u8 = 1 << 7;

/// What a record says.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is nowhere kept")]
pub enum Record<'a> {
    /// Samples, in the order in which they came.
    Samples(RecordReader<'a>),
    /// Samples were freed.
    Freed(FreeRecord),
}

/// A record does not have the form of one, although its checksum fits: another program wrote it, or this one has an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record is malformed")]
pub struct RecordError;

impl From<Malformed> for RecordError {
    fn from(_: Malformed) -> Self {
        Self
    }
}

impl<'a> Record<'a> {
    /// Reads a record. Any bytes may be given; what is taken for them in memory is a small multiple of their number.
    ///
    /// # Errors
    ///
    /// When they are not a record. For samples this may turn out only while they are read.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let (kind, content) = bytes.split_first().ok_or(RecordError)?;
        match *kind {
            SAMPLES => Ok(Self::Samples(RecordReader::of_content(content)?)),
            FREED => Ok(Self::Freed(FreeRecord::decode(content)?)),
            _ => Err(RecordError),
        }
    }
}

/// That the samples before a time were dropped on request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeRecord {
    /// Of everything at or below these paths (cluster, host, part, part below).
    pub paths: Vec<Vec<String>>,
    /// The time, in seconds since the epoch.
    pub to_s: i64,
}

impl FreeRecord {
    /// The record, for [`Log::append`](crate::Log::append).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut record = vec![FREED];
        put_signed(&mut record, self.to_s);
        put_length(&mut record, self.paths.len());
        for path in &self.paths {
            put_length(&mut record, path.len());
            for part in path {
                put_text(&mut record, part);
            }
        }
        record
    }

    fn decode(content: &[u8]) -> Result<Self, RecordError> {
        let mut cursor = Cursor::new(content);
        let to_s = cursor.signed()?;
        // The lists grow as their parts are found: a number that is too large costs nothing.
        let mut paths = Vec::new();
        for _ in 0..cursor.unsigned()? {
            let mut path = Vec::new();
            for _ in 0..cursor.unsigned()? {
                path.push(cursor.text()?.to_owned());
            }
            paths.push(path);
        }
        if cursor.is_empty() { Ok(Self { paths, to_s }) } else { Err(RecordError) }
    }
}
