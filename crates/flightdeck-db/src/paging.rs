//! Pages of lists that are short of jobs' finesse. Knows no table.

use flightdeck_model::Page;

/// The page as SQL takes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

impl From<Page> for Bounds {
    fn from(page: Page) -> Self {
        Self {
            limit: i64::try_from(page.limit).unwrap_or(i64::MAX),
            offset: i64::try_from(page.offset).unwrap_or(i64::MAX),
        }
    }
}
