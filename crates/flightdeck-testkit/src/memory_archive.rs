//! A job archive in memory, for tests of what uses one.

use flightdeck_model::{
    ArchiveEntry, ArchiveProblem, Cluster, ClusterWarning, DataStamp, FinishedJob, JobArchive, JobData,
    JobKey, JobLabels, JobMeta, LoadedClusters, PortError, PortErrorKind, Tag, UnixTime,
};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

#[cfg(test)]
mod tests;

/// An archive that can be filled, and damaged, while others read it. It keeps what it is given, also jobs
/// that make no sense.
#[derive(Debug, Default)]
pub struct MemoryArchive {
    content: RwLock<Content>,
}

#[derive(Debug, Default)]
struct Content {
    clusters: BTreeMap<String, Result<LoadedCluster, String>>,
    jobs: BTreeMap<JobKey, Result<JobMeta, String>>,
    data: BTreeMap<JobKey, Result<JobData, String>>,
    /// Of data that were removed as well: what comes after them is something else.
    data_stamps: BTreeMap<JobKey, u128>,
    write_failure: Option<PortErrorKind>,
}

impl Content {
    fn put_data(&mut self, key: JobKey, data: Result<JobData, String>) {
        *self.data_stamps.entry(key.clone()).or_default() += 1;
        self.data.insert(key, data);
    }

    fn refuse_when_told(&self, key: &JobKey) -> Result<(), PortError> {
        let Some(kind) = self.write_failure else { return Ok(()) };
        Err(PortError::plain(kind, format!("memory/{key}: the archive in memory was told to fail")))
    }
}

#[derive(Debug)]
struct LoadedCluster {
    cluster: Arc<Cluster>,
    warnings: Vec<ClusterWarning>,
}

impl MemoryArchive {
    /// An archive without clusters and jobs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a cluster's configuration, the content of a cluster.json, in the place of the cluster `name`. One
    /// that cannot be used is a broken file, just as on disk.
    pub fn insert_cluster(&self, name: &str, json: &str) {
        let loaded = match Cluster::from_json(json.as_bytes()) {
            Err(error) => Err(error.to_string()),
            Ok((cluster, _)) if cluster.name != name => Err(format!("is the cluster {:?}", cluster.name)),
            Ok((cluster, warnings)) => Ok(LoadedCluster { cluster: Arc::new(cluster), warnings }),
        };
        self.write().clusters.insert(name.to_owned(), loaded);
    }

    /// Puts a job without data, or replaces what is said of it.
    pub fn insert_job(&self, meta: JobMeta) {
        self.write().jobs.insert(meta.key(), Ok(meta));
    }

    /// Puts or replaces the data of a job.
    pub fn insert_data(&self, key: JobKey, data: JobData) {
        self.write().put_data(key, Ok(data));
    }

    /// Makes a job one that cannot be read.
    pub fn damage_job(&self, key: JobKey, reason: &str) {
        self.write().jobs.insert(key, Err(reason.to_owned()));
    }

    /// Makes the data of a job ones that cannot be read.
    pub fn damage_data(&self, key: JobKey, reason: &str) {
        self.write().put_data(key, Err(reason.to_owned()));
    }

    /// Takes the meta.json of a job away, as if it had been deleted by hand. Its data stay.
    pub fn lose_job(&self, key: &JobKey) {
        self.write().jobs.remove(key);
    }

    /// Lets every further change of the archive through its port fail in this way; `None`: no longer.
    pub fn fail_writes(&self, kind: Option<PortErrorKind>) {
        self.write().write_failure = kind;
    }

    fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Content> {
        self.content.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JobArchive for MemoryArchive {
    fn load_clusters(&self) -> Result<LoadedClusters, PortError> {
        let mut answer = LoadedClusters::default();
        for (name, loaded) in &self.read().clusters {
            let path = format!("memory/{name}/cluster.json");
            match loaded {
                Ok(LoadedCluster { cluster, warnings }) => {
                    answer.clusters.push(Arc::clone(cluster));
                    let warnings = warnings.iter().map(|ClusterWarning(reason)| reason.clone());
                    answer
                        .warnings
                        .extend(warnings.map(|reason| ArchiveProblem { path: path.clone(), reason }));
                }
                Err(reason) => answer.problems.push(ArchiveProblem { path, reason: reason.clone() }),
            }
        }
        Ok(answer)
    }

    fn list_jobs(&self) -> Result<Vec<String>, PortError> {
        let content = self.read();
        let in_usable_cluster = |key: &&JobKey| content.clusters.get(&key.cluster).is_some_and(Result::is_ok);
        Ok(content.jobs.keys().filter(in_usable_cluster).map(JobKey::to_string).collect())
    }

    fn read_meta(&self, location: &str) -> ArchiveEntry {
        let path = format!("memory/{location}/meta.json");
        let problem = |reason: &str| {
            ArchiveEntry::Problem(ArchiveProblem { path: path.clone(), reason: reason.to_owned() })
        };
        let Some(key) = key_from_location(location) else { return problem("not the place of a job") };
        match self.read().jobs.get(&key) {
            None => problem("there is no such job"),
            Some(Err(reason)) => problem(reason),
            Some(Ok(meta)) => match fingerprint(meta) {
                Err(error) => problem(&error.to_string()),
                Ok(fingerprint) => {
                    ArchiveEntry::Job { meta: Box::new(meta.clone()), fingerprint, path: path.clone() }
                }
            },
        }
    }

    fn data_stamp(&self, key: &JobKey) -> Result<Option<DataStamp>, PortError> {
        let content = self.read();
        let stamp = content.data_stamps.get(key).copied().map(DataStamp);
        Ok(stamp.filter(|_| content.data.contains_key(key)))
    }

    fn load_data(&self, key: &JobKey) -> Result<Option<JobData>, PortError> {
        match self.read().data.get(key) {
            None => Ok(None),
            Some(Ok(data)) => Ok(Some(data.clone())),
            Some(Err(reason)) => {
                let what = format!("memory/{key}/data.json cannot be used: {reason}");
                Err(PortError::plain(PortErrorKind::Corrupt, what))
            }
        }
    }

    fn store_job(&self, job: &FinishedJob, data: &JobData) -> Result<i64, PortError> {
        let key = job.meta.key();
        let mut content = self.write();
        content.refuse_when_told(&key)?;
        let tags = job.meta.tags.iter().map(|tag| Tag { id: 0, ..tag.clone() }).collect();
        let meta = JobMeta { tags, ..job.meta.clone() };
        let what = || format!("memory/{key}/meta.json cannot be written");
        let fingerprint =
            fingerprint(&meta).map_err(|error| PortError::new(PortErrorKind::Internal, what(), error))?;
        content.put_data(key.clone(), Ok(data.clone()));
        content.jobs.insert(key, Ok(meta));
        Ok(fingerprint)
    }

    fn write_labels(&self, key: &JobKey, labels: &JobLabels) -> Result<Option<i64>, PortError> {
        let mut content = self.write();
        content.refuse_when_told(key)?;
        let meta = match content.jobs.get_mut(key) {
            None => return Ok(None),
            Some(Err(reason)) => {
                let what = format!("memory/{key}/meta.json cannot be used: {reason}");
                return Err(PortError::plain(PortErrorKind::Corrupt, what));
            }
            Some(Ok(meta)) => meta,
        };
        meta.tags = labels.tags.iter().map(|tag| Tag { id: 0, ..tag.clone() }).collect();
        meta.meta_data.extend(labels.meta_data.clone());
        let what = || format!("memory/{key}/meta.json cannot be written");
        let fingerprint =
            fingerprint(meta).map_err(|error| PortError::new(PortErrorKind::Internal, what(), error))?;
        Ok(Some(fingerprint))
    }

    fn remove_job(&self, key: &JobKey) -> Result<bool, PortError> {
        let mut content = self.write();
        content.refuse_when_told(key)?;
        let had_meta = content.jobs.remove(key).is_some();
        let had_data = content.data.remove(key).is_some();
        Ok(had_meta || had_data)
    }
}

/// Understands what [`JobKey`] prints.
fn key_from_location(location: &str) -> Option<JobKey> {
    let mut parts = location.rsplitn(3, '/');
    let start_time = UnixTime(parts.next()?.parse().ok()?);
    let job_id = parts.next()?.parse().ok()?;
    Some(JobKey { cluster: parts.next()?.to_owned(), job_id, start_time })
}

/// FNV-1a, 64 bits, of the job's meta.json.
fn fingerprint(meta: &JobMeta) -> Result<i64, serde_json::Error> {
    let bytes = serde_json::to_vec(meta)?;
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    Ok(hash.cast_signed())
}
