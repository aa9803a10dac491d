//! A small site: two clusters, fakes for everything that is stored, and a clock that stands still.

use flightdeck_model::{
    JobArchive, JobFilter, JobKey, JobMetric, JobRecord, MetricScope, Principal, Role, Roles, Series,
};
use flightdeck_service::{
    ClusterCatalog, ImportOptions, ImportProgress, ImportReport, ListJobs, Parts, ServiceError, Services,
    Settings,
};
use flightdeck_testkit::{ArchivedJobBuilder, FixedClock, MemoryArchive, MemoryJobs, MemoryUsers};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The present, in Unix seconds.
pub(crate) const NOW: i64 = 1_700_100_000;

/// `main` and `gpu` differ in footprint and energy.
const ALPHA: &str = r#"{
  "name": "alpha",
  "metricConfig": [
    {"name": "cpu_load", "scope": "node", "aggregation": "avg", "timestep": 60, "footprint": "avg"},
    {"name": "mem_used", "scope": "node", "timestep": 120, "footprint": "max",
     "subClusters": [{"name": "gpu", "footprint": "min"}]},
    {"name": "node_power", "scope": "node", "timestep": 60, "energy": "power",
     "subClusters": [{"name": "gpu", "energy": ""}]},
    {"name": "acc_power", "scope": "accelerator", "timestep": 60, "energy": "power",
     "subClusters": [{"name": "main", "remove": true}]},
    {"name": "flops", "scope": "core", "aggregation": "sum", "timestep": 60}
  ],
  "subClusters": [
    {"name": "main", "nodes": "a[001-010]",
     "topology": {"node": [0, 1, 2, 3], "socket": [[0, 1], [2, 3]], "memoryDomain": [[0, 1, 2, 3]],
                  "core": [[0], [1], [2], [3]]}},
    {"name": "gpu", "nodes": "g[01-04]",
     "topology": {"node": [0, 1], "socket": [[0, 1]], "memoryDomain": [[0, 1]], "core": [[0], [1]]}}
  ]
}"#;

