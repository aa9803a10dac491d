//! `GET /api/jobs/{id}` and `GET /userapi/jobs/{id}`

use crate::access::{ApiAccess, UserApiAccess};
use crate::answer::{Pieces, json};
use crate::blocking::blocking;
use crate::error::ApiError;
use crate::query::{QueryPairs, ResampleQuery};
use crate::responses::{InvalidErrors, JobErrors, TokenErrors};
use crate::schema::JobWithData;
use crate::state::AppState;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use bytes::Bytes;
use flightdeck_model::Principal;
use flightdeck_service::{EncodedMetrics, MetricShape};

/// Shows a job, on request with all its metric data.
#[utoipa::path(
    tag = "admin API",
    params(
        ("id" = i64, Path, description = "Number in this server's database", example = 4711),
        ("all-metrics" = Option<bool>, Query, description = "`true` adds the data of all metrics"),
        super::ResampleParameters
    ),
    responses(
        (status = 200, description = "The job", body = JobWithData),
        InvalidErrors, JobErrors, TokenErrors
    )
)]
#[get("/api/jobs/{id}")]
pub(crate) async fn admin(
    ApiAccess(principal): ApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    show(principal, state, &request, &id).await
}

/// Shows a job that the token's user may see, on request with all its metric data.
#[utoipa::path(
    tag = "user API",
    params(
        ("id" = i64, Path, description = "Number in this server's database", example = 4711),
        ("all-metrics" = Option<bool>, Query, description = "`true` adds the data of all metrics"),
        super::ResampleParameters
    ),
    responses(
        (status = 200, description = "The job", body = JobWithData),
        InvalidErrors, JobErrors, TokenErrors
    )
)]
#[get("/userapi/jobs/{id}")]
pub(crate) async fn user(
    UserApiAccess(principal): UserApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    show(principal, state, &request, &id).await
}

async fn show(
    principal: Principal,
    state: Data<AppState>,
    request: &HttpRequest,
    id: &str,
) -> Result<HttpResponse, ApiError> {
    let id = super::job_id(id)?;
    let pairs = QueryPairs::of(request)?;
    let with_data = pairs.first("all-metrics") == Some("true");
    let resample = ResampleQuery::read(&pairs)?;
    let body = blocking(move || {
        let job = state.services.show_job(&principal, id)?;
        let data = if with_data {
            let wanted = super::whole_job(&state.services, &job, Vec::new(), &resample, MetricShape::ByScope);
            state.services.job_metrics(&job, &wanted)?
        } else {
            EncodedMetrics(Bytes::from_static(b"null"))
        };
        super::job_with_data(&job, data)
    });
    Ok(json(Pieces::of(body.await?)))
}
