//! The query strings of the metric store's routes.

use super::pages::{PageQuery, each_once};
use super::pairs::{QueryPairs, quoted, whole_number};
use crate::error::ApiError;
use flightdeck_model::{TimePrecision, UnixTime};

/// Series on a page of the store's content for who does not say.
const SERIES_USUAL: u64 = 1000;

/// How written samples are to be taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WriteQuery {
    /// The cluster of lines that name none.
    pub(crate) cluster: Option<String>,
    /// The unit of the times.
    pub(crate) precision: Option<TimePrecision>,
}

impl WriteQuery {
    /// Reads `cluster` and `precision`. Other parameters, such as those of other databases' clients, mean nothing here.
    pub(crate) fn read(pairs: &QueryPairs<'_>) -> Result<Self, ApiError> {
        let cluster = pairs.first("cluster").filter(|name| !name.is_empty()).map(str::to_owned);
        let precision = pairs.first("precision").map(time_precision).transpose()?;
        Ok(Self { cluster, precision })
    }
}

fn time_precision(text: &str) -> Result<TimePrecision, ApiError> {
    match text {
        "s" => Ok(TimePrecision::Seconds),
        "ms" => Ok(TimePrecision::Milliseconds),
        "us" | "u" => Ok(TimePrecision::Microseconds),
        "ns" | "n" => Ok(TimePrecision::Nanoseconds),
        _ => {
            let reason =
                format!("{} is not a unit of times: allowed are s, ms, us, u, ns and n", quoted(text));
            Err(ApiError::invalid("precision", reason))
        }
    }
}

/// Up to when samples are dropped. What cannot be undone is not guessed: what is not known is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FreeQuery {
    /// The first second that is kept.
    pub(crate) to: UnixTime,
}

impl FreeQuery {
    /// Reads `to`.
    pub(crate) fn read(pairs: &QueryPairs<'_>) -> Result<Self, ApiError> {
        let mut to = None;
        each_once(pairs, &[], |key, value| {
            if key != "to" {
                return Ok(false);
            }
            to = Some(UnixTime(whole_number(key, value, i64::MIN, i64::MAX)?));
            Ok(true)
        })?;
        let Some(to) = to else {
            return Err(ApiError::invalid("to", "is missing: Unix seconds are needed"));
        };
        Ok(Self { to })
    }
}

/// Which part of the store's content is shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ContentQuery {
    /// Cluster, host, part, part below; as many of these as were given.
    pub(crate) path: Vec<String>,
    /// Which page of it.
    pub(crate) page: PageQuery,
}

impl ContentQuery {
    /// Reads `selector`, `selector-part`, `page` and `items-per-page`, and refuses all else. A selector is split at
    /// its colons; parts, whose names may have some, follow it.
    pub(crate) fn read(pairs: &QueryPairs<'_>) -> Result<Self, ApiError> {
        let (mut path, mut parts) = (Vec::new(), Vec::new());
        let mut page = PageQuery { items_per_page: SERIES_USUAL, ..PageQuery::default() };
        each_once(pairs, &["selector-part"], |key, value| {
            match key {
                "selector" if value.is_empty() => {}
                "selector" => path.extend(value.split(':').map(str::to_owned)),
                "selector-part" => parts.push(value.to_owned()),
                _ => return page.take(key, value),
            }
            Ok(true)
        })?;
        path.append(&mut parts);
        if path.iter().any(String::is_empty) {
            return Err(ApiError::invalid("selector", "has an empty part"));
        }
        Ok(Self { path, page })
    }
}
