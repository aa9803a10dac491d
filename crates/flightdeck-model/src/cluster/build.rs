//! From the content of a cluster.json to a cluster: what is wrong is refused, what is odd is said.

use super::{
    Cluster, ClusterFile, MetricConfig, MetricFile, MetricOverride, SubCluster, SubClusterFile, Thresholds,
};
use crate::{MetricScope, NodeList, NodeListError};
use std::collections::BTreeSet;

/// Why a cluster.json cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The file is not JSON, or a key has the wrong type.
    #[error("not a cluster configuration")]
    Decode(#[from] serde_json::Error),
    /// The name is missing.
    #[error("\"name\" is missing or empty")]
    NoName,
    /// A list that must have members has none.
    #[error("\"{0}\" is missing or empty")]
    Empty(&'static str),
    /// Two members of a list have the same name.
    #[error("\"{list}\" names \"{name}\" twice")]
    Twice {
        /// The list's key.
        list: &'static str,
        /// The repeated name.
        name: String,
    },
    /// A metric has no name.
    #[error("metricConfig[{0}]: \"name\" is missing or empty")]
    UnnamedMetric(usize),
    /// A metric's timestep is not usable.
    #[error("metric \"{metric}\": \"timestep\" is {timestep}, allowed is 1 to 86400 seconds")]
    Timestep {
        /// The metric.
        metric: String,
        /// What the file says, in seconds.
        timestep: i64,
    },
    /// A subcluster's node list is not usable.
    #[error("subcluster \"{subcluster}\": \"nodes\" is not a node list")]
    Nodes {
        /// The subcluster.
        subcluster: String,
        /// What is wrong with it.
        #[source]
        source: NodeListError,
    },
}

/// What is odd about a cluster.json that can be used all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterWarning(pub String);

impl Cluster {
    /// Builds a cluster from the bytes of a cluster.json.
    ///
    /// # Errors
    ///
    /// [`ClusterError`] names the key that is missing or wrong.
    pub fn from_json(json: &[u8]) -> Result<(Self, Vec<ClusterWarning>), ClusterError> {
        Self::from_file(serde_json::from_slice(json)?)
    }

    /// Builds a cluster from the content of a cluster.json.
    ///
    /// # Errors
    ///
    /// [`ClusterError`] names the key that is missing or wrong.
    pub fn from_file(file: ClusterFile) -> Result<(Self, Vec<ClusterWarning>), ClusterError> {
        if file.name.is_empty() {
            return Err(ClusterError::NoName);
        }
        refuse_repeated("metricConfig", file.metric_config.iter().map(|metric| &metric.name))?;
        refuse_repeated("subClusters", file.sub_clusters.iter().map(|subcluster| &subcluster.name))?;
        let metrics = file.metric_config.iter().enumerate().map(cluster_metric).collect::<Result<_, _>>()?;
        let subclusters = file
            .sub_clusters
            .iter()
            .map(|subcluster| build_subcluster(subcluster, &file.metric_config, &metrics))
            .collect::<Result<_, _>>()?;
        let cluster = Self { name: file.name.clone(), metrics, subclusters, file };
        let warnings = warnings(&cluster);
        Ok((cluster, warnings))
    }
}

fn refuse_repeated<'a>(
    list: &'static str,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), ClusterError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(ClusterError::Twice { list, name: name.clone() });
        }
    }
    if seen.is_empty() { Err(ClusterError::Empty(list)) } else { Ok(()) }
}

fn cluster_metric((index, metric): (usize, &MetricFile)) -> Result<MetricConfig, ClusterError> {
    if metric.name.is_empty() {
        return Err(ClusterError::UnnamedMetric(index));
    }
    let timestep = u32::try_from(metric.timestep).ok().filter(|seconds| (1..=86400).contains(seconds));
    let Some(timestep_s) = timestep else {
        return Err(ClusterError::Timestep { metric: metric.name.clone(), timestep: metric.timestep });
    };
    Ok(MetricConfig {
        name: metric.name.clone(),
        unit: metric.unit.clone(),
        scope: metric.scope.unwrap_or(MetricScope::Node),
        aggregation: metric.aggregation,
        timestep_s,
        thresholds: Thresholds {
            peak: metric.peak,
            normal: metric.normal,
            caution: metric.caution,
            alert: metric.alert,
        },
        footprint: metric.footprint,
        energy: metric.energy,
        lower_is_better: metric.lower_is_better,
        restrict: metric.restrict,
    })
}

fn build_subcluster(
    file: &SubClusterFile,
    metric_files: &[MetricFile],
    metrics: &Vec<MetricConfig>,
) -> Result<SubCluster, ClusterError> {
    let nodes = file
        .nodes
        .parse::<NodeList>()
        .map_err(|source| ClusterError::Nodes { subcluster: file.name.clone(), source })?;
    let here = metric_files.iter().zip(metrics).filter_map(|(metric_file, metric)| {
        match metric_file.sub_clusters.iter().find(|it| it.name == file.name) {
            None => Some(metric.clone()),
            Some(different) if different.remove => None,
            Some(different) => Some(overridden(metric, different)),
        }
    });
    Ok(SubCluster {
        name: file.name.clone(),
        nodes,
        processor_type: file.processor_type.clone(),
        sockets_per_node: file.sockets_per_node,
        cores_per_socket: file.cores_per_socket,
        threads_per_core: file.threads_per_core,
        flop_rate_scalar: file.flop_rate_scalar.clone(),
        flop_rate_simd: file.flop_rate_simd.clone(),
        memory_bandwidth: file.memory_bandwidth.clone(),
        topology: file.topology.clone(),
        metrics: here.collect(),
    })
}

fn overridden(metric: &MetricConfig, different: &MetricOverride) -> MetricConfig {
    let base = metric.thresholds;
    MetricConfig {
        thresholds: Thresholds {
            peak: different.peak.unwrap_or(base.peak),
            normal: different.normal.unwrap_or(base.normal),
            caution: different.caution.unwrap_or(base.caution),
            alert: different.alert.unwrap_or(base.alert),
        },
        footprint: different.footprint.unwrap_or(metric.footprint),
        energy: different.energy.unwrap_or(metric.energy),
        lower_is_better: different.lower_is_better.unwrap_or(metric.lower_is_better),
        restrict: different.restrict.unwrap_or(metric.restrict),
        ..metric.clone()
    }
}

fn warnings(cluster: &Cluster) -> Vec<ClusterWarning> {
    let mut warnings = Vec::new();
    for metric in &cluster.file.metric_config {
        for different in &metric.sub_clusters {
            if cluster.subcluster(&different.name).is_none() {
                warnings.push(ClusterWarning(format!(
                    "metric \"{}\" has settings for subcluster \"{}\", which does not exist",
                    metric.name, different.name
                )));
            }
        }
    }
    for subcluster in &cluster.subclusters {
        let topology = &subcluster.topology;
        let in_cores: usize = topology.core.iter().map(Vec::len).sum();
        let in_sockets: usize = topology.socket.iter().map(Vec::len).sum();
        if in_cores != topology.node.len() || in_sockets != topology.node.len() {
            warnings.push(ClusterWarning(format!(
                "subcluster \"{}\": the topology has {} hardware threads, its cores have {in_cores}, its sockets \
                 {in_sockets}",
                subcluster.name,
                topology.node.len()
            )));
        }
    }
    warnings
}
