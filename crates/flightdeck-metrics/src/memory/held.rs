//! The hosts whose samples jobs still need. Knows no series.

use flightdeck_model::HeldHost;
use std::collections::BTreeMap;

/// From when on the samples of which hosts have to stay.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Seconds, by cluster and host.
    clusters: BTreeMap<String, BTreeMap<String, i64>>,
}

impl Held {
    /// Of a host that is named several times the earliest time counts.
    #[must_use]
    pub fn new(hosts: Vec<HeldHost>) -> Self {
        let mut held = Self::default();
        for HeldHost { cluster, host, from } in hosts {
            let from_s = held.clusters.entry(cluster).or_default().entry(host).or_insert(from.0);
            *from_s = from.0.min(*from_s);
        }
        held
    }

    /// From when on the samples of a host have to stay; `None`: it is not held.
    #[must_use]
    pub fn from_s(&self, cluster: &str, host: &str) -> Option<i64> {
        self.clusters.get(cluster)?.get(host).copied()
    }

    /// Whether a sample of a host at this time has to stay.
    #[must_use]
    pub fn holds(&self, cluster: &str, host: &str, time_s: i64) -> bool {
        self.from_s(cluster, host).is_some_and(|from_s| time_s >= from_s)
    }

    /// The earliest time from which on a host is held; `i64::MAX` when none is.
    #[must_use]
    pub fn oldest_s(&self) -> i64 {
        self.clusters.values().flat_map(BTreeMap::values).copied().min().unwrap_or(i64::MAX)
    }
}
