//! Reads a job's metric data, packed or plain.

use crate::layout::{JobPath, Layout};
use crate::{ArchiveError, FileError, bounded_read};
use flate2::bufread::MultiGzDecoder;
use flightdeck_model::{DataStamp, JobData};
use std::io::ErrorKind;
use std::time::UNIX_EPOCH;

mod decode;

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
    let packed = layout.packed_data_file(job);
    match bounded_read::read(&packed, limit_bytes) {
        Err(FileError::Missing) => {}
        other => {
            return other
                .and_then(|bytes| unpack(&bytes, limit_bytes))
                .and_then(|json| decode(&json))
                .map(Some)
                .map_err(|source| ArchiveError::File { path: packed, source });
        }
    }
    let plain = layout.data_file(job);
    match bounded_read::read(&plain, limit_bytes).and_then(|json| decode(&json)) {
        Err(FileError::Missing) => Ok(None),
        other => other.map(Some).map_err(|source| ArchiveError::File { path: plain, source }),
    }
}

/// Looks at the file that [`read`] would read: when it was changed, how long it is, and which of the two it is.
///
/// # Errors
///
/// When a file is there and cannot be looked at.
pub(crate) fn stamp(layout: &Layout, job: &JobPath) -> Result<Option<DataStamp>, ArchiveError> {
    for (path, is_packed) in [(layout.packed_data_file(job), 1), (layout.data_file(job), 0)] {
        match std::fs::metadata(&path) {
            Ok(file) => {
                let changed = file.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                let changed_ns = changed.unwrap_or_default().as_nanos();
                return Ok(Some(DataStamp((changed_ns << 64) | (u128::from(file.len()) << 1) | is_packed)));
            }
            Err(error) if is_absent(&error) => {}
            Err(source) => {
                return Err(ArchiveError::File { path, source: FileError::Read(source) });
            }
        }
    }
    Ok(None)
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
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
