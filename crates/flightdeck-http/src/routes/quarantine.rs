//! `GET /api/quarantine/`

use crate::access::ApiAdminAccess;
use crate::answer::json;
use crate::blocking::blocking;
use crate::error::ApiError;
use crate::query::{PageQuery, QueryPairs};
use crate::responses::{ForbiddenErrors, InvalidErrors, TokenErrors};
use crate::schema::writing::{QuarantineBody, RefusedRequestBody};
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use flightdeck_service::ServiceError;
use std::sync::Arc;

/// Lists the starts and stops that a rule refused and that are kept, the oldest first.
#[utoipa::path(
    tag = "admin API",
    params(
        ("page" = Option<u64>, Query, description = "Number of the page, from 1", example = 1, minimum = 1),
        ("items-per-page" = Option<u64>, Query, description = "Requests on a page; 25 if absent", example = 25, minimum = 1, maximum = 1000)
    ),
    responses(
        (status = 200, description = "A page of the quarantine", body = QuarantineBody),
        InvalidErrors, ForbiddenErrors, TokenErrors
    )
)]
#[get("/api/quarantine/")]
pub(crate) async fn list(
    ApiAdminAccess(principal): ApiAdminAccess,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let wanted = PageQuery::read(&QueryPairs::of(&request)?)?;
    let body = blocking(move || {
        let found = state.services.quarantined(&principal, wanted.entries())?;
        let kept = found.requests.into_iter().map(RefusedRequestBody::try_from).collect::<Result<_, _>>();
        let requests = kept.map_err(|error| ServiceError::Encode(Arc::new(error)))?;
        let (items, page, total) = (wanted.items_per_page, wanted.page, found.total);
        super::json_line(&QuarantineBody { requests, items, page, total })
    });
    Ok(json(body.await?))
}
