//! The REST API on actix-web: routes, bodies, the one table from error to status, and the description of it
//! all. Knows use cases and tokens, not how anything is stored.
//!
//! ```
//! use actix_web::test::{TestRequest, call_service, init_service};
//! use flightdeck_http::{AppState, app};
//! use flightdeck_service::{ClusterCatalog, MetricSources, Parts, Services, Settings};
//! use flightdeck_testkit::{FixedClock, MemoryArchive, MemoryJobs, MemoryUsers};
//! use std::sync::Arc;
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Arc::new(MemoryJobs::default());
//! let services = Services::new(Parts {
//!     clock: Arc::new(FixedClock::at(1_700_000_000)),
//!     jobs: store.clone(),
//!     users: Arc::new(MemoryUsers::default()),
//!     archive: Arc::new(MemoryArchive::default()),
//!     changes: store.clone(),
//!     archive_work: store.clone(),
//!     archiving: store.clone(),
//!     metrics: MetricSources::default(),
//!     nodes: store.clone(),
//!     audit: store.clone(),
//!     quarantine: store.clone(),
//!     tasks: store,
//!     machine_states: None,
//!     clusters: ClusterCatalog::default(),
//!     settings: Settings::default(),
//! });
//! let state = AppState::new(services, flightdeck_auth::KeyPair::generate()?.public_key());
//! let answer = call_service(&init_service(app(state)).await, TestRequest::default().to_request()).await;
//! assert_eq!(answer.status(), 404);
//! # Ok(())
//! # }
//! ```

pub mod access;
mod answer;
mod blocking;
mod body;
mod error;
mod guard;
mod long_lists;
mod openapi;
mod own_head;
mod query;
mod request_log;
mod responses;
mod routes;
mod sample_body;
mod schema;
mod series_tree;
mod state;

pub use body::LimitedBody;
pub use error::{ApiError, ErrorBody};
pub use long_lists::LongLists;
pub use openapi::openapi;
pub use routes::{ROUTES, Route, RouteAccess};
pub use sample_body::{BodyRoom, SampleBodyLimits};
pub use state::AppState;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, PayloadConfig};
use actix_web::{App, Error};

/// The whole HTTP application over this state. Called once per worker.
pub fn app(
    state: AppState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let headers = guard::security_headers(&state);
    let limit = PayloadConfig::new(state.request_body_limit_bytes);
    App::new()
        .configure(routes::register)
        .app_data(Data::new(state))
        .app_data(limit)
        .service(routes::description)
        .service(routes::swagger_ui())
        .default_service(web::to(routes::no_such_route))
        .wrap(Compress::default())
        .wrap(from_fn(guard::refuse_cross_site))
        .wrap(guard::cross_origin())
        .wrap(headers)
        .wrap(from_fn(request_log::log_request))
}
