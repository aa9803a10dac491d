//! The use cases of job monitoring: what a request does, whoever sends it. One file each.
//!
//! Sees storage through the ports of `flightdeck-model` alone and knows nothing of HTTP, SQL or files. Every
//! use case takes the [`Principal`](flightdeck_model::Principal) and checks again what it may do.
//!
//! ```
//! use flightdeck_model::{Principal, Role, Roles};
//! use flightdeck_service::{ClusterCatalog, ListJobs, Parts, Services, Settings};
//! use flightdeck_testkit::{FixedClock, MemoryArchive, MemoryJobs, MemoryUsers};
//! use std::sync::Arc;
//!
//! let services = Services::new(Parts {
//!     clock: Arc::new(FixedClock::at(1_700_000_000)),
//!     jobs: Arc::new(MemoryJobs::default()),
//!     users: Arc::new(MemoryUsers::default()),
//!     archive: Arc::new(MemoryArchive::default()),
//!     clusters: ClusterCatalog::default(),
//!     settings: Settings::default(),
//! });
//! let robot = Principal { username: "robot".into(), roles: Roles::of(&[Role::Api]), projects: vec![] };
//! assert_eq!(services.list_jobs(&robot, &ListJobs::default())?.total, 0);
//! # Ok::<(), flightdeck_service::ServiceError>(())
//! ```

mod cluster_catalog;
mod error;
mod import_archive;
mod job_metrics;
mod list_clusters;
mod list_jobs;
mod list_users;
mod manage_users;
mod permission;
mod show_job;
mod used_nodes;

pub use cluster_catalog::ClusterCatalog;
pub use error::ServiceError;
pub use import_archive::{ImportOptions, ImportProgress, ImportReport};
pub use job_metrics::{EncodedMetrics, MetricRequest, MetricShape};
pub use list_jobs::{JobList, ListJobs, LongJobList};
pub use manage_users::{ManageUserError, RoleChange, add_user, change_roles};

use flightdeck_model::{Clock, JobArchive, JobRepository, UserRepository};
use job_metrics::MetricCaches;
use std::sync::Arc;

/// What the use cases are told once, at start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Jobs on a page at most; 0: no limit.
    pub max_items_per_page: u64,
    /// Series shorter than this are not resampled, unless a number of points is asked for.
    pub resampling_minimum_points: usize,
    /// The steps in seconds that plots may be resampled to; the largest is the default of
    /// [`Services::job_metrics`]. Empty: not resampled.
    pub resampling_resolutions_s: Vec<u32>,
    /// Bytes of encoded metric data that are kept for the next asker.
    pub encoded_cache_bytes: u64,
    /// Bytes of decoded metric data that are kept for the next asker.
    pub decoded_cache_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_items_per_page: 0,
            resampling_minimum_points: 1000,
            resampling_resolutions_s: Vec::new(),
            encoded_cache_bytes: 128 << 20,
            decoded_cache_bytes: 64 << 20,
        }
    }
}

/// What the use cases work with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Services {
    clock: Arc<dyn Clock>,
    jobs: Arc<dyn JobRepository>,
    users: Arc<dyn UserRepository>,
    archive: Arc<dyn JobArchive>,
    clusters: Arc<ClusterCatalog>,
    settings: Arc<Settings>,
    caches: MetricCaches,
}

/// The parts that [`Services`] are made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Jobs and tags.
    pub jobs: Arc<dyn JobRepository>,
    /// Accounts.
    pub users: Arc<dyn UserRepository>,
    /// Finished jobs' files.
    pub archive: Arc<dyn JobArchive>,
    /// The clusters.
    pub clusters: ClusterCatalog,
    /// What is configured.
    pub settings: Settings,
}

impl Services {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let caches = MetricCaches::new(&parts.settings);
        Self {
            clock: parts.clock,
            jobs: parts.jobs,
            users: parts.users,
            archive: parts.archive,
            clusters: Arc::new(parts.clusters),
            settings: Arc::new(parts.settings),
            caches,
        }
    }

    /// The clock that the use cases read.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The accounts, for establishing who asks.
    #[must_use]
    pub fn users(&self) -> &Arc<dyn UserRepository> {
        &self.users
    }

    /// The clusters.
    #[must_use]
    pub fn clusters(&self) -> &ClusterCatalog {
        &self.clusters
    }
}
