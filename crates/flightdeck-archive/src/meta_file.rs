//! Reads a job's meta.json and refuses what is no finished job; writes whole ones, and tags and metadata into those that
//! are there. Does not know which clusters there are.

use crate::atomic_write::write_atomically;
use crate::layout::{JobPath, Layout};
use crate::{ArchiveError, FileError, bounded_read, job_folder};
use flightdeck_model::{FinishedJob, JobLabels, JobMeta, JobState};
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::path::Path;

mod encode;
mod labels;
mod members;
#[cfg(test)]
mod tests;

/// A meta.json holds a job script and a list of nodes; the largest that were seen have some hundred KiB.
const MAX_BYTES: u64 = 32 << 20;

/// Reads a job and the fingerprint of its file.
///
/// # Errors
///
/// Whatever is wrong with the file or with the job in it.
pub(crate) fn read(layout: &Layout, job: &JobPath) -> Result<(JobMeta, i64), FileError> {
    let bytes = bounded_read::read(&layout.meta_file(job), MAX_BYTES)?;
    Ok((decode(&bytes, job)?, fingerprint(&bytes)))
}

/// Encodes a job, unless nobody could read it then.
///
/// # Errors
///
/// [`FileError::Senseless`] when it is no finished job, [`FileError::WouldBeTooLarge`] when its texts are too long.
pub(crate) fn encode(job: &FinishedJob) -> Result<Vec<u8>, FileError> {
    check(&job.meta)?;
    let json = encode::finished_job(job).map_err(FileError::Encode)?;
    if u64::try_from(json.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(FileError::WouldBeTooLarge { limit_bytes: MAX_BYTES });
    }
    Ok(json)
}

/// Puts an encoded job in the place of the one before, if there is one, and returns the fingerprint of the file.
///
/// # Errors
///
/// When it cannot be written; the one before is still there then.
pub(crate) fn put(layout: &Layout, job: &JobPath, json: &[u8]) -> Result<i64, ArchiveError> {
    write_atomically(&layout.meta_file(job), json)?;
    Ok(fingerprint(json))
}

/// Writes tags and metadata into the file of a job and returns the file's fingerprint; `None` when there is no such
/// file. One that says all of it already is not written.
///
/// # Errors
///
/// When the file cannot be understood or written; it stays as it was.
pub(crate) fn write_labels(
    layout: &Layout,
    job: &JobPath,
    labels: &JobLabels,
) -> Result<Option<i64>, ArchiveError> {
    if !job_folder::is_there(layout, job)? {
        return Ok(None);
    }
    let path = layout.meta_file(job);
    let bytes = match bounded_read::read(&path, MAX_BYTES) {
        Err(FileError::Missing) => return Ok(None),
        other => other.map_err(|source| ArchiveError::File { path: path.clone(), source })?,
    };
    match with_labels(&bytes, job, labels) {
        Ok(None) => Ok(Some(fingerprint(&bytes))),
        Ok(Some(changed)) => replace(&path, &changed),
        Err(source) => Err(ArchiveError::File { path, source }),
    }
}

/// The file with other labels, if it needs them, as it can be read again.
fn with_labels(bytes: &[u8], job: &JobPath, labels: &JobLabels) -> Result<Option<Vec<u8>>, FileError> {
    let meta = decode(bytes, job)?;
    let Some(changed) = labels::write_into(bytes, &meta, labels).map_err(FileError::Decode)? else {
        return Ok(None);
    };
    if u64::try_from(changed.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(FileError::WouldBeTooLarge { limit_bytes: MAX_BYTES });
    }
    decode(&changed, job)?;
    Ok(Some(changed))
}

fn replace(path: &Path, bytes: &[u8]) -> Result<Option<i64>, ArchiveError> {
    match write_atomically(path, bytes) {
        Ok(()) => Ok(Some(fingerprint(bytes))),
        // The job was removed in the meantime, and its folder with it.
        Err(ArchiveError::Write { source, .. }) if source.kind() == ErrorKind::NotFound && !path.exists() => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn decode(bytes: &[u8], job: &JobPath) -> Result<JobMeta, FileError> {
    let meta: JobMeta = serde_json::from_str(&bounded_read::text(bytes)).map_err(FileError::Decode)?;
    let expected = job.key();
    let found = meta.key();
    if found != expected {
        return Err(FileError::WrongPlace { found, expected });
    }
    check(&meta)?;
    Ok(meta)
}

/// The first 64 bits of the SHA-256 of a file.
///
/// It has to be the same in every build for as long as a database lives, which rules out the hashers of the
/// standard library. Users write parts of the file (names, scripts), so a checksum whose collisions can be made
/// at will would let an edited job pass for an unchanged one; hashing is a small part of reading a file.
fn fingerprint(bytes: &[u8]) -> i64 {
    let digest = Sha256::digest(bytes);
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | i64::from(*byte))
}

/// The checks that the field's importer makes, and those that it lacks.
fn check(meta: &JobMeta) -> Result<(), FileError> {
    let senseless = |key, what: String| Err(FileError::Senseless { key, what });
    if meta.user.is_empty() {
        return senseless("user", "is missing or empty".to_owned());
    }
    if meta.start_time.0 <= 0 {
        return senseless("startTime", format!("is {}, must be above 0", meta.start_time.0));
    }
    if matches!(meta.job_state, JobState::Running | JobState::Pending) {
        return senseless("jobState", format!("is {}, which no finished job is", meta.job_state));
    }
    if meta.resources.is_empty() {
        return senseless("resources", "is missing or empty".to_owned());
    }
    if meta.resources.iter().any(|resource| resource.hostname.is_empty()) {
        return senseless("resources", "has a node without hostname".to_owned());
    }
    if usize::try_from(meta.num_nodes) != Ok(meta.resources.len()) {
        let what = format!("is {}, but there are {} resources", meta.num_nodes, meta.resources.len());
        return senseless("numNodes", what);
    }
    for (key, value) in
        [("numAcc", meta.num_acc), ("numHwthreads", meta.num_hwthreads), ("duration", meta.duration)]
    {
        if value < 0 {
            return senseless(key, format!("is {value}, must not be negative"));
        }
    }
    Ok(())
}
