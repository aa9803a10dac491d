//! A job as the columns of its row, from wherever it comes.

use crate::DbError;
use crate::schema::job;
use diesel::prelude::*;
use flightdeck_model::{ArchivedJob, JobState, MonitoringStatus, NewJob};
use serde::Serialize;
use std::collections::BTreeMap;

/// A job as the table's columns.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = job, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct JobColumns {
    pub(crate) job_id: i64,
    pub(crate) cluster: String,
    pub(crate) subcluster: String,
    pub(crate) submit_time: i64,
    pub(crate) start_time: i64,
    pub(crate) hpc_user: String,
    pub(crate) project: String,
    pub(crate) cluster_partition: String,
    pub(crate) array_job_id: i64,
    pub(crate) duration: i64,
    pub(crate) walltime: i64,
    pub(crate) requested_memory: i64,
    pub(crate) job_state: &'static str,
    pub(crate) num_nodes: i64,
    pub(crate) num_hwthreads: i32,
    pub(crate) num_acc: i32,
    pub(crate) smt: i32,
    pub(crate) shared: &'static str,
    pub(crate) monitoring_status: i16,
    pub(crate) energy: f64,
    pub(crate) archive_fingerprint: Option<i64>,
    pub(crate) footprint: Option<String>,
    pub(crate) energy_footprint: Option<String>,
    pub(crate) resources: String,
    pub(crate) statistics: Option<String>,
    pub(crate) meta_data: Option<String>,
}

impl JobColumns {
    /// What the archive says of a job.
    pub(super) fn of_archived(archived: &ArchivedJob) -> Result<Self, DbError> {
        let meta = &archived.meta;
        let encode = |what, source| DbError::Encode { what, owner: format!("job {}", meta.key()), source };
        Ok(Self {
            job_id: meta.job_id,
            cluster: meta.cluster.clone(),
            subcluster: meta.sub_cluster.clone(),
            submit_time: meta.submit_time.0,
            start_time: meta.start_time.0,
            hpc_user: meta.user.clone(),
            project: meta.project.clone(),
            cluster_partition: meta.partition.clone(),
            array_job_id: meta.array_job_id,
            duration: i64::from(meta.duration),
            walltime: meta.walltime,
            requested_memory: meta.requested_memory,
            job_state: meta.job_state.as_str(),
            num_nodes: i64::from(meta.num_nodes),
            num_hwthreads: meta.num_hwthreads,
            num_acc: meta.num_acc,
            smt: meta.smt,
            shared: meta.shared.as_str(),
            monitoring_status: MonitoringStatus::Archived.code(),
            // SQLite stores what is no number as NULL.
            energy: if archived.energy_kwh.is_finite() { archived.energy_kwh } else { 0.0 },
            archive_fingerprint: Some(archived.fingerprint),
            footprint: json_object(&archived.footprint).map_err(|error| encode("the footprint", error))?,
            energy_footprint: json_object(&archived.energy_footprint_kwh)
                .map_err(|error| encode("the energy footprint", error))?,
            resources: serde_json::to_string(&meta.resources).map_err(|error| encode("the nodes", error))?,
            statistics: json_object(&meta.statistics).map_err(|error| encode("the statistics", error))?,
            meta_data: json_object(&meta.meta_data).map_err(|error| encode("the metadata", error))?,
        })
    }

    /// What is known of a job that starts.
    pub(super) fn of_started(new: &NewJob) -> Result<Self, DbError> {
        let encode = |what, source| DbError::Encode { what, owner: format!("job {}", new.key), source };
        Ok(Self {
            job_id: new.key.job_id,
            cluster: new.key.cluster.clone(),
            subcluster: new.subcluster.clone(),
            submit_time: new.submit_time.0,
            start_time: new.key.start_time.0,
            hpc_user: new.user.clone(),
            project: new.project.clone(),
            cluster_partition: new.partition.clone(),
            array_job_id: new.array_job_id,
            duration: 0,
            walltime: new.walltime_s,
            requested_memory: new.requested_memory_mb,
            job_state: JobState::Running.as_str(),
            num_nodes: i64::from(new.num_nodes),
            num_hwthreads: new.num_hwthreads,
            num_acc: new.num_acc,
            smt: new.smt,
            shared: new.shared.as_str(),
            monitoring_status: new.monitoring_status.code(),
            energy: 0.0,
            archive_fingerprint: None,
            footprint: None,
            energy_footprint: None,
            resources: serde_json::to_string(&new.resources).map_err(|error| encode("the nodes", error))?,
            statistics: None,
            meta_data: json_object(&new.meta_data).map_err(|error| encode("the metadata", error))?,
        })
    }
}

/// The map as JSON; nothing when it is empty.
pub(super) fn json_object<V: Serialize>(
    map: &BTreeMap<String, V>,
) -> Result<Option<String>, serde_json::Error> {
    if map.is_empty() { Ok(None) } else { serde_json::to_string(map).map(Some) }
}
