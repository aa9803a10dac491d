//! `POST` and `PUT /api/jobs/stop_job/`

use crate::access::{ApiAccess, RequestOrigin};
use crate::answer::json;
use crate::body::{LimitedBody, STOP_JOB};
use crate::error::ApiError;
use crate::responses::{
    AbsentJobErrors, BodyErrors, InvalidErrors, StorageErrors, TokenErrors, UnprocessableErrors,
};
use crate::schema::Job;
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpResponse, route};
use flightdeck_model::StopJobBody;

/// Ends a running job; of several with this number, the one that started last.
#[utoipa::path(
    tag = "admin API",
    request_body(content = StopJobBody, description = "Which job, how it ended and when. `jobId` and `stopTime` are required."),
    responses(
        (status = 200, description = "The job as it is now, without its tags and metadata", body = Job),
        InvalidErrors, AbsentJobErrors, UnprocessableErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[route("/api/jobs/stop_job/", method = "POST", method = "PUT")]
pub(crate) async fn stop(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let end: StopJobBody = body.decode(&STOP_JOB)?;
    let job = state.services.stop_job(&origin.caller(principal), end).await?;
    Ok(json(super::json_line(&job)?))
}
