//! The one table from error to status, and the one shape of an error's body.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use flightdeck_auth::TokenError;
use flightdeck_model::{PortErrorKind, WriteReport};
use flightdeck_service::ServiceError;
use serde::Serialize;
use utoipa::ToSchema;

/// Characters of a refusal at most: it may repeat what was sent.
const TEXT_CHARS_MAX: usize = 2000;

/// Body of every answer with a status of 400 or more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "Bad Request", "error": "page: \"0\" is not a whole number of at least 1"}))]
pub struct ErrorBody {
    /// The status in words.
    pub status: String,
    /// What is wrong, and what is allowed.
    pub error: String,
}

/// Why a request is refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A parameter, path or body is malformed or makes no sense.
    #[error("{field}: {reason}")]
    Invalid {
        /// The parameter or field.
        field: String,
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// No or bad credentials.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Good credentials that do not open this door, or a wrong address.
    #[error("{0}")]
    NotAdmitted(&'static str),
    /// Inside, but not allowed this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// No such route.
    #[error("the requested endpoint does not exist")]
    NoSuchRoute,
    /// The route exists, but not with this method.
    #[error("the method is not allowed here: allowed are {0}")]
    Method(String),
    /// The body is longer than allowed.
    #[error("the request body is longer than {0} bytes")]
    BodyTooLarge(usize),
    /// The body did not come to its end in time.
    #[error("the request body did not arrive within {0} s")]
    BodyTimeout(u64),
    /// The body is packed in an unknown way.
    #[error("the request body's Content-Encoding is not known here: allowed are {0}")]
    BodyEncoding(&'static str),
    /// Lines of written samples are bad. The others are stored.
    #[error("{}", in_words(.0))]
    BadLines(Box<WriteReport>),
    /// The bodies of samples that are there already leave no room for this one.
    #[error("the bodies of samples that are being read take all the memory that they may")]
    TooManySamples,
    /// The user has too many long answers under way.
    #[error("too many long lists are being sent to this user: take those under way first")]
    TooManyLongLists,
    /// The use case refused or failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The pool of threads for blocking work is shut down.
    #[error("the server is stopping")]
    Stopping,
}

impl ApiError {
    /// A parameter that is wrong.
    pub(crate) fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }

    /// What the client is told: of its own mistakes everything, of ours nothing.
    fn public_text(&self) -> String {
        let status = self.status_code();
        if status.is_server_error() {
            return failure_text(status, Some(self)).to_owned();
        }
        let mut text = self.to_string();
        if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX) {
            text.truncate(end);
            text.push('…');
        }
        text
    }

    /// How many seconds to wait before trying again, where that may help.
    fn retry_after_s(&self) -> Option<HeaderValue> {
        match self.status_code() {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Some(HeaderValue::from_static("1"))
            }
            // Room on a disk is made by somebody, not by waiting a moment.
            StatusCode::INSUFFICIENT_STORAGE => Some(HeaderValue::from_static("30")),
            _ => None,
        }
    }
}

/// What became of the lines of a body, the first bad one before all else.
fn in_words(report: &WriteReport) -> String {
    const REASON_CHARS_MAX: usize = 400;
    let first_bad = report.first_bad.as_ref().map_or_else(String::new, |(number, reason)| {
        let reason: String = reason.chars().take(REASON_CHARS_MAX).collect();
        format!("line {number}: {reason}; ")
    });
    let (bad, stored) = (report.bad, report.stored);
    let skipped: u64 = report.skipped.values().sum();
    let reasons: Vec<String> =
        report.skipped.iter().map(|(reason, lines)| format!("{reason}: {lines}")).collect();
    let by_reason = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    format!("{first_bad}bad lines: {bad}, stored: {stored}, skipped: {skipped}{by_reason}")
}

/// What a client is told of a failure of ours.
pub(crate) fn failure_text(status: StatusCode, error: Option<&ApiError>) -> &'static str {
    if let Some(ApiError::Service(ServiceError::Port(port))) = error
        && port.kind == PortErrorKind::NoAnswer
    {
        return "the metric store of another server does not answer, try again later";
    }
    match status {
        StatusCode::SERVICE_UNAVAILABLE => "the server is busy, try again later",
        StatusCode::INSUFFICIENT_STORAGE => {
            "the disk of the server is full: nothing was changed, and what was stored before is safe"
        }
        _ => "the server failed to answer",
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Invalid { .. } | Self::BadLines(_) | Self::Service(ServiceError::Invalid { .. }) => {
                StatusCode::BAD_REQUEST
            }
            Self::Token(_) | Self::NotAdmitted(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::Service(ServiceError::Forbidden(_)) => StatusCode::FORBIDDEN,
            Self::NoSuchRoute | Self::Service(ServiceError::NotFound(_) | ServiceError::Unavailable(_)) => {
                StatusCode::NOT_FOUND
            }
            Self::Service(ServiceError::Unprocessable(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout(_) => StatusCode::REQUEST_TIMEOUT,
            Self::BodyEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyLongLists => StatusCode::TOO_MANY_REQUESTS,
            Self::Service(ServiceError::Port(error)) => match error.kind {
                PortErrorKind::Conflict => StatusCode::CONFLICT,
                PortErrorKind::Unavailable | PortErrorKind::NoAnswer => StatusCode::SERVICE_UNAVAILABLE,
                PortErrorKind::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
                PortErrorKind::Corrupt | PortErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Service(ServiceError::Encode(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooManySamples | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = error_answer(status, &self.public_text());
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(header::RETRY_AFTER, seconds);
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::Method(allowed) = self
            && let Ok(value) = HeaderValue::from_str(allowed)
        {
            headers.insert(header::ALLOW, value);
        }
        response
    }
}

/// An answer with an error's body.
pub(crate) fn error_answer(status: StatusCode, text: &str) -> HttpResponse {
    let reason = status.canonical_reason().unwrap_or("Error").to_owned();
    let body = ErrorBody { status: reason, error: text.to_owned() };
    // Two texts can always be written as JSON.
    let mut json = serde_json::to_vec(&body).unwrap_or_default();
    json.push(b'\n');
    HttpResponse::build(status).content_type(ContentType::json()).body(json)
}
