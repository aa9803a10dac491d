//! `GET /api/tasks/`

use crate::access::ApiAdminAccess;
use crate::answer::json;
use crate::blocking::blocking;
use crate::error::ApiError;
use crate::responses::{ForbiddenErrors, TokenErrors};
use crate::schema::writing::{TaskBody, TasksBody};
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};

/// Lists the periodic tasks that are configured, each with its last run.
#[utoipa::path(
    tag = "admin API",
    responses(
        (status = 200, description = "The tasks by name", body = TasksBody),
        ForbiddenErrors, TokenErrors
    )
)]
#[get("/api/tasks/")]
pub(crate) async fn list(
    ApiAdminAccess(principal): ApiAdminAccess,
    state: Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let body = blocking(move || {
        let tasks = state.services.task_runs(&principal)?;
        super::json_line(&TasksBody { tasks: tasks.into_iter().map(TaskBody::from).collect() })
    });
    Ok(json(body.await?))
}
