//! Pages of lists whose entries are held in memory, and what such query strings have in common.

use super::pairs::{QueryPairs, quoted, whole_number};
use crate::error::ApiError;
use flightdeck_model::Page;
use std::collections::BTreeSet;

/// Entries on a page at most.
const ITEMS_MAX: i64 = 1000;
/// Entries on a page for who does not say.
const ITEMS_USUAL: u64 = 25;

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageQuery {
    /// Number of the page, from 1.
    pub(crate) page: u64,
    /// Entries on a page.
    pub(crate) items_per_page: u64,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self { page: 1, items_per_page: ITEMS_USUAL }
    }
}

impl PageQuery {
    /// Reads `page` and `items-per-page`, and refuses all else.
    pub(crate) fn read(pairs: &QueryPairs<'_>) -> Result<Self, ApiError> {
        let mut wanted = Self::default();
        each_once(pairs, &[], |key, value| wanted.take(key, value))?;
        Ok(wanted)
    }

    /// Takes one parameter; `false` when it is not one of pages.
    pub(super) fn take(&mut self, key: &str, value: &str) -> Result<bool, ApiError> {
        match key {
            "page" => self.page = whole_number(key, value, 1, i64::MAX)?.unsigned_abs(),
            "items-per-page" => self.items_per_page = whole_number(key, value, 1, ITEMS_MAX)?.unsigned_abs(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The entries that are meant.
    pub(crate) fn entries(self) -> Page {
        let offset = self.page.saturating_sub(1).saturating_mul(self.items_per_page);
        Page { offset, limit: self.items_per_page }
    }
}

/// Hands each parameter to `take`, which says whether it knows it. Those that it does not know, and those that are
/// given twice without being repeatable, are refused.
pub(super) fn each_once(
    pairs: &QueryPairs<'_>,
    repeatable: &[&str],
    mut take: impl FnMut(&str, &str) -> Result<bool, ApiError>,
) -> Result<(), ApiError> {
    let mut seen = BTreeSet::new();
    for (key, value) in pairs.iter() {
        if !take(key, value)? {
            return Err(ApiError::invalid(quoted(key), "is not a parameter of this route"));
        }
        if !seen.insert(key) && !repeatable.contains(&key) {
            return Err(ApiError::invalid(key, "is given more than once"));
        }
    }
    Ok(())
}
