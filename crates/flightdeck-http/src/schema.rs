//! The bodies of answers: those that serde writes from here, and descriptions of those that are put together
//! from encoded parts.

pub(crate) mod samples;
pub(crate) mod writing;

use flightdeck_model::{
    Aggregation, Cluster, ConcurrentJobs, EnergyKind, FootprintKind, HardwareValue, JobMetric, JobState,
    JobStatistics, MetricConfig, MetricScope, MissingSamples, Resource, Shared, SubCluster, Tag, Topology,
    Unit, User,
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A job.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase", example = json!({
    "cluster": "aurora", "subCluster": "milan", "partition": "main", "project": "proj07", "user": "user024",
    "shared": "none", "jobState": "completed", "resources": [{"hostname": "a0254"}],
    "energyFootprint": {"cpu_power": 0.0993}, "footprint": {"cpu_load_avg": 26.658, "mem_used_max": 127.9},
    "metaData": null, "concurrentJobs": {"items": null, "count": 0}, "energy": 0.1,
    "statistics": {"cpu_load": {"unit": {"base": ""}, "avg": 26.658, "min": 6.497, "max": 30.484}},
    "jobId": 1_000_000, "duration": 1890, "numNodes": 1, "walltime": 3600, "smt": 1, "monitoringStatus": 3,
    "numHwthreads": 128, "id": 2, "startTime": 1_700_000_000
}))]
#[expect(dead_code, reason = "describes what flightdeck_model::JobRecord writes")]
#[expect(clippy::struct_field_names, reason = "the API's names")]
pub(crate) struct Job {
    /// The cluster's name.
    cluster: String,
    /// The subcluster's name.
    sub_cluster: String,
    /// Partition or queue.
    partition: Option<String>,
    /// The project (account) that pays for the job.
    project: String,
    /// Login name of the job's owner.
    user: String,
    /// Who else may use the nodes.
    shared: Shared,
    /// What the batch system says of the job.
    job_state: JobState,
    /// The labels that the asker may see; absent when there are none.
    tags: Option<Vec<Tag>>,
    /// The job's nodes.
    resources: Vec<Resource>,
    /// Energy in kWh by metric.
    #[schema(required)]
    energy_footprint: Option<BTreeMap<String, f64>>,
    /// Values that characterise the job, keys `<metric>_<avg|min|max>`.
    #[schema(required)]
    footprint: Option<BTreeMap<String, f64>>,
    /// Free texts such as `jobName` and `jobScript`; in lists only when asked for.
    #[schema(required)]
    meta_data: Option<BTreeMap<String, String>>,
    /// Not filled here.
    concurrent_jobs: ConcurrentJobs,
    /// Energy in kWh.
    energy: f64,
    /// Statistics by metric.
    #[schema(required)]
    statistics: Option<BTreeMap<String, JobStatistics>>,
    /// Samples that were not there when the job was archived; absent when none was missing, or the job is not archived.
    missing: Option<Vec<MissingSamples>>,
    /// The batch system's job number.
    job_id: i64,
    /// How long the job ran or has been running, in seconds.
    duration: i64,
    /// Number of nodes.
    num_nodes: i32,
    /// Number of the job array; absent when the job is in none.
    array_job_id: Option<i64>,
    /// Time limit in seconds.
    walltime: Option<i64>,
    /// Requested memory in MB.
    requested_memory: Option<i64>,
    /// Hardware threads per core.
    smt: Option<i32>,
    /// 1: runs or waits to be archived, 2: archiving failed, 3: archived; absent: not monitored.
    monitoring_status: Option<i32>,
    /// Number of accelerators.
    num_acc: Option<i32>,
    /// Number of hardware threads.
    num_hwthreads: Option<i32>,
    /// When the job was submitted, in Unix seconds.
    submit_time: Option<i64>,
    /// The number in this server's database.
    id: i64,
    /// When the job started, in Unix seconds.
    start_time: i64,
}