/// Any host belongs to the one subcluster.
const BETA: &str = r#"{
  "name": "beta",
  "metricConfig": [{"name": "net_bw", "scope": "node", "timestep": 30, "footprint": "avg"}],
  "subClusters": [
    {"name": "all", "nodes": "*",
     "topology": {"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}}
  ]
}"#;

/// The site's stores, and the use cases on them.
pub(crate) struct World {
    pub(crate) services: Services,
    pub(crate) jobs: Arc<MemoryJobs>,
    pub(crate) users: Arc<MemoryUsers>,
    pub(crate) archive: Arc<MemoryArchive>,
    pub(crate) clock: Arc<FixedClock>,
}

impl World {
    /// Clusters, but no jobs.
    pub(crate) fn new() -> Self {
        Self::with_settings(Settings::default())
    }

    pub(crate) fn with_settings(settings: Settings) -> Self {
        let archive = Arc::new(MemoryArchive::new());
        archive.insert_cluster("alpha", ALPHA);
        archive.insert_cluster("beta", BETA);
        let jobs = Arc::new(MemoryJobs::new());
        let users = Arc::new(MemoryUsers::new());
        let clock = Arc::new(FixedClock::at(NOW));
        let services = Services::new(Parts {
            clock: clock.clone(),
            jobs: jobs.clone(),
            users: users.clone(),
            archive: archive.clone(),
            clusters: ClusterCatalog::new(archive.load_clusters().unwrap().clusters),
            settings,
        });
        Self { services, jobs, users, archive, clock }
    }

    /// As [`new`](Self::new), with these jobs archived and imported.
    pub(crate) fn with_jobs(jobs: impl IntoIterator<Item = ArchivedJobBuilder>) -> Self {
        let world = Self::new();
        world.archive_jobs(jobs);
        world.import();
        world
    }

    /// The parts of the services, for services of which one part is another.
    pub(crate) fn parts(&self) -> Parts {
        Parts {
            clock: self.clock.clone(),
            jobs: self.jobs.clone(),
            users: self.users.clone(),
            archive: self.archive.clone(),
            clusters: self.services.clusters().clone(),
            settings: Settings::default(),
        }
    }

    /// Puts jobs without data into the archive. Fingerprints are the archive's business.
    pub(crate) fn archive_jobs(&self, jobs: impl IntoIterator<Item = ArchivedJobBuilder>) {
        for job in jobs {
            self.archive.insert_job(job.build().meta);
        }
    }

    /// Imports with two readers.
    pub(crate) fn import(&self) -> ImportReport {
        import(&self.services, ImportOptions { rebuild: false, readers: 2 }).unwrap()
    }

    /// The job with this batch system number, of which there must be one.
    #[track_caller]
    pub(crate) fn job(&self, job_id: i64) -> JobRecord {
        let filter = JobFilter { job_id: Some(job_id), ..JobFilter::default() };
        let request = ListJobs { filter, with_metadata: true, ..ListJobs::default() };
        let mut found = self.services.list_jobs(&robot(), &request).unwrap().jobs;
        assert_eq!(found.len(), 1, "there is one job {job_id}");
        found.remove(0)
    }

    /// All jobs with their free texts, in the order of their start.
    pub(crate) fn all_jobs(&self) -> Vec<JobRecord> {
        let request = ListJobs { items_per_page: 1_000_000, with_metadata: true, ..ListJobs::default() };
        let mut listed = self.services.list_jobs(&robot(), &request).unwrap().jobs;
        listed.reverse();
        listed
    }

    /// The batch system numbers of all jobs, in the order of their start.
    pub(crate) fn all_job_ids(&self) -> Vec<i64> {
        self.all_jobs().iter().map(|job| job.key.job_id).collect()
    }
}

/// Imports, and checks that the progress shown adds up when the import comes to its end.
pub(crate) fn import(services: &Services, options: ImportOptions) -> Result<ImportReport, ServiceError> {
    let progress = CountedProgress::default();
    let report = services.import_archive(options, &progress)?;
    assert_eq!(progress.begins.load(Ordering::Relaxed), 1, "it begins once");
    let jobs = progress.jobs.load(Ordering::Relaxed);
    assert_eq!(progress.done.load(Ordering::Relaxed), jobs, "all jobs are done, whatever became of them");
    let counts = report.counts;
    let imported = counts.added + counts.updated + counts.unchanged + counts.running;
    assert_eq!(imported + u64::try_from(report.skipped.len()).unwrap(), jobs, "each is counted once");
    Ok(report)
}

/// Adds up what it is told.
#[derive(Debug, Default)]
pub(crate) struct CountedProgress {
    pub(crate) begins: AtomicU64,
    pub(crate) jobs: AtomicU64,
    pub(crate) done: AtomicU64,
}

impl ImportProgress for CountedProgress {
    fn begins(&self, jobs: u64) {
        self.begins.fetch_add(1, Ordering::Relaxed);
        self.jobs.fetch_add(jobs, Ordering::Relaxed);
    }

    fn advances(&self, jobs: u64) {
        self.done.fetch_add(jobs, Ordering::Relaxed);
    }
}

pub(crate) fn principal(username: &str, roles: &[Role], projects: &[&str]) -> Principal {
    Principal {
        username: username.to_owned(),
        roles: Roles::of(roles),
        projects: projects.iter().map(|&project| project.to_owned()).collect(),
    }
}

/// A pure `api` token: sees every job.
pub(crate) fn robot() -> Principal {
    principal("robot", &[Role::Api], &[])
}

/// A plain user.
pub(crate) fn user(username: &str) -> Principal {
    principal(username, &[Role::User], &[])
}

/// A metric with a sample a minute; the series are of these hosts and parts.
pub(crate) fn metric(series: &[(&str, Option<&str>, &[f64])]) -> JobMetric {
    let series = series.iter().map(|(hostname, id, samples)| Series {
        hostname: (*hostname).to_owned(),
        id: id.map(str::to_owned),
        statistics: Series::computed_statistics(samples),
        data: samples.to_vec(),
    });
    JobMetric { series: series.collect(), timestep_s: 60, ..JobMetric::default() }
}

/// Puts the data of a job into the archive.
pub(crate) fn put_data(archive: &MemoryArchive, key: &JobKey, metrics: &[(&str, MetricScope, JobMetric)]) {
    let mut data = BTreeMap::new();
    for (name, scope, metric) in metrics {
        let scopes: &mut BTreeMap<_, _> = data.entry((*name).to_owned()).or_default();
        scopes.insert(*scope, metric.clone());
    }
    archive.insert_data(key.clone(), data);
}
