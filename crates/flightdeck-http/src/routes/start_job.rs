//! `POST` and `PUT /api/jobs/start_job/`

use crate::access::{ApiAccess, RequestOrigin};
use crate::answer::created;
use crate::body::{LimitedBody, START_JOB};
use crate::error::ApiError;
use crate::responses::{
    BodyErrors, ForbiddenErrors, InvalidErrors, StorageErrors, TokenErrors, UnprocessableErrors,
};
use crate::schema::writing::StartedBody;
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpResponse, route};
use flightdeck_model::StartJobBody;

/// Adds a job that has just started. It is in every list from the moment of the answer.
#[utoipa::path(
    tag = "admin API",
    request_body(content = StartJobBody, description = "The job. `jobId`, `cluster`, `user`, `startTime`, `numNodes` and `resources` are required."),
    responses(
        (status = 201, description = "The job is stored", body = StartedBody),
        InvalidErrors, ForbiddenErrors, UnprocessableErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[route("/api/jobs/start_job/", method = "POST", method = "PUT")]
pub(crate) async fn start(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let job: StartJobBody = body.decode(&START_JOB)?;
    let id = state.services.start_job(&origin.caller(principal), job).await?;
    Ok(created(super::json_line(&StartedBody { msg: "success", id: id.0 })?))
}
