//! `DELETE /api/tags/`

use crate::access::{ApiAccess, RequestOrigin};
use crate::answer::text;
use crate::blocking::blocking;
use crate::body::{LimitedBody, TAGS};
use crate::error::ApiError;
use crate::responses::{BodyErrors, ForbiddenErrors, InvalidErrors, StorageErrors, TokenErrors};
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use flightdeck_model::TagBody;

/// Deletes tags everywhere. Tags that are not there are passed over.
#[utoipa::path(
    tag = "admin API",
    request_body(content = Vec<TagBody>, description = "The tags; null or an empty list changes nothing"),
    responses(
        (
            status = 200, description = "How many of the tags were there", body = String, content_type = "text/plain",
            example = json!("Deleted Tags from DB: 1 successfull of 2 requested\n")
        ),
        InvalidErrors, ForbiddenErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[delete("/api/tags/")]
pub(crate) async fn delete(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let tags: Vec<TagBody> = body.decode(&TAGS)?;
    let requested = tags.len();
    let caller = origin.caller(principal);
    let deleted = blocking(move || state.services.delete_tags(&caller, &tags)).await?;
    // Clients read the numbers out of this sentence, so it keeps its spelling.
    Ok(text(format!("Deleted Tags from DB: {deleted} successfull of {requested} requested\n")))
}
