//! One job of the store in memory, and the record that is shown of it.

use flightdeck_model::{
    ArchivedJob, JobDbId, JobFragments, JobKey, JobMeta, JobRecord, JobState, MissingSamples,
    MonitoringStatus, NewJob, PortError, PortErrorKind, Tag, UnixTime,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(super) struct StoredJob {
    pub(super) id: JobDbId,
    /// What the archive says of the job, or would say.
    pub(super) job: ArchivedJob,
    /// Of the job's meta.json; `None` when it was never seen.
    pub(super) fingerprint: Option<i64>,
    pub(super) state: JobState,
    /// How long the job ran; means nothing while it runs.
    pub(super) ran_s: i64,
    pub(super) monitoring_status: MonitoringStatus,
    pub(super) tag_ids: BTreeSet<i64>,
    /// What was not there when the job was archived.
    pub(super) missing: Vec<MissingSamples>,
}

impl StoredJob {
    pub(super) fn archived(id: JobDbId, job: &ArchivedJob, tag_ids: BTreeSet<i64>) -> Self {
        Self {
            id,
            fingerprint: Some(job.fingerprint),
            state: job.meta.job_state,
            ran_s: i64::from(job.meta.duration),
            monitoring_status: MonitoringStatus::Archived,
            tag_ids,
            missing: Vec::new(),
            job: job.clone(),
        }
    }

    pub(super) fn started(id: JobDbId, job: NewJob, tag_ids: BTreeSet<i64>) -> Self {
        let monitoring_status = job.monitoring_status;
        let unknown = ArchivedJob {
            meta: meta_of(job),
            fingerprint: 0,
            energy_kwh: 0.0,
            energy_footprint_kwh: BTreeMap::new(),
            footprint: BTreeMap::new(),
        };
        Self {
            id,
            job: unknown,
            fingerprint: None,
            state: JobState::Running,
            ran_s: 0,
            monitoring_status,
            tag_ids,
            missing: Vec::new(),
        }
    }

    pub(super) fn key(&self) -> JobKey {
        self.job.meta.key()
    }

    pub(super) fn is_running(&self) -> bool {
        self.state == JobState::Running
    }

    /// Whether there may be files of the job in the archive.
    pub(super) fn has_files(&self) -> bool {
        !self.is_running() && self.monitoring_status != MonitoringStatus::Disabled
    }

    pub(super) fn duration_s(&self, now: UnixTime) -> i64 {
        if self.is_running() { now.0 - self.job.meta.start_time.0 } else { self.ran_s }
    }

    pub(super) fn energy_kwh(&self) -> f64 {
        if self.job.energy_kwh.is_finite() { self.job.energy_kwh } else { 0.0 }
    }

    pub(super) fn footprint(&self, key: &str) -> Option<f64> {
        self.job.footprint.get(key).copied().filter(|value| value.is_finite())
    }

    pub(super) fn is_on(&self, host: &str) -> bool {
        self.job.meta.resources.iter().any(|node| node.hostname == host)
    }

    pub(super) fn record(
        &self,
        tags: Vec<Tag>,
        now: UnixTime,
        with_metadata: bool,
    ) -> Result<JobRecord, PortError> {
        let job = &self.job;
        let meta = &job.meta;
        Ok(JobRecord {
            id: self.id,
            key: meta.key(),
            subcluster: meta.sub_cluster.clone(),
            partition: meta.partition.clone(),
            project: meta.project.clone(),
            user: meta.user.clone(),
            shared: meta.shared,
            state: self.state,
            array_job_id: meta.array_job_id,
            num_nodes: meta.num_nodes,
            num_hwthreads: meta.num_hwthreads,
            num_acc: meta.num_acc,
            smt: meta.smt,
            walltime_s: meta.walltime,
            requested_memory_mb: meta.requested_memory,
            submit_time: meta.submit_time,
            duration_s: self.duration_s(now).max(0),
            monitoring_status: self.monitoring_status,
            energy_kwh: self.energy_kwh(),
            tags,
            fragments: JobFragments {
                resources: encoded(&meta.resources)?,
                footprint: encoded_map(&job.footprint)?,
                energy_footprint: encoded_map(&job.energy_footprint_kwh)?,
                statistics: encoded_map(&meta.statistics)?,
                meta_data: if with_metadata { encoded_map(&meta.meta_data)? } else { None },
                missing: if self.missing.is_empty() || !with_metadata {
                    None
                } else {
                    encoded(&self.missing).map(Some)?
                },
            },
        })
    }
}

fn meta_of(job: NewJob) -> JobMeta {
    JobMeta {
        job_id: job.key.job_id,
        cluster: job.key.cluster,
        sub_cluster: job.subcluster,
        user: job.user,
        project: job.project,
        partition: job.partition,
        array_job_id: job.array_job_id,
        num_nodes: job.num_nodes,
        num_hwthreads: job.num_hwthreads,
        num_acc: job.num_acc,
        shared: job.shared,
        smt: job.smt,
        walltime: job.walltime_s,
        requested_memory: job.requested_memory_mb,
        submit_time: job.submit_time,
        start_time: job.key.start_time,
        duration: 0,
        job_state: JobState::Running,
        resources: job.resources,
        meta_data: job.meta_data,
        tags: Vec::new(),
        statistics: BTreeMap::new(),
    }
}

fn encoded<T: Serialize + ?Sized>(value: &T) -> Result<Box<RawValue>, PortError> {
    to_raw_value(value).map_err(|error| {
        PortError::new(PortErrorKind::Internal, "the value cannot be written as JSON", error)
    })
}

fn encoded_map<V: Serialize>(map: &BTreeMap<String, V>) -> Result<Option<Box<RawValue>>, PortError> {
    if map.is_empty() { Ok(None) } else { encoded(map).map(Some) }
}
