//! Which clusters and metrics there are, and how far apart the samples of each metric are. Knows no series.

#[cfg(test)]
mod tests;

use flightdeck_model::{Aggregation, Cluster};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// Numbers for names, in the order of their coming.
type Numbers<Number> = HashMap<Box<str>, Number, foldhash::fast::RandomState>;

/// The clusters and metrics whose samples are stored, each with a number.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// By number.
    clusters: Vec<CatalogueCluster>,
    /// A cluster's number by its name.
    cluster_numbers: Numbers<u16>,
}

/// One cluster's metrics.
#[derive(Debug)]
struct CatalogueCluster {
    /// Its name.
    name: Box<str>,
    /// By number.
    metrics: Vec<CatalogueMetric>,
    /// A metric's number by its name.
    metric_numbers: Numbers<u16>,
}

/// One metric of one cluster.
#[derive(Debug)]
struct CatalogueMetric {
    /// Its name.
    name: Box<str>,
    /// Seconds between two samples; at least 1.
    timestep_s: u32,
    /// How series of parts become one; `None`: not at all.
    aggregation: Option<Aggregation>,
}

impl Catalogue {
    /// The metrics of all clusters, also those that only a subcluster has. Each cluster has its own timesteps. Of two
    /// clusters of one name the first counts, as does the first of a metric's entries; more than 65,536 of
    /// either are not taken.
    #[must_use]
    pub fn new(clusters: &[Arc<Cluster>]) -> Self {
        let mut catalogue = Self::default();
        for cluster in clusters {
            let Ok(number) = u16::try_from(catalogue.clusters.len()) else {
                break;
            };
            if let Entry::Vacant(place) = catalogue.cluster_numbers.entry(cluster.name.as_str().into()) {
                place.insert(number);
                catalogue.clusters.push(CatalogueCluster::new(cluster));
            }
        }
        catalogue
    }

    /// The number of a cluster.
    #[must_use]
    pub fn cluster(&self, name: &str) -> Option<u16> {
        self.cluster_numbers.get(name).copied()
    }

    /// The number of a metric among those of its cluster, and the seconds between two of its samples.
    #[must_use]
    pub fn metric(&self, cluster: u16, name: &str) -> Option<(u16, u32)> {
        let of_cluster = self.clusters.get(usize::from(cluster))?;
        let number = *of_cluster.metric_numbers.get(name)?;
        let metric = of_cluster.metrics.get(usize::from(number))?;
        Some((number, metric.timestep_s))
    }

    /// How series of a metric's parts become one; `None`: not at all.
    #[must_use]
    pub fn aggregation(&self, cluster: u16, metric: u16) -> Option<Aggregation> {
        let of_cluster = self.clusters.get(usize::from(cluster))?;
        of_cluster.metrics.get(usize::from(metric))?.aggregation
    }

    /// The name of a cluster; empty for a number that is not given.
    #[must_use]
    pub fn cluster_name(&self, cluster: u16) -> &str {
        self.clusters.get(usize::from(cluster)).map_or("", |of_cluster| &of_cluster.name)
    }

    /// The name of a metric; empty for a number that is not given.
    #[must_use]
    pub fn metric_name(&self, cluster: u16, metric: u16) -> &str {
        let metrics = self.clusters.get(usize::from(cluster)).map(|of_cluster| &of_cluster.metrics);
        metrics.and_then(|all| all.get(usize::from(metric))).map_or("", |of_metric| &of_metric.name)
    }
}

impl CatalogueCluster {
    /// The metrics of a cluster.
    fn new(cluster: &Cluster) -> Self {
        let mut of_cluster = Self {
            name: cluster.name.as_str().into(),
            metrics: Vec::new(),
            metric_numbers: Numbers::default(),
        };
        let of_subclusters = cluster.subclusters.iter().flat_map(|subcluster| &subcluster.metrics);
        for metric in cluster.metrics.iter().chain(of_subclusters) {
            let Ok(number) = u16::try_from(of_cluster.metrics.len()) else {
                break;
            };
            let name: Box<str> = metric.name.as_str().into();
            if let Entry::Vacant(place) = of_cluster.metric_numbers.entry(name.clone()) {
                place.insert(number);
                of_cluster.metrics.push(CatalogueMetric {
                    name,
                    timestep_s: metric.timestep_s.max(1),
                    aggregation: metric.aggregation,
                });
            }
        }
        of_cluster
    }
}
