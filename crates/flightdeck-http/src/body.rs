//! Request bodies: limited in size, exactly one JSON value, and nothing in it that is not known.

mod requests;
mod shape;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use requests::{ChangeUserBody, EditMetaBody, WhichJobBody};
pub(crate) use shape::{
    CHANGE_USER, EDIT_META, HEALTH, META_EDIT, SAMPLE_QUERIES, START_JOB, STOP_JOB, Shape, TAGS, WHICH_JOB,
};

use crate::error::ApiError;
use crate::state::AppState;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use flightdeck_model::NodeStatesBody;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use shape::NODE_STATES;
use std::collections::BTreeMap;
use std::time::Duration;
use walk::Walk;

/// Metric names in one request at most.
const NAMES_MAX: usize = 1000;
/// Bytes of a metric's name at most.
const NAME_BYTES_MAX: usize = 256;

/// Characters of a decoder's words in an answer at most: they may repeat what was sent.
const WORDS_CHARS_MAX: usize = 400;

/// How a body may be packed.
const ENCODINGS: [&str; 4] = ["identity", "gzip", "zstd", "deflate"];

/// The whole body, unpacked, within the configured limit.
#[derive(Debug)]
pub struct LimitedBody(Bytes);

impl FromRequest for LimitedBody {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let state = request.app_data::<Data<AppState>>();
        let limit = state.map_or(0, |state| state.request_body_limit_bytes);
        let patience = state.map_or(Duration::ZERO, |state| state.request_body_timeout);
        let encoding = check_encoding(request);
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            encoding?;
            match timeout(patience, bytes).await {
                Ok(received) => received.map(Self).map_err(|error| body_error(&error, limit)),
                Err(_elapsed) => Err(ApiError::BodyTimeout(patience.as_secs())),
            }
        })
    }
}

/// Refuses a body packed in a way that is not unpacked here: it would be taken for what it is not.
fn check_encoding(request: &HttpRequest) -> Result<(), ApiError> {
    let Some(encoding) = request.headers().get(CONTENT_ENCODING) else { return Ok(()) };
    let known = |name: &str| ENCODINGS.iter().any(|it| it.eq_ignore_ascii_case(name.trim()));
    if encoding.to_str().is_ok_and(known) {
        Ok(())
    } else {
        Err(ApiError::BodyEncoding("gzip, zstd and deflate"))
    }
}

fn body_error(error: &actix_web::Error, limit: usize) -> ApiError {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => ApiError::BodyTooLarge(limit),
        _ => ApiError::invalid("body", "cannot be read or unpacked"),
    }
}

impl LimitedBody {
    /// Reads a list of metric names: a JSON array of texts, or `null` for none.
    pub(crate) fn metric_names(&self) -> Result<Vec<String>, ApiError> {
        let names: Option<Vec<String>> = serde_json::from_slice(&self.0).map_err(|error| {
            ApiError::invalid("body", format!("is not one JSON array of metric names, or null: {error}"))
        })?;
        checked_names("body", names.unwrap_or_default())
    }

    /// Reads places in the metric store: a JSON array of arrays of names.
    pub(crate) fn paths(&self) -> Result<Vec<Vec<String>>, ApiError> {
        serde_json::from_slice(&self.0).map_err(|error| {
            ApiError::invalid("body", format!("is not one JSON array of arrays of names: {error}"))
        })
    }

    /// Whether the body asks for the health of nodes, whose names it has, and does not say what they are doing.
    pub(crate) fn asks_for_health(&self) -> bool {
        let members: BTreeMap<String, &RawValue> = serde_json::from_slice(&self.0).unwrap_or_default();
        let begins_with_name = |list: &RawValue| {
            list.get().strip_prefix('[').is_some_and(|inner| inner.trim_start().starts_with('"'))
        };
        members.iter().any(|(key, value)| {
            key.eq_ignore_ascii_case("metric-names")
                || (key.eq_ignore_ascii_case("nodes") && begins_with_name(value))
        })
    }

    /// Reads what a route takes. `null` is what is left out everywhere. Keys may be written in any case of letters.
    pub(crate) fn decode<T: DeserializeOwned + Default>(&self, shape: &'static Shape) -> Result<T, ApiError> {
        self.decode_whole::<Option<T>>(shape).map(Option::unwrap_or_default)
    }

    /// Reads a report of node states. Its entries are read one by one, and none fails the whole: the keys get their usual
    /// case of letters first.
    pub(crate) fn node_states(&self) -> Result<NodeStatesBody, ApiError> {
        match NODE_STATES.with_usual_keys(&self.0) {
            Some(usual) => Self(usual.into()).decode(&NODE_STATES),
            None => self.decode(&NODE_STATES),
        }
    }

    /// As [`decode`](Self::decode), for what cannot be left out as a whole.
    pub(crate) fn decode_whole<T: DeserializeOwned>(&self, shape: &'static Shape) -> Result<T, ApiError> {
        let text = &self.0;
        let first = serde_json::from_slice::<T>(text);
        let is_json = first.as_ref().map_or_else(serde_json::Error::is_data, |_| true);
        if is_json && let Some(path) = shape.misplaced_list(text) {
            return Err(ApiError::invalid(named(path), "is a list where an object belongs"));
        }
        let error = match first {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let usual = if error.is_data() { shape.with_usual_keys(text) } else { None };
        let Some(usual) = usual else { return Err(refusal(text, &error)) };
        serde_json::from_slice::<T>(&usual).map_err(|second| refusal(&usual, &second))
    }

    /// The body as it is.
    pub(crate) fn bytes(self) -> Bytes {
        self.0
    }
}

/// Says what is wrong with a body, and where.
fn refusal(text: &[u8], error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    if error.is_eof() && text.iter().all(u8::is_ascii_whitespace) {
        return ApiError::invalid("body", "is empty: JSON is needed");
    }
    let all_words = error.to_string();
    let without_place = all_words.strip_suffix(&format!(" at line {line} column {column}"));
    let words: String = without_place.unwrap_or(&all_words).chars().take(WORDS_CHARS_MAX).collect();
    if !error.is_data() {
        return ApiError::invalid("body", format!("is not JSON: {words} at line {line} column {column}"));
    }
    let field = named(path_to(text, line, column));
    ApiError::invalid(field, format!("{words} at line {line} column {column}"))
}

/// A place in a body, as messages name it.
fn named(path: String) -> String {
    if path.is_empty() || path.starts_with('[') { format!("body{path}") } else { path }
}

/// The way to the value at a place that the decoder names: it has read up to this column.
fn path_to(text: &[u8], line: usize, column: usize) -> String {
    let line_ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| index + 1);
    let line_begin = std::iter::once(0).chain(line_ends).nth(line.saturating_sub(1)).unwrap_or_default();
    let end = (line_begin + column).saturating_sub(1);
    let mut walk = Walk::through(text);
    while walk.next(end).is_some() {}
    walk.path()
}

/// Refuses more or longer names than anybody needs; sorts them, each once.
pub(crate) fn checked_names(field: &str, mut names: Vec<String>) -> Result<Vec<String>, ApiError> {
    if names.len() > NAMES_MAX {
        return Err(ApiError::invalid(field, format!("has more than {NAMES_MAX} metric names")));
    }
    if names.iter().any(|name| name.len() > NAME_BYTES_MAX) {
        return Err(ApiError::invalid(field, format!("a metric name is longer than {NAME_BYTES_MAX} bytes")));
    }
    names.sort();
    names.dedup();
    Ok(names)
}
