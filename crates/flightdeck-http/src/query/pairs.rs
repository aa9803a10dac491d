//! The pairs of a query string in order, percent-decoded.

use crate::error::ApiError;
use actix_web::HttpRequest;
use std::borrow::Cow;

/// Pairs at most; nobody needs more, and every one costs memory.
const PAIRS_MAX: usize = 1000;

/// The pairs of a query string.
#[derive(Debug)]
pub(crate) struct QueryPairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> QueryPairs<'a> {
    /// Reads the pairs of a request.
    pub(crate) fn of(request: &'a HttpRequest) -> Result<Self, ApiError> {
        Self::parse(request.query_string())
    }

    /// Reads the pairs of a query string.
    pub(crate) fn parse(query: &'a str) -> Result<Self, ApiError> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).take(PAIRS_MAX + 1).collect();
        if pairs.len() > PAIRS_MAX {
            return Err(ApiError::invalid("query", format!("has more than {PAIRS_MAX} parameters")));
        }
        // No name has one, and not every database can be asked for one.
        if let Some((key, _)) = pairs.iter().find(|(key, value)| key.contains('\0') || value.contains('\0')) {
            return Err(ApiError::invalid(quoted(key), "has a NUL character"));
        }
        Ok(Self(pairs))
    }

    /// All pairs in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    /// The first value of a parameter.
    pub(crate) fn first(&self, wanted: &str) -> Option<&str> {
        self.all(wanted).next()
    }

    /// All values of a parameter.
    pub(crate) fn all(&self, wanted: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(key, _)| *key == wanted).map(|(_, value)| value)
    }
}

/// Reads a whole number within bounds.
pub(crate) fn whole_number(key: &str, text: &str, min: i64, max: i64) -> Result<i64, ApiError> {
    let number = text.parse::<i64>().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| {
        let allowed = match (min, max) {
            (i64::MIN, _) => "a whole number of 64 bits".to_owned(),
            (_, i64::MAX) => format!("a whole number of at least {min}"),
            _ => format!("a whole number of at least {min} and at most {max}"),
        };
        ApiError::invalid(key, format!("{} is not {allowed}", quoted(text)))
    })
}

/// Reads a flag: `true`, `1` and the empty text (presence alone) are true, `false` and `0` are false.
pub(crate) fn flag(key: &str, text: &str) -> Result<bool, ApiError> {
    match text {
        "" | "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(ApiError::invalid(key, format!("{} is neither true nor false", quoted(text)))),
    }
}

/// A client's text in quotes, shortened, for an error message.
pub(crate) fn quoted(text: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    let shown: String = text.chars().take(CHARACTERS_MAX).collect();
    let cut = if shown.len() < text.len() { "…" } else { "" };
    format!("\"{shown}{cut}\"")
}
