//! Jobs and selections for tests: complete and plausible, changed only in what the test is about.

use flightdeck_model::{
    ArchivedJob, AuditAction, AuditEntry, AuditOutcome, JobFilter, JobMeta, JobOrder, JobSelection, JobState,
    JobStatistics, JobVisibility, MonitoringStatus, NewJob, Origin, Resource, Shared, Tag, TagVisibility,
    Unit, UnixTime,
};
use std::collections::BTreeMap;

/// When [`archived_job`] 0 started, in Unix seconds; every further one starts a minute later.
pub const FIRST_START: i64 = 1_700_000_000;

/// The present of [`every_job`], in Unix seconds.
pub const PRESENT: i64 = 1_800_000_000;

/// Begins a finished job with this batch system number, on one node of its own, for an hour.
pub fn archived_job(job_id: i64) -> ArchivedJobBuilder {
    let meta = JobMeta {
        job_id,
        cluster: "alpha".to_owned(),
        sub_cluster: "main".to_owned(),
        user: "mona".to_owned(),
        project: "physics".to_owned(),
        partition: "batch".to_owned(),
        array_job_id: 0,
        num_nodes: 1,
        num_hwthreads: 64,
        num_acc: 0,
        shared: Shared::None,
        smt: 1,
        walltime: 86_400,
        requested_memory: 0,
        submit_time: UnixTime(0),
        start_time: UnixTime(FIRST_START + 60 * job_id),
        duration: 3600,
        job_state: JobState::Completed,
        resources: vec![node("a001")],
        meta_data: BTreeMap::new(),
        tags: Vec::new(),
        statistics: BTreeMap::from([(
            "cpu_load".to_owned(),
            JobStatistics { unit: Unit::default(), avg: 32.5, min: 1.0, max: 64.0 },
        )]),
    };
    ArchivedJobBuilder {
        job: ArchivedJob {
            meta,
            fingerprint: job_id,
            energy_kwh: 1.5,
            energy_footprint_kwh: BTreeMap::from([("node_power".to_owned(), 1.5)]),
            footprint: BTreeMap::from([("cpu_load_avg".to_owned(), 32.5)]),
        },
    }
}

/// Asks for all jobs and all but private tags, newest first.
#[must_use]
pub fn every_job() -> JobSelection {
    JobSelection {
        visibility: JobVisibility::All,
        tags: TagVisibility { admin_tags: true, username: "root".to_owned() },
        filter: JobFilter::default(),
        order: JobOrder::default(),
        now: UnixTime(PRESENT),
    }
}

/// What the audit log says of a change that was made at [`PRESENT`] by `root`.
#[must_use]
pub fn audit_entry(action: AuditAction, object: &str) -> AuditEntry {
    AuditEntry {
        time: UnixTime(PRESENT),
        origin: Origin {
            username: "root".to_owned(),
            address: "192.0.2.7".to_owned(),
            request_id: "request-1".to_owned(),
        },
        action,
        object: object.to_owned(),
        outcome: AuditOutcome::Done,
        detail: String::new(),
    }
}

fn node(hostname: &str) -> Resource {
    Resource { hostname: hostname.to_owned(), ..Resource::default() }
}

/// A finished job in the making.
#[derive(Debug, Clone)]
#[must_use]
pub struct ArchivedJobBuilder {
    job: ArchivedJob,
}

impl ArchivedJobBuilder {
    /// The finished job.
    #[must_use]
    pub fn build(self) -> ArchivedJob {
        self.job
    }

    /// The job as it was when it started: what only an ended job has is left out.
    #[must_use]
    pub fn as_started(self) -> NewJob {
        let meta = self.job.meta;
        NewJob {
            key: meta.key(),
            subcluster: meta.sub_cluster,
            user: meta.user,
            project: meta.project,
            partition: meta.partition,
            array_job_id: meta.array_job_id,
            num_nodes: meta.num_nodes,
            num_hwthreads: meta.num_hwthreads,
            num_acc: meta.num_acc,
            shared: meta.shared,
            smt: meta.smt,
            walltime_s: meta.walltime,
            requested_memory_mb: meta.requested_memory,
            submit_time: meta.submit_time,
            monitoring_status: MonitoringStatus::RunningOrArchiving,
            resources: meta.resources,
            meta_data: meta.meta_data,
            tags: meta.tags,
        }
    }

    /// Sets the cluster.
    pub fn cluster(mut self, name: &str) -> Self {
        name.clone_into(&mut self.job.meta.cluster);
        self
    }

    /// Sets the subcluster.
    pub fn subcluster(mut self, name: &str) -> Self {
        name.clone_into(&mut self.job.meta.sub_cluster);
        self
    }

    /// Sets the partition.
    pub fn partition(mut self, name: &str) -> Self {
        name.clone_into(&mut self.job.meta.partition);
        self
    }

    /// Sets the project.
    pub fn project(mut self, name: &str) -> Self {
        name.clone_into(&mut self.job.meta.project);
        self
    }

    /// Sets the owner.
    pub fn user(mut self, name: &str) -> Self {
        name.clone_into(&mut self.job.meta.user);
        self
    }

    /// Sets how the job ended.
    pub fn state(mut self, state: JobState) -> Self {
        self.job.meta.job_state = state;
        self
    }

    /// Sets the number of the job array.
    pub fn array(mut self, array_job_id: i64) -> Self {
        self.job.meta.array_job_id = array_job_id;
        self
    }

    /// Sets the start, in Unix seconds.
    pub fn start(mut self, unix_s: i64) -> Self {
        self.job.meta.start_time = UnixTime(unix_s);
        self
    }

    /// Sets the duration in seconds.
    pub fn duration(mut self, seconds: i32) -> Self {
        self.job.meta.duration = seconds;
        self
    }

    /// Sets the nodes.
    pub fn hosts(mut self, names: &[&str]) -> Self {
        self.job.meta.resources = names.iter().map(|name| node(name)).collect();
        self.job.meta.num_nodes = i32::try_from(names.len()).unwrap_or(i32::MAX);
        self
    }

    /// Sets the number of nodes, without naming them.
    pub fn num_nodes(mut self, count: i32) -> Self {
        self.job.meta.num_nodes = count;
        self
    }

    /// Sets the energy in kWh.
    pub fn energy(mut self, kwh: f64) -> Self {
        self.job.energy_kwh = kwh;
        self
    }

    /// Sets one value of the footprint.
    pub fn footprint(mut self, key: &str, value: f64) -> Self {
        self.job.footprint.insert(key.to_owned(), value);
        self
    }

    /// Takes all values out of the footprint.
    pub fn without_footprint(mut self) -> Self {
        self.job.footprint.clear();
        self
    }

    /// Adds a label.
    pub fn tag(mut self, tag_type: &str, name: &str, scope: &str) -> Self {
        self.job.meta.tags.push(Tag {
            id: 0,
            tag_type: tag_type.to_owned(),
            name: name.to_owned(),
            scope: scope.to_owned(),
        });
        self
    }

    /// Adds a free text.
    pub fn metadata(mut self, key: &str, text: &str) -> Self {
        self.job.meta.meta_data.insert(key.to_owned(), text.to_owned());
        self
    }

    /// Sets the fingerprint of the job's meta.json.
    pub fn fingerprint(mut self, fingerprint: i64) -> Self {
        self.job.fingerprint = fingerprint;
        self
    }
}
