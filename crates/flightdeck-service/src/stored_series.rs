//! Lists what the metric store keeps.

use crate::permission::require_sample_owner;
use crate::{ServiceError, Services};
use flightdeck_model::{Page, Principal, SeriesPage};

/// Series on a page at most.
const PAGE_SERIES_MAX: u64 = 10_000;

impl Services {
    /// Lists the series of the own metric store at or below a path (cluster, host, part, part below; an empty one is
    /// the whole store), sorted by path and metric.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not look into the store, Invalid for a page that is too long, Unavailable when this server
    /// keeps no samples.
    pub fn stored_series(
        &self,
        principal: &Principal,
        path: &[String],
        page: Page,
    ) -> Result<SeriesPage, ServiceError> {
        require_sample_owner(principal)?;
        if page.limit > PAGE_SERIES_MAX {
            let reason = format!("{} is more than is allowed: 1 to {PAGE_SERIES_MAX}", page.limit);
            return Err(ServiceError::invalid("items-per-page", reason));
        }
        Ok(self.metrics.own_store()?.list_series(path, page))
    }
}
