//! The query strings of the routes that delete jobs. What cannot be undone is not guessed: a flag is `true` or
//! `false` and nothing else, and what is not known is refused.

use super::pages::each_once;
use super::pairs::{QueryPairs, quoted};
use crate::error::ApiError;
use flightdeck_model::{DeleteBefore, OmitTagged, UnixTime};

/// How one job is deleted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DeleteJobQuery {
    /// Whether the archived files go as well.
    pub(crate) with_archive: bool,
}

impl DeleteJobQuery {
    /// Reads `with-archive`.
    pub(crate) fn read(pairs: &QueryPairs<'_>) -> Result<Self, ApiError> {
        let mut wanted = Self::default();
        each_once(pairs, &[], |key, value| {
            match key {
                "with-archive" => wanted.with_archive = yes_or_no(key, value)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(wanted)
    }
}

/// Which old jobs are deleted, and how.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeleteJobsQuery(pub(crate) DeleteBefore);

impl DeleteJobsQuery {
    /// Reads `with-archive`, `include-running` and `omit-tagged`.
    pub(crate) fn read(started_before: UnixTime, pairs: &QueryPairs<'_>) -> Result<Self, ApiError> {
        let mut which = DeleteBefore {
            started_before,
            omit_tagged: OmitTagged::None,
            include_running: false,
            with_archive: false,
        };
        each_once(pairs, &[], |key, value| {
            match key {
                "with-archive" => which.with_archive = yes_or_no(key, value)?,
                "include-running" => which.include_running = yes_or_no(key, value)?,
                "omit-tagged" => which.omit_tagged = omit_tagged(key, value)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self(which))
    }
}

fn yes_or_no(key: &str, value: &str) -> Result<bool, ApiError> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(ApiError::invalid(key, format!("{} is neither true nor false", quoted(value)))),
    }
}

fn omit_tagged(key: &str, value: &str) -> Result<OmitTagged, ApiError> {
    match value {
        "none" => Ok(OmitTagged::None),
        "all" => Ok(OmitTagged::All),
        "user" => Ok(OmitTagged::User),
        _ => {
            let reason = format!("{} is not known here: allowed are none, all and user", quoted(value));
            Err(ApiError::invalid(key, reason))
        }
    }
}
