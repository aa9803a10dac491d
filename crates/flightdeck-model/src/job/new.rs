//! A job that starts: what a batch system sends, and what is stored of it.

use super::{JobKey, MonitoringStatus, Resource, Shared, Tag, null_as_default};
use crate::UnixTime;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A running job, checked and complete, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The job's identity.
    pub key: JobKey,
    /// The subcluster's name.
    pub subcluster: String,
    /// Login name of the job's owner.
    pub user: String,
    /// The project (account) that pays for the job; may be empty.
    pub project: String,
    /// Partition or queue; empty when unknown.
    pub partition: String,
    /// Number of the job array; 0 when the job is in none.
    pub array_job_id: i64,
    /// Number of nodes.
    pub num_nodes: i32,
    /// Number of hardware threads; 0 when unknown.
    pub num_hwthreads: i32,
    /// Number of accelerators.
    pub num_acc: i32,
    /// Who else may use the nodes.
    pub shared: Shared,
    /// Hardware threads per core that the job uses; 0 when unknown.
    pub smt: i32,
    /// Time limit in seconds; 0 when unknown.
    pub walltime_s: i64,
    /// Requested memory in MB; 0 when unknown.
    pub requested_memory_mb: i64,
    /// When the job was submitted; 0 when unknown.
    pub submit_time: UnixTime,
    /// Whether the job is monitored.
    pub monitoring_status: MonitoringStatus,
    /// The job's nodes, each once.
    pub resources: Vec<Resource>,
    /// Free texts such as `jobName` and `jobScript`.
    pub meta_data: BTreeMap<String, String>,
    /// Labels; their ids mean nothing yet.
    pub tags: Vec<Tag>,
}

/// The body of a start request: the Job object of the REST API, as far as a start says something.
///
/// `null` counts as absent. Members that only an ended job has are accepted and passed over, because clients send
/// the whole object.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartJobBody {
    /// The batch system's job number, above 0.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = 4711, minimum = 1))]
    pub job_id: i64,
    /// The cluster's name.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "aurora"))]
    pub cluster: String,
    /// The subcluster's name; without it the first host decides.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sub_cluster: String,
    /// Login name of the job's owner.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "mona"))]
    pub user: String,
    /// The project (account) that pays for the job.
    #[serde(default, deserialize_with = "null_as_default")]
    pub project: String,
    /// Partition or queue.
    #[serde(default, deserialize_with = "null_as_default")]
    pub partition: String,
    /// Number of the job array.
    #[serde(default, deserialize_with = "null_as_default")]
    pub array_job_id: i64,
    /// Number of nodes: as many as `resources` has.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = 1, minimum = 1))]
    pub num_nodes: i64,
    /// Number of hardware threads.
    #[serde(default, deserialize_with = "null_as_default")]
    pub num_hwthreads: i64,
    /// Number of accelerators.
    #[serde(default, deserialize_with = "null_as_default")]
    pub num_acc: i64,
    /// `none` (the default), `single_user` or `multi_user`.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "none"))]
    pub shared: String,
    /// Hardware threads per core that the job uses.
    #[serde(default, deserialize_with = "null_as_default")]
    pub smt: i64,
    /// Time limit in seconds, at least 1 when it is given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = 3600))]
    pub walltime: Option<i64>,
    /// Requested memory in MB.
    #[serde(default, deserialize_with = "null_as_default")]
    pub requested_memory: i64,
    /// When the job was submitted, in Unix seconds.
    #[serde(default, deserialize_with = "null_as_default")]
    pub submit_time: i64,
    /// When the job started, in Unix seconds, above 0.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = 1_760_000_000, minimum = 1))]
    pub start_time: i64,
    /// 0: the job is not monitored; 1 (the default): it is.
    #[serde(default)]
    pub monitoring_status: Option<i64>,
    /// The job's nodes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub resources: Vec<StartResource>,
    /// Free texts such as `jobName` and `jobScript`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub meta_data: BTreeMap<String, String>,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tags: Vec<TagBody>,
    /// Passed over: a job that starts is running.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub job_state: Option<String>,
    /// Passed over: the server gives the number.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub id: Option<i64>,
    /// Passed over: nothing has been used yet.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub duration: Option<i64>,
    /// Passed over.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub energy: Option<f64>,
    /// Passed over.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub energy_footprint: PassedOver,
    /// Passed over.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub footprint: PassedOver,
    /// Passed over.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub statistics: PassedOver,
    /// Passed over.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub concurrent_jobs: PassedOver,
}

/// A member of a body that is an object or null, of anything, and means nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct PassedOver;

impl<'de> Deserialize<'de> for PassedOver {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for PassedOver {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or null")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}

/// One node of a job that starts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartResource {
    /// The node's name.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "a0117"))]
    pub hostname: String,
    /// Numbers of the job's hardware threads; absent when the job has the whole node.
    #[serde(default, deserialize_with = "null_as_default")]
    pub hwthreads: Vec<u32>,
    /// Ids of the job's accelerators.
    #[serde(default, deserialize_with = "null_as_default")]
    pub accelerators: Vec<String>,
    /// Free text of the batch system.
    #[serde(default, deserialize_with = "null_as_default")]
    pub configuration: String,
}

/// A tag as a request names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TagBody {
    /// What kind of label, for example `app` or `jobClass`.
    #[serde(default, rename = "type", deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "quality"))]
    pub tag_type: String,
    /// The label.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "good"))]
    pub name: String,
    /// Who sees it: `global` (the default), `admin`, or the asker's own login name.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "global"))]
    pub scope: String,
    /// Passed over: clients send back what they were shown.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub id: Option<i64>,
}

/// The body of a stop request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StopJobBody {
    /// The batch system's job number.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = 4711, minimum = 1))]
    pub job_id: Option<i64>,
    /// The cluster; absent: any.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "aurora"))]
    pub cluster: Option<String>,
    /// When the job started, in Unix seconds; absent: the newest job of this number is meant.
    #[serde(default)]
    pub start_time: Option<i64>,
    /// How the job ended; absent or empty: `completed`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "completed"))]
    pub job_state: Option<String>,
    /// When the job stopped, in Unix seconds.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = 1_760_003_600, minimum = 1))]
    pub stop_time: Option<i64>,
}
