//! `GET /api/users/`

use crate::access::ApiAdminAccess;
use crate::answer::json;
use crate::blocking::blocking;
use crate::error::{ApiError, ErrorBody};
use crate::query::{QueryPairs, flag};
use crate::responses::{InvalidErrors, TokenErrors};
use crate::schema::UserBody;
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

/// Lists the user accounts.
#[utoipa::path(
    tag = "admin API",
    params(("not-just-user" = Option<bool>, Query, description = "Leaves out plain users and accounts without a role")),
    responses(
        (status = 200, description = "The accounts by name", body = Vec<UserBody>),
        (status = 403, description = "Only administrators may do this", body = ErrorBody),
        InvalidErrors, TokenErrors
    )
)]
#[get("/api/users/")]
pub(crate) async fn list(
    ApiAdminAccess(principal): ApiAdminAccess,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let pairs = QueryPairs::of(&request)?;
    let given = pairs.first("not-just-user").map(|text| flag("not-just-user", text)).transpose()?;
    let not_just_user = given.unwrap_or(false);
    let body = blocking(move || {
        let users = state.services.list_users(&principal, not_just_user)?;
        super::json_line(&users.into_iter().map(UserBody::from).collect::<Vec<_>>())
    });
    Ok(json(body.await?))
}
