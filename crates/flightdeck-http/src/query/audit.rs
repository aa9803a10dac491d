//! The query string of the audit log.

use super::pages::{PageQuery, each_once};
use super::pairs::{QueryPairs, quoted};
use super::range::time_window;
use crate::error::ApiError;
use flightdeck_model::{AuditAction, AuditFilter, AuditOutcome};

/// The query string of the audit log, read.
#[derive(Debug, Default)]
pub(crate) struct AuditQuery {
    /// The conditions.
    pub(crate) filter: AuditFilter,
    /// Which page.
    pub(crate) page: PageQuery,
}

impl AuditQuery {
    /// Reads the pairs; the first wrong one is refused by name.
    pub(crate) fn read(pairs: &QueryPairs<'_>) -> Result<Self, ApiError> {
        let mut wanted = Self::default();
        each_once(pairs, &["action", "outcome"], |key, value| {
            Ok(wanted.page.take(key, value)? || condition(&mut wanted.filter, key, value)?)
        })?;
        Ok(wanted)
    }
}

fn condition(filter: &mut AuditFilter, key: &str, value: &str) -> Result<bool, ApiError> {
    match key {
        "user" => filter.username = Some(value.to_owned()),
        "object" => filter.object = Some(value.to_owned()),
        "time" => filter.time = Some(time_window(key, value)?),
        "action" => {
            let action = AuditAction::ALL.into_iter().find(|action| action.as_str() == value);
            filter.actions.push(
                action.ok_or_else(|| not_one_of(key, value, &AuditAction::ALL.map(AuditAction::as_str)))?,
            );
        }
        "outcome" => {
            let outcome = AuditOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == value);
            filter.outcomes.push(
                outcome
                    .ok_or_else(|| not_one_of(key, value, &AuditOutcome::ALL.map(AuditOutcome::as_str)))?,
            );
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn not_one_of(key: &str, value: &str, allowed: &[&str]) -> ApiError {
    ApiError::invalid(key, format!("{} is not known here: allowed are {}", quoted(value), allowed.join(", ")))
}
