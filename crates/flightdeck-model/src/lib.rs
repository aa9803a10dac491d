//! What a job, cluster, metric, tag and user is; who may see what; and the ports to what stores them.
//!
//! No input or output happens here. Everything that other crates share is defined here once.
//!
//! ```
//! use flightdeck_model::{JobVisibility, NodeList, Principal, Role, Roles};
//!
//! let nodes: NodeList = "a[01-03,07],login".parse()?;
//! assert!(nodes.contains("a07"));
//! assert_eq!(nodes.expand(10)?.len(), 5);
//!
//! let mona = Principal { username: "mona".into(), roles: Roles::of(&[Role::User]), projects: vec![] };
//! let visible = mona.job_visibility()?;
//! assert_eq!(visible, JobVisibility::Own { username: "mona".into() });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aggregate;
mod audit;
mod causes;
mod cluster;
mod duration;
mod footprint;
mod job;
mod metric_data;
mod node_list;
mod node_state;
mod ports;
mod query;
mod refused_request;
mod resample;
mod scope;
mod series_name;
mod statistics_series;
mod task_run;
mod time;
mod unit;
mod user;

pub use aggregate::aggregate;
pub use audit::{
    AuditAction, AuditEntry, AuditFilter, AuditOutcome, Origin, RecordedEntry, UnknownAuditAction,
    UnknownAuditOutcome,
};
pub use causes::with_causes;
pub use cluster::{
    Accelerator, Aggregation, Cluster, ClusterError, ClusterFile, ClusterWarning, EnergyKind, FootprintKind,
    HardwareValue, MetricConfig, MetricFile, MetricOverride, SubCluster, SubClusterFile, Thresholds,
    Topology,
};
pub use duration::{GoDuration, ParseDurationError};
pub use footprint::{JobEnergy, job_energy, job_footprint};
pub use job::{
    ConcurrentJobs, JobDbId, JobFragments, JobKey, JobMeta, JobRecord, JobState, JobStatistics, MetaEdit,
    MonitoringStatus, NewJob, PassedOver, Resource, Shared, StartJobBody, StartResource, StopJobBody, Tag,
    TagBody, UnknownShared, UnknownState,
};
pub use metric_data::{JobData, JobMetric, Series, SeriesStatistics, StatisticsSeries};
pub use node_list::{NodeList, NodeListError};
pub use node_state::{
    NodeEntry, NodeHealth, NodeHealthState, NodeReport, NodeState, NodeStateBody, NodeStatesBody, NodeStatus,
    UnknownNodeHealth, UnknownNodeState,
};
pub use ports::{
    ArchiveAction, ArchiveEntry, ArchiveOutcome, ArchiveProblem, ArchiveTask, ArchiveWork, ArchivedJob,
    ArchivedResult, ArchivingOutcome, ArchivingQueue, AuditLog, AuditPage, BlockInfo, ChangedJob, DataStamp,
    DeleteBefore, DeletedTags, FinishedJob, FoundSeries, HeldHost, ImportCounts, JOB_METADATA_BYTES_MAX,
    JOB_TAGS_MAX, JobArchive, JobChangeError, JobChanges, JobEnd, JobLabels, JobMatch, JobPage,
    JobRepository, JobToArchive, Keeping, LISTED_BODY_BYTES_MAX, LoadedClusters, MachineState, MachineStates,
    MetricSource, MetricStore, MissingSamples, NodeFreshness, NodeRepository, OmitTagged, PortError,
    PortErrorKind, PortFuture, Quarantine, QuarantinePage, QuarantineRoom, SAME_JOB_S, SeriesAnswer,
    SeriesInfo, SeriesPage, SeriesParts, SeriesRequest, SubParts, TaskLog, TimePrecision, TimeSpan,
    UserChangeError, UserRepository, WhichJob, WriteContext, WriteReport,
};
pub use query::{JobFilter, JobOrder, JobSelection, Page, Range, SortKey, TagFilter};
pub use refused_request::{KeptRequest, NewRefusedRequest, RefusedKind, RefusedRequest, UnknownRefusedKind};
pub use resample::{ResampleMethod, ResampleRule, UnknownResampleMethod, lttb, min_max};
pub use scope::{MetricScope, ScopeSource, UnknownScope, scopes_to_show};
pub use series_name::SeriesName;
pub use statistics_series::{STATISTICS_SERIES_MIN, statistics_series};
pub use task_run::TaskRun;
pub use time::{Clock, SystemClock, UnixTime};
pub use unit::Unit;
pub use user::{
    AuthSource, JobVisibility, NoJobAccess, Principal, Role, Roles, TagVisibility, UnknownRole, User,
    UserChange, UserRuleError,
};
