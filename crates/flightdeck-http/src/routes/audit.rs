//! `GET /api/audit/`

use crate::access::ApiAdminAccess;
use crate::answer::json;
use crate::blocking::blocking;
use crate::error::ApiError;
use crate::query::{AuditQuery, QueryPairs};
use crate::responses::{ForbiddenErrors, InvalidErrors, TokenErrors};
use crate::schema::writing::{AuditBody, AuditEntryBody};
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use flightdeck_model::{AuditAction, AuditOutcome};

/// The parameters of the audit log. All conditions have to hold.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query, rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes what AuditQuery reads")]
struct AuditParameters {
    /// Login name of who did it.
    #[param(example = "robot")]
    user: Option<String>,
    /// What was done; repeatable, any of them.
    action: Option<Vec<AuditAction>>,
    /// What came of it; repeatable, any of them.
    outcome: Option<Vec<AuditOutcome>>,
    /// On what, in full: `cluster/jobId/startTime` for a job.
    #[param(example = "aurora/4711/1760000000")]
    object: Option<String>,
    /// Window of time in Unix seconds: `<from>-<to>`, both ends included.
    #[param(example = "1760000000-1760003600", pattern = "^[0-9]+-[0-9]+$")]
    time: Option<String>,
    /// Number of the page, from 1.
    #[param(example = 1, minimum = 1)]
    page: Option<u64>,
    /// Entries on a page; 25 if absent.
    #[param(example = 25, minimum = 1, maximum = 1000)]
    items_per_page: Option<u64>,
}

/// Lists who changed what, or tried to, the newest first.
#[utoipa::path(
    tag = "admin API",
    params(AuditParameters),
    responses(
        (status = 200, description = "A page of the audit log", body = AuditBody),
        InvalidErrors, ForbiddenErrors, TokenErrors
    )
)]
#[get("/api/audit/")]
pub(crate) async fn list(
    ApiAdminAccess(principal): ApiAdminAccess,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let AuditQuery { filter, page: wanted } = AuditQuery::read(&QueryPairs::of(&request)?)?;
    let body = blocking(move || {
        let found = state.services.audit_entries(&principal, &filter, wanted.entries())?;
        let entries = found.entries.into_iter().map(AuditEntryBody::from).collect();
        let (items, page, total) = (wanted.items_per_page, wanted.page, found.total);
        super::json_line(&AuditBody { entries, items, page, total })
    });
    Ok(json(body.await?))
}
