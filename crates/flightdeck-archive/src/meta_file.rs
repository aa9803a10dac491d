//! Reads a job's meta.json and refuses what is no finished job. Does not know which clusters there are.

use crate::layout::{JobPath, Layout};
use crate::{FileError, bounded_read};
use flightdeck_model::{JobMeta, JobState};
use sha2::{Digest, Sha256};

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
    let meta: JobMeta = serde_json::from_str(&bounded_read::text(&bytes)).map_err(FileError::Decode)?;
    let expected = job.key();
    let found = meta.key();
    if found != expected {
        return Err(FileError::WrongPlace { found, expected });
    }
    check(&meta)?;
    Ok((meta, fingerprint(&bytes)))
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