/// A page of jobs.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what the list route puts together")]
pub(crate) struct JobListBody {
    /// The jobs in order.
    jobs: Vec<Job>,
    /// Jobs on a page, as asked for.
    #[schema(example = 25)]
    items: u64,
    /// Number of the page, from 1.
    #[schema(example = 1)]
    page: u64,
    /// How many jobs there are on all pages.
    #[schema(example = 20_000)]
    total: u64,
}

/// A job, with its metric data by name and scope if they were asked for.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what the route puts together")]
pub(crate) struct JobWithData {
    /// The job.
    #[schema(rename = "Meta")]
    meta: Job,
    /// Metric name to scope to data.
    #[schema(rename = "Data", required)]
    data: Option<BTreeMap<String, BTreeMap<String, JobMetric>>>,
}

/// One metric of a job at one scope.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what the metric routes put together")]
pub(crate) struct JobMetricWithName {
    /// The metric's name.
    #[schema(example = "cpu_load")]
    name: String,
    /// The scope of the series.
    scope: MetricScope,
    /// The data.
    metric: JobMetric,
}

/// A job and chosen metrics.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what the route puts together")]
pub(crate) struct JobWithMetrics {
    /// The job.
    #[schema(rename = "Meta")]
    meta: Job,
    /// The metrics.
    #[schema(rename = "Data")]
    data: Vec<JobMetricWithName>,
}

/// Metrics of a job.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what the route puts together")]
pub(crate) struct JobMetricsBody {
    /// The metrics.
    data: JobMetricsData,
    /// Always null: failures have a status of their own.
    #[schema(value_type = Option<String>, required)]
    error: Option<String>,
}

/// Metrics of a job.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what the route puts together")]
pub(crate) struct JobMetricsData {
    /// The metrics.
    job_metrics: Vec<JobMetricWithName>,
}

/// Hosts in use.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"usedNodes": {"aurora": ["a0125", "a0126"]}}))]
pub(crate) struct UsedNodesBody {
    /// Cluster to the hosts of its running jobs, sorted.
    pub(crate) used_nodes: BTreeMap<String, Vec<String>>,
}

/// A user account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "username": "mona", "name": "Mona Manager", "email": "mona@example.org", "roles": ["manager"],
    "projects": ["proj03"], "authType": 0, "authSource": 0
}))]
pub(crate) struct UserBody {
    username: String,
    name: String,
    email: String,
    roles: Vec<&'static str>,
    projects: Vec<String>,
    /// Always 0: how the account logged in is not known here.
    auth_type: u8,
    /// Where the account comes from: 0 local, 1 LDAP, 2 token, 3 `OpenID` Connect.
    auth_source: i16,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            username: user.username,
            name: user.name,
            email: user.email,
            roles: user.roles.names(),
            projects: user.projects,
            auth_type: 0,
            auth_source: user.auth_source.code(),
        }
    }
}

/// The clusters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClustersBody {
    /// The clusters in the order of their names.
    pub(crate) clusters: Vec<ClusterBody>,
}

/// A cluster.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterBody {
    name: String,
    metric_config: Vec<MetricConfigBody>,
    sub_clusters: Vec<SubClusterBody>,
}

/// How a metric is measured and judged.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetricConfigBody {
    name: String,
    unit: Unit,
    peak: f64,
    normal: f64,
    caution: f64,
    alert: f64,
    /// `power`, `energy` or empty.
    energy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<MetricScope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregation: Option<Aggregation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footprint: Option<FootprintKind>,
    /// Seconds between two samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestep: Option<u32>,
    restrict: bool,
    lower_is_better: bool,
    /// In an entry of `subClusters`: whether the metric is not measured there.
    #[serde(skip_serializing_if = "Option::is_none")]
    remove: Option<bool>,
    /// What is different on a subcluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    sub_clusters: Vec<MetricConfigBody>,
}

