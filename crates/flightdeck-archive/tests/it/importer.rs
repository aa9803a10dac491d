//! What the reference's importer takes: these keys and no others, and values of these types. A test that reads a file
//! with them fails on whatever the importer would refuse.
#![expect(dead_code, reason = "what matters is which keys and types are taken")]

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StrictJob {
    pub(crate) cluster: String,
    pub(crate) sub_cluster: String,
    pub(crate) partition: Option<String>,
    pub(crate) project: String,
    pub(crate) user: String,
    pub(crate) shared: String,
    pub(crate) job_state: String,
    #[serde(default)]
    pub(crate) tags: Vec<StrictTag>,
    pub(crate) resources: Vec<StrictResource>,
    pub(crate) energy_footprint: Option<BTreeMap<String, f64>>,
    pub(crate) footprint: Option<BTreeMap<String, f64>>,
    pub(crate) meta_data: Option<BTreeMap<String, String>>,
    pub(crate) concurrent_jobs: StrictConcurrentJobs,
    pub(crate) energy: f64,
    pub(crate) array_job_id: Option<i64>,
    pub(crate) walltime: Option<i64>,
    pub(crate) requested_memory: Option<i64>,
    pub(crate) submit_time: Option<i64>,
    pub(crate) job_id: i64,
    pub(crate) duration: i32,
    pub(crate) smt: Option<i32>,
    pub(crate) monitoring_status: Option<i32>,
    pub(crate) num_acc: Option<i32>,
    pub(crate) num_hwthreads: Option<i32>,
    pub(crate) num_nodes: i32,
    pub(crate) statistics: BTreeMap<String, StrictStatistics>,
    pub(crate) id: Option<i64>,
    pub(crate) start_time: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrictTag {
    pub(crate) r#type: String,
    pub(crate) name: String,
    pub(crate) scope: String,
    pub(crate) id: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrictResource {
    pub(crate) hostname: String,
    pub(crate) hwthreads: Option<Vec<i32>>,
    pub(crate) accelerators: Option<Vec<String>>,
    pub(crate) configuration: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrictConcurrentJobs {
    pub(crate) items: Option<Vec<()>>,
    pub(crate) count: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrictStatistics {
    pub(crate) unit: StrictUnit,
    pub(crate) avg: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrictUnit {
    pub(crate) base: String,
    pub(crate) prefix: Option<String>,
}

/// The content of a data.json: metric to scope to series.
pub(crate) type StrictData = BTreeMap<String, BTreeMap<StrictScope, StrictMetric>>;

#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StrictScope {
    Node,
    Socket,
    MemoryDomain,
    Core,
    Hwthread,
    Accelerator,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StrictMetric {
    pub(crate) unit: StrictUnit,
    pub(crate) timestep: i32,
    pub(crate) series: Vec<StrictSeries>,
    pub(crate) statistics_series: Option<StrictStatisticsSeries>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrictSeries {
    pub(crate) hostname: String,
    pub(crate) id: Option<String>,
    pub(crate) statistics: StrictSeriesStatistics,
    pub(crate) data: Vec<Option<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrictSeriesStatistics {
    pub(crate) avg: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrictStatisticsSeries {
    pub(crate) min: Vec<Option<f64>>,
    pub(crate) median: Vec<Option<f64>>,
    pub(crate) max: Vec<Option<f64>>,
    pub(crate) mean: Option<Vec<Option<f64>>>,
}
