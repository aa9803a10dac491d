//! The job as the database keeps it and the API shows it.

use super::{JobDbId, JobKey, JobState, MonitoringStatus, Resource, Shared, Tag};
use crate::UnixTime;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Parts of a job that are kept as encoded JSON, because nearly every reader only passes them on.
#[derive(Debug, Clone)]
pub struct JobFragments {
    /// List of [`Resource`].
    pub resources: Box<RawValue>,
    /// Object of footprint key (`mem_used_max`) to value.
    pub footprint: Option<Box<RawValue>>,
    /// Object of metric name to kWh.
    pub energy_footprint: Option<Box<RawValue>>,
    /// Object of metric name to [`JobStatistics`](super::JobStatistics).
    pub statistics: Option<Box<RawValue>>,
    /// Object of text to text; not loaded for lists unless asked for.
    pub meta_data: Option<Box<RawValue>>,
    /// List of [`MissingSamples`](crate::MissingSamples): what was not there when the job was archived; `None` when
    /// nothing was missing, or the job is not archived. Loaded together with [`meta_data`](Self::meta_data).
    pub missing: Option<Box<RawValue>>,
}

/// A job as stored. Serialises to the Job object of the REST API.
#[derive(Debug, Clone)]
pub struct JobRecord {
    /// The number in the database.
    pub id: JobDbId,
    /// The job's identity.
    pub key: JobKey,
    /// The subcluster's name.
    pub subcluster: String,
    /// Partition or queue; empty when unknown.
    pub partition: String,
    /// The project (account) that pays for the job.
    pub project: String,
    /// Login name of the job's owner.
    pub user: String,
    /// Who else may use the nodes.
    pub shared: Shared,
    /// What the batch system says of the job.
    pub state: JobState,
    /// Number of the job array; 0 when the job is in none.
    pub array_job_id: i64,
    /// Number of nodes.
    pub num_nodes: i32,
    /// Number of hardware threads; 0 when unknown.
    pub num_hwthreads: i32,
    /// Number of accelerators.
    pub num_acc: i32,
    /// Hardware threads per core that the job uses; 0 when unknown.
    pub smt: i32,
    /// Time limit in seconds; 0 when unknown.
    pub walltime_s: i64,
    /// Requested memory in MB; 0 when unknown.
    pub requested_memory_mb: i64,
    /// When the job was submitted; 0 when unknown.
    pub submit_time: UnixTime,
    /// How long the job ran or has been running, in seconds.
    pub duration_s: i64,
    /// Where the metric data are.
    pub monitoring_status: MonitoringStatus,
    /// Energy in kWh; 0 when unknown.
    pub energy_kwh: f64,
    /// The labels that the asker may see.
    pub tags: Vec<Tag>,
    /// What is kept as encoded JSON.
    pub fragments: JobFragments,
}

impl JobRecord {
    /// Decodes the job's nodes.
    ///
    /// # Errors
    ///
    /// When the stored JSON is not a list of resources.
    pub fn resources(&self) -> Result<Vec<Resource>, serde_json::Error> {
        serde_json::from_str(self.fragments.resources.get())
    }
}

/// Jobs that shared nodes with a job. The list routes never fill it; its place in the JSON is kept.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConcurrentJobs {
    items: Option<[i64; 0]>,
    count: u32,
}

impl ConcurrentJobs {
    const NONE: Self = Self { items: None, count: 0 };
}

impl Serialize for JobRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("cluster", &self.key.cluster)?;
        map.serialize_entry("subCluster", &self.subcluster)?;
        if !self.partition.is_empty() {
            map.serialize_entry("partition", &self.partition)?;
        }
        map.serialize_entry("project", &self.project)?;
        map.serialize_entry("user", &self.user)?;
        map.serialize_entry("shared", &self.shared)?;
        map.serialize_entry("jobState", &self.state)?;
        if !self.tags.is_empty() {
            map.serialize_entry("tags", &self.tags)?;
        }
        map.serialize_entry("resources", &self.fragments.resources)?;
        map.serialize_entry("energyFootprint", &self.fragments.energy_footprint)?;
        map.serialize_entry("footprint", &self.fragments.footprint)?;
        map.serialize_entry("metaData", &self.fragments.meta_data)?;
        map.serialize_entry("concurrentJobs", &ConcurrentJobs::NONE)?;
        map.serialize_entry("energy", &self.energy_kwh)?;
        map.serialize_entry("statistics", &self.fragments.statistics)?;
        if let Some(missing) = &self.fragments.missing {
            map.serialize_entry("missing", missing)?;
        }
        map.serialize_entry("jobId", &self.key.job_id)?;
        map.serialize_entry("duration", &self.duration_s)?;
        map.serialize_entry("numNodes", &self.num_nodes)?;
        for (name, value) in [
            ("arrayJobId", self.array_job_id),
            ("walltime", self.walltime_s),
            ("requestedMemory", self.requested_memory_mb),
            ("smt", i64::from(self.smt)),
            ("monitoringStatus", i64::from(self.monitoring_status.code())),
            ("numAcc", i64::from(self.num_acc)),
            ("numHwthreads", i64::from(self.num_hwthreads)),
            ("submitTime", self.submit_time.0),
        ] {
            if value != 0 {
                map.serialize_entry(name, &value)?;
            }
        }
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("startTime", &self.key.start_time)?;
        map.end()
    }
}
