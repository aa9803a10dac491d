//! The bodies of the metric store's routes: those that serde writes from here, and descriptions of those that the use
//! cases read and write.

use super::writing::NodesReportedBody;
use crate::series_tree::{BlockBody, SeriesTree};
use flightdeck_model::NodeStatesBody;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A page of the metric store's content.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "data": {"aurora": {"a0117": {
        "cpu_load": [{"start": 1_760_000_040, "len": 60, "end": 1_760_003_640, "bytes": 118, "saved": true}],
        "socket0": {"cpu_power": [{"start": 1_760_000_040, "len": 2, "end": 1_760_000_160, "bytes": 16, "saved": false}]}
    }}},
    "items": 1000, "page": 1, "total": 2
}))]
pub(crate) struct StoredSeriesBody {
    /// The page's series below the selected place: by name what is stored further below, or the list of a metric's
    /// blocks, the oldest first.
    #[schema(value_type = BTreeMap<String, StoredHere>)]
    pub(crate) data: SeriesTree,
    /// Series on a page, as asked for.
    #[schema(example = 1000)]
    pub(crate) items: u64,
    /// Number of the page, from 1.
    #[schema(example = 1)]
    pub(crate) page: u64,
    /// How many series there are on all pages.
    pub(crate) total: u64,
}

/// A metric's blocks, or what is stored further below.
#[derive(Debug, ToSchema)]
#[schema(no_recursion)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what SeriesTree writes")]
pub(crate) enum StoredHere {
    /// A metric.
    Metric(Vec<BlockBody>),
    /// A host or part.
    Below(BTreeMap<String, StoredHere>),
}

/// Asks for the health of nodes.
#[derive(Debug, ToSchema)]
#[schema(
    rename_all = "kebab-case",
    example = json!({"cluster": "aurora", "nodes": ["a0117", "a0118"], "metric-names": ["cpu_load", "mem_used"]})
)]
#[expect(dead_code, reason = "describes what flightdeck_service::HealthBody reads")]
pub(crate) struct HealthQuestion {
    /// The cluster.
    cluster: String,
    /// Names of its nodes; absent: none.
    nodes: Option<Vec<String>>,
    /// The metrics that each of them is to have; absent: none.
    metric_names: Option<Vec<String>>,
}

/// How a node's metrics are doing.
#[derive(Debug, ToSchema)]
#[schema(
    rename_all = "PascalCase",
    example = json!({"State": "partial", "HealthMetrics": "{\"missing\":[\"mem_used\"],\"degraded\":[]}"})
)]
#[expect(dead_code, reason = "describes what flightdeck_model::NodeHealth writes")]
pub(crate) struct NodeHealthBody {
    /// `full`: all metrics are fresh; `partial`: some are; `failed`: none is, or nothing is known of the node.
    #[schema(pattern = "^(full|partial|failed)$")]
    state: String,
    /// JSON as text: the metrics without any sample, and those whose newest sample is older than five timesteps; empty
    /// when nothing is known of the node.
    health_metrics: String,
}

/// Names of nodes, or states of nodes.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what the route tells apart")]
pub(crate) enum HealthOrReportBody {
    /// Asks for the health of nodes.
    Health(HealthQuestion),
    /// Says what nodes are doing.
    Report(NodeStatesBody),
}

/// The health of nodes, or what became of the report of their states.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what the route tells apart")]
pub(crate) enum HealthOrReportedBody {
    /// By the nodes' names.
    Health(BTreeMap<String, NodeHealthBody>),
    /// Of the report.
    Reported(NodesReportedBody),
}

/// Asks for samples. Unknown keys are passed over.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case", example = json!({
    "cluster": "aurora", "from": 1_760_000_000, "to": 1_760_003_600, "with-stats": true, "with-data": true,
    "with-padding": true, "for-all-nodes": null,
    "queries": [
        {"metric": "cpu_load", "host": "a0117", "resolution": 60, "aggreg": false},
        {"metric": "cpu_power", "host": "a0117", "resolution": 60, "type": "socket", "type-ids": ["0", "1"], "aggreg": true}
    ]
}))]
#[expect(dead_code, reason = "describes what flightdeck_service::QueryBody reads")]
pub(crate) struct SampleQuestion {
    /// The cluster.
    cluster: String,
    /// What is asked for.
    queries: Option<Vec<SampleQueryBody>>,
    /// Metrics that are asked for of every node that has samples, configured or not.
    for_all_nodes: Option<Vec<String>>,
    /// The first second, in Unix seconds.
    from: i64,
    /// The first second that is no longer asked for.
    to: i64,
    /// Whether average, smallest and largest sample are wanted; absent: they are.
    with_stats: Option<bool>,
    /// Whether the samples are wanted; absent: they are.
    with_data: Option<bool>,
    /// Whether a series that begins late gets `null` for each step before; absent: it does.
    with_padding: Option<bool>,
}

/// Asks for one metric of one host.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes what flightdeck_service::SampleQuery reads")]
pub(crate) struct SampleQueryBody {
    /// The metric.
    metric: String,
    /// The host.
    host: String,
    /// Seconds between two samples of the answer; 0 or absent: as they are stored.
    resolution: Option<i64>,
    /// Kind of the parts; absent: the host as a whole.
    #[schema(example = "socket")]
    r#type: Option<String>,
    /// Their ids.
    type_ids: Option<Vec<String>>,
    /// Kind of the parts below these.
    subtype: Option<String>,
    /// Their ids.
    subtype_ids: Option<Vec<String>>,
    /// What samples are multiplied by; 0 or absent: not at all.
    scale_by: Option<f64>,
    /// Whether all parts become one series.
    aggreg: Option<bool>,
}

/// What was found.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what flightdeck_service::QueryAnswer writes")]
pub(crate) struct SampleAnswer {
    /// All queries in the order of the results; only for who asked for all nodes.
    queries: Option<Vec<SampleQueryBody>>,
    /// For each query its series.
    results: Vec<Vec<SampleSeriesBody>>,
}

/// One series.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "data": [null, 1.5, 2.25], "from": 1_760_000_060, "to": 1_760_000_180, "resolution": 60, "avg": 1.88, "min": 1.5, "max": 2.25
}))]
#[expect(dead_code, reason = "describes what flightdeck_service::QueriedSeries writes")]
pub(crate) struct SampleSeriesBody {
    /// Why there is no series.
    error: Option<String>,
    /// The samples, of each step one.
    data: Option<Vec<Option<f64>>>,
    /// When the first sample is, in Unix seconds, whatever comes before it for padding.
    from: i64,
    /// When the first sample that is not there any more would be.
    to: i64,
    /// Seconds between two samples.
    resolution: u32,
    /// Average.
    #[schema(required)]
    avg: Option<f64>,
    /// Smallest.
    #[schema(required)]
    min: Option<f64>,
    /// Largest.
    #[schema(required)]
    max: Option<f64>,
}
