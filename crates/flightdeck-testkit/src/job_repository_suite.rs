//! What every store of jobs has to do when it is asked for them.

use crate::store_under_test::StoreUnderTest;

mod filters;
mod imports;
mod orders;
mod visibility;

/// Checks a [`JobRepository`](flightdeck_model::JobRepository); `make` makes an empty store.
///
/// # Panics
///
/// When the store does not keep a promise of the port.
pub fn job_repository_suite(make: impl Fn() -> StoreUnderTest) {
    filters::check(&make);
    orders::check(&make);
    visibility::check(&make);
    imports::check(&make);
}
