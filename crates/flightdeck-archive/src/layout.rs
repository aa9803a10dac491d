//! Where the files of an archive lie. Every path and every folder name of an archive is made and understood
//! here and nowhere else; nothing here touches the file system.

use flightdeck_model::{JobKey, UnixTime};
use std::fmt;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// Longest name of a folder, in bytes, on the usual file systems.
const MAX_NAME_BYTES: usize = 255;

/// The paths of one archive.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn version_file(&self) -> PathBuf {
        self.root.join("version.txt")
    }

    pub(crate) fn cluster_file(&self, cluster: &ClusterName) -> PathBuf {
        self.cluster_folder(cluster).join("cluster.json")
    }

    pub(crate) fn cluster_folder(&self, cluster: &ClusterName) -> PathBuf {
        self.root.join(&cluster.0)
    }

    /// The folder of the jobs whose number divided by 1000 is `thousands`.
    pub(crate) fn thousands_folder(&self, cluster: &ClusterName, thousands: i64) -> PathBuf {
        self.cluster_folder(cluster).join(thousands.to_string())
    }

    /// The folder of one job number.
    pub(crate) fn number_folder(&self, cluster: &ClusterName, job_id: i64) -> PathBuf {
        self.thousands_folder(cluster, job_id / 1000).join(format!("{:03}", job_id % 1000))
    }

    /// The folder of a job.
    pub(crate) fn job_folder(&self, job: &JobPath) -> PathBuf {
        self.number_folder(&job.cluster, job.job_id).join(job.start_time.0.to_string())
    }

    /// The folders on the way to a job: its cluster's, its thousand's, its number's and its own.
    pub(crate) fn folders_to(&self, job: &JobPath) -> [PathBuf; 4] {
        [
            self.cluster_folder(&job.cluster),
            self.thousands_folder(&job.cluster, job.job_id / 1000),
            self.number_folder(&job.cluster, job.job_id),
            self.job_folder(job),
        ]
    }

    /// The place of a folder of the archive, relative to the root.
    pub(crate) fn place_of(&self, folder: &Path) -> String {
        folder.strip_prefix(&self.root).unwrap_or(folder).display().to_string()
    }

    /// The folder of a cluster, of a thousand job numbers or of one, by its place.
    pub(crate) fn folder_above_jobs(&self, place: &str) -> Option<PathBuf> {
        let mut names = place.split('/');
        let cluster = ClusterName::new(names.next()?)?;
        let Some(thousands_name) = names.next() else { return Some(self.cluster_folder(&cluster)) };
        let thousands = thousands_from_name(thousands_name)?;
        let Some(remainder_name) = names.next() else {
            return Some(self.thousands_folder(&cluster, thousands));
        };
        let number = job_id(thousands, remainder_from_name(remainder_name)?)?;
        names.next().is_none().then(|| self.number_folder(&cluster, number))
    }

    pub(crate) fn meta_file(&self, job: &JobPath) -> PathBuf {
        self.job_folder(job).join("meta.json")
    }

    pub(crate) fn data_file(&self, job: &JobPath) -> PathBuf {
        self.job_folder(job).join("data.json")
    }

    pub(crate) fn packed_data_file(&self, job: &JobPath) -> PathBuf {
        self.job_folder(job).join("data.json.gz")
    }
}

/// A cluster's name that can be the name of a folder: it has no separator and leads nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClusterName(String);

impl ClusterName {
    /// Takes a name, unless it is empty, hidden, overlong or could lead out of the archive.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let fits = !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.starts_with('.');
        let leads_away = name.contains(['/', '\\', '\0']);
        (fits && !leads_away).then(|| Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The place of a job, relative to the archive's root: `emmy/1403/244/1608923076` for job 1403244.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobPath {
    cluster: ClusterName,
    job_id: i64,
    start_time: UnixTime,
}

impl JobPath {
    /// The place of a job with a number and a start time of their own; negative ones have none.
    pub(crate) fn new(cluster: ClusterName, job_id: i64, start_time: UnixTime) -> Option<Self> {
        (job_id >= 0 && start_time.0 >= 0).then_some(Self { cluster, job_id, start_time })
    }

    /// The place of a job; `None` when no archive can hold such a job.
    pub(crate) fn of(key: &JobKey) -> Option<Self> {
        Self::new(ClusterName::new(&key.cluster)?, key.job_id, key.start_time)
    }

    /// Understands what [`Display`](fmt::Display) wrote.
    pub(crate) fn parse(location: &str) -> Option<Self> {
        let mut names = location.split('/');
        let cluster = ClusterName::new(names.next()?)?;
        let thousands = thousands_from_name(names.next()?)?;
        let job_id = job_id(thousands, remainder_from_name(names.next()?)?)?;
        let start_time = start_time_from_name(names.next()?)?;
        if names.next().is_some() {
            return None;
        }
        Self::new(cluster, job_id, start_time)
    }

    pub(crate) fn key(&self) -> JobKey {
        JobKey { cluster: self.cluster.as_str().to_owned(), job_id: self.job_id, start_time: self.start_time }
    }
}

impl fmt::Display for JobPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (thousands, remainder) = (self.job_id / 1000, self.job_id % 1000);
        write!(f, "{}/{thousands}/{remainder:03}/{}", self.cluster.0, self.start_time.0)
    }
}

/// The number of a job, of the names of the two folders it is split over.
pub(crate) fn job_id(thousands: i64, remainder: i64) -> Option<i64> {
    thousands.checked_mul(1000)?.checked_add(remainder)
}

pub(crate) fn thousands_from_name(name: &str) -> Option<i64> {
    plain_number(name)
}

pub(crate) fn remainder_from_name(name: &str) -> Option<i64> {
    let is_three_digits = name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_digit());
    if is_three_digits { name.parse().ok() } else { None }
}

pub(crate) fn start_time_from_name(name: &str) -> Option<UnixTime> {
    plain_number(name).map(UnixTime)
}

/// A number as it is written into names: digits without padding. `007` would be another folder for the same
/// job, which nobody finds again by the job's number.
fn plain_number(name: &str) -> Option<i64> {
    let is_digits = name.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = name.len() > 1 && name.starts_with('0');
    if is_digits && !is_padded { name.parse().ok() } else { None }
}
