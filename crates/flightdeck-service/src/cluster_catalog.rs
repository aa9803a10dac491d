//! The clusters of this server, read once at start.

use crate::ServiceError;
use crate::shown::shown;
use flightdeck_model::{Cluster, SubCluster};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All clusters by name.
#[derive(Debug, Clone, Default)]
pub struct ClusterCatalog {
    clusters: BTreeMap<String, Arc<Cluster>>,
}

impl ClusterCatalog {
    /// A catalog of these clusters.
    pub fn new(clusters: impl IntoIterator<Item = Arc<Cluster>>) -> Self {
        Self { clusters: clusters.into_iter().map(|cluster| (cluster.name.clone(), cluster)).collect() }
    }

    /// The cluster of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Cluster>> {
        self.clusters.get(name)
    }

    /// The cluster of this name, which a request names in its field `cluster`.
    ///
    /// # Errors
    ///
    /// Invalid for a name that no cluster has, with those that there are.
    pub(crate) fn configured(&self, name: &str) -> Result<&Arc<Cluster>, ServiceError> {
        self.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.clusters.keys().map(String::as_str).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let reason = format!("there is no cluster \"{}\": there are {known}", shown(name));
            ServiceError::invalid("cluster", reason)
        })
    }

    /// The subcluster of these names.
    #[must_use]
    pub fn subcluster(&self, cluster: &str, subcluster: &str) -> Option<&SubCluster> {
        self.clusters.get(cluster)?.subcluster(subcluster)
    }

    /// All clusters in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Cluster>> {
        self.clusters.values()
    }

    /// All footprint keys of any subcluster, sorted: what a job list can be sorted by.
    #[must_use]
    pub fn footprint_keys(&self) -> BTreeSet<String> {
        let subclusters = self.clusters.values().flat_map(|cluster| &cluster.subclusters);
        let metrics = subclusters.flat_map(|subcluster| &subcluster.metrics);
        metrics.filter_map(flightdeck_model::MetricConfig::footprint_key).collect()
    }
}
