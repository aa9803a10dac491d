//! Points in time and the clock they are read from.

use serde::{Deserialize, Serialize};

/// Seconds since the Unix epoch, the only form of time in the API, the archive and the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = 1_700_000_000))]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// Seconds from `earlier` to `self`; 0 when `earlier` is not earlier.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).max(0)
    }
}

/// Where the present time comes from, so that tests can set it.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present time.
    fn now(&self) -> UnixTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        #[expect(clippy::disallowed_methods, reason = "this is the one home of the machine's clock")]
        UnixTime(chrono::Utc::now().timestamp())
    }
}
