//! `DELETE /api/jobs/delete_job_before/{ts}`

use crate::access::{ApiAccess, RequestOrigin};
use crate::answer::json;
use crate::blocking::blocking;
use crate::error::ApiError;
use crate::query::{DeleteJobsQuery, QueryPairs, whole_number};
use crate::responses::{InvalidErrors, StorageErrors, TokenErrors};
use crate::schema::writing::DoneBody;
use crate::state::AppState;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete};
use flightdeck_model::UnixTime;

/// Deletes the jobs that started before a time. Running ones stay unless asked otherwise.
#[utoipa::path(
    tag = "admin API",
    params(
        ("ts" = i64, Path, description = "Unix seconds", example = 1_700_000_000),
        ("omit-tagged" = Option<String>, Query, description = "Which jobs stay for their tags: `none`, `all` with any tag, `user` with a tag of another type than `app` and `jobClass`", example = "none"),
        ("include-running" = Option<bool>, Query, description = "`true` deletes running jobs as well"),
        ("with-archive" = Option<bool>, Query, description = "`true` removes the archived files as well")
    ),
    responses(
        (status = 200, description = "The jobs are deleted", body = DoneBody, example = json!({"msg": "Successfully deleted 15 jobs"})),
        InvalidErrors, StorageErrors, TokenErrors
    )
)]
#[delete("/api/jobs/delete_job_before/{ts}")]
pub(crate) async fn delete(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    request: HttpRequest,
    time: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let started_before = UnixTime(whole_number("ts", &time, i64::MIN, i64::MAX)?);
    let DeleteJobsQuery(which) = DeleteJobsQuery::read(started_before, &QueryPairs::of(&request)?)?;
    let caller = origin.caller(principal);
    let deleted = blocking(move || state.services.delete_jobs_before(&caller, which)).await?;
    Ok(json(super::json_line(&DoneBody { msg: format!("Successfully deleted {deleted} jobs") })?))
}
