//! Puts a finished job into the archive, so that whatever interrupts it, readers find either no job or a whole one.
//!
//! The order is: everything is encoded, the folders are made, the data are put in place, the data file of the other
//! kind is removed, the meta.json is put in place. Each step is on disk before the next, each file appears whole, and
//! the last one is what makes a job of it.
//!
//! A job that is stored again is never taken away first: that could lose it. Readers may meet the former meta.json with
//! the new data, both whole, until the new meta.json is there; never the new meta.json with former data. An interrupted
//! repetition leaves just that, and to store the job once more sets it right.

use crate::layout::{JobPath, Layout};
use crate::{ArchiveError, FileError, data_file, job_folder, meta_file};
use flightdeck_model::{FinishedJob, JobData};

/// Stores a job with its data and returns the fingerprint of its meta.json. Data of more than `data_limit_bytes` before
/// packing are refused, since they would not be read.
///
/// # Errors
///
/// When the job is none that an archive can hold; then nothing was written. When something could not be written.
pub(crate) fn store(
    layout: &Layout,
    job: &FinishedJob,
    data: &JobData,
    data_limit_bytes: u64,
) -> Result<i64, ArchiveError> {
    let unfit = |source| ArchiveError::Unfit { job: job.meta.key(), source };
    let path = JobPath::of(&job.meta.key()).ok_or_else(|| unfit(no_place(job)))?;
    let meta_json = meta_file::encode(job).map_err(unfit)?;
    let encoded_data = data_file::encode(data, data_limit_bytes).map_err(unfit)?;

    job_folder::make(layout, &path)?;
    data_file::put(layout, &path, &encoded_data)?;
    meta_file::put(layout, &path, &meta_json)
}

/// Why there is no path for a job.
fn no_place(job: &FinishedJob) -> FileError {
    let meta = &job.meta;
    if meta.job_id < 0 {
        return FileError::Senseless {
            key: "jobId",
            what: format!("is {}, must not be negative", meta.job_id),
        };
    }
    if meta.start_time.0 < 0 {
        let what = format!("is {}, must be above 0", meta.start_time.0);
        return FileError::Senseless { key: "startTime", what };
    }
    FileError::Senseless {
        key: "cluster",
        what: format!("is {:?}, which cannot be the name of a folder", meta.cluster),
    }
}
