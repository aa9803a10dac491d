//! `GET /api/jobs/` and `GET /userapi/jobs/`
//!
//! A page of usual length is answered at once. A longer one is sent in chunks as the client takes them, so that
//! it needs the same small memory whatever its length.

use crate::access::{ApiAccess, UserApiAccess};
use crate::answer::json;
use crate::blocking::blocking;
use crate::error::ApiError;
use crate::long_lists::LongListPlace;
use crate::query::{JobListQuery, QueryPairs};
use crate::responses::{InvalidErrors, LongListErrors, TokenErrors};
use crate::schema::JobListBody;
use crate::state::AppState;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use bytes::Bytes;
use flightdeck_model::{JobRecord, JobState, Principal};
use flightdeck_service::{ListJobs, LongJobList, ServiceError};
use futures_util::stream::try_unfold;
use std::sync::Arc;

/// Longest page that is held in memory as a whole.
const ONE_PIECE_JOBS: u64 = 1000;
/// Bytes of an encoded job, to start with a buffer of about the right size.
const USUAL_JOB_BYTES: usize = 2048;

/// Lists jobs, newest start first unless asked otherwise.
#[utoipa::path(
    tag = "admin API",
    params(ListParameters),
    responses((status = 200, description = "A page of jobs", body = JobListBody), InvalidErrors, LongListErrors, TokenErrors)
)]
#[get("/api/jobs/")]
pub(crate) async fn admin(
    ApiAccess(principal): ApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    list(principal, state, &request).await
}

/// Lists the jobs that the token's user may see, newest start first unless asked otherwise.
#[utoipa::path(
    tag = "user API",
    params(ListParameters),
    responses((status = 200, description = "A page of jobs", body = JobListBody), InvalidErrors, LongListErrors, TokenErrors)
)]
#[get("/userapi/jobs/")]
pub(crate) async fn user(
    UserApiAccess(principal): UserApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    list(principal, state, &request).await
}

/// The parameters of the job list. All conditions have to hold.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query, rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes what JobListQuery reads")]
struct ListParameters {
    /// Job state; repeatable, any of them.
    #[param(example = json!(["completed"]))]
    state: Option<Vec<JobState>>,
    /// Cluster.
    #[param(example = "aurora")]
    cluster: Option<String>,
    /// Subcluster.
    #[param(min_length = 1)]
    subcluster: Option<String>,
    /// Partition.
    #[param(min_length = 1)]
    partition: Option<String>,
    /// Project.
    project: Option<String>,
    /// Owner's login name.
    #[param(min_length = 1)]
    user: Option<String>,
    /// The batch system's job number.
    #[param(minimum = 0)]
    job_id: Option<i64>,
    /// Number of the job array.
    #[param(minimum = 1)]
    array_job_id: Option<i64>,
    /// Window of start times in Unix seconds: `<from>-<to>`, both ends included.
    #[param(example = "1700000000-1700003600", pattern = "^[0-9]+-[0-9]+$")]
    start_time: Option<String>,
    /// Number of nodes: `<from>-<to>`, `<from>-`, `-<to>` or one number.
    #[param(example = "4-16", pattern = "^([0-9]+-?[0-9]*|-[0-9]+)$")]
    num_nodes: Option<String>,
    /// Duration in seconds: a range as `num-nodes`.
    #[param(pattern = "^([0-9]+-?[0-9]*|-[0-9]+)$")]
    duration: Option<String>,
    /// Energy in kWh: a range as `num-nodes`.
    energy: Option<String>,
    /// Name of a host the job ran on.
    #[param(example = "a0254", min_length = 1)]
    node: Option<String>,
    /// A tag that the job carries, `<type>:<name>` or `<name>`; repeatable, all of them.
    #[param(example = "quality:good")]
    tag: Option<Vec<String>>,
    /// `start-time`, `duration`, `num-nodes`, `energy` or a footprint key such as `mem_used_max`; with `-`
    /// before it descending.
    #[param(example = "-start-time")]
    sort: Option<String>,
    /// Number of the page, from 1.
    #[param(example = 1, minimum = 1)]
    page: Option<u64>,
    /// Jobs on a page; 25 if absent.
    #[param(example = 25, minimum = 1)]
    items_per_page: Option<u64>,
    /// Whether to give `metaData`.
    with_metadata: Option<bool>,
}

async fn list(
    principal: Principal,
    state: Data<AppState>,
    request: &HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let JobListQuery(wanted) =
        JobListQuery::read(&QueryPairs::of(request)?, state.services.usual_items_per_page())?;
    if wanted.items_per_page > ONE_PIECE_JOBS {
        return list_in_chunks(principal, state.into_inner(), wanted).await;
    }
    let body = blocking(move || {
        let list = state.services.list_jobs(&principal, &wanted)?;
        let mut body = Vec::with_capacity(list.jobs.len() * USUAL_JOB_BYTES + 64);
        begin(&mut body);
        append(&mut body, &list.jobs, true)?;
        end(&mut body, &wanted, list.total);
        Ok::<_, ServiceError>(body)
    });
    Ok(json(body.await?))
}

/// A long list on its way to the client.
struct Sending {
    list: LongJobList,
    wanted: ListJobs,
    first: bool,
    done: bool,
    /// Held until the last chunk is taken, or the client is gone.
    _place: LongListPlace,
}

async fn list_in_chunks(
    principal: Principal,
    state: Arc<AppState>,
    wanted: ListJobs,
) -> Result<HttpResponse, ApiError> {
    let place = state.long_lists.begin(&principal.username).ok_or(ApiError::TooManyLongLists)?;
    let sending = blocking(move || {
        let list = state.services.list_jobs_long(&principal, &wanted)?;
        Ok::<_, ServiceError>(Sending { list, wanted, first: true, done: false, _place: place })
    });
    let chunks = try_unfold(sending.await?, |sending| async move {
        if sending.done {
            return Ok::<_, ApiError>(None);
        }
        blocking(move || next_chunk(sending)).await.map(Some)
    });
    Ok(HttpResponse::Ok().insert_header(ContentType::json()).streaming(chunks))
}

fn next_chunk(mut sending: Sending) -> Result<(Bytes, Sending), ServiceError> {
    let mut chunk = Vec::new();
    if sending.first {
        begin(&mut chunk);
    }
    // Chunks of jobs that all ceased to fit are passed over: an empty chunk would end the answer.
    while let Some(jobs) = sending.list.next_jobs()? {
        if jobs.is_empty() {
            continue;
        }
        append(&mut chunk, &jobs, sending.first)?;
        sending.first = false;
        return Ok((Bytes::from(chunk), sending));
    }
    sending.done = true;
    end(&mut chunk, &sending.wanted, sending.list.total);
    Ok((Bytes::from(chunk), sending))
}

fn begin(body: &mut Vec<u8>) {
    body.extend_from_slice(b"{\"jobs\":[");
}

fn append(body: &mut Vec<u8>, jobs: &[JobRecord], first: bool) -> Result<(), ServiceError> {
    for (index, job) in jobs.iter().enumerate() {
        if index > 0 || !first {
            body.push(b',');
        }
        super::append_json(body, job)?;
    }
    Ok(())
}

fn end(body: &mut Vec<u8>, wanted: &ListJobs, total: u64) {
    let (items, page) = (wanted.items_per_page, wanted.page);
    body.extend_from_slice(format!("],\"items\":{items},\"page\":{page},\"total\":{total}}}\n").as_bytes());
}
