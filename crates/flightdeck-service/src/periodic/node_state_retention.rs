//! Removes old states from the history of the nodes.

use crate::{ServiceError, Services};
use flightdeck_model::UnixTime;
use futures_executor::block_on;

pub(super) const NAME: &str = "node-state-retention";

pub(super) fn run(services: &Services) -> Result<String, ServiceError> {
    let Some(kept_s) = services.settings.node_state_retention_s else {
        return Ok("not configured".to_owned());
    };
    let oldest = UnixTime(services.clock.now().0.saturating_sub(kept_s));
    let removed = block_on(services.nodes.remove_node_states_before(oldest))?;
    Ok(format!("removed {removed} states"))
}
