//! All routes. One file per endpoint; the admin API and the user API share what they do and differ in who may
//! enter.
//!
//! [`ROUTES`] is the table of what exists and for whom. The handlers' signatures enforce it, a test compares
//! the two, and the answers 404 and 405 are told apart by it.

mod audit;
mod change_user;
mod clusters;
mod delete_job;
mod delete_jobs_before;
mod delete_tags;
mod edit_meta;
mod fallback;
mod free_samples;
mod job_list;
mod job_metrics;
mod job_post;
mod job_show;
mod machine_state;
mod node_health;
mod node_states;
mod quarantine;
mod query_samples;
mod start_job;
mod stop_job;
mod stored_series;
mod swagger;
mod tag_job;
mod tasks;
mod used_nodes;
mod users;
mod write_samples;

pub(crate) use fallback::no_such_route;
pub(crate) use swagger::{description, swagger_ui};

use crate::error::ApiError;
use crate::query::{ResampleQuery, whole_number};
use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use bytes::Bytes;
use flightdeck_model::{JobDbId, JobRecord, MetricScope};
use flightdeck_service::{EncodedMetrics, MetricRequest, MetricShape, ServiceError, Services};
use serde::Serialize;
use std::sync::Arc;
use utoipa_actix_web::OpenApiFactory;
use utoipa_actix_web::service_config::ServiceConfig;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteAccess {
    /// [`ApiAccess`](crate::access::ApiAccess).
    Api,
    /// [`ApiAdminAccess`](crate::access::ApiAdminAccess).
    ApiAdmin,
    /// [`UserApiAccess`](crate::access::UserApiAccess).
    UserApi,
    /// [`IngestAccess`](crate::access::IngestAccess).
    Ingest,
    /// [`StoreAccess`](crate::access::StoreAccess).
    Store,
    /// Anybody, without a token.
    Public,
}

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path; a name in braces, such as `{id}`, stands for one segment.
    pub path: &'static str,
    /// Who may use it.
    pub access: RouteAccess,
}

const fn route(method: Method, path: &'static str, access: RouteAccess) -> Route {
    Route { method, path, access }
}

/// Every route of this server.
pub const ROUTES: &[Route] = &[
    route(Method::GET, "/api/users/", RouteAccess::ApiAdmin),
    route(Method::GET, "/api/clusters/", RouteAccess::Api),
    route(Method::GET, "/api/jobs/", RouteAccess::Api),
    route(Method::GET, "/api/jobs/used_nodes", RouteAccess::Api),
    route(Method::GET, "/api/jobs/metrics/{id}", RouteAccess::Api),
    route(Method::POST, "/api/jobs/start_job/", RouteAccess::Api),
    route(Method::PUT, "/api/jobs/start_job/", RouteAccess::Api),
    route(Method::POST, "/api/jobs/stop_job/", RouteAccess::Api),
    route(Method::PUT, "/api/jobs/stop_job/", RouteAccess::Api),
    route(Method::POST, "/api/jobs/tag_job/{id}", RouteAccess::Api),
    route(Method::PATCH, "/api/jobs/tag_job/{id}", RouteAccess::Api),
    route(Method::DELETE, "/api/jobs/tag_job/{id}", RouteAccess::Api),
    route(Method::POST, "/api/jobs/edit_meta/", RouteAccess::Api),
    route(Method::PATCH, "/api/jobs/edit_meta/", RouteAccess::Api),
    route(Method::POST, "/api/jobs/edit_meta/{id}", RouteAccess::Api),
    route(Method::PATCH, "/api/jobs/edit_meta/{id}", RouteAccess::Api),
    route(Method::DELETE, "/api/jobs/delete_job/", RouteAccess::Api),
    route(Method::DELETE, "/api/jobs/delete_job/{id}", RouteAccess::Api),
    route(Method::DELETE, "/api/jobs/delete_job_before/{ts}", RouteAccess::Api),
    route(Method::DELETE, "/api/tags/", RouteAccess::Api),
    route(Method::POST, "/api/user/{id}", RouteAccess::ApiAdmin),
    route(Method::GET, "/api/nodestate/", RouteAccess::Api),
    route(Method::POST, "/api/nodestate/", RouteAccess::Api),
    route(Method::PUT, "/api/nodestate/", RouteAccess::Api),
    route(Method::GET, "/api/machine_state/{cluster}/{host}", RouteAccess::Api),
    route(Method::POST, "/api/machine_state/{cluster}/{host}", RouteAccess::Api),
    route(Method::PUT, "/api/machine_state/{cluster}/{host}", RouteAccess::Api),
    route(Method::GET, "/api/audit/", RouteAccess::ApiAdmin),
    route(Method::GET, "/api/quarantine/", RouteAccess::ApiAdmin),
    route(Method::GET, "/api/tasks/", RouteAccess::ApiAdmin),
    route(Method::GET, "/api/jobs/{id}", RouteAccess::Api),
    route(Method::POST, "/api/jobs/{id}", RouteAccess::Api),
    route(Method::GET, "/userapi/jobs/", RouteAccess::UserApi),
    route(Method::GET, "/userapi/jobs/metrics/{id}", RouteAccess::UserApi),
    route(Method::GET, "/userapi/jobs/{id}", RouteAccess::UserApi),
    route(Method::POST, "/userapi/jobs/{id}", RouteAccess::UserApi),
    route(Method::POST, "/api/write", RouteAccess::Ingest),
    route(Method::POST, "/api/write/", RouteAccess::Ingest),
    route(Method::POST, "/api/free", RouteAccess::Store),
    route(Method::POST, "/api/free/", RouteAccess::Store),
    route(Method::GET, "/api/debug", RouteAccess::Store),
    route(Method::GET, "/api/debug/", RouteAccess::Store),
    route(Method::GET, "/api/healthcheck", RouteAccess::Store),
    route(Method::POST, "/api/healthcheck", RouteAccess::Store),
    route(Method::GET, "/api/healthcheck/", RouteAccess::Store),
    route(Method::POST, "/api/healthcheck/", RouteAccess::Store),
    route(Method::GET, "/api/query", RouteAccess::Api),
    route(Method::POST, "/api/query", RouteAccess::Api),
    route(Method::GET, "/api/query/", RouteAccess::Api),
    route(Method::POST, "/api/query/", RouteAccess::Api),
    route(Method::GET, "/openapi.json", RouteAccess::Public),
];

