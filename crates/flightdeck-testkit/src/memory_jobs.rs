//! A store in memory: what the ports of the database promise, said as plainly as possible, without any index.

use flightdeck_model::{
    ArchiveTask, AuditEntry, JobDbId, JobToArchive, NodeStatus, PortError, PortErrorKind, PortFuture,
    RecordedEntry, RefusedRequest, Tag, TaskRun,
};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

mod archive_work;
mod archiving;
mod audit_log;
mod changes;
mod deletion;
mod labels;
mod nodes;
mod quarantine;
mod repository;
mod selection;
mod stored_job;
mod task_log;

use stored_job::StoredJob;

/// Jobs and all that is kept beside them, in memory, for tests of services and routes: a
/// [`JobRepository`](flightdeck_model::JobRepository), [`JobChanges`](flightdeck_model::JobChanges),
/// [`ArchiveWork`](flightdeck_model::ArchiveWork), [`ArchivingQueue`](flightdeck_model::ArchivingQueue),
/// [`AuditLog`](flightdeck_model::AuditLog),
/// [`NodeRepository`](flightdeck_model::NodeRepository), [`Quarantine`](flightdeck_model::Quarantine) and
/// [`TaskLog`](flightdeck_model::TaskLog). Its futures are ready when they are returned.
#[derive(Debug, Default)]
pub struct MemoryJobs {
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    last_job: i64,
    /// The last number that was given to anything but a job.
    last_id: i64,
    jobs: Vec<StoredJob>,
    /// All tags, by id.
    tags: Vec<Tag>,
    archive_tasks: Vec<StoredTask>,
    to_archive: BTreeMap<JobDbId, JobToArchive>,
    audit_entries: Vec<RecordedEntry>,
    /// By cluster and host.
    nodes: BTreeMap<(String, String), NodeStatus>,
    /// As they were reported.
    node_states: Vec<NodeStatus>,
    refused: Vec<RefusedRequest>,
    task_runs: BTreeMap<String, TaskRun>,
    failure: Option<PortErrorKind>,
}

#[derive(Debug)]
struct StoredTask {
    /// The job, even when it is gone.
    job: JobDbId,
    task: ArchiveTask,
}

impl Content {
    fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }
}

impl MemoryJobs {
    /// No jobs yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets every further change fail in this way; `None`: no longer. What is there can still be read.
    pub fn fail_changes(&self, kind: Option<PortErrorKind>) {
        self.lock().failure = kind;
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change, which has to refuse before it touches anything.
    fn write<T, E>(&self, change: impl FnOnce(&mut Content) -> Result<T, E>) -> PortFuture<Result<T, E>>
    where
        T: Send + 'static,
        E: From<PortError> + Send + 'static,
    {
        let mut content = self.lock();
        let result = match content.failure {
            Some(kind) => Err(PortError::plain(kind, "the store in memory was told to fail").into()),
            None => change(&mut content),
        };
        Box::pin(std::future::ready(result))
    }

    /// Makes a change and adds its audit entry, unless the change is refused.
    fn write_audited<T, E>(
        &self,
        audit: AuditEntry,
        change: impl FnOnce(&mut Content) -> Result<T, E>,
    ) -> PortFuture<Result<T, E>>
    where
        T: Send + 'static,
        E: From<PortError> + Send + 'static,
    {
        self.write(|content| {
            let done = change(content)?;
            content.add_audit_entry(audit);
            Ok(done)
        })
    }
}
