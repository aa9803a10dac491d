//! Reads a job's metric data, packed or plain.

use crate::layout::{JobPath, Layout};
use crate::{ArchiveError, FileError, bounded_read};
use flate2::bufread::MultiGzDecoder;
use flightdeck_model::JobData;

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

fn unpack(packed: &[u8], limit_bytes: u64) -> Result<Vec<u8>, FileError> {
    // The last four bytes are the unpacked size, if the file says the truth.
    let claimed = packed.last_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size));
    let expected = usize::try_from(claimed).unwrap_or(MAX_EXPECTED_BYTES).min(MAX_EXPECTED_BYTES);
    bounded_read::read_stream(MultiGzDecoder::new(packed), expected, limit_bytes, FileError::Unpack)
}

fn decode(json: &[u8]) -> Result<JobData, FileError> {
    decode::job_data(&bounded_read::text(json)).map_err(FileError::Decode)
}
