//! Single values of the reference's tables, checked. SQLite lets every column hold anything, and the reference writes
//! texts as blobs as well, so all is read as bytes; SQLite gives numbers in their decimal form.

use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// What a column holds; `None` for NULL.
pub(super) type Cell = Option<Vec<u8>>;

/// Bytes of a name at most.
const NAME_BYTES_MAX: usize = 255;
/// Bytes of a name at most that becomes part of a file's name.
const FILE_NAME_BYTES_MAX: usize = 200;
/// The end of the year 9999: larger numbers are milliseconds.
const LATEST_TIME: i64 = 253_402_300_799;
/// Times that something can have happened at, in Unix seconds.
pub(super) const EVENT_TIMES: RangeInclusive<i64> = 1..=LATEST_TIME;
/// As [`EVENT_TIMES`]; 0 stands for unknown.
pub(super) const EVENT_TIMES_OR_UNKNOWN: RangeInclusive<i64> = 0..=LATEST_TIME;
/// Numbers of 32 bits.
pub(super) const COUNTS: RangeInclusive<i64> = 0..=(i32::MAX as i64);
/// Numbers of 64 bits.
pub(super) const LARGE_COUNTS: RangeInclusive<i64> = 0..=i64::MAX;

/// Why a row is left out.
#[derive(Debug, thiserror::Error)]
#[error("{column} {reason}")]
pub(super) struct BrokenRule {
    column: &'static str,
    reason: String,
}

impl BrokenRule {
    pub(super) fn new(column: &'static str, reason: impl Display) -> Self {
        Self { column, reason: reason.to_string() }
    }
}

/// A text, if there is one.
pub(super) fn optional_text(column: &'static str, cell: Cell) -> Result<Option<String>, BrokenRule> {
    let Some(bytes) = cell else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|error| BrokenRule::new(column, error))?;
    if text.contains('\0') {
        return Err(BrokenRule::new(column, "must not contain NUL"));
    }
    Ok(Some(text))
}

/// A text; NULL is the empty one.
fn text(column: &'static str, cell: Cell) -> Result<String, BrokenRule> {
    Ok(optional_text(column, cell)?.unwrap_or_default())
}

/// Checks a name that may be empty.
pub(super) fn check_name(column: &'static str, text: &str) -> Result<(), BrokenRule> {
    if text.len() > NAME_BYTES_MAX {
        return Err(BrokenRule::new(column, "must have at most 255 bytes"));
    }
    if text.contains(char::is_control) {
        return Err(BrokenRule::new(column, "must not contain control characters"));
    }
    Ok(())
}

/// Checks a name of a host or user: there, and without white space.
pub(super) fn check_word(column: &'static str, text: &str) -> Result<(), BrokenRule> {
    check_name(column, text)?;
    if text.is_empty() {
        return Err(BrokenRule::new(column, "must not be empty"));
    }
    if text.contains(char::is_whitespace) {
        return Err(BrokenRule::new(column, "must not contain white space"));
    }
    Ok(())
}

/// A name that may be empty.
pub(super) fn name(column: &'static str, cell: Cell) -> Result<String, BrokenRule> {
    let name = text(column, cell)?;
    check_name(column, &name)?;
    Ok(name)
}

/// A name that must be there.
pub(super) fn required_name(column: &'static str, cell: Cell) -> Result<String, BrokenRule> {
    let required = name(column, cell)?;
    if required.is_empty() { Err(BrokenRule::new(column, "must not be empty")) } else { Ok(required) }
}

/// A name of a host or user.
pub(super) fn word(column: &'static str, cell: Cell) -> Result<String, BrokenRule> {
    let word = text(column, cell)?;
    check_word(column, &word)?;
    Ok(word)
}

/// A cluster's name, which becomes part of paths and must not lead anywhere else.
pub(super) fn cluster_name(cell: Cell) -> Result<String, BrokenRule> {
    let column = "cluster";
    let cluster = word(column, cell)?;
    if cluster.len() > FILE_NAME_BYTES_MAX {
        return Err(BrokenRule::new(column, "must have at most 200 bytes"));
    }
    if cluster.starts_with('.') || cluster.contains("..") || cluster.contains(['/', '\\']) {
        return Err(BrokenRule::new(column, "must not begin with a dot nor contain \"..\", / or \\"));
    }
    Ok(cluster)
}

/// A number; NULL is 0.
pub(super) fn integer(
    column: &'static str,
    cell: Cell,
    allowed: RangeInclusive<i64>,
) -> Result<i64, BrokenRule> {
    let digits = name(column, cell)?;
    let number = match digits.as_str() {
        "" => 0,
        digits => digits
            .parse()
            .map_err(|_error| BrokenRule::new(column, format_args!("\"{digits}\" is no number")))?,
    };
    if allowed.contains(&number) {
        return Ok(number);
    }
    let (least, most) = allowed.into_inner();
    Err(BrokenRule::new(column, format_args!("{number} is not in the range {least} to {most}")))
}

/// A number of 32 bits, 0 or more; NULL is 0.
pub(super) fn small_integer(column: &'static str, cell: Cell) -> Result<i32, BrokenRule> {
    let number = integer(column, cell, COUNTS)?;
    i32::try_from(number).map_err(|error| BrokenRule::new(column, error))
}

/// A value that stands in a column as JSON. Nothing, and `null`, is `None`.
pub(super) fn json<T: DeserializeOwned>(column: &'static str, cell: Cell) -> Result<Option<T>, BrokenRule> {
    match cell {
        Some(bytes) if !bytes.is_empty() => {
            serde_json::from_slice(&bytes).map_err(|error| BrokenRule::new(column, error))
        }
        _ => Ok(None),
    }
}

/// A value as the JSON that a column of ours holds.
pub(super) fn to_json(column: &'static str, value: &impl serde::Serialize) -> Result<String, BrokenRule> {
    serde_json::to_string(value).map_err(|error| BrokenRule::new(column, error))
}
