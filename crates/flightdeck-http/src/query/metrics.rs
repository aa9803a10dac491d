//! The parts of a query string that choose metric data.

use super::pairs::{QueryPairs, whole_number};
use crate::error::ApiError;
use flightdeck_model::{MetricScope, ResampleMethod};

/// Which scopes are wanted.
#[derive(Debug)]
pub(crate) struct ScopeQuery(pub(crate) Vec<MetricScope>);

impl ScopeQuery {
    /// Reads the repeatable parameter `scope`.
    pub(crate) fn read(pairs: &QueryPairs<'_>) -> Result<Self, ApiError> {
        let mut scopes = Vec::new();
        for text in pairs.all("scope") {
            let scope =
                text.parse::<MetricScope>().map_err(|error| ApiError::invalid("scope", error.to_string()))?;
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Ok(Self(scopes))
    }
}

/// How data are to be resampled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ResampleQuery {
    /// Seconds between two samples; `None`: what the route does by default; 0: not resampled.
    pub(crate) resolution_s: Option<u32>,
    /// Samples of a series at most.
    pub(crate) max_points: Option<usize>,
    /// How samples are chosen.
    pub(crate) method: ResampleMethod,
}

impl ResampleQuery {
    /// Reads `resolution`, `max-points` and `resample`.
    pub(crate) fn read(pairs: &QueryPairs<'_>) -> Result<Self, ApiError> {
        let number = |key: &str, min: i64| {
            pairs.first(key).map(|text| whole_number(key, text, min, i64::from(u32::MAX))).transpose()
        };
        let resolution_s = number("resolution", 0)?.and_then(|seconds| u32::try_from(seconds).ok());
        let max_points = number("max-points", 2)?.and_then(|points| usize::try_from(points).ok());
        let method = match pairs.first("resample") {
            Some(text) => text
                .parse::<ResampleMethod>()
                .map_err(|error| ApiError::invalid("resample", error.to_string()))?,
            None => ResampleMethod::Lttb,
        };
        Ok(Self { resolution_s, max_points, method })
    }

    /// The step to use where the route's default is `default_s`.
    pub(crate) fn resolution_or(&self, default_s: Option<u32>) -> Option<u32> {
        match self.resolution_s {
            Some(0) => None,
            Some(seconds) => Some(seconds),
            None if self.max_points.is_some() => None,
            None => default_s,
        }
    }
}
