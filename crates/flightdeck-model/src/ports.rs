//! What the use cases need of storage, as object-safe traits. Absence is `Ok(None)`, never an error.

use crate::{
    AuditEntry, Cluster, JobData, JobDbId, JobKey, JobMeta, JobRecord, JobSelection, JobVisibility, Page,
    TagVisibility, UnixTime, User, UserChange, UserRuleError,
};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

mod archive_work;
mod archiving;
mod audit_log;
mod job_changes;
mod machine_states;
mod metric_source;
mod metric_store;
mod nodes;
mod quarantine;
mod task_log;

pub use archive_work::{ArchiveAction, ArchiveOutcome, ArchiveTask, ArchiveWork, JobLabels};
pub use archiving::{ArchivedResult, ArchivingOutcome, ArchivingQueue, JobToArchive, MissingSamples};
pub use audit_log::{AuditLog, AuditPage};
pub use job_changes::{
    ChangedJob, DeleteBefore, DeletedTags, JOB_METADATA_BYTES_MAX, JOB_TAGS_MAX, JobChangeError, JobChanges,
    JobEnd, JobMatch, OmitTagged, SAME_JOB_S, WhichJob,
};
pub use machine_states::{MachineState, MachineStates};
pub use metric_source::{
    FoundSeries, MetricSource, SeriesAnswer, SeriesParts, SeriesRequest, SubParts, TimeSpan,
};
pub use metric_store::{
    BlockInfo, HeldHost, MetricStore, NodeFreshness, SeriesInfo, SeriesPage, TimePrecision, WriteContext,
    WriteReport,
};
pub use nodes::NodeRepository;
pub use quarantine::{Keeping, LISTED_BODY_BYTES_MAX, Quarantine, QuarantinePage, QuarantineRoom};
pub use task_log::TaskLog;

/// What a port will answer. The work was begun when this was made; it goes on when this is dropped.
pub type PortFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What kind of failure a port had, as far as a caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortErrorKind {
    /// What is there contradicts the request.
    Conflict,
    /// Not now; later perhaps.
    Unavailable,
    /// Another server does not answer now, or not with sense; later perhaps.
    NoAnswer,
    /// There is no room on the disk. What was acknowledged is safe, and can be read.
    NoSpace,
    /// What is stored cannot be understood.
    Corrupt,
    /// Anything else.
    Internal,
}

/// A port could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct PortError {
    /// What kind of failure.
    pub kind: PortErrorKind,
    /// What could not be done, with ids and paths.
    pub what: String,
    /// Why.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl PortError {
    /// A failure with its cause.
    pub fn new(
        kind: PortErrorKind,
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind, what: what.into(), source: Some(source.into()) }
    }

    /// A failure that has no deeper cause.
    pub fn plain(kind: PortErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), source: None }
    }
}

/// A page of a job list.
#[derive(Debug)]
pub struct JobPage {
    /// The page's jobs, in order.
    pub jobs: Vec<JobRecord>,
    /// How many jobs the whole list has.
    pub total: u64,
}

/// A finished job on its way from the archive into the database.
#[derive(Debug, Clone)]
pub struct ArchivedJob {
    /// The content of its meta.json.
    pub meta: JobMeta,
    /// Fingerprint of the bytes of its meta.json; the same bytes give the same number.
    pub fingerprint: i64,
    /// Energy in kWh.
    pub energy_kwh: f64,
    /// Energy by metric in kWh.
    pub energy_footprint_kwh: BTreeMap<String, f64>,
    /// Footprint key to value.
    pub footprint: BTreeMap<String, f64>,
}

/// A finished job on its way into the archive.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedJob {
    /// What its meta.json says, but for what follows.
    pub meta: JobMeta,
    /// Energy in kWh.
    pub energy_kwh: f64,
    /// Energy by metric in kWh.
    pub energy_footprint_kwh: BTreeMap<String, f64>,
    /// Footprint key to value.
    pub footprint: BTreeMap<String, f64>,
}

