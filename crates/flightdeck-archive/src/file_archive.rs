//! The archive port on a folder.

use crate::layout::{JobPath, Layout};
use crate::{ArchiveError, FileError, clusters, data_file, job_folder, meta_file, store_job, version, walk};
use flightdeck_model::{
    ArchiveEntry, ArchiveProblem, DataStamp, FinishedJob, JobArchive, JobData, JobKey, JobLabels,
    LoadedClusters, PortError,
};
use std::path::Path;

/// Data of more bytes than this, after unpacking, are not read unless the archive is told to.
const DEFAULT_DATA_LIMIT_BYTES: u64 = 1 << 30;

/// A job archive of version 3 in a folder. Holds no file open and can be used from many threads.
///
/// ```text
/// <root>/version.txt                                        3
/// <root>/<cluster>/cluster.json
/// <root>/<cluster>/<job id div 1000>/<job id mod 1000>/<start time>/meta.json
///                                                                   data.json.gz or data.json
/// ```
///
/// The remainder has three digits; the other numbers have no padding. Names that do not fit are passed over,
/// and links are not followed.
///
/// Several processes may use the same archive: a file is replaced as a whole, so that readers see the old one or the
/// new one, and of two writers the later one wins.
#[derive(Debug, Clone)]
pub struct FileArchive {
    layout: Layout,
    data_limit_bytes: u64,
}

impl FileArchive {
    /// Opens the archive in a folder. A folder with nothing in it, names that begin with a dot aside, is an
    /// empty archive.
    ///
    /// # Errors
    ///
    /// When there is no such folder, or its `version.txt` does not say that this is an archive of version 3.
    pub fn open(root: &Path) -> Result<Self, ArchiveError> {
        let layout = Layout::new(root);
        version::check(&layout)?;
        Ok(Self { layout, data_limit_bytes: DEFAULT_DATA_LIMIT_BYTES })
    }

    /// Sets how many bytes the data of one job may have, after unpacking, to be read; 1 GiB unless set.
    #[must_use]
    pub fn with_data_limit(self, data_limit_bytes: u64) -> Self {
        Self { data_limit_bytes, ..self }
    }
}

impl JobArchive for FileArchive {
    fn load_clusters(&self) -> Result<LoadedClusters, PortError> {
        Ok(clusters::load(&self.layout)?)
    }

    fn list_jobs(&self) -> Result<Vec<String>, PortError> {
        Ok(walk::list_jobs(&self.layout)?)
    }

    fn read_meta(&self, location: &str) -> ArchiveEntry {
        let Some(job) = JobPath::parse(location) else {
            let reason = walk::why_unlisted(&self.layout, location).unwrap_or(FileError::NoPlace);
            return ArchiveEntry::Problem(ArchiveProblem {
                path: location.to_owned(),
                reason: reason.in_full(),
            });
        };
        let path = self.layout.meta_file(&job).display().to_string();
        match meta_file::read(&self.layout, &job) {
            Ok((meta, fingerprint)) => ArchiveEntry::Job { meta: Box::new(meta), fingerprint, path },
            Err(error) => ArchiveEntry::Problem(ArchiveProblem { path, reason: error.in_full() }),
        }
    }

    fn data_stamp(&self, key: &JobKey) -> Result<Option<DataStamp>, PortError> {
        let Some(job) = JobPath::of(key) else { return Ok(None) };
        Ok(data_file::stamp(&self.layout, &job)?)
    }

    fn load_data(&self, key: &JobKey) -> Result<Option<JobData>, PortError> {
        let Some(job) = JobPath::of(key) else { return Ok(None) };
        Ok(data_file::read(&self.layout, &job, self.data_limit_bytes)?)
    }

    /// Stores a job in the folder of its cluster, which has to be there. Metrics without any scope are left out, as are
    /// ids of series at node scope and statistics without a value; statistics of a series without samples are 0.
    fn store_job(&self, job: &FinishedJob, data: &JobData) -> Result<i64, PortError> {
        Ok(store_job::store(&self.layout, job, data, self.data_limit_bytes)?)
    }

    fn write_labels(&self, key: &JobKey, labels: &JobLabels) -> Result<Option<i64>, PortError> {
        let Some(job) = JobPath::of(key) else { return Ok(None) };
        Ok(meta_file::write_labels(&self.layout, &job, labels)?)
    }

    fn remove_job(&self, key: &JobKey) -> Result<bool, PortError> {
        let Some(job) = JobPath::of(key) else { return Ok(false) };
        Ok(job_folder::remove(&self.layout, &job)?)
    }
}
