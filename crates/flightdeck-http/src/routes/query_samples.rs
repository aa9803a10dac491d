//! `GET` and `POST /api/query` and `/api/query/`: how another server reads this one's samples.

use crate::access::ApiAccess;
use crate::answer::json;
use crate::blocking::blocking;
use crate::body::{LimitedBody, SAMPLE_QUERIES};
use crate::error::ApiError;
use crate::query::{QueryPairs, quoted};
use crate::responses::{AbsentStoreErrors, BodyErrors, InvalidErrors, TokenErrors};
use crate::schema::samples::{SampleAnswer, SampleQuestion};
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, route};
use flightdeck_model::Principal;
use flightdeck_service::QueryBody;

/// Reads samples of running jobs' nodes. The question is the request's body, with GET as well.
#[utoipa::path(
    tag = "metric store",
    params(("version" = Option<String>, Query, description = "Of question and answer: `v2`; `v1` is answered alike", example = "v2")),
    request_body(content = SampleQuestion, description = "Which samples"),
    responses(
        (status = 200, description = "For each query its series, in the order of the queries", body = SampleAnswer),
        InvalidErrors, AbsentStoreErrors, BodyErrors, TokenErrors
    )
)]
#[route("/api/query", method = "GET", method = "POST")]
pub(crate) async fn read(
    ApiAccess(principal): ApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    answer(principal, state, &request, &body).await
}

/// Reads samples of running jobs' nodes, as `/api/query` does.
#[utoipa::path(
    tag = "metric store",
    params(("version" = Option<String>, Query, description = "Of question and answer: `v2`; `v1` is answered alike", example = "v2")),
    request_body(content = SampleQuestion, description = "Which samples"),
    responses(
        (status = 200, description = "For each query its series, in the order of the queries", body = SampleAnswer),
        InvalidErrors, AbsentStoreErrors, BodyErrors, TokenErrors
    )
)]
#[route("/api/query/", method = "GET", method = "POST")]
pub(crate) async fn read_with_slash(
    ApiAccess(principal): ApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    answer(principal, state, &request, &body).await
}

async fn answer(
    principal: Principal,
    state: Data<AppState>,
    request: &HttpRequest,
    body: &LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let pairs = QueryPairs::of(request)?;
    // The reference reads it, and always answers in the second version.
    if let Some(version) = pairs.first("version").filter(|version| !matches!(*version, "v1" | "v2")) {
        let reason = format!("{} is not known here: allowed are v1 and v2", quoted(version));
        return Err(ApiError::invalid("version", reason));
    }
    let question: QueryBody = body.decode_whole(&SAMPLE_QUERIES)?;
    let found = blocking(move || super::json_line(&state.services.query_samples(&principal, &question)?));
    Ok(json(found.await?))
}
