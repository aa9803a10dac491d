//! `GET` and `POST /api/healthcheck` and `/api/healthcheck/`. To a POST the reference says what it says to a report of
//! node states; its separate metric store answers a question for the health of nodes, by GET with a body. Both are
//! told apart by the body.

use crate::access::{RequestOrigin, StoreAccess};
use crate::answer::json;
use crate::blocking::blocking;
use crate::body::{HEALTH, LimitedBody};
use crate::error::ApiError;
use crate::responses::{AbsentStoreErrors, BodyErrors, InvalidErrors, StorageErrors, TokenErrors};
use crate::schema::samples::{HealthOrReportBody, HealthOrReportedBody, HealthQuestion, NodeHealthBody};
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use flightdeck_model::Principal;
use flightdeck_service::HealthBody;

/// Tells how fresh the metrics of nodes are. The question is the request's body.
#[utoipa::path(
    tag = "metric store",
    request_body(content = HealthQuestion, description = "The nodes, and the metrics that they are to have"),
    responses(
        (status = 200, description = "The health of each node", body = BTreeMap<String, NodeHealthBody>),
        InvalidErrors, AbsentStoreErrors, BodyErrors, TokenErrors
    )
)]
#[get("/api/healthcheck")]
pub(crate) async fn ask(
    StoreAccess(principal): StoreAccess,
    state: Data<AppState>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    health(principal, state, &body).await
}

/// Tells how fresh the metrics of nodes are, as `/api/healthcheck` does.
#[utoipa::path(
    tag = "metric store",
    request_body(content = HealthQuestion, description = "The nodes, and the metrics that they are to have"),
    responses(
        (status = 200, description = "The health of each node", body = BTreeMap<String, NodeHealthBody>),
        InvalidErrors, AbsentStoreErrors, BodyErrors, TokenErrors
    )
)]
#[get("/api/healthcheck/")]
pub(crate) async fn ask_with_slash(
    StoreAccess(principal): StoreAccess,
    state: Data<AppState>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    health(principal, state, &body).await
}

/// Tells how fresh the metrics of nodes are; or stores what nodes are doing, as `/api/nodestate/` does, when the nodes
/// are objects.
#[utoipa::path(
    tag = "metric store",
    request_body(content = HealthOrReportBody, description = "The nodes by name, and the metrics that they are to have; or the cluster and the states of its nodes"),
    responses(
        (status = 200, description = "The health of each node; or what became of the report", body = HealthOrReportedBody),
        InvalidErrors, AbsentStoreErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[post("/api/healthcheck")]
pub(crate) async fn ask_or_report(
    StoreAccess(principal): StoreAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    health_or_report(principal, origin, state, &body).await
}

/// Tells how fresh the metrics of nodes are, or stores what they are doing, as `/api/healthcheck` does.
#[utoipa::path(
    tag = "metric store",
    request_body(content = HealthOrReportBody, description = "The nodes by name, and the metrics that they are to have; or the cluster and the states of its nodes"),
    responses(
        (status = 200, description = "The health of each node; or what became of the report", body = HealthOrReportedBody),
        InvalidErrors, AbsentStoreErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[post("/api/healthcheck/")]
pub(crate) async fn ask_or_report_with_slash(
    StoreAccess(principal): StoreAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    health_or_report(principal, origin, state, &body).await
}

async fn health_or_report(
    principal: Principal,
    origin: RequestOrigin,
    state: Data<AppState>,
    body: &LimitedBody,
) -> Result<HttpResponse, ApiError> {
    if body.asks_for_health() {
        return health(principal, state, body).await;
    }
    super::node_states::store(&origin.caller(principal), &state, body.node_states()?).await
}

async fn health(
    principal: Principal,
    state: Data<AppState>,
    body: &LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let question: HealthBody = body.decode(&HEALTH)?;
    let answer = blocking(move || super::json_line(&state.services.node_health(&principal, &question)?));
    Ok(json(answer.await?))
}
