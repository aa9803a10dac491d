//! What has come, and what became of it.

use std::sync::atomic::{AtomicU64, Ordering};

/// What has come since the start, and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NatsCounts {
    /// Whether there is a connection.
    pub is_connected: bool,
    /// Messages that were received; one that came again counts again.
    pub messages: u64,
    /// Messages that nothing is left to do with here. Those of a stream may come again.
    pub finished_messages: u64,
    /// Starts, stops and reports of node states that were stored.
    pub stored_events: u64,
    /// Those that were refused: known already, or against a rule.
    pub refused_events: u64,
    /// Samples that were stored.
    pub stored_samples: u64,
    /// Lines that could not be understood.
    pub bad_lines: u64,
    /// Events and bodies of samples that were given up because they could not be stored.
    pub lost: u64,
    /// Messages that were thrown away because too many waited.
    pub dropped_messages: u64,
}

/// The same, as it is counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) messages: AtomicU64,
    pub(crate) finished_messages: AtomicU64,
    pub(crate) stored_events: AtomicU64,
    pub(crate) refused_events: AtomicU64,
    pub(crate) stored_samples: AtomicU64,
    pub(crate) bad_lines: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) dropped_messages: AtomicU64,
}

impl Counters {
    pub(crate) fn counts(&self, is_connected: bool) -> NatsCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        NatsCounts {
            is_connected,
            // Before the messages, so that never more are finished than have come.
            finished_messages: read(&self.finished_messages),
            messages: read(&self.messages),
            stored_events: read(&self.stored_events),
            refused_events: read(&self.refused_events),
            stored_samples: read(&self.stored_samples),
            bad_lines: read(&self.bad_lines),
            lost: read(&self.lost),
            dropped_messages: read(&self.dropped_messages),
        }
    }
}

/// Counts more of something.
pub(crate) fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::AcqRel);
}
