//! `POST /api/free` and `/api/free/`

use crate::access::{RequestOrigin, StoreAccess};
use crate::answer::text;
use crate::blocking::blocking;
use crate::body::LimitedBody;
use crate::error::ApiError;
use crate::query::{FreeQuery, QueryPairs};
use crate::responses::{AbsentStoreErrors, BodyErrors, FullDiskErrors, InvalidErrors, TokenErrors};
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use flightdeck_service::Caller;

/// Drops stored samples of running jobs that are older than a time.
///
/// Samples are kept together in blocks; those that end before the time are dropped, and do not come back.
#[utoipa::path(
    tag = "metric store",
    params(("to" = i64, Query, description = "Unix seconds", example = 1_760_000_000)),
    request_body(
        content = Vec<Vec<String>>,
        description = "Where: cluster, host, part, part below, or the first of these; an empty list is the whole store",
        example = json!([["aurora", "a0117"], ["borealis"]])
    ),
    responses(
        (status = 200, description = "How many blocks were dropped", body = String, content_type = "text/plain", example = "buffers freed: 17\n"),
        InvalidErrors, AbsentStoreErrors, BodyErrors, FullDiskErrors, TokenErrors
    )
)]
#[post("/api/free")]
pub(crate) async fn free(
    StoreAccess(principal): StoreAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    request: HttpRequest,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    drop_blocks(origin.caller(principal), state, &request, &body).await
}

/// Drops stored samples of running jobs that are older than a time, as `/api/free` does.
#[utoipa::path(
    tag = "metric store",
    params(("to" = i64, Query, description = "Unix seconds", example = 1_760_000_000)),
    request_body(
        content = Vec<Vec<String>>,
        description = "Where: cluster, host, part, part below, or the first of these; an empty list is the whole store",
        example = json!([["aurora", "a0117"], ["borealis"]])
    ),
    responses(
        (status = 200, description = "How many blocks were dropped", body = String, content_type = "text/plain", example = "buffers freed: 17\n"),
        InvalidErrors, AbsentStoreErrors, BodyErrors, FullDiskErrors, TokenErrors
    )
)]
#[post("/api/free/")]
pub(crate) async fn free_with_slash(
    StoreAccess(principal): StoreAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    request: HttpRequest,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    drop_blocks(origin.caller(principal), state, &request, &body).await
}

async fn drop_blocks(
    caller: Caller,
    state: Data<AppState>,
    request: &HttpRequest,
    body: &LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let FreeQuery { to } = FreeQuery::read(&QueryPairs::of(request)?)?;
    let paths = body.paths()?;
    let freed = blocking(move || state.services.free_samples(&caller, &paths, to)).await?;
    Ok(text(format!("buffers freed: {freed}\n")))
}
