//! `POST /api/user/{id}`

use crate::access::{ApiAdminAccess, RequestOrigin};
use crate::answer::json;
use crate::blocking::blocking;
use crate::body::{CHANGE_USER, ChangeUserBody, LimitedBody};
use crate::error::ApiError;
use crate::responses::{
    BodyErrors, ForbiddenErrors, InvalidErrors, StorageErrors, TokenErrors, UnprocessableErrors,
};
use crate::schema::writing::DoneBody;
use crate::state::AppState;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};

/// Gives an account a role or a project, or takes one away.
#[utoipa::path(
    tag = "admin API",
    params(("id" = String, Path, description = "Login name", example = "mona")),
    request_body(content = ChangeUserBody, description = "What to change"),
    responses(
        (status = 200, description = "The account is changed", body = DoneBody, example = json!({"msg": "Add Role Success for user mona"})),
        InvalidErrors, ForbiddenErrors, UnprocessableErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[post("/api/user/{id}")]
pub(crate) async fn change(
    ApiAdminAccess(principal): ApiAdminAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    username: Path<String>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let request: ChangeUserBody = body.decode(&CHANGE_USER)?;
    let (change, words) = request.change()?;
    let msg = format!("{words} Success for user {username}");
    let caller = origin.caller(principal);
    blocking(move || state.services.change_user(&caller, &username, &change)).await?;
    Ok(json(super::json_line(&DoneBody { msg })?))
}