/// Nodes of one kind.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubClusterBody {
    name: String,
    /// Node list expression.
    #[schema(example = "a[0001-0256]")]
    nodes: String,
    processor_type: String,
    sockets_per_node: u32,
    cores_per_socket: u32,
    threads_per_core: u32,
    flop_rate_scalar: HardwareValue,
    flop_rate_simd: HardwareValue,
    memory_bandwidth: HardwareValue,
    topology: Topology,
    /// The metrics measured here, with what is different here.
    metric_config: Vec<MetricConfigBody>,
    /// Names of the footprint metrics.
    footprint: Vec<String>,
    /// Names of the energy metrics.
    energy_footprint: Vec<String>,
}

impl From<&Cluster> for ClusterBody {
    fn from(cluster: &Cluster) -> Self {
        let metric_config = cluster.metrics.iter().map(|metric| with_overrides(cluster, metric)).collect();
        let written = cluster.file.sub_clusters.iter().map(|file| file.nodes.clone());
        let sub_clusters = cluster.subclusters.iter().zip(written).map(subcluster_body).collect();
        Self { name: cluster.name.clone(), metric_config, sub_clusters }
    }
}

/// A metric of the cluster with the entries of the subclusters that differ, their inherited values filled in.
fn with_overrides(cluster: &Cluster, metric: &MetricConfig) -> MetricConfigBody {
    let file = cluster.file.metric_config.iter().find(|file| file.name == metric.name);
    let overrides = file.map(|file| file.sub_clusters.as_slice()).unwrap_or_default();
    let sub_clusters = overrides.iter().map(|different| {
        let here = cluster.subcluster(&different.name).and_then(|subcluster| subcluster.metric(&metric.name));
        MetricConfigBody {
            name: different.name.clone(),
            scope: None,
            aggregation: None,
            timestep: None,
            remove: Some(different.remove),
            ..MetricConfigBody::from(here.unwrap_or(metric))
        }
    });
    MetricConfigBody { sub_clusters: sub_clusters.collect(), ..MetricConfigBody::from(metric) }
}

impl From<&MetricConfig> for MetricConfigBody {
    fn from(metric: &MetricConfig) -> Self {
        let energy = match metric.energy {
            Some(EnergyKind::Power) => "power",
            Some(EnergyKind::Energy) => "energy",
            None => "",
        };
        Self {
            name: metric.name.clone(),
            unit: metric.unit.clone(),
            peak: metric.thresholds.peak,
            normal: metric.thresholds.normal,
            caution: metric.thresholds.caution,
            alert: metric.thresholds.alert,
            energy: energy.to_owned(),
            scope: Some(metric.scope),
            aggregation: metric.aggregation,
            footprint: metric.footprint,
            timestep: Some(metric.timestep_s),
            restrict: metric.restrict,
            lower_is_better: metric.lower_is_better,
            remove: None,
            sub_clusters: Vec::new(),
        }
    }
}

/// A subcluster with its node list as the file writes it.
fn subcluster_body((subcluster, nodes): (&SubCluster, String)) -> SubClusterBody {
    let names = |metric: &MetricConfig| metric.name.clone();
    SubClusterBody {
        name: subcluster.name.clone(),
        nodes,
        processor_type: subcluster.processor_type.clone(),
        sockets_per_node: subcluster.sockets_per_node,
        cores_per_socket: subcluster.cores_per_socket,
        threads_per_core: subcluster.threads_per_core,
        flop_rate_scalar: subcluster.flop_rate_scalar.clone(),
        flop_rate_simd: subcluster.flop_rate_simd.clone(),
        memory_bandwidth: subcluster.memory_bandwidth.clone(),
        topology: subcluster.topology.clone(),
        metric_config: subcluster.metrics.iter().map(MetricConfigBody::from).collect(),
        footprint: subcluster.footprint_metrics().map(|(metric, _)| names(metric)).collect(),
        energy_footprint: subcluster.energy_metrics().map(|(metric, _)| names(metric)).collect(),
    }
}
