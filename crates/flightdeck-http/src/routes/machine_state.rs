//! `GET`, `PUT` and `POST /api/machine_state/{cluster}/{host}`, where this server keeps the state files of machines.

use crate::access::{ApiAccess, RequestOrigin};
use crate::answer::json;
use crate::blocking::blocking;
use crate::body::LimitedBody;
use crate::error::ApiError;
use crate::responses::{AbsentMachineErrors, BodyErrors, InvalidErrors, StorageErrors, TokenErrors};
use crate::state::AppState;
use actix_web::http::header::{HttpDate, LAST_MODIFIED, TryIntoHeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, route};
use flightdeck_service::ServiceError;
use std::time::{Duration, UNIX_EPOCH};

/// Shows what a machine said of itself last, as it was sent.
#[utoipa::path(
    tag = "admin API",
    params(
        ("cluster" = String, Path, description = "Cluster", example = "aurora"),
        ("host" = String, Path, description = "Host", example = "a0117")
    ),
    responses(
        (status = 200, description = "The state; when it was sent stands in `Last-Modified`", body = Object),
        InvalidErrors, AbsentMachineErrors, TokenErrors
    )
)]
#[get("/api/machine_state/{cluster}/{host}")]
pub(crate) async fn show(
    ApiAccess(principal): ApiAccess,
    state: Data<AppState>,
    machine: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (cluster, host) = machine.into_inner();
    let found = blocking(move || {
        let stored = state.services.machine_state(&principal, &cluster, &host)?;
        stored.ok_or_else(|| ServiceError::NotFound("nothing is known of this machine".to_owned()))
    });
    let stored = found.await?;
    let mut answer = json(stored.json);
    let seconds = u64::try_from(stored.modified.0).unwrap_or_default();
    let modified = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).map(HttpDate::from);
    if let Some(Ok(value)) = modified.map(TryIntoHeaderValue::try_into_value) {
        answer.headers_mut().insert(LAST_MODIFIED, value);
    }
    Ok(answer)
}

/// Stores what a machine says of itself, in place of what it said before.
#[utoipa::path(
    tag = "admin API",
    params(
        ("cluster" = String, Path, description = "Cluster", example = "aurora"),
        ("host" = String, Path, description = "Host", example = "a0117")
    ),
    request_body(content = Object, description = "Any JSON"),
    responses(
        (status = 201, description = "The state is stored"),
        InvalidErrors, AbsentMachineErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[route("/api/machine_state/{cluster}/{host}", method = "PUT", method = "POST")]
pub(crate) async fn store(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    machine: Path<(String, String)>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let (cluster, host) = machine.into_inner();
    let text = body.bytes();
    let caller = origin.caller(principal);
    blocking(move || state.services.store_machine_state(&caller, &cluster, &host, &text)).await?;
    Ok(HttpResponse::Created().finish())
}
