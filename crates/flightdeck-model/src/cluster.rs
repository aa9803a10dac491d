//! What a cluster is: its subclusters, their topology, and which metrics are measured how.
//!
//! [`Cluster`] is the finished form, with what follows from the file worked out; [`ClusterFile`] is the
//! content of a cluster.json as it stands.

use crate::{MetricScope, NodeList, Unit};
use serde::{Deserialize, Serialize};

mod build;
mod file;
#[cfg(test)]
mod tests;
mod topology;

pub use build::{ClusterError, ClusterWarning};
pub use file::{ClusterFile, MetricFile, MetricOverride, SubClusterFile};
pub use topology::{Accelerator, Topology};

/// How values of finer parts become the value of a coarser part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Aggregation {
    /// The parts add up, such as bytes per second.
    Sum,
    /// The parts are averaged, such as a load in per cent.
    Avg,
}

/// Which statistic of a metric stands in a job's footprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FootprintKind {
    /// The average.
    Avg,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
}

impl FootprintKind {
    /// The ending of the footprint's key: `mem_used` with `max` is `mem_used_max`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Avg => "avg",
            Self::Max => "max",
            Self::Min => "min",
        }
    }
}

/// What an energy metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EnergyKind {
    /// Power in W.
    Power,
    /// Energy in J.
    Energy,
}

/// Values at which a metric is peak, normal, worth a look, alarming; per node, in the metric's unit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Thresholds {
    /// The most the hardware can do.
    pub peak: f64,
    /// What is usual.
    pub normal: f64,
    /// Worth a look.
    pub caution: f64,
    /// Alarming.
    pub alert: f64,
}

/// How one metric is measured and judged, on a cluster or, with its overrides applied, on a subcluster.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricConfig {
    /// The metric's name.
    pub name: String,
    /// The unit of its values.
    pub unit: Unit,
    /// The finest scope at which it is measured.
    pub scope: MetricScope,
    /// How it is brought to a coarser scope; `None`: not at all.
    pub aggregation: Option<Aggregation>,
    /// Seconds between two samples; at least 1.
    pub timestep_s: u32,
    /// Values that matter.
    pub thresholds: Thresholds,
    /// Which statistic stands in the footprint; `None`: not a footprint metric.
    pub footprint: Option<FootprintKind>,
    /// Whether and how it counts for a job's energy.
    pub energy: Option<EnergyKind>,
    /// Whether a small value is a good one.
    pub lower_is_better: bool,
    /// Whether plain users do not see it.
    pub restrict: bool,
}

impl MetricConfig {
    /// The metric's key in a footprint, for example `mem_used_max`.
    #[must_use]
    pub fn footprint_key(&self) -> Option<String> {
        self.footprint.map(|kind| format!("{}_{}", self.name, kind.as_str()))
    }
}

/// A quantity of the hardware, such as the memory bandwidth.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HardwareValue {
    /// Unit of the value.
    #[serde(default)]
    pub unit: Unit,
    /// The value.
    #[serde(default)]
    pub value: f64,
}

/// Nodes of one kind within a cluster.
#[derive(Debug, Clone)]
pub struct SubCluster {
    /// The subcluster's name, unique within the cluster.
    pub name: String,
    /// Its nodes.
    pub nodes: NodeList,
    /// Model of the CPU.
    pub processor_type: String,
    /// Number of sockets of a node.
    pub sockets_per_node: u32,
    /// Number of cores of a socket.
    pub cores_per_socket: u32,
    /// Number of hardware threads of a core.
    pub threads_per_core: u32,
    /// Peak of scalar floating-point work.
    pub flop_rate_scalar: HardwareValue,
    /// Peak of vector floating-point work.
    pub flop_rate_simd: HardwareValue,
    /// Peak of the memory bandwidth.
    pub memory_bandwidth: HardwareValue,
    /// Which hardware thread belongs to what.
    pub topology: Topology,
    /// The metrics measured here, overrides applied, in the file's order.
    pub metrics: Vec<MetricConfig>,
}

impl SubCluster {
    /// The configuration of a metric; `None` when it is not measured here.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&MetricConfig> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// The metrics that stand in a footprint.
    pub fn footprint_metrics(&self) -> impl Iterator<Item = (&MetricConfig, FootprintKind)> {
        self.metrics.iter().filter_map(|metric| Some((metric, metric.footprint?)))
    }

    /// The metrics that count for a job's energy.
    pub fn energy_metrics(&self) -> impl Iterator<Item = (&MetricConfig, EnergyKind)> {
        self.metrics.iter().filter_map(|metric| Some((metric, metric.energy?)))
    }
}

/// A cluster with everything that follows from its configuration worked out.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The cluster's name.
    pub name: String,
    /// The metrics, as the cluster (not a subcluster) configures them, in the file's order.
    pub metrics: Vec<MetricConfig>,
    /// The subclusters in the file's order; the first that names a host has it.
    pub subclusters: Vec<SubCluster>,
    /// The file that all this was built from.
    pub file: ClusterFile,
}

impl Cluster {
    /// The subcluster of this name.
    #[must_use]
    pub fn subcluster(&self, name: &str) -> Option<&SubCluster> {
        self.subclusters.iter().find(|subcluster| subcluster.name == name)
    }

    /// The subcluster a host belongs to: the first whose list names it, else the first with the list `*`.
    #[must_use]
    pub fn subcluster_of_host(&self, host: &str) -> Option<&SubCluster> {
        let named = |subcluster: &&SubCluster| !subcluster.nodes.is_any() && subcluster.nodes.contains(host);
        let any = |subcluster: &&SubCluster| subcluster.nodes.is_any();
        self.subclusters.iter().find(named).or_else(|| self.subclusters.iter().find(any))
    }

    /// The largest distance of two samples of any metric, in seconds.
    #[must_use]
    pub fn largest_timestep_s(&self) -> u32 {
        self.metrics.iter().map(|metric| metric.timestep_s).max().unwrap_or(0)
    }
}
