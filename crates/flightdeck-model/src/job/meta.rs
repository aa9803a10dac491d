//! The job as its meta.json in the archive has it.

use super::{JobKey, JobState, JobStatistics, Resource, Shared, Tag, null_as_default, statistics_by_metric};
use crate::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A finished job as archived: the content of one meta.json.
///
/// Reading is lenient as the importer of the field is: unknown keys are passed over, `null` means "not
/// there". What the file says of `monitoringStatus`, `footprint`, `energy` and `id` is not read: those are
/// the database's business and are computed anew at import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobMeta {
    /// The batch system's job number.
    pub job_id: i64,
    /// The cluster's name.
    pub cluster: String,
    /// The subcluster's name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sub_cluster: String,
    /// Login name of the job's owner.
    #[serde(default, deserialize_with = "null_as_default")]
    pub user: String,
    /// The project (account) that pays for the job.
    #[serde(default, deserialize_with = "null_as_default")]
    pub project: String,
    /// Partition or queue; empty when unknown.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub partition: String,
    /// Number of the job array; 0 when the job is in none.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub array_job_id: i64,
    /// Number of nodes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub num_nodes: i32,
    /// Number of hardware threads; 0 when unknown.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero_i32")]
    pub num_hwthreads: i32,
    /// Number of accelerators.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero_i32")]
    pub num_acc: i32,
    /// Who else may use the nodes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub shared: Shared,
    /// Hardware threads per core that the job uses; 0 when unknown.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero_i32")]
    pub smt: i32,
    /// Time limit in seconds; 0 when unknown.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub walltime: i64,
    /// Requested memory in MB; 0 when unknown.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub requested_memory: i64,
    /// When the job was submitted; 0 when unknown.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_epoch")]
    pub submit_time: UnixTime,
    /// When the job started.
    pub start_time: UnixTime,
    /// How long the job ran, in seconds.
    #[serde(default, deserialize_with = "null_as_default")]
    pub duration: i32,
    /// How the job ended.
    pub job_state: JobState,
    /// The job's nodes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub resources: Vec<Resource>,
    /// Free texts such as `jobName` and `jobScript`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub meta_data: BTreeMap<String, String>,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Statistics by metric.
    #[serde(default, deserialize_with = "statistics_by_metric")]
    pub statistics: BTreeMap<String, JobStatistics>,
}

impl JobMeta {
    /// The job's identity.
    #[must_use]
    pub fn key(&self) -> JobKey {
        JobKey { cluster: self.cluster.clone(), job_id: self.job_id, start_time: self.start_time }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero_i32(value: &i32) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_epoch(time: &UnixTime) -> bool {
    time.0 == 0
}
