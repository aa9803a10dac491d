//! Request bodies: limited in size, exactly one JSON value.

use crate::error::ApiError;
use crate::state::AppState;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use std::time::Duration;

/// Metric names in one request at most.
const NAMES_MAX: usize = 1000;
/// Bytes of a metric's name at most.
const NAME_BYTES_MAX: usize = 256;

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
    if encoding.to_str().is_ok_and(known) { Ok(()) } else { Err(ApiError::BodyEncoding) }
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
