//! Lets the metric store write what is new to a snapshot.

use crate::{ServiceError, Services};

pub(super) const NAME: &str = "metric-checkpoint";

pub(super) fn run(services: &Services) -> Result<String, ServiceError> {
    Ok(services.metrics.own_store()?.checkpoint()?)
}
