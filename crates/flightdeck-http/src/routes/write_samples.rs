//! `POST /api/write` and `/api/write/`

use crate::access::IngestAccess;
use crate::blocking::blocking;
use crate::error::ApiError;
use crate::query::{QueryPairs, WriteQuery};
use crate::responses::{AbsentStoreErrors, BadLineErrors, FullDiskErrors, SampleBodyErrors, TokenErrors};
use crate::sample_body;
use crate::state::AppState;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use flightdeck_model::Principal;
use flightdeck_service::ServiceError;

/// Bodies of fewer bytes are read by the thread that collected them: a megabyte takes 3 ms. Handing every body to
/// another thread would leave pieces of memory with all of them.
const READ_AT_ONCE_BYTES: usize = 2 << 20;

/// The parameters of a write.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what WriteQuery reads")]
struct WriteParameters {
    /// The cluster of lines that have no tag `cluster`.
    #[param(example = "aurora")]
    cluster: Option<String>,
    /// The unit of the times: `s`, `ms`, `us` (or `u`), `ns` (or `n`); absent: told from how large each is.
    #[param(example = "s", pattern = "^(s|ms|us|u|ns|n)$")]
    precision: Option<String>,
}

/// Stores samples in line protocol. When this answers, they are on disk.
///
/// Bad lines never cost good ones: these are stored, and the answer names the first bad line. Lines of unknown metrics,
/// events and logs are not bad; they are passed over. The body may be packed with gzip or zstd.
#[utoipa::path(
    tag = "metric store",
    params(WriteParameters),
    request_body(
        content = String, content_type = "text/plain",
        description = "One sample a line: `metric[,tag=value...] value=number [time]`",
        example = "cpu_load,cluster=aurora,hostname=a0117,type=node value=42.5 1760000000\n"
    ),
    responses(
        (status = 200, description = "Every line was well formed; the body is empty"),
        BadLineErrors, AbsentStoreErrors, SampleBodyErrors, FullDiskErrors, TokenErrors
    )
)]
#[post("/api/write")]
pub(crate) async fn write(
    IngestAccess(principal): IngestAccess,
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    store(principal, state, &request, payload).await
}

/// Stores samples in line protocol, as `/api/write` does.
#[utoipa::path(
    tag = "metric store",
    params(WriteParameters),
    request_body(
        content = String, content_type = "text/plain",
        description = "One sample a line: `metric[,tag=value...] value=number [time]`",
        example = "cpu_load,cluster=aurora,hostname=a0117,type=node value=42.5 1760000000\n"
    ),
    responses(
        (status = 200, description = "Every line was well formed; the body is empty"),
        BadLineErrors, AbsentStoreErrors, SampleBodyErrors, FullDiskErrors, TokenErrors
    )
)]
#[post("/api/write/")]
pub(crate) async fn write_with_slash(
    IngestAccess(principal): IngestAccess,
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    store(principal, state, &request, payload).await
}

async fn store(
    principal: Principal,
    state: Data<AppState>,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let WriteQuery { cluster, precision } = WriteQuery::read(&QueryPairs::of(request)?)?;
    let (limits, patience) = (state.sample_body_limits, state.request_body_timeout);
    let body = sample_body::collect(limits, &state.sample_body_room, patience, request, payload).await?;
    let is_short = body.len() < READ_AT_ONCE_BYTES;
    let begin = move || state.services.write_samples(&principal, &body, cluster.as_deref(), precision);
    let under_way = if is_short { begin()? } else { blocking(begin).await? };
    let report = under_way.await.map_err(ServiceError::from)?;
    if report.first_bad.is_some() {
        return Err(ApiError::BadLines(Box::new(report)));
    }
    Ok(HttpResponse::Ok().insert_header(ContentType::json()).finish())
}
