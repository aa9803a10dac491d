//! `DELETE /api/jobs/delete_job/` and `/api/jobs/delete_job/{id}`

use crate::access::{ApiAccess, RequestOrigin};
use crate::answer::json;
use crate::blocking::blocking;
use crate::body::{LimitedBody, WHICH_JOB, WhichJobBody};
use crate::error::ApiError;
use crate::query::{DeleteJobQuery, QueryPairs};
use crate::responses::{AbsentJobErrors, BodyErrors, InvalidErrors, StorageErrors, TokenErrors};
use crate::schema::writing::DoneBody;
use crate::state::AppState;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete};
use flightdeck_model::WhichJob;
use flightdeck_service::Caller;

/// Deletes a job that is named by the batch system's number; of several, the one that started last.
#[utoipa::path(
    tag = "admin API",
    params(("with-archive" = Option<bool>, Query, description = "`true` removes the archived files as well")),
    request_body(content = WhichJobBody, description = "Which job"),
    responses(
        (status = 200, description = "The job is deleted", body = DoneBody),
        InvalidErrors, AbsentJobErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[delete("/api/jobs/delete_job/")]
pub(crate) async fn by_request(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    request: HttpRequest,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let query = DeleteJobQuery::read(&QueryPairs::of(&request)?)?;
    let which: WhichJobBody = body.decode(&WHICH_JOB)?;
    delete(state, origin.caller(principal), WhichJob::Match(which.job()?), query).await
}

/// Deletes a job.
#[utoipa::path(
    tag = "admin API",
    params(
        ("id" = i64, Path, description = "Number in this server's database", example = 4711),
        ("with-archive" = Option<bool>, Query, description = "`true` removes the archived files as well")
    ),
    responses(
        (status = 200, description = "The job is deleted", body = DoneBody),
        InvalidErrors, AbsentJobErrors, StorageErrors, TokenErrors
    )
)]
#[delete("/api/jobs/delete_job/{id}")]
pub(crate) async fn by_id(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = super::job_id(&id)?;
    let query = DeleteJobQuery::read(&QueryPairs::of(&request)?)?;
    delete(state, origin.caller(principal), WhichJob::Id(id), query).await
}

async fn delete(
    state: Data<AppState>,
    caller: Caller,
    which: WhichJob,
    query: DeleteJobQuery,
) -> Result<HttpResponse, ApiError> {
    let deleted = blocking(move || state.services.delete_job(&caller, which, query.with_archive));
    let msg = format!("Successfully deleted job {}", deleted.await?);
    Ok(json(super::json_line(&DoneBody { msg })?))
}
