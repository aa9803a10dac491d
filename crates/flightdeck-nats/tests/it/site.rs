//! A small site: two clusters, and fakes for everything that is stored.

use flightdeck_model::{
    JobArchive, JobFilter, JobRecord, JobRepository, JobSelection, JobState, MetricSource, Page, SeriesParts,
    SeriesRequest, TimeSpan, UnixTime,
};
use flightdeck_service::{ClusterCatalog, MetricSources, Parts, Services, Settings};
use flightdeck_testkit::{FixedClock, MemoryArchive, MemoryJobs, MemoryMetrics, MemoryUsers, every_job};
use serde_json::json;
use std::sync::Arc;

/// When every job starts, in Unix seconds. The present is an hour later.
pub(crate) const START: i64 = 1_700_000_000;

const CLUSTER: &str = r#"{
  "metricConfig": [{"name": "cpu_load", "scope": "node", "aggregation": "avg", "timestep": 60}],
  "subClusters": [
    {"name": "main", "nodes": "a[0001-1000]",
     "topology": {"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}}
  ],"#;

/// The site's stores, and the use cases on them.
pub(crate) struct Site {
    pub(crate) services: Services,
    pub(crate) jobs: Arc<MemoryJobs>,
    pub(crate) metrics: Arc<MemoryMetrics>,
}

impl Site {
    pub(crate) fn new() -> Self {
        let archive = Arc::new(MemoryArchive::new());
        for name in ["alpha", "beta"] {
            archive.insert_cluster(name, &format!("{CLUSTER} \"name\": \"{name}\"}}"));
        }
        let jobs = Arc::new(MemoryJobs::new());
        let metrics =
            MemoryMetrics::new().with_metric("alpha", "cpu_load", 60).with_metric("beta", "cpu_load", 60);
        let metrics = Arc::new(metrics);
        let services = Services::new(Parts {
            clock: Arc::new(FixedClock::at(START + 3600)),
            jobs: jobs.clone(),
            users: Arc::new(MemoryUsers::new()),
            archive: archive.clone(),
            changes: jobs.clone(),
            archive_work: jobs.clone(),
            archiving: jobs.clone(),
            metrics: MetricSources { own: Some(metrics.clone()), ..MetricSources::default() },
            nodes: jobs.clone(),
            audit: jobs.clone(),
            quarantine: jobs.clone(),
            tasks: jobs.clone(),
            machine_states: None,
            clusters: ClusterCatalog::new(archive.load_clusters().unwrap().clusters),
            settings: Settings::default(),
        });
        Self { services, jobs, metrics }
    }

    /// All jobs in this state.
    pub(crate) fn jobs_in(&self, state: JobState) -> Vec<JobRecord> {
        let filter = JobFilter { states: vec![state], ..JobFilter::default() };
        let page = Page { offset: 0, limit: 10_000 };
        let selection = JobSelection { filter, ..every_job() };
        self.jobs.list_jobs(&selection, page, true).unwrap().jobs
    }

    /// The first value of `cpu_load` of a host from `from_s` on, in Unix seconds.
    pub(crate) fn cpu_load(&self, cluster: &str, host: &str, from_s: i64) -> Option<f64> {
        let request =
            SeriesRequest { metric: "cpu_load".into(), host: host.into(), parts: SeriesParts::Node };
        let span = TimeSpan { from: UnixTime(from_s), to: UnixTime(from_s + 60) };
        let answers = self.metrics.read_series(cluster, &[request], span).unwrap();
        answers[0].series.first().map(|series| series.values[0])
    }
}

/// A line that starts a job, as the batch system's adapter writes it.
pub(crate) fn start_line(job_id: i64) -> String {
    let job = json!({
        "jobId": job_id, "cluster": "alpha", "subCluster": "", "user": "mona", "project": "physics",
        "startTime": START, "numNodes": 1, "resources": [{"hostname": "a0001"}], "shared": "none",
        "walltime": 86_400, "statistics": null, "concurrentJobs": {"items": null, "count": 0},
        "metaData": {"jobName": "say \"hello\"", "jobScript": "#!/bin/bash\necho \\\"a\\tb\\\" , =\n"},
    });
    line("job,function=start_job,hostname=adapter,type=node,type-id=0", &job, START)
}

/// A line that ends a job.
pub(crate) fn stop_line(job_id: i64) -> String {
    let stop = json!({"jobId": job_id, "cluster": "alpha", "jobState": "completed", "stopTime": START + 60});
    line("job,function=stop_job,hostname=adapter,type=node,type-id=0,partition=", &stop, START + 60)
}

/// A line with the body of an event.
pub(crate) fn line(head: &str, event: &serde_json::Value, time_s: i64) -> String {
    let text = event.to_string().replace('\\', "\\\\").replace('"', "\\\"");
    format!("{head} event=\"{text}\" {time_s}000000000\n")
}
