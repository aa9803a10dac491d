//! Ends jobs whose stops are kept in quarantine because they came before their jobs.

use crate::{Caller, ServiceError, Services};

pub(super) const NAME: &str = "apply-kept-stops";

/// Stops that are looked at in one run, at most.
const STOPS: u32 = 1000;

pub(super) fn run(services: &Services) -> Result<String, ServiceError> {
    let stopped = services.apply_kept_stops(&Caller::server(), STOPS)?;
    Ok(format!("stopped {stopped} jobs"))
}
