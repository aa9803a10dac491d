//! `GET /api/jobs/metrics/{id}` and `GET /userapi/jobs/metrics/{id}`

use crate::access::{ApiAccess, UserApiAccess};
use crate::answer::{Pieces, json};
use crate::blocking::blocking;
use crate::body::checked_names;
use crate::error::ApiError;
use crate::query::{QueryPairs, ResampleQuery, ScopeQuery};
use crate::responses::{InvalidErrors, JobErrors, TokenErrors};
use crate::schema::JobMetricsBody;
use crate::state::AppState;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use bytes::Bytes;
use flightdeck_model::Principal;
use flightdeck_service::{MetricRequest, MetricShape, ServiceError};

/// Gives metrics of a job, resampled to the coarsest configured resolution unless asked otherwise.
#[utoipa::path(
    tag = "admin API",
    params(
        ("id" = i64, Path, description = "Number in this server's database", example = 4711),
        super::MetricParameters, super::ResampleParameters
    ),
    responses(
        (status = 200, description = "The metrics", body = JobMetricsBody),
        InvalidErrors, JobErrors, TokenErrors
    )
)]
#[get("/api/jobs/metrics/{id}")]
pub(crate) async fn admin(
    ApiAccess(principal): ApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    metrics(principal, state, &request, &id).await
}

/// Gives metrics of a job that the token's user may see, resampled to the coarsest configured resolution unless
/// asked otherwise.
#[utoipa::path(
    tag = "user API",
    params(
        ("id" = i64, Path, description = "Number in this server's database", example = 4711),
        super::MetricParameters, super::ResampleParameters
    ),
    responses(
        (status = 200, description = "The metrics", body = JobMetricsBody),
        InvalidErrors, JobErrors, TokenErrors
    )
)]
#[get("/userapi/jobs/metrics/{id}")]
pub(crate) async fn user(
    UserApiAccess(principal): UserApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    metrics(principal, state, &request, &id).await
}

async fn metrics(
    principal: Principal,
    state: Data<AppState>,
    request: &HttpRequest,
    id: &str,
) -> Result<HttpResponse, ApiError> {
    let id = super::job_id(id)?;
    let pairs = QueryPairs::of(request)?;
    let ScopeQuery(scopes) = ScopeQuery::read(&pairs)?;
    let resample = ResampleQuery::read(&pairs)?;
    let wanted = MetricRequest {
        metrics: checked_names("metric", pairs.all("metric").map(str::to_owned).collect())?,
        scopes,
        resolution_s: resample.resolution_or(state.services.default_resolution_s()),
        max_points: resample.max_points,
        method: resample.method,
        shape: MetricShape::List,
    };
    let data = blocking(move || {
        let job = state.services.show_job(&principal, id)?;
        let metrics = state.services.job_metrics(&job, &wanted)?;
        Ok::<_, ServiceError>(metrics.0)
    });
    let begin = Bytes::from_static(b"{\"data\":{\"jobMetrics\":");
    Ok(json(Pieces::of([begin, data.await?, Bytes::from_static(b"},\"error\":null}\n")])))
}
