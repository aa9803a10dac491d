//! Where the samples of which cluster are: in this server's own store, or in those of other servers.

use crate::ServiceError;
use flightdeck_model::{MetricSource, MetricStore};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The key of the external store of all clusters that have none of their own.
const ANY_CLUSTER: &str = "*";

/// The stores of samples. The default has none.
#[derive(Debug, Clone, Default)]
pub struct MetricSources {
    /// This server's own store; `None` when it keeps no samples.
    pub own: Option<Arc<dyn MetricStore>>,
    /// Stores of other servers, by `<cluster>-<subcluster>`, `<cluster>`, or `*` for all others.
    pub external: BTreeMap<String, Arc<dyn MetricSource>>,
}

impl MetricSources {
    /// Whether there is no store at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_none() && self.external.is_empty()
    }

    /// The store that has the samples of a subcluster: the external one that is configured for exactly it, for its
    /// cluster, for any cluster; else the own one.
    #[must_use]
    pub fn of(&self, cluster: &str, subcluster: &str) -> Option<&dyn MetricSource> {
        self.external_of(cluster, subcluster).or_else(|| Some(self.own.as_deref()?))
    }

    /// The own store, if the samples of the subcluster are kept there.
    pub(crate) fn own_of(&self, cluster: &str, subcluster: &str) -> Option<&dyn MetricStore> {
        let is_elsewhere = self.external_of(cluster, subcluster).is_some();
        self.own.as_deref().filter(|_| !is_elsewhere)
    }

    fn external_of(&self, cluster: &str, subcluster: &str) -> Option<&dyn MetricSource> {
        if self.external.is_empty() {
            return None;
        }
        let exactly = self.external.get(&format!("{cluster}-{subcluster}"));
        let found = exactly.or_else(|| self.external.get(cluster)).or_else(|| self.external.get(ANY_CLUSTER));
        found.map(|source| &**source)
    }

    /// The own store, for a request that is about nothing else.
    ///
    /// # Errors
    ///
    /// Unavailable when this server has none.
    pub(crate) fn own_store(&self) -> Result<&dyn MetricStore, ServiceError> {
        let store = self.own.as_deref();
        store.ok_or_else(|| ServiceError::Unavailable("this server keeps no samples of its own".to_owned()))
    }
}
