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
mod cluster;
mod duration;
mod footprint;
mod job;
mod metric_data;
mod node_list;
mod ports;
mod query;
mod resample;
mod scope;
mod statistics_series;
mod time;
mod unit;
mod user;

pub use aggregate::aggregate;
pub use cluster::{
    Accelerator, Aggregation, Cluster, ClusterError, ClusterFile, ClusterWarning, EnergyKind, FootprintKind,
    HardwareValue, MetricConfig, MetricFile, MetricOverride, SubCluster, SubClusterFile, Thresholds,
    Topology,
};
pub use duration::{GoDuration, ParseDurationError};
pub use footprint::{JobEnergy, job_energy, job_footprint};
pub use job::{
    ConcurrentJobs, JobDbId, JobFragments, JobKey, JobMeta, JobRecord, JobState, JobStatistics,
    MonitoringStatus, Resource, Shared, Tag, UnknownShared, UnknownState,
};
pub use metric_data::{JobData, JobMetric, Series, SeriesStatistics, StatisticsSeries};
pub use node_list::{NodeList, NodeListError};
pub use ports::{
    ArchiveEntry, ArchiveProblem, ArchivedJob, DataStamp, ImportCounts, JobArchive, JobPage, JobRepository,
    LoadedClusters, PortError, PortErrorKind, UserChangeError, UserRepository,
};
pub use query::{JobFilter, JobOrder, JobSelection, Page, Range, SortKey, TagFilter};
pub use resample::{ResampleMethod, ResampleRule, UnknownResampleMethod, lttb, min_max};
pub use scope::{MetricScope, ScopeSource, UnknownScope, scopes_to_show};
pub use statistics_series::{STATISTICS_SERIES_MIN, statistics_series};
pub use time::{Clock, SystemClock, UnixTime};
pub use unit::Unit;
pub use user::{
    AuthSource, JobVisibility, NoJobAccess, Principal, Role, Roles, TagVisibility, UnknownRole, User,
};
