//! Ranges: `from-to`, `from-`, `-to`, or one value for both ends.

use super::pairs::quoted;
use crate::error::ApiError;
use flightdeck_model::Range;
use std::str::FromStr;

/// Reads a range of numbers that are not negative; at least one end is given.
pub(crate) fn range<T: FromStr + PartialOrd + Copy>(
    key: &str,
    text: &str,
    valid: fn(T) -> bool,
) -> Result<Range<T>, ApiError> {
    let refuse = || {
        let allowed = "allowed are from-to, from-, -to or one number, none negative, from not above to";
        ApiError::invalid(key, format!("{} is not a range: {allowed}", quoted(text)))
    };
    let end = |part: &str| -> Result<Option<T>, ApiError> {
        if part.is_empty() {
            return Ok(None);
        }
        let digits = part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number = if digits { part.parse::<T>().ok().filter(|number| valid(*number)) } else { None };
        number.map(Some).ok_or_else(refuse)
    };
    let range = if let Some((from, to)) = text.split_once('-') {
        Range { from: end(from)?, to: end(to)? }
    } else {
        let one = end(text)?;
        Range { from: one, to: one }
    };
    let empty = range.from.is_none() && range.to.is_none();
    let reversed = matches!((range.from, range.to), (Some(from), Some(to)) if from > to);
    if empty || reversed { Err(refuse()) } else { Ok(range) }
}

/// Reads a window of time in Unix seconds, both ends given. A window that ends before it begins is an empty
/// one, as clients of this API rely on.
pub(crate) fn time_window(key: &str, text: &str) -> Result<Range<i64>, ApiError> {
    let second = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<i64>().ok() } else { None }
    };
    let ends = text.split_once('-').and_then(|(from, to)| Some((second(from)?, second(to)?)));
    let Some((from, to)) = ends else {
        let reason = format!("{} is not <from>-<to> in Unix seconds, both ends given", quoted(text));
        return Err(ApiError::invalid(key, reason));
    };
    Ok(Range { from: Some(from), to: Some(to) })
}
