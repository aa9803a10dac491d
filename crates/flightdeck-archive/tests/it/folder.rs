//! A folder with an archive in it, filled by hand: no writer of the crate stands between a test and its files.

use flate2::{Compression, write::GzEncoder};
use flightdeck_archive::FileArchive;
use flightdeck_model::{ArchiveEntry, ArchiveProblem, JobArchive, JobKey, JobLabels, JobMeta, Tag, UnixTime};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) struct ArchiveFolder {
    folder: TempDir,
}

impl ArchiveFolder {
    /// An archive without clusters.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("version.txt"), "3\n").unwrap();
        Self { folder }
    }

    /// An archive with the cluster `emmy` and the jobs 1, 2 and 3 of it, which all started at 100.
    pub(crate) fn with_three_jobs() -> Self {
        let archive = Self::empty();
        archive.write("emmy/cluster.json", cluster_json("emmy"));
        for job_id in 1..=3 {
            archive.write(&format!("emmy/0/00{job_id}/100/meta.json"), meta_json(job_id));
        }
        archive
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, place: &str) -> PathBuf {
        self.root().join(place)
    }

    pub(crate) fn write(&self, place: &str, content: impl AsRef<[u8]>) {
        let path = self.path(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, place: &str) -> String {
        fs::read_to_string(self.path(place)).unwrap()
    }

    /// The names in a folder, in order.
    pub(crate) fn names(&self, place: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(place)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub(crate) fn open(&self) -> FileArchive {
        FileArchive::open(self.root()).unwrap()
    }

    /// The numbers of the jobs that can be read, in the list's order, and the problems of the others.
    pub(crate) fn read_all(&self) -> (Vec<i64>, Vec<ArchiveProblem>) {
        let archive = self.open();
        let mut good = Vec::new();
        let mut problems = Vec::new();
        for location in archive.list_jobs().unwrap() {
            match archive.read_meta(&location) {
                ArchiveEntry::Job { meta, .. } => good.push(meta.job_id),
                ArchiveEntry::Problem(problem) => problems.push(problem),
            }
        }
        (good, problems)
    }

    /// Job 2 of the cluster `emmy`, which has to be readable.
    pub(crate) fn second_job(&self) -> JobMeta {
        match self.open().read_meta("emmy/0/002/100") {
            ArchiveEntry::Job { meta, .. } => *meta,
            ArchiveEntry::Problem(problem) => panic!("{problem:?}"),
        }
    }
}

/// The tags and metadata of a job, by the tags' type, name and scope.
pub(crate) fn labels(tags: &[[&str; 3]], meta_data: &[(&str, &str)]) -> JobLabels {
    let tag = |[tag_type, name, scope]: &[&str; 3]| Tag {
        id: 0,
        tag_type: (*tag_type).to_owned(),
        name: (*name).to_owned(),
        scope: (*scope).to_owned(),
    };
    let text = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    JobLabels { tags: tags.iter().map(tag).collect(), meta_data: meta_data.iter().map(text).collect() }
}

pub(crate) fn second_key() -> JobKey {
    JobKey { cluster: "emmy".to_owned(), job_id: 2, start_time: UnixTime(100) }
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn cluster_json(name: &str) -> String {
    cluster_json_with_nodes(name, "n[01-10]", "m[01-10]")
}

pub(crate) fn cluster_json_with_nodes(name: &str, first_nodes: &str, second_nodes: &str) -> String {
    let subcluster = |subcluster: &str, nodes: &str| {
        format!(
            r#"{{"name": "{subcluster}", "nodes": "{nodes}", "processorType": "CPU", "socketsPerNode": 1,
                "coresPerSocket": 1, "threadsPerCore": 1,
                "topology": {{"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}}}}"#
        )
    };
    format!(
        r#"{{"name": "{name}",
            "metricConfig": [{{"name": "load", "unit": {{"base": "load"}}, "scope": "node", "timestep": 60,
                "aggregation": "avg", "peak": 4, "normal": 4, "caution": 2, "alert": 1}}],
            "subClusters": [{}, {}]}}"#,
        subcluster("main", first_nodes),
        subcluster("side", second_nodes)
    )
}

/// The meta.json of a job of the cluster `emmy` that started at 100.
pub(crate) fn meta_json(job_id: i64) -> String {
    format!(
        r#"{{"jobId": {job_id}, "cluster": "emmy", "subCluster": "main", "user": "mona", "project": "physics",
            "numNodes": 2, "numHwthreads": 2, "numAcc": 0, "shared": "none", "smt": 1, "startTime": 100,
            "duration": 60, "jobState": "completed", "resources": [{{"hostname": "n01"}}, {{"hostname": "n02"}}],
            "statistics": {{"load": {{"unit": {{"base": "load"}}, "avg": 1.5, "min": 1, "max": 2}}}}}}"#
    )
}

/// The metric data of a job: one series of one metric.
pub(crate) fn data_json() -> String {
    r#"{"load": {"node": {"unit": {"base": "load"}, "timestep": 60, "series": [
        {"hostname": "n01", "statistics": {"avg": 1.5, "min": 1, "max": 2}, "data": [1, null, 2]}]}}}"#
        .to_owned()
}
