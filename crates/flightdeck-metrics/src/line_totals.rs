//! What became of the lines of all bodies since the start, by reason. Knows no lines, only what was told of each body.

use crate::intake::LOSSES;
use flightdeck_model::WriteReport;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(test)]
mod tests;

/// Counts lines. Bodies that were not stored because of the disk do not count: they are sent again.
#[derive(Debug, Default)]
pub(crate) struct LineTotals {
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    stored: u64,
    bad: u64,
    skipped: BTreeMap<&'static str, u64>,
    /// What [`LineTotals::new_losses`] has told.
    told: BTreeMap<&'static str, u64>,
}

impl LineTotals {
    /// Counts the lines of a body.
    pub(crate) fn add(&self, report: &WriteReport) {
        let mut counted = self.lock();
        counted.stored += report.stored;
        counted.bad += report.bad;
        for (reason, lines) in &report.skipped {
            *counted.skipped.entry(reason).or_default() += lines;
        }
    }

    /// Logs a warning for each reason for which samples were lost since the last time. Their senders were told that all is
    /// well.
    pub(crate) fn warn_of_losses(&self) {
        for (reason, lines) in self.new_losses() {
            tracing::warn!(reason, lines, "lines of samples were passed over");
        }
    }

    /// For which reasons samples were lost since the last time, and how many.
    fn new_losses(&self) -> Vec<(&'static str, u64)> {
        let mut counted = self.lock();
        let Counted { skipped, told, .. } = &mut *counted;
        let losses = skipped.iter().filter(|(reason, _)| LOSSES.contains(reason));
        losses
            .filter_map(|(reason, lines)| {
                let before = told.insert(reason, *lines).unwrap_or_default();
                (*lines > before).then(|| (*reason, lines - before))
            })
            .collect()
    }

    /// All counts, in a few words.
    pub(crate) fn text(&self) -> String {
        let counted = self.lock();
        let skipped: u64 = counted.skipped.values().sum();
        let mut text = format!(
            "lines since the start: {} stored, {} bad, {skipped} skipped",
            counted.stored, counted.bad
        );
        let mut separator = " (";
        for (reason, lines) in &counted.skipped {
            // Writing to a text does not fail.
            let _ = write!(text, "{separator}{reason}: {lines}");
            separator = ", ";
        }
        if !counted.skipped.is_empty() {
            text.push(')');
        }
        text
    }

    /// A thread that panicked has at most left a body that is counted in part.
    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
