//! The content of a cluster.json. Unknown keys are passed over, derived lists in it as well.

use super::{Aggregation, EnergyKind, FootprintKind, HardwareValue, Topology};
use crate::job::null_as_default;
use crate::{MetricScope, Unit};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A cluster.json as it stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterFile {
    /// The cluster's name.
    #[serde(default)]
    pub name: String,
    /// The metrics.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metric_config: Vec<MetricFile>,
    /// The subclusters.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sub_clusters: Vec<SubClusterFile>,
}

/// A metric of a cluster.json.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricFile {
    /// The metric's name.
    #[serde(default)]
    pub name: String,
    /// The unit of its values.
    #[serde(default)]
    pub unit: Unit,
    /// The finest scope at which it is measured; absent or empty: node.
    #[serde(default, deserialize_with = "optional_word")]
    pub scope: Option<MetricScope>,
    /// How it is brought to a coarser scope.
    #[serde(default, deserialize_with = "optional_word")]
    pub aggregation: Option<Aggregation>,
    /// Seconds between two samples.
    #[serde(default)]
    pub timestep: i64,
    /// The most the hardware can do.
    #[serde(default)]
    pub peak: f64,
    /// What is usual.
    #[serde(default)]
    pub normal: f64,
    /// Worth a look.
    #[serde(default)]
    pub caution: f64,
    /// Alarming.
    #[serde(default)]
    pub alert: f64,
    /// Which statistic stands in the footprint.
    #[serde(default, deserialize_with = "optional_word")]
    pub footprint: Option<FootprintKind>,
    /// Whether and how it counts for energy.
    #[serde(default, deserialize_with = "optional_word")]
    pub energy: Option<EnergyKind>,
    /// Whether a small value is a good one.
    #[serde(default)]
    pub lower_is_better: bool,
    /// Whether plain users do not see it.
    #[serde(default)]
    pub restrict: bool,
    /// What is different on a subcluster.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sub_clusters: Vec<MetricOverride>,
}

/// What is different for a metric on one subcluster. Keys that are absent are inherited from the cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricOverride {
    /// The subcluster's name.
    pub name: String,
    /// Whether the metric is not measured there.
    #[serde(default)]
    pub remove: bool,
    /// See [`MetricFile::peak`].
    pub peak: Option<f64>,
    /// See [`MetricFile::normal`].
    pub normal: Option<f64>,
    /// See [`MetricFile::caution`].
    pub caution: Option<f64>,
    /// See [`MetricFile::alert`].
    pub alert: Option<f64>,
    /// See [`MetricFile::footprint`]; an empty text takes the metric out of the footprint.
    #[serde(default, deserialize_with = "given_word")]
    pub footprint: Option<Option<FootprintKind>>,
    /// See [`MetricFile::energy`]; an empty text takes the metric out of the energy.
    #[serde(default, deserialize_with = "given_word")]
    pub energy: Option<Option<EnergyKind>>,
    /// See [`MetricFile::lower_is_better`].
    pub lower_is_better: Option<bool>,
    /// See [`MetricFile::restrict`].
    pub restrict: Option<bool>,
}

/// A subcluster of a cluster.json.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubClusterFile {
    /// The subcluster's name.
    #[serde(default)]
    pub name: String,
    /// Node list expression, or `*`.
    #[serde(default)]
    pub nodes: String,
    /// Model of the CPU.
    #[serde(default)]
    pub processor_type: String,
    /// Number of sockets of a node.
    #[serde(default)]
    pub sockets_per_node: u32,
    /// Number of cores of a socket.
    #[serde(default)]
    pub cores_per_socket: u32,
    /// Number of hardware threads of a core.
    #[serde(default)]
    pub threads_per_core: u32,
    /// Peak of scalar floating-point work.
    #[serde(default)]
    pub flop_rate_scalar: HardwareValue,
    /// Peak of vector floating-point work.
    #[serde(default)]
    pub flop_rate_simd: HardwareValue,
    /// Peak of the memory bandwidth.
    #[serde(default)]
    pub memory_bandwidth: HardwareValue,
    /// Which hardware thread belongs to what.
    pub topology: Topology,
}

/// Reads a word of a fixed set; `null` and the empty text mean "none".
fn optional_word<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let Some(word) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    if word.is_empty() {
        return Ok(None);
    }
    serde_json::from_value(serde_json::Value::String(word)).map(Some).map_err(D::Error::custom)
}

/// As [`optional_word`], for a key whose absence means "inherited".
#[expect(
    clippy::option_option,
    reason = "serde calls it only for a key that is there, with or without a word"
)]
fn given_word<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    optional_word(deserializer).map(Some)
}
