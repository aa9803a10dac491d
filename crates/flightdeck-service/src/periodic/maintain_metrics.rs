//! Lets the metric store close blocks, and drop what is too old or too much.

use crate::{ServiceError, Services};

pub(super) const NAME: &str = "metric-store-maintenance";

pub(super) fn run(services: &Services) -> Result<String, ServiceError> {
    let store = services.metrics.own_store()?;
    Ok(store.maintain(services.clock.now())?)
}
