//! Remembers how many jobs a selection has until the next write. Counting is the dear part of a list.

use flightdeck_model::{JobFilter, JobSelection, JobState, JobVisibility, TagVisibility};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// So few are compared faster than a filter is hashed; the lists that people look at are fewer.
const MOST_TOTALS: usize = 64;

/// Totals of selections, the one used last in front.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    change_number: i64,
    totals: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    visibility: JobVisibility,
    filter: JobFilter,
    /// Of the asker, if the filter has tags.
    tags: Option<TagVisibility>,
    total: u64,
}

impl Entry {
    fn is_of(&self, selection: &JobSelection) -> bool {
        self.filter == selection.filter
            && self.visibility == selection.visibility
            && self.tags.as_ref().is_none_or(|tags| *tags == selection.tags)
    }
}

impl Totals {
    /// The total of the selection, if it was counted in this state of the database.
    pub(super) fn find(&self, selection: &JobSelection, change_number: i64) -> Option<u64> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.change_number != change_number {
            return None;
        }
        let position = known.totals.iter().position(|entry| entry.is_of(selection))?;
        let entry = known.totals.remove(position)?;
        let total = entry.total;
        known.totals.push_front(entry);
        Some(total)
    }

    /// Remembers the total of the selection in this state of the database.
    pub(super) fn remember(&self, selection: &JobSelection, change_number: i64, total: u64) {
        if depends_on_time(&selection.filter) {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.change_number > change_number {
            return;
        }
        if known.change_number < change_number {
            known.change_number = change_number;
            known.totals.clear();
        }
        known.totals.truncate(MOST_TOTALS - 1);
        known.totals.push_front(Entry {
            visibility: selection.visibility.clone(),
            filter: selection.filter.clone(),
            tags: (!selection.filter.tags.is_empty()).then(|| selection.tags.clone()),
            total,
        });
    }
}

/// Whether running jobs come and go as time passes.
fn depends_on_time(filter: &JobFilter) -> bool {
    let may_run = filter.states.is_empty() || filter.states.contains(&JobState::Running);
    filter.duration_s.is_some() && may_run
}
