//! A small site: two clusters, fakes for everything that is stored, and a clock that stands still.

use flightdeck_model::{
    ArchiveEntry, AuditAction, AuditEntry, AuditFilter, Clock, JobArchive, JobChanges, JobDbId, JobFilter,
    JobKey, JobMeta, JobMetric, JobRecord, MachineState, MachineStates, MetricScope, MonitoringStatus,
    NewJob, Page, PortError, Principal, RefusedRequest, Role, Roles, Series, SeriesName, UnixTime, WhichJob,
};
use flightdeck_service::{
    Caller, ClusterCatalog, ImportOptions, ImportProgress, ImportReport, ListJobs, MetricSources, Parts,
    RefusedJobs, ServiceError, Services, Settings,
};
use flightdeck_testkit::{
    ArchivedJobBuilder, FixedClock, MemoryArchive, MemoryJobs, MemoryMetrics, MemoryUsers, audit_entry, wait,
};
use futures_executor::block_on;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The present, in Unix seconds.
pub(crate) const NOW: i64 = 1_700_100_000;

/// Everything, in a list of which there is not much.
pub(crate) const ALL: Page = Page { offset: 0, limit: 1000 };

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
    pub(crate) metrics: Arc<MemoryMetrics>,
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
        let metrics = Arc::new(every_metric());
        let machines = Arc::new(MemoryMachines::default());
        let services = Services::new(Parts {
            clock: clock.clone(),
            jobs: jobs.clone(),
            users: users.clone(),
            archive: archive.clone(),
            changes: jobs.clone(),
            archive_work: jobs.clone(),
            archiving: jobs.clone(),
            metrics: own(&metrics),
            nodes: jobs.clone(),
            audit: jobs.clone(),
            quarantine: jobs.clone(),
            tasks: jobs.clone(),
            machine_states: Some(machines),
            clusters: ClusterCatalog::new(archive.load_clusters().unwrap().clusters),
            settings,
        });
        Self { services, jobs, users, archive, metrics, clock }
    }

    /// As [`new`](Self::new), keeping the starts and stops that break a rule.
    pub(crate) fn with_quarantine() -> Self {
        Self::with_settings(Settings { refused_jobs: RefusedJobs::Quarantine, ..Settings::default() })
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
            changes: self.jobs.clone(),
            archive_work: self.jobs.clone(),
            archiving: self.jobs.clone(),
            metrics: own(&self.metrics),
            nodes: self.jobs.clone(),
            audit: self.jobs.clone(),
            quarantine: self.jobs.clone(),
            tasks: self.jobs.clone(),
            machine_states: None,
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

    /// Lets a job run as if it had not ended yet. It gets another number in the database.
    pub(crate) fn start_again(&self, job_id: i64) {
        let job = self.job(job_id);
        let texts = job.fragments.meta_data.as_ref().map(|texts| serde_json::from_str(texts.get()).unwrap());
        let resources = job.resources().unwrap();
        let started = NewJob {
            key: job.key,
            subcluster: job.subcluster,
            user: job.user,
            project: job.project,
            partition: job.partition,
            array_job_id: job.array_job_id,
            num_nodes: job.num_nodes,
            num_hwthreads: job.num_hwthreads,
            num_acc: job.num_acc,
            shared: job.shared,
            smt: job.smt,
            walltime_s: job.walltime_s,
            requested_memory_mb: job.requested_memory_mb,
            submit_time: job.submit_time,
            monitoring_status: MonitoringStatus::RunningOrArchiving,
            resources,
            meta_data: texts.unwrap_or_default(),
            tags: job.tags,
        };
        let audit = || audit_entry(AuditAction::StartJob, "a job that had ended");
        wait(self.jobs.delete_job(WhichJob::Id(job.id), false, audit())).unwrap();
        wait(self.jobs.start_job(started, audit())).unwrap();
    }

    /// Starts a job as the site's program does.
    pub(crate) fn start(&self, body: Value) -> Result<JobDbId, ServiceError> {
        block_on(self.services.start_job(&robot_call(), serde_json::from_value(body).unwrap()))
    }

    /// Stops a job as the site's program does.
    pub(crate) fn stop(&self, body: Value) -> Result<JobRecord, ServiceError> {
        block_on(self.services.stop_job(&robot_call(), serde_json::from_value(body).unwrap()))
    }

    /// Starts a job so many seconds ago, with these members changed.
    pub(crate) fn start_ago(&self, job_id: i64, seconds: i64, changes: Value) -> JobDbId {
        let mut body = crate::start_job::body(json!({"jobId": job_id, "startTime": NOW - seconds}));
        let Value::Object(changes) = changes else { panic!("the changes are no object") };
        body.as_object_mut().unwrap().extend(changes);
        self.start(body).unwrap()
    }

    /// Ends a job now.
    pub(crate) fn stop_now(&self, job_id: i64) {
        self.stop(json!({"jobId": job_id, "stopTime": self.clock.now().0, "jobState": "completed"})).unwrap();
    }

    /// Stores samples of a part of a host of `alpha`, one a minute from so many seconds ago on.
    pub(crate) fn put(
        &self,
        metric: &str,
        host: &str,
        (kind, id): (&str, &str),
        seconds: i64,
        samples: &[f64],
    ) {
        let name = SeriesName { cluster: "alpha", host, kind, id, metric, ..SeriesName::default() };
        for (time, sample) in (NOW - seconds..).step_by(60).zip(samples) {
            self.metrics.put(name, time, *sample);
        }
    }

    /// What the audit log says, the oldest entry first.
    pub(crate) fn audit(&self) -> Vec<AuditEntry> {
        let page = self.services.audit_entries(&admin(), &AuditFilter::default(), ALL).unwrap();
        page.entries.into_iter().rev().map(|recorded| recorded.entry).collect()
    }

    /// Action, object and outcome of what the audit log says, the oldest entry first.
    pub(crate) fn audit_lines(&self) -> Vec<String> {
        let line = |entry: AuditEntry| format!("{} {} {}", entry.action, entry.object, entry.outcome);
        self.audit().into_iter().map(line).collect()
    }

    /// The requests that are kept, the oldest first.
    pub(crate) fn kept(&self) -> Vec<RefusedRequest> {
        self.services.quarantined(&admin(), ALL).unwrap().requests
    }

    /// What the archive says of a job.
    #[track_caller]
    pub(crate) fn archived(&self, key: &JobKey) -> JobMeta {
        match self.archive.read_meta(&key.to_string()) {
            ArchiveEntry::Job { meta, .. } => *meta,
            ArchiveEntry::Problem(problem) => panic!("{}: {}", problem.path, problem.reason),
        }
    }

    /// The batch system numbers of all jobs, in the order of their start.
    pub(crate) fn all_job_ids(&self) -> Vec<i64> {
        self.all_jobs().iter().map(|job| job.key.job_id).collect()
    }
}

