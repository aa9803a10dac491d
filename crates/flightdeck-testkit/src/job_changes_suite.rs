//! What every store of jobs has to do when they are changed.

use crate::store_under_test::StoreUnderTest;

mod audit;
mod deletion;
mod metadata;
mod overdue;
mod races;
mod starts;
mod stops;
mod tags;
mod texts;
mod totals;

/// Checks a [`JobChanges`](flightdeck_model::JobChanges); `make` makes an empty store.
///
/// # Panics
///
/// When the store does not keep a promise of the port.
pub fn job_changes_suite(make: impl Fn() -> StoreUnderTest) {
    starts::check(&make);
    stops::check(&make);
    overdue::check(&make);
    tags::check(&make);
    metadata::check(&make);
    deletion::check(&make);
    totals::check(&make);
    texts::check(&make);
    audit::check(&make);
    races::check(&make);
}
