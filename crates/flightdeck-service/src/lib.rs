//! The use cases of job monitoring: what a request does, whoever sends it. One file each.
//!
//! Sees storage through the ports of `flightdeck-model` alone and knows nothing of HTTP, SQL or files. Every
//! use case takes the [`Principal`](flightdeck_model::Principal) and checks again what it may do.
//!
//! ```
//! use flightdeck_model::{Principal, Role, Roles};
//! use flightdeck_service::{ClusterCatalog, ListJobs, MetricSources, Parts, Services, Settings};
//! use flightdeck_testkit::{FixedClock, MemoryArchive, MemoryJobs, MemoryUsers};
//! use std::sync::Arc;
//!
//! let database = Arc::new(MemoryJobs::new());
//! let services = Services::new(Parts {
//!     clock: Arc::new(FixedClock::at(1_700_000_000)),
//!     jobs: database.clone(),
//!     changes: database.clone(),
//!     archive_work: database.clone(),
//!     archiving: database.clone(),
//!     nodes: database.clone(),
//!     audit: database.clone(),
//!     quarantine: database.clone(),
//!     tasks: database,
//!     users: Arc::new(MemoryUsers::default()),
//!     archive: Arc::new(MemoryArchive::default()),
//!     metrics: MetricSources::default(),
//!     machine_states: None,
//!     clusters: ClusterCatalog::default(),
//!     settings: Settings::default(),
//! });
//! let robot = Principal { username: "robot".into(), roles: Roles::of(&[Role::Api]), projects: vec![] };
//! assert_eq!(services.list_jobs(&robot, &ListJobs::default())?.total, 0);
//! # Ok::<(), flightdeck_service::ServiceError>(())
//! ```

mod archive_again;
mod archive_tasks;
mod archived_data;
mod archiving;
mod attempt;
mod audit_entries;
mod caller;
mod change_user;
mod cluster_catalog;
mod current_nodes;
mod delete_jobs;
mod delete_tags;
mod edit_meta;
mod error;
mod field_rules;
mod free_samples;
mod import_archive;
mod job_metrics;
mod list_clusters;
mod list_jobs;
mod list_users;
mod live_data;
mod machine_state;
mod manage_users;
mod metric_sources;
mod node_health;
mod periodic;
mod permission;
mod quarantine;
mod query_samples;
mod report_nodes;
mod retry_quarantined;
mod running_jobs;
mod show_job;
mod shown;
mod start_job;
mod stop_job;
mod stored_series;
mod tag_job;
mod task_runs;
mod used_nodes;
mod write_samples;

pub use archiving::ArchivingCounts;
pub use caller::Caller;
pub use cluster_catalog::ClusterCatalog;
pub use error::ServiceError;
pub use import_archive::{ImportOptions, ImportProgress, ImportReport};
pub use job_metrics::{EncodedMetrics, MetricRequest, MetricShape};
pub use list_jobs::{JobList, ListJobs, LongJobList};
pub use manage_users::{ManageUserError, ProjectChange, RoleChange, add_user, change_projects, change_roles};
pub use metric_sources::MetricSources;
pub use node_health::HealthBody;
pub use periodic::PeriodicTask;
pub use query_samples::{QueriedSeries, QueryAnswer, QueryBody, SampleQuery};
pub use report_nodes::NodesReported;
pub use retry_quarantined::RetryOutcome;
pub use task_runs::TaskStatus;

use archive_tasks::ArchiveRepair;
use archiving::ArchivingSignal;
use flightdeck_model::{
    ArchiveWork, ArchivingQueue, AuditLog, Clock, JobArchive, JobChanges, JobRepository, MachineStates,
    NodeRepository, Quarantine, QuarantineRoom, TaskLog, UserRepository,
};
use job_metrics::MetricCaches;
use std::sync::Arc;

/// What becomes of starts and stops that are well formed, but break a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RefusedJobs {
    /// They are refused.
    #[default]
    Error,
    /// They are refused and kept, so that an administrator can mend the cause and bring them in, and a client that
    /// sends its requests in order goes on.
    Quarantine,
}

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
    /// What becomes of starts and stops that break a rule.
    pub refused_jobs: RefusedJobs,
    /// How many refused requests are kept at most, and how long they are together.
    pub quarantine_room: QuarantineRoom,
    /// How many seconds a job may run on after its walltime before it is taken for ended; `None`: for ever.
    pub stop_overdue_grace_s: Option<i64>,
    /// For how many seconds the history of node states is kept; `None`: for ever.
    pub node_state_retention_s: Option<i64>,
    /// Jobs that are archived at the same time.
    pub archive_workers: usize,
    /// Seconds from the stop of a job to its archiving, for samples that come late.
    pub archive_delay_s: i64,
    /// How often it is tried to archive a job before it is given up.
    pub archive_attempts_max: u32,
    /// Seconds from one refreshing of running jobs' footprints to the next; `None`: they get theirs when they end.
    pub footprint_interval_s: Option<i64>,
    /// Seconds from one snapshot of the metric store to the next.
    pub checkpoint_interval_s: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_items_per_page: 0,
            resampling_minimum_points: 1000,
            resampling_resolutions_s: Vec::new(),
            encoded_cache_bytes: 128 << 20,
            decoded_cache_bytes: 64 << 20,
            refused_jobs: RefusedJobs::Error,
            quarantine_room: QuarantineRoom { requests: 100_000, body_kib: 1 << 20 },
            stop_overdue_grace_s: None,
            node_state_retention_s: None,
            archive_workers: 2,
            archive_delay_s: 0,
            archive_attempts_max: 24,
            footprint_interval_s: Some(600),
            checkpoint_interval_s: 3600,
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
    changes: Arc<dyn JobChanges>,
    archive_work: Arc<dyn ArchiveWork>,
    archiving: Arc<dyn ArchivingQueue>,
    metrics: MetricSources,
    nodes: Arc<dyn NodeRepository>,
    audit: Arc<dyn AuditLog>,
    quarantine: Arc<dyn Quarantine>,
    tasks: Arc<dyn TaskLog>,
    machine_states: Option<Arc<dyn MachineStates>>,
    clusters: Arc<ClusterCatalog>,
    settings: Arc<Settings>,
    caches: MetricCaches,
    repair: Arc<ArchiveRepair>,
    archiving_signal: Arc<ArchivingSignal>,
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
    /// Changes of jobs.
    pub changes: Arc<dyn JobChanges>,
    /// What the archive has to be told.
    pub archive_work: Arc<dyn ArchiveWork>,
    /// The jobs that are to be archived.
    pub archiving: Arc<dyn ArchivingQueue>,
    /// Where samples are read and written.
    pub metrics: MetricSources,
    /// States of nodes.
    pub nodes: Arc<dyn NodeRepository>,
    /// Who changed what.
    pub audit: Arc<dyn AuditLog>,
    /// Requests that were refused and kept.
    pub quarantine: Arc<dyn Quarantine>,
    /// When periodic work was done last.
    pub tasks: Arc<dyn TaskLog>,
    /// The state files of machines; `None` when this server keeps none.
    pub machine_states: Option<Arc<dyn MachineStates>>,
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
            changes: parts.changes,
            archive_work: parts.archive_work,
            archiving: parts.archiving,
            metrics: parts.metrics,
            nodes: parts.nodes,
            audit: parts.audit,
            quarantine: parts.quarantine,
            tasks: parts.tasks,
            machine_states: parts.machine_states,
            clusters: Arc::new(parts.clusters),
            settings: Arc::new(parts.settings),
            caches,
            repair: Arc::default(),
            archiving_signal: Arc::default(),
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
