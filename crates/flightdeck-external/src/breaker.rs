//! Remembers that a store failed, so that it is left alone for a moment. Does not know what it is asked.

use flightdeck_model::UnixTime;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(test)]
mod tests;

/// How long a store is left alone after it failed.
const PAUSE_S: i64 = 5;

/// The last failure of a store, unless it has answered since.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failure: Mutex<Option<Failure>>,
}

/// When a store failed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) at: UnixTime,
    pub(crate) why: String,
}

impl Breaker {
    /// The failure for which the store is to be left alone now, if there is one.
    pub(crate) fn recent_failure(&self, now: UnixTime) -> Option<Failure> {
        // A clock that was set back must not close a store for long.
        let is_recent = |failure: &Failure| (0..PAUSE_S).contains(&now.0.saturating_sub(failure.at.0));
        self.failure().clone().filter(is_recent)
    }

    /// The store failed. Returns whether it had been well until then.
    pub(crate) fn failed(&self, at: UnixTime, why: String) -> bool {
        self.failure().replace(Failure { at, why }).is_none()
    }

    /// The store answered. Returns whether it had failed before.
    pub(crate) fn answered(&self) -> bool {
        self.failure().take().is_some()
    }

    /// A thread that panicked has at most left the former failure.
    fn failure(&self) -> MutexGuard<'_, Option<Failure>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
