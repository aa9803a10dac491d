//! How many jobs a selection has: counting is the dear part of a list. By cluster and state the database keeps the
//! numbers itself; others are remembered until the next write.

use crate::DbError;
use crate::connection::AnyConnection;
use crate::schema::job_total;
use diesel::prelude::*;
use flightdeck_model::{JobFilter, JobSelection, JobState, JobVisibility, TagVisibility};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// A selection whose total the database keeps: by cluster and state alone, seen by somebody who sees all.
#[derive(Debug)]
pub(super) struct KeptTotals<'a> {
    cluster: Option<&'a str>,
    states: &'a [JobState],
}

impl<'a> KeptTotals<'a> {
    /// `None` when there is another condition.
    pub(super) fn of(selection: &'a JobSelection) -> Option<Self> {
        let JobFilter { states, cluster, .. } = &selection.filter;
        let is_plain =
            selection.visibility == JobVisibility::All && selection.filter.is_by_cluster_and_state();
        is_plain.then_some(Self { cluster: cluster.as_deref(), states })
    }

    /// Adds up the numbers.
    pub(super) fn load(&self, connection: &mut AnyConnection) -> Result<u64, DbError> {
        let rows: Vec<(String, i64)> = match self.cluster {
            Some(cluster) => job_total::table
                .filter(job_total::cluster.eq(cluster))
                .select((job_total::job_state, job_total::jobs))
                .load(connection)?,
            None => job_total::table.select((job_total::job_state, job_total::jobs)).load(connection)?,
        };
        let is_wanted =
            |word: &str| self.states.is_empty() || self.states.iter().any(|state| state.as_str() == word);
        let wanted = rows.iter().filter(|(state, _)| is_wanted(state));
        Ok(wanted.filter_map(|(_, jobs)| u64::try_from(*jobs).ok()).sum())
    }
}

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
