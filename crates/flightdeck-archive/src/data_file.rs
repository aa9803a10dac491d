//! Reads and writes a job's metric data, packed or plain.

use crate::atomic_write::{sync_folder, write_atomically};
use crate::layout::{JobPath, Layout};
use crate::{ArchiveError, FileError, bounded_read};
use flate2::bufread::MultiGzDecoder;
use flightdeck_model::{DataStamp, JobData};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::UNIX_EPOCH;

mod decode;
mod encode;

pub(crate) use encode::EncodedData;

/// How much memory is set aside for unpacked data at once; more is taken as it turns out to be needed.
const MAX_EXPECTED_BYTES: usize = 64 << 20;

/// Reads the data of a job: `data.json.gz`, or else `data.json`; `None` when there is neither.
///
/// # Errors
///
/// When a file is there and cannot be used, or has more than `limit_bytes` after unpacking.
pub(crate) fn read(
    layout: &Layout,
    job: &JobPath,
    limit_bytes: u64,
) -> Result<Option<JobData>, ArchiveError> {
    let (packed, plain) = (layout.packed_data_file(job), layout.data_file(job));
    // The packed one twice: it may have taken the place of the plain one in between.
    for (path, is_packed) in [(&packed, true), (&plain, false), (&packed, true)] {
        match read_file(path, is_packed, limit_bytes) {
            Err(FileError::Missing) => {}
            other => {
                return other.map(Some).map_err(|source| ArchiveError::File { path: path.clone(), source });
            }
        }
    }
    Ok(None)
}

/// Looks at the file that [`read`] would read: when it was changed, how long it is, and which of the two it is.
///
/// # Errors
///
/// When a file is there and cannot be looked at.
pub(crate) fn stamp(layout: &Layout, job: &JobPath) -> Result<Option<DataStamp>, ArchiveError> {
    let (packed, plain) = (layout.packed_data_file(job), layout.data_file(job));
    // The packed one twice: it may have taken the place of the plain one in between.
    for (path, is_packed) in [(&packed, 1), (&plain, 0), (&packed, 1)] {
        match fs::metadata(path) {
            Ok(file) => {
                let changed = file.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                let changed_ns = changed.unwrap_or_default().as_nanos();
                return Ok(Some(DataStamp((changed_ns << 64) | (u128::from(file.len()) << 1) | is_packed)));
            }
            Err(error) if is_absent(&error) => {}
            Err(source) => {
                return Err(ArchiveError::File { path: path.clone(), source: FileError::Read(source) });
            }
        }
    }
    Ok(None)
}

/// Encodes metric data, packed if they are long.
///
/// # Errors
///
/// When nobody could read them then: they have more than `limit_bytes` before packing, or a timestep of 0.
pub(crate) fn encode(data: &JobData, limit_bytes: u64) -> Result<EncodedData, FileError> {
    encode::job_data(data, limit_bytes)
}

/// Puts encoded data in the place of those before. A file of the other kind is removed when the new one is there: it
/// would be found in its stead, or be taken for newer.
///
/// # Errors
///
/// When the file cannot be written, or the other one not be removed; one of the two is there, and whole.
pub(crate) fn put(layout: &Layout, job: &JobPath, data: &EncodedData) -> Result<(), ArchiveError> {
    let (plain, packed) = (layout.data_file(job), layout.packed_data_file(job));
    let (own, other, bytes) = match data {
        EncodedData::Plain(bytes) => (plain, packed, bytes),
        EncodedData::Packed(bytes) => (packed, plain, bytes),
    };
    write_atomically(&own, bytes)?;
    match fs::remove_file(&other) {
        Err(error) if is_absent(&error) => Ok(()),
        removed => removed
            .and_then(|()| sync_folder(&layout.job_folder(job)))
            .map_err(|source| ArchiveError::Remove { path: other, source }),
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn read_file(path: &Path, is_packed: bool, limit_bytes: u64) -> Result<JobData, FileError> {
    let bytes = bounded_read::read(path, limit_bytes)?;
    if is_packed { decode(&unpack(&bytes, limit_bytes)?) } else { decode(&bytes) }
}

fn unpack(packed: &[u8], limit_bytes: u64) -> Result<Vec<u8>, FileError> {
    // The last four bytes are the unpacked size, if the file says the truth.
    let claimed = packed.last_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size));
    let expected = usize::try_from(claimed).unwrap_or(MAX_EXPECTED_BYTES).min(MAX_EXPECTED_BYTES);
    bounded_read::read_stream(MultiGzDecoder::new(packed), expected, limit_bytes, FileError::Unpack)
}

fn decode(json: &[u8]) -> Result<JobData, FileError> {
    decode::job_data(&bounded_read::text(json)).map_err(FileError::Decode)
}
