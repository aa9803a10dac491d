//! Gives every request an id, and a failure of ours one line in the log with its whole chain of causes.

use crate::error::{ApiError, error_answer, failure_text};
use crate::own_head::own_head;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use std::error::Error as _;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Counts requests; with a number drawn by each process it makes an id that is unique in the log.
static REQUESTS: AtomicU64 = AtomicU64::new(1);
static PROCESS: LazyLock<u32> = LazyLock::new(|| {
    // The seed of a hash map is the standard library's one source of randomness.
    let drawn = RandomState::new().hash_one(std::process::id());
    u32::try_from(drawn & u64::from(u32::MAX)).unwrap_or_default()
});

/// The id of a request, among its extensions while it is answered.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Passes a request on, with a head of its own, and looks at the answer.
pub(crate) async fn log_request(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    own_head(&mut request);
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let request_id = format!("{:08x}-{number:x}", *PROCESS);
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let began = Instant::now();
    let response = next.call(request).await?.map_into_boxed_body();
    let mut answered =
        if response.status().is_server_error() { explain_failure(response, &request_id) } else { response };
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        answered.headers_mut().insert(X_REQUEST_ID, value);
    }
    tracing::debug!(
        request_id,
        method = %answered.request().method(),
        route = answered.request().match_pattern().as_deref().unwrap_or("none"),
        status = answered.status().as_u16(),
        took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    Ok(answered)
}

/// Logs why a request failed and tells the client the id to ask for.
fn explain_failure(response: ServiceResponse<BoxBody>, request_id: &str) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let route = response.request().match_pattern().unwrap_or_default();
    let error = response.response().error();
    let cause = error.map(chain).unwrap_or_default();
    tracing::error!(request_id, route, status = status.as_u16(), cause, "a request failed");
    let retry_after = response.headers().get(RETRY_AFTER).cloned();
    let text = failure_text(status, error.and_then(Error::as_error));
    let mut answer = error_answer(status, &format!("{text} (request id {request_id})"));
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response.into_response(answer)
}

/// An error and its causes in one line. `actix_web::Error` has no `source`, hence the way through `ApiError`.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.as_error::<ApiError>().and_then(|known| known.source());
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}
