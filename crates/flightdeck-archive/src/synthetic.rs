//! Writes archives of made-up but plausible jobs: for demonstrations, tests and benchmarks.
//!
//! There are two clusters: `aurora` with CPU nodes of two kinds and `borealis` with GPU nodes. Jobs have one or
//! many nodes, whole ones or a share; some carry tags, belong to job arrays or have no free texts; every final
//! state occurs. The same options give the same jobs on every machine. Nothing here reads an archive.

use crate::atomic_write::{write_atomically, write_atomically_unsynced};
use crate::layout::{ClusterName, JobPath, Layout};
use crate::{ArchiveError, version};
use flate2::{Compression, write::GzEncoder};
use flightdeck_model::{JobData, JobMeta, UnixTime};
use serde::Serialize;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

mod catalogue;
mod curves;
mod hardware;
mod random;
mod workload;

/// Which jobs get metric data; the others have statistics alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFor {
    /// All jobs.
    All,
    /// No job: listings at scale.
    None,
    /// The newest jobs, so many.
    Last(u32),
}

/// What a synthetic archive is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Number of jobs.
    pub jobs: u32,
    /// Another seed gives other jobs.
    pub seed: u64,
    /// Time limit of the jobs in seconds; they run for a tenth of it at least.
    pub longest_job_s: u32,
    /// When the first job starts.
    pub first_start: UnixTime,
    /// Seconds from the start of one job to that of the next.
    pub spacing_s: u32,
    /// Which jobs get metric data.
    pub data: DataFor,
}

impl Default for Options {
    /// 300 jobs of up to an hour with data, one every 37 seconds from 14 November 2023 on.
    fn default() -> Self {
        Self {
            jobs: 300,
            seed: 1,
            longest_job_s: 3600,
            first_start: UnixTime(1_700_000_000),
            spacing_s: 37,
            data: DataFor::All,
        }
    }
}

impl Options {
    fn has_data(&self, index: u32) -> bool {
        match self.data {
            DataFor::All => true,
            DataFor::None => false,
            DataFor::Last(count) => index >= self.jobs.saturating_sub(count),
        }
    }
}

/// Makes the jobs of a synthetic archive without writing anything: each with its data, if it gets any.
pub fn jobs(options: Options) -> impl Iterator<Item = (JobMeta, Option<JobData>)> {
    (0..options.jobs).map(move |index| {
        let mut job = workload::plan(&options, index);
        if options.has_data(index) {
            let (data, statistics) = curves::measure(&job);
            job.meta.statistics = statistics;
            (job.meta, Some(data))
        } else {
            job.meta.statistics = curves::estimate(&job);
            (job.meta, None)
        }
    })
}

/// Writes a synthetic archive into a folder that is empty or does not exist yet.
///
/// The archive's version is written last, so that one which was left half-way is not taken for a whole one.
///
/// # Errors
///
/// [`ArchiveError::NotEmpty`] when there is something in the folder; otherwise when it cannot be written.
pub fn write(root: &Path, options: Options) -> Result<(), ArchiveError> {
    let layout = Layout::new(root);
    create_folder(root)?;
    if !version::is_empty(&layout)? {
        return Err(ArchiveError::NotEmpty { path: root.to_owned() });
    }
    for cluster in &catalogue::CLUSTERS {
        let Some(name) = ClusterName::new(cluster.name) else { continue };
        create_folder(&layout.cluster_folder(&name))?;
        let path = layout.cluster_file(&name);
        write_atomically(&path, &encode(&path, &cluster.to_json())?)?;
    }
    for (meta, data) in jobs(options) {
        write_job(&layout, &meta, data.as_ref())?;
    }
    write_atomically(&layout.version_file(), format!("{}\n", version::VERSION).as_bytes())
}

/// Writes the data first: a job that can be seen is complete.
fn write_job(layout: &Layout, meta: &JobMeta, data: Option<&JobData>) -> Result<(), ArchiveError> {
    // Jobs of before 1970 have no place in an archive.
    let Some(job) = JobPath::of(&meta.key()) else { return Ok(()) };
    create_folder(&layout.job_folder(&job))?;
    if let Some(data) = data {
        let path = layout.packed_data_file(&job);
        let json = encode(&path, data)?;
        write_atomically_unsynced(&path, &pack(&path, &json)?)?;
    }
    let path = layout.meta_file(&job);
    write_atomically_unsynced(&path, &encode(&path, meta)?)
}

fn create_folder(path: &Path) -> Result<(), ArchiveError> {
    fs::create_dir_all(path).map_err(|source| ArchiveError::Write { path: path.to_owned(), source })
}

fn encode(path: &Path, content: &impl Serialize) -> Result<Vec<u8>, ArchiveError> {
    let mut json = serde_json::to_vec(content)
        .map_err(|source| ArchiveError::Encode { path: path.to_owned(), source })?;
    json.push(b'\n');
    Ok(json)
}

fn pack(path: &Path, json: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let failed = |source| ArchiveError::Write { path: PathBuf::from(path), source };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(json).map_err(failed)?;
    encoder.finish().map_err(failed)
}
