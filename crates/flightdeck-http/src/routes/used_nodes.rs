//! `GET /api/jobs/used_nodes`

use crate::access::ApiAccess;
use crate::answer::json;
use crate::blocking::blocking;
use crate::error::ApiError;
use crate::query::{QueryPairs, whole_number};
use crate::responses::{InvalidErrors, TokenErrors};
use crate::schema::UsedNodesBody;
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use flightdeck_model::UnixTime;

/// Lists the hosts of running jobs that started before a time.
#[utoipa::path(
    tag = "admin API",
    params(("ts" = i64, Query, description = "Unix seconds", example = 1_700_000_000)),
    responses(
        (status = 200, description = "Hosts by cluster", body = UsedNodesBody),
        InvalidErrors, TokenErrors
    )
)]
#[get("/api/jobs/used_nodes")]
pub(crate) async fn list(
    ApiAccess(principal): ApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let pairs = QueryPairs::of(&request)?;
    let Some(text) = pairs.first("ts") else {
        return Err(ApiError::invalid("ts", "is missing: Unix seconds are needed"));
    };
    let started_before = UnixTime(whole_number("ts", text, i64::MIN, i64::MAX)?);
    let body = blocking(move || {
        let used_nodes = state.services.used_nodes(&principal, started_before)?;
        super::json_line(&UsedNodesBody { used_nodes })
    });
    Ok(json(body.await?))
}