/// What became of the jobs of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// New in the database.
    pub added: u64,
    /// Were there, and the archive says something new of them.
    pub updated: u64,
    /// Were there just so.
    pub unchanged: u64,
    /// Are running according to the database, which is right about that.
    pub running: u64,
}

impl std::ops::AddAssign for ImportCounts {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.running += other.running;
    }
}

/// Jobs and their tags.
pub trait JobRepository: Send + Sync + Debug {
    /// Finds a job by its number in the database, if the asker may see it. `now` is for the duration of a
    /// running job.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn find_job(
        &self,
        id: JobDbId,
        visibility: &JobVisibility,
        tags: &TagVisibility,
        now: UnixTime,
    ) -> Result<Option<JobRecord>, PortError>;

    /// Lists jobs. `with_metadata` loads [`meta_data`](crate::JobFragments::meta_data) and
    /// [`missing`](crate::JobFragments::missing).
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn list_jobs(
        &self,
        selection: &JobSelection,
        page: Page,
        with_metadata: bool,
    ) -> Result<JobPage, PortError>;

    /// Lists the ids of jobs in order: the first step of a long list, 8 bytes a job.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn list_job_ids(&self, selection: &JobSelection, page: Page) -> Result<Vec<JobDbId>, PortError>;

    /// Loads some jobs of a selection in the order of `ids`: the second step of a long list. Jobs that no
    /// longer fit the selection are left out. At most 1000 ids.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn jobs_with_ids(
        &self,
        selection: &JobSelection,
        ids: &[JobDbId],
        with_metadata: bool,
    ) -> Result<Vec<JobRecord>, PortError>;

    /// Counts the jobs of a selection.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn count_jobs(&self, selection: &JobSelection) -> Result<u64, PortError>;

    /// Hosts of running jobs that started before the time, by cluster, sorted, each once.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn used_nodes(&self, started_before: UnixTime) -> Result<BTreeMap<String, Vec<String>>, PortError>;

    /// Takes over finished jobs of the archive in one transaction. A job that is there with another
    /// fingerprint is updated and keeps its id and tags; one that is running stays as it is.
    ///
    /// # Errors
    ///
    /// When nothing was written.
    fn import_jobs(&self, jobs: &[ArchivedJob]) -> Result<ImportCounts, PortError>;

    /// Removes all jobs whose data are in the archive, for an import from scratch. Running jobs, and those
    /// that are not archived yet, stay. Returns how many were removed.
    ///
    /// # Errors
    ///
    /// When nothing was removed.
    fn remove_archived_jobs(&self) -> Result<u64, PortError>;

    /// Lets the database bring its knowledge of the data up to date after much was written.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    fn optimize(&self) -> Result<(), PortError>;
}

