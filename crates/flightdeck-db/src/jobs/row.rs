//! A row of the job table, and the job it stands for.

use crate::DbError;
use crate::schema::job;
use diesel::prelude::*;
use flightdeck_model::{
    JobDbId, JobFragments, JobKey, JobRecord, JobState, MonitoringStatus, Shared, Tag, UnixTime,
};
use serde_json::value::RawValue;

/// `meta_data` and `missing` of a job: what lists have only when they are asked for it.
pub(crate) type JobDetails = (Option<String>, Option<String>);

/// All of a job but its details, as stored.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = job)]
pub(crate) struct JobRow {
    id: i64,
    job_id: i64,
    cluster: String,
    subcluster: String,
    submit_time: i64,
    start_time: i64,
    hpc_user: String,
    project: String,
    cluster_partition: String,
    array_job_id: i64,
    duration: i64,
    walltime: i64,
    requested_memory: i64,
    job_state: String,
    num_nodes: i64,
    num_hwthreads: i32,
    num_acc: i32,
    smt: i32,
    shared: String,
    monitoring_status: i16,
    energy: f64,
    footprint: Option<String>,
    energy_footprint: Option<String>,
    resources: String,
    statistics: Option<String>,
}

impl JobRow {
    /// The number of the row.
    pub(crate) const fn id(&self) -> i64 {
        self.id
    }

    /// The identity of the job.
    pub(crate) fn key(&self) -> JobKey {
        JobKey { cluster: self.cluster.clone(), job_id: self.job_id, start_time: UnixTime(self.start_time) }
    }

    /// The word for the job's state.
    pub(crate) fn state_word(&self) -> &str {
        &self.job_state
    }

    /// Whether there are data of the job to be archived when it ends.
    pub(crate) const fn is_monitored(&self) -> bool {
        self.monitoring_status == MonitoringStatus::RunningOrArchiving.code()
    }

    /// The row as it is after the job's end.
    pub(crate) fn ended(self, state: JobState, duration_s: i64) -> Self {
        Self { job_state: state.as_str().to_owned(), duration: duration_s, ..self }
    }

    /// Makes the job of the row, with the duration that it has at `now`.
    pub(crate) fn into_record(
        self,
        tags: Vec<Tag>,
        (meta_data, missing): JobDetails,
        now: UnixTime,
    ) -> Result<JobRecord, DbError> {
        let id = self.id;
        let state: JobState = self.job_state.parse().map_err(|error| corrupt(id, "job_state", error))?;
        let shared: Shared = self.shared.parse().map_err(|error| corrupt(id, "shared", error))?;
        let monitoring_status = MonitoringStatus::from_code(self.monitoring_status).ok_or_else(|| {
            corrupt(id, "monitoring_status", format!("{} is not 0 to 3", self.monitoring_status))
        })?;
        let duration_s = match state {
            // A clock that is ahead of ours lets jobs start in the future.
            JobState::Running => now.0.saturating_sub(self.start_time).max(0),
            _ => self.duration,
        };
        let fragments = JobFragments {
            resources: fragment(id, "resources", self.resources)?,
            footprint: optional_fragment(id, "footprint", self.footprint)?,
            energy_footprint: optional_fragment(id, "energy_footprint", self.energy_footprint)?,
            statistics: optional_fragment(id, "statistics", self.statistics)?,
            meta_data: optional_fragment(id, "meta_data", meta_data)?,
            missing: optional_fragment(id, "missing", missing)?,
        };
        Ok(JobRecord {
            id: JobDbId(id),
            key: JobKey { cluster: self.cluster, job_id: self.job_id, start_time: UnixTime(self.start_time) },
            subcluster: self.subcluster,
            partition: self.cluster_partition,
            project: self.project,
            user: self.hpc_user,
            shared,
            state,
            array_job_id: self.array_job_id,
            num_nodes: i32::try_from(self.num_nodes).map_err(|error| corrupt(id, "num_nodes", error))?,
            num_hwthreads: self.num_hwthreads,
            num_acc: self.num_acc,
            smt: self.smt,
            walltime_s: self.walltime,
            requested_memory_mb: self.requested_memory,
            submit_time: UnixTime(self.submit_time),
            duration_s,
            monitoring_status,
            energy_kwh: self.energy,
            tags,
            fragments,
        })
    }
}

fn corrupt(
    id: i64,
    column: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> DbError {
    DbError::Corrupt { table: "job", column, id: id.to_string(), source: source.into() }
}

/// The names of the hosts in a job's resources.
pub(super) fn hostnames(id: i64, resources: &str) -> Result<impl Iterator<Item = String>, DbError> {
    #[derive(serde::Deserialize)]
    struct Host {
        hostname: String,
    }
    let hosts: Vec<Host> =
        serde_json::from_str(resources).map_err(|error| corrupt(id, "resources", error))?;
    Ok(hosts.into_iter().map(|host| host.hostname))
}

fn fragment(id: i64, column: &'static str, json: String) -> Result<Box<RawValue>, DbError> {
    RawValue::from_string(json).map_err(|error| corrupt(id, column, error))
}

fn optional_fragment(
    id: i64,
    column: &'static str,
    json: Option<String>,
) -> Result<Option<Box<RawValue>>, DbError> {
    json.map(|text| fragment(id, column, text)).transpose()
}