/// A store of the metrics of both clusters.
fn every_metric() -> MemoryMetrics {
    let alpha = [("cpu_load", 60), ("mem_used", 120), ("node_power", 60), ("acc_power", 60), ("flops", 60)];
    let store = MemoryMetrics::new().with_metric("beta", "net_bw", 30);
    alpha
        .into_iter()
        .fold(store, |store, (metric, timestep_s)| store.with_metric("alpha", metric, timestep_s))
}

/// This store, and no other server's.
pub(crate) fn own(metrics: &Arc<MemoryMetrics>) -> MetricSources {
    MetricSources { own: Some(metrics.clone()), ..MetricSources::default() }
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

/// An administrator's program.
pub(crate) fn admin() -> Principal {
    principal("root", &[Role::Admin, Role::Api], &[])
}

/// A request of this principal.
pub(crate) fn call(principal: Principal) -> Caller {
    Caller { principal, address: "192.0.2.7".to_owned(), request_id: "r-1".to_owned() }
}

/// A request of the site's program.
pub(crate) fn robot_call() -> Caller {
    call(robot())
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

/// States of machines in memory, all stored at one time.
#[derive(Debug, Default)]
struct MemoryMachines {
    states: Mutex<BTreeMap<(String, String), Vec<u8>>>,
}

impl MachineStates for MemoryMachines {
    fn read(&self, cluster: &str, host: &str) -> Result<Option<MachineState>, PortError> {
        let states = self.states.lock().unwrap();
        let found = states.get(&(cluster.to_owned(), host.to_owned()));
        Ok(found.map(|json| MachineState { json: json.clone(), modified: UnixTime(NOW) }))
    }

    fn store(&self, cluster: &str, host: &str, json: &[u8]) -> Result<(), PortError> {
        self.states.lock().unwrap().insert((cluster.to_owned(), host.to_owned()), json.to_vec());
        Ok(())
    }
}