/// A change of the user table was refused.
#[derive(Debug, thiserror::Error)]
pub enum UserChangeError {
    /// There is such a user.
    #[error("user \"{0}\" exists already")]
    Exists(String),
    /// There is no such user.
    #[error("there is no user \"{0}\"")]
    Unknown(String),
    /// The change breaks a rule.
    #[error(transparent)]
    Rule(#[from] UserRuleError),
    /// The table could not be read or written.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// User accounts.
pub trait UserRepository: Send + Sync + Debug {
    /// Finds an account.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn find_user(&self, username: &str) -> Result<Option<User>, PortError>;

    /// Lists all accounts by name.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    fn list_users(&self) -> Result<Vec<User>, PortError>;

    /// Adds an account; `password_hash` as the auth crate made it, `None`: no password login.
    ///
    /// # Errors
    ///
    /// [`UserChangeError::Exists`], or when the database cannot be written.
    fn add_user(&self, user: &User, password_hash: Option<&str>) -> Result<(), UserChangeError>;

    /// Removes an account.
    ///
    /// # Errors
    ///
    /// [`UserChangeError::Unknown`], or when the database cannot be written.
    fn remove_user(&self, username: &str) -> Result<(), UserChangeError>;

    /// Replaces name, mail address, roles and projects of an account.
    ///
    /// # Errors
    ///
    /// [`UserChangeError::Unknown`], or when the database cannot be written.
    fn update_user(&self, user: &User) -> Result<(), UserChangeError>;

    /// Makes one change of an account's roles or projects, together with its audit entry, and returns the account as
    /// it is then.
    ///
    /// # Errors
    ///
    /// [`UserChangeError::Unknown`], [`UserChangeError::Rule`], or when the database cannot be written.
    fn change_user(
        &self,
        username: &str,
        change: &UserChange,
        audit: AuditEntry,
    ) -> Result<User, UserChangeError>;

    /// A number that grows with every change of the table made through this repository, so that what was
    /// derived from an account can be dropped.
    fn change_number(&self) -> u64;
}

/// A problem with one file of the archive. It spoils that one job or cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveProblem {
    /// Where the file is.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// One step of a walk through the archive.
#[derive(Debug)]
pub enum ArchiveEntry {
    /// A job's meta.json, read.
    Job {
        /// Its content.
        meta: Box<JobMeta>,
        /// Fingerprint of its bytes.
        fingerprint: i64,
        /// Where it is.
        path: String,
    },
    /// A job that cannot be read.
    Problem(ArchiveProblem),
}

/// The clusters of an archive.
#[derive(Debug, Clone, Default)]
pub struct LoadedClusters {
    /// The clusters that could be read, by name.
    pub clusters: Vec<Arc<Cluster>>,
    /// Files that could not be read; their cluster is left out.
    pub problems: Vec<ArchiveProblem>,
    /// What is odd about files that were read.
    pub warnings: Vec<ArchiveProblem>,
}

/// Which state of a job's data file was seen. Another state has another stamp, unless the file was changed
/// within the file system's precision of time and kept its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataStamp(pub u128);

/// The archive of finished jobs.
pub trait JobArchive: Send + Sync + Debug {
    /// Reads the cluster configurations.
    ///
    /// # Errors
    ///
    /// When the archive as a whole cannot be read; a single broken file is a problem in the answer.
    fn load_clusters(&self) -> Result<LoadedClusters, PortError>;

    /// Lists where jobs lie, in the order of the archive, without reading them.
    ///
    /// # Errors
    ///
    /// When the archive as a whole cannot be read.
    fn list_jobs(&self) -> Result<Vec<String>, PortError>;

    /// Reads the meta.json of a job that [`list_jobs`](Self::list_jobs) named.
    fn read_meta(&self, location: &str) -> ArchiveEntry;

    /// Looks at the state of a job's metric data without reading them; `None` when the job has no data file.
    /// Cheap: asked for every request, so that what was read before is given out only as long as it holds.
    ///
    /// # Errors
    ///
    /// When the file is there and cannot be looked at.
    fn data_stamp(&self, key: &JobKey) -> Result<Option<DataStamp>, PortError>;

    /// Reads a job's metric data.
    ///
    /// # Errors
    ///
    /// Kind Corrupt when the file cannot be understood; `Ok(None)` when the job has no data file.
    fn load_data(&self, key: &JobKey) -> Result<Option<JobData>, PortError>;

    /// Writes a finished job: its metric data first, then its meta.json, so that half of it is no job. What was there of
    /// it is replaced. Returns the fingerprint of the meta.json, as [`read_meta`](Self::read_meta) gives it.
    ///
    /// # Errors
    ///
    /// When it is not, or not wholly, on disk.
    fn store_job(&self, job: &FinishedJob, data: &JobData) -> Result<i64, PortError>;

    /// Writes a job's tags and metadata into its meta.json, which is replaced as a whole or not at all. Metadata
    /// that the file has beyond these stay, and so does whatever else is in it. Returns the fingerprint of the file
    /// as it is then, as [`read_meta`](Self::read_meta) gives it; `None` when the job has no meta.json.
    ///
    /// # Errors
    ///
    /// Kind Corrupt when the file cannot be understood; it stays as it was whatever the error.
    fn write_labels(&self, key: &JobKey, labels: &JobLabels) -> Result<Option<i64>, PortError>;

    /// Removes all files of a job; `false` when there were none.
    ///
    /// # Errors
    ///
    /// When they are there and cannot be removed.
    fn remove_job(&self, key: &JobKey) -> Result<bool, PortError>;
}
