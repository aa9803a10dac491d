//! `POST` and `PATCH /api/jobs/edit_meta/{id}` and `/api/jobs/edit_meta/`

use crate::access::{ApiAccess, RequestOrigin};
use crate::answer::json;
use crate::blocking::blocking;
use crate::body::{EDIT_META, EditMetaBody, LimitedBody, META_EDIT};
use crate::error::ApiError;
use crate::responses::{AbsentJobErrors, BodyErrors, InvalidErrors, StorageErrors, TokenErrors};
use crate::schema::Job;
use crate::state::AppState;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, route};
use flightdeck_model::{MetaEdit, WhichJob};
use flightdeck_service::Caller;

/// Sets one key of a job's metadata; the others stay.
#[utoipa::path(
    tag = "admin API",
    params(("id" = i64, Path, description = "Number in this server's database", example = 4711)),
    request_body(content = MetaEdit, description = "The key and its text"),
    responses(
        (status = 200, description = "The job with all of its metadata", body = Job),
        InvalidErrors, AbsentJobErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[route("/api/jobs/edit_meta/{id}", method = "POST", method = "PATCH")]
pub(crate) async fn by_id(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    id: Path<String>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let which = WhichJob::Id(super::job_id(&id)?);
    edit(state, origin.caller(principal), which, body.decode(&META_EDIT)?).await
}

/// Sets one key of the metadata of a job that is named by the batch system's number.
#[utoipa::path(
    tag = "admin API",
    request_body(content = EditMetaBody, description = "Which job, the key and its text"),
    responses(
        (status = 200, description = "The job with all of its metadata", body = Job),
        InvalidErrors, AbsentJobErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[route("/api/jobs/edit_meta/", method = "POST", method = "PATCH")]
pub(crate) async fn by_request(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let request: EditMetaBody = body.decode(&EDIT_META)?;
    let (job, change) = request.job_and_edit()?;
    edit(state, origin.caller(principal), WhichJob::Match(job), change).await
}

async fn edit(
    state: Data<AppState>,
    caller: Caller,
    which: WhichJob,
    change: MetaEdit,
) -> Result<HttpResponse, ApiError> {
    let job = blocking(move || super::json_line(&state.services.edit_meta(&caller, which, &change)?));
    Ok(json(job.await?))
}
