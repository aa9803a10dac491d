//! `POST /api/jobs/{id}` and `POST /userapi/jobs/{id}`

use crate::access::{ApiAccess, UserApiAccess};
use crate::answer::{Pieces, json};
use crate::blocking::blocking;
use crate::body::LimitedBody;
use crate::error::ApiError;
use crate::query::{QueryPairs, ResampleQuery};
use crate::responses::{BodyErrors, InvalidErrors, JobErrors, TokenErrors};
use crate::schema::JobWithMetrics;
use crate::state::AppState;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, post};
use flightdeck_model::{JobDbId, Principal};
use flightdeck_service::MetricShape;

/// Shows a job with the metrics that the body names.
#[utoipa::path(
    tag = "admin API",
    params(
        ("id" = i64, Path, description = "Number in this server's database", example = 4711),
        super::ResampleParameters
    ),
    request_body(
        content = Option<Vec<String>>,
        description = "Names of metrics; null or an empty list: all. Unknown names are passed over.",
        example = json!(["cpu_load", "mem_used"])
    ),
    responses(
        (status = 200, description = "The job and the metrics", body = JobWithMetrics),
        InvalidErrors, JobErrors, BodyErrors, TokenErrors
    )
)]
#[post("/api/jobs/{id}")]
pub(crate) async fn admin(
    ApiAccess(principal): ApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let resample = ResampleQuery::read(&QueryPairs::of(&request)?)?;
    show(principal, state, super::job_id(&id)?, resample, &body).await
}

/// Shows a job that the token's user may see, with the metrics that the body names.
#[utoipa::path(
    tag = "user API",
    params(
        ("id" = i64, Path, description = "Number in this server's database", example = 4711),
        super::ResampleParameters
    ),
    request_body(
        content = Option<Vec<String>>,
        description = "Names of metrics; null or an empty list: all. Unknown names are passed over.",
        example = json!(["cpu_load", "mem_used"])
    ),
    responses(
        (status = 200, description = "The job and the metrics", body = JobWithMetrics),
        InvalidErrors, JobErrors, BodyErrors, TokenErrors
    )
)]
#[post("/userapi/jobs/{id}")]
pub(crate) async fn user(
    UserApiAccess(principal): UserApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let resample = ResampleQuery::read(&QueryPairs::of(&request)?)?;
    show(principal, state, super::job_id(&id)?, resample, &body).await
}

async fn show(
    principal: Principal,
    state: Data<AppState>,
    id: JobDbId,
    resample: ResampleQuery,
    body: &LimitedBody,
) -> Result<HttpResponse, ApiError> {
    let names = body.metric_names()?;
    let answer = blocking(move || {
        let job = state.services.show_job(&principal, id)?;
        let wanted = super::whole_job(&state.services, &job, names, &resample, MetricShape::List);
        let data = state.services.job_metrics(&job, &wanted)?;
        super::job_with_data(&job, data)
    });
    Ok(json(Pieces::of(answer.await?)))
}
