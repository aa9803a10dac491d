//! `POST`, `PATCH` and `DELETE /api/jobs/tag_job/{id}`

use crate::access::{ApiAccess, RequestOrigin};
use crate::answer::json;
use crate::blocking::blocking;
use crate::body::{LimitedBody, TAGS};
use crate::error::ApiError;
use crate::responses::{
    AbsentJobErrors, BodyErrors, ForbiddenErrors, InvalidErrors, StorageErrors, TokenErrors,
};
use crate::schema::Job;
use crate::state::AppState;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, route};
use flightdeck_model::TagBody;

/// Puts tags on a job, all of them or none. A tag that the job has already changes nothing.
#[utoipa::path(
    tag = "admin API",
    params(("id" = i64, Path, description = "Number in this server's database", example = 4711)),
    request_body(content = Vec<TagBody>, description = "The tags; null or an empty list changes nothing"),
    responses(
        (status = 200, description = "The job with its tags", body = Job),
        InvalidErrors, ForbiddenErrors, AbsentJobErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[route("/api/jobs/tag_job/{id}", method = "POST", method = "PATCH")]
pub(crate) async fn add(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    id: Path<String>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let id = super::job_id(&id)?;
    let tags: Vec<TagBody> = body.decode(&TAGS)?;
    let caller = origin.caller(principal);
    let job = blocking(move || super::json_line(&state.services.tag_job(&caller, id, &tags)?));
    Ok(json(job.await?))
}

/// Takes tags off a job. A tag that the job does not have changes nothing.
#[utoipa::path(
    tag = "admin API",
    params(("id" = i64, Path, description = "Number in this server's database", example = 4711)),
    request_body(content = Vec<TagBody>, description = "The tags; null or an empty list changes nothing"),
    responses(
        (status = 200, description = "The job with the tags that it still has", body = Job),
        InvalidErrors, ForbiddenErrors, AbsentJobErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[delete("/api/jobs/tag_job/{id}")]
pub(crate) async fn remove(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    id: Path<String>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let id = super::job_id(&id)?;
    let tags: Vec<TagBody> = body.decode(&TAGS)?;
    let caller = origin.caller(principal);
    let job = blocking(move || super::json_line(&state.services.untag_job(&caller, id, &tags)?));
    Ok(json(job.await?))
}
