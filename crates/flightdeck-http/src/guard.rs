//! Headers that every answer carries, and the refusal of requests that another site's page makes.

use crate::error::ApiError;
use crate::state::AppState;
use actix_cors::Cors;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::{DefaultHeaders, Next};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Headers that keep a browser from doing what no page of ours needs.
pub(crate) fn security_headers(state: &AppState) -> DefaultHeaders {
    let headers = DefaultHeaders::new()
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((X_FRAME_OPTIONS, "DENY"))
        .add((REFERRER_POLICY, "same-origin"))
        .add((CONTENT_SECURITY_POLICY, "frame-ancestors 'none'; object-src 'none'; base-uri 'self'"));
    if state.tls {
        return headers.add((STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"));
    }
    headers
}

/// Lets pages of any site read with a token of their own; cookies are never sent along.
pub(crate) fn cross_origin() -> Cors {
    Cors::default()
        .allow_any_origin()
        .send_wildcard()
        .allowed_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ])
        .allow_any_header()
        .expose_headers(["x-request-id", "retry-after"])
        .max_age(3600)
}

/// Refuses requests that change something and come, as the browser says, from another site's page.
pub(crate) async fn refuse_cross_site(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(request.method());
    let cross_site = HeaderValue::from_static("cross-site");
    if !safe && request.headers().get(SEC_FETCH_SITE) == Some(&cross_site) {
        let refusal = ApiError::Forbidden("requests from pages of other sites may only read");
        return Ok(request.error_response(refusal));
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}
