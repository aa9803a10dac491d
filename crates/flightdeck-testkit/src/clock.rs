//! A clock that stands where a test puts it.

use flightdeck_model::{Clock, UnixTime};
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that shows what it was set to.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows this time, in Unix seconds.
    #[must_use]
    pub fn at(unix_s: i64) -> Self {
        Self(AtomicI64::new(unix_s))
    }

    /// Moves the clock forward.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::SeqCst))
    }
}
