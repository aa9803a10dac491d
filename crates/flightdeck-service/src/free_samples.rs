//! Drops samples from the metric store.

use crate::permission::require_sample_owner;
use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{AuditAction, UnixTime};
use futures_executor::block_on;

/// Paths of one request at most.
const PATHS_MAX: usize = 10_000;

impl Services {
    /// Drops the blocks of samples that end before `to`, of all series at or below one of the paths (cluster, host,
    /// part, part below; an empty path is the whole store), and tells how many. They do not come back after a restart.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not drop samples, Invalid for too many paths, Unavailable when this server keeps no
    /// samples, Port when it could not be written down.
    pub fn free_samples(
        &self,
        caller: &Caller,
        paths: &[Vec<String>],
        to: UnixTime,
    ) -> Result<u64, ServiceError> {
        let object = format!("samples before {}", to.0);
        let attempt = self.attempt(caller, AuditAction::FreeSamples, object);
        let freed = require_sample_owner(&caller.principal).and_then(|()| self.free(paths, to));
        match freed {
            Ok(blocks) => {
                block_on(attempt.with_detail(in_words(paths, blocks)).made())?;
                Ok(blocks)
            }
            Err(error) => Err(attempt.refused(error)),
        }
    }

    fn free(&self, paths: &[Vec<String>], to: UnixTime) -> Result<u64, ServiceError> {
        if paths.len() > PATHS_MAX {
            let reason = format!("has {} paths: allowed are {PATHS_MAX}", paths.len());
            return Err(ServiceError::invalid("body", reason));
        }
        Ok(self.metrics.own_store()?.free(paths, to)?)
    }
}

/// What the audit log says of it; the first paths stand for all.
fn in_words(paths: &[Vec<String>], blocks: u64) -> String {
    let named = |path: &Vec<String>| if path.is_empty() { "everything".to_owned() } else { path.join("/") };
    let places: Vec<String> = paths.iter().take(20).map(named).collect();
    shown(&format!("{blocks} blocks of {}", places.join(", "))).into_owned()
}
