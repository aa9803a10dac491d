//! Series whose cluster or metric is not configured, as their samples are on disk nevertheless: they were configured
//! before, and perhaps will be again, for instance when a file of the configuration is mended. Such series are kept as
//! long as others, and saved with them; nobody reads them or writes to them.

use super::parts::PartName;
use super::shard::{Host, SeriesKey};
use super::{Memory, SeriesNumber, SeriesRef};
use crate::catalogue::Catalogue;
use flightdeck_model::SeriesName;
use std::ops::Deref;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// The name of a cluster or metric.
#[derive(Debug)]
pub(super) enum Name<'a> {
    /// It is configured.
    Configured(&'a str),
    /// It is not.
    Former(Arc<str>),
}

impl Deref for Name<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Configured(name) => name,
            Self::Former(name) => name,
        }
    }
}

/// The clusters and metrics that are not configured. Their numbers are counted down from the highest, as the catalogue
/// counts up.
#[derive(Debug, Default)]
pub(super) struct Former {
    /// Names.
    clusters: Vec<Arc<str>>,
    /// Those of all clusters.
    metrics: Vec<FormerMetric>,
}

/// A metric of one cluster.
#[derive(Debug)]
struct FormerMetric {
    /// The number of the cluster, which may be configured.
    cluster: u16,
    /// Its name.
    name: Arc<str>,
    /// Seconds between two samples.
    timestep_s: u32,
}

impl Former {
    /// The number of a cluster; gives it one if need be, and if there is one.
    fn cluster(&mut self, catalogue: &Catalogue, name: &str) -> Option<u16> {
        if let Some(place) = self.clusters.iter().position(|known| **known == *name) {
            return number_of(place);
        }
        let number = number_of(self.clusters.len()).filter(|it| catalogue.cluster_name(*it).is_empty())?;
        self.clusters.push(name.into());
        Some(number)
    }

    /// Number and timestep of a metric; gives it a number if need be, and if there is one.
    fn metric(
        &mut self,
        catalogue: &Catalogue,
        cluster: u16,
        name: &str,
        timestep_s: u32,
    ) -> Option<(u16, u32)> {
        let is_it = |known: &FormerMetric| known.cluster == cluster && *known.name == *name;
        if let Some(place) = self.metrics.iter().position(is_it) {
            return Some((number_of(place)?, self.metrics.get(place)?.timestep_s));
        }
        let is_free = |number: &u16| catalogue.metric_name(cluster, *number).is_empty();
        let number = number_of(self.metrics.len()).filter(is_free)?;
        self.metrics.push(FormerMetric { cluster, name: name.into(), timestep_s });
        Some((number, timestep_s))
    }
}

/// The number of what has a place in a list.
fn number_of(place: usize) -> Option<u16> {
    u16::try_from(place).ok().map(|place| u16::MAX - place)
}

/// The place of what has a number.
fn place_of(number: u16) -> usize {
    usize::from(u16::MAX - number)
}

impl Memory {
    /// Seconds between two samples of a series; `None` when its cluster or metric is not configured.
    pub fn configured_timestep_s(&self, name: &SeriesName<'_>) -> Option<u32> {
        let cluster = self.catalogue.cluster(name.cluster)?;
        Some(self.catalogue.metric(cluster, name.metric)?.1)
    }

    /// The series of a name whose cluster or metric is not configured; it is made if need be, with this timestep unless
    /// the metric has another one already. `None` when there are no numbers for more names.
    pub fn former_series(&self, name: &SeriesName<'_>, timestep_s: u32) -> Option<SeriesRef> {
        let (cluster, metric, timestep_s) = self.former_numbers(name, timestep_s.max(1))?;
        let part = self.parts_mut().find_or_insert(PartName::of(name));
        let generation = self.generation.load(Ordering::Relaxed);
        let changed_at = self.host_removed_at.load(Ordering::Acquire);
        let (shard_number, hash) = self.place_of_host(cluster, name.host);
        let mut shard = self.shard_mut(shard_number)?;
        let host = shard.find_or_insert_host(hash, Host::new(cluster, name.host, generation, changed_at));
        let key = SeriesKey { host, part, metric };
        let number = shard.find_series(key).unwrap_or_else(|| {
            self.series_count.fetch_add(1, Ordering::Relaxed);
            shard.insert_series(key, timestep_s, generation)
        });
        Some(SeriesRef { number: SeriesNumber::new(shard_number, number), timestep_s })
    }

    /// The numbers of cluster and metric, and the metric's timestep.
    fn former_numbers(&self, name: &SeriesName<'_>, timestep_s: u32) -> Option<(u16, u16, u32)> {
        let catalogue = &self.catalogue;
        let mut former = self.former.write().unwrap_or_else(PoisonError::into_inner);
        let cluster = match catalogue.cluster(name.cluster) {
            Some(number) => number,
            None => former.cluster(catalogue, name.cluster)?,
        };
        let (metric, timestep_s) = match catalogue.metric(cluster, name.metric) {
            Some(found) => found,
            None => former.metric(catalogue, cluster, name.metric, timestep_s)?,
        };
        Some((cluster, metric, timestep_s))
    }

    /// The name of a cluster; empty for a number that is not given.
    pub(super) fn cluster_name(&self, cluster: u16) -> Name<'_> {
        let configured = self.catalogue.cluster_name(cluster);
        if !configured.is_empty() {
            return Name::Configured(configured);
        }
        let former = self.former.read().unwrap_or_else(PoisonError::into_inner);
        let found = former.clusters.get(place_of(cluster)).map(Arc::clone);
        found.map_or(Name::Configured(""), Name::Former)
    }

    /// The name of a metric of a cluster; empty for a number that is not given.
    pub(super) fn metric_name(&self, cluster: u16, metric: u16) -> Name<'_> {
        let configured = self.catalogue.metric_name(cluster, metric);
        if !configured.is_empty() {
            return Name::Configured(configured);
        }
        let former = self.former.read().unwrap_or_else(PoisonError::into_inner);
        let found = former.metrics.get(place_of(metric)).filter(|known| known.cluster == cluster);
        found.map_or(Name::Configured(""), |known| Name::Former(Arc::clone(&known.name)))
    }
}