/// Registers the routes that the description of the API covers.
pub(crate) fn register(config: &mut impl RouteList) {
    register_metric_store(config);
    register_writing(config);
    config
        .add(users::list)
        .add(clusters::list)
        .add(job_list::admin)
        .add(used_nodes::list)
        .add(job_metrics::admin)
        .add(job_show::admin)
        .add(job_post::admin)
        .add(job_list::user)
        .add(job_metrics::user)
        .add(job_show::user)
        .add(job_post::user);
}

/// Registers the routes of samples, whose clients are most; the first route that fits is taken.
fn register_metric_store(config: &mut impl RouteList) {
    config
        .add(write_samples::write)
        .add(write_samples::write_with_slash)
        .add(free_samples::free)
        .add(free_samples::free_with_slash)
        .add(stored_series::list)
        .add(stored_series::list_with_slash)
        .add(node_health::ask)
        .add(node_health::ask_with_slash)
        .add(node_health::ask_or_report)
        .add(node_health::ask_or_report_with_slash)
        .add(query_samples::read)
        .add(query_samples::read_with_slash);
}

/// Registers the routes that change something, and those that show what was changed.
fn register_writing(config: &mut impl RouteList) {
    config
        .add(start_job::start)
        .add(stop_job::stop)
        .add(tag_job::add)
        .add(tag_job::remove)
        .add(edit_meta::by_request)
        .add(edit_meta::by_id)
        .add(delete_job::by_request)
        .add(delete_job::by_id)
        .add(delete_jobs_before::delete)
        .add(delete_tags::delete)
        .add(change_user::change)
        .add(node_states::report)
        .add(node_states::current)
        .add(machine_state::show)
        .add(machine_state::store)
        .add(audit::list)
        .add(quarantine::list)
        .add(tasks::list);
}

/// What routes are registered with: the application that serves them, or the description of them. A description takes
/// some megabytes to make, and no worker needs one.
pub(crate) trait RouteList {
    /// Takes a route.
    fn add(&mut self, route: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self;
}

impl RouteList for actix_web::web::ServiceConfig {
    fn add(&mut self, route: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        self.service(route)
    }
}

impl RouteList for ServiceConfig<'_> {
    fn add(&mut self, route: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        self.service(route)
    }
}

/// The parameters that choose metrics.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what the handlers read")]
struct MetricParameters {
    /// Name of a metric; repeatable; absent: all.
    #[param(example = "cpu_load")]
    metric: Option<Vec<String>>,
    /// Scope; repeatable; absent: those in the archive, or for a running job those that are measured.
    /// One coarser than these is aggregated.
    scope: Option<Vec<MetricScope>>,
}

/// The parameters that choose how data are resampled, each metric on its own grid.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query, rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes what ResampleQuery reads")]
struct ResampleParameters {
    /// Seconds between two samples, rounded up to a multiple of the metric's timestep; 0: not resampled.
    #[param(example = 240)]
    resolution: Option<u32>,
    /// Samples of a series at most, at least 2.
    #[param(example = 600, minimum = 2)]
    max_points: Option<u32>,
    /// How samples are chosen: `lttb` (the default) keeps the look, `minmax` keeps every peak.
    #[param(example = "lttb", pattern = "^(lttb|minmax)$")]
    resample: Option<String>,
}

/// Reads the database id in a path.
fn job_id(text: &str) -> Result<JobDbId, ApiError> {
    whole_number("id", text, i64::MIN, i64::MAX).map(JobDbId)
}

/// What the routes for a whole job ask for: per core for a job on one node, else per node; at the largest
/// timestep of the cluster.
fn whole_job(
    services: &Services,
    job: &JobRecord,
    metrics: Vec<String>,
    resample: &ResampleQuery,
    shape: MetricShape,
) -> MetricRequest {
    let scope = if job.num_nodes == 1 { MetricScope::Core } else { MetricScope::Node };
    MetricRequest {
        metrics,
        scopes: vec![scope],
        resolution_s: resample.resolution_or(services.largest_timestep_s(job)),
        max_points: resample.max_points,
        method: resample.method,
        shape,
    }
}

/// `{"Meta":<job>,"Data":<data>}`
fn job_with_data(job: &JobRecord, data: EncodedMetrics) -> Result<[Bytes; 3], ServiceError> {
    let mut begin = Vec::with_capacity(4096);
    begin.extend_from_slice(b"{\"Meta\":");
    append_json(&mut begin, job)?;
    begin.extend_from_slice(b",\"Data\":");
    Ok([Bytes::from(begin), data.0, Bytes::from_static(b"}\n")])
}

/// Appends a value as JSON.
fn append_json(body: &mut Vec<u8>, value: &impl Serialize) -> Result<(), ServiceError> {
    serde_json::to_writer(body, value).map_err(|error| ServiceError::Encode(Arc::new(error)))
}

/// A value as JSON with a new line at its end.
fn json_line(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, ServiceError> {
    let mut body = Vec::new();
    append_json(&mut body, &value)?;
    body.push(b'\n');
    Ok(body)
}
