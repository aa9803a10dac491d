//! Says when a line may be logged that could come thousands of times a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines.
const PAUSE: Duration = Duration::from_mins(1);

/// Lets one line a minute through, and tells it how much it stands for.
#[derive(Debug, Default)]
pub(crate) struct QuietLog {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    /// What came since the last line.
    unsaid: u64,
}

impl QuietLog {
    /// Counts `more` of what the line is about; how much has come since the last line, when it is time for the next.
    pub(crate) fn count(&self, more: u64) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.unsaid = state.unsaid.saturating_add(more);
        let now = Instant::now();
        if state.last.is_some_and(|last| now.duration_since(last) < PAUSE) {
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.unsaid))
    }
}
