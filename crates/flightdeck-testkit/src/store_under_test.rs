//! The store that a suite checks, and what the suites do to it again and again.

use crate::builders::{audit_entry, every_job};
use crate::wait;
use flightdeck_model::{
    ArchiveTask, ArchiveWork, ArchivedJob, ArchivingQueue, AuditAction, AuditEntry, AuditFilter, AuditLog,
    ChangedJob, JobChangeError, JobChanges, JobDbId, JobEnd, JobMatch, JobRecord, JobRepository,
    JobSelection, JobState, JobVisibility, NewJob, NodeRepository, Page, Quarantine, Tag, TaskLog, UnixTime,
};
use std::any::Any;
use std::sync::Arc;

/// All ports of one database.
pub trait Store:
    JobRepository + JobChanges + ArchiveWork + ArchivingQueue + AuditLog + NodeRepository + Quarantine + TaskLog
{
}

impl<T> Store for T where
    T: JobRepository
        + JobChanges
        + ArchiveWork
        + ArchivingQueue
        + AuditLog
        + NodeRepository
        + Quarantine
        + TaskLog
{
}

/// A store of its own for one check.
#[derive(Debug)]
pub struct StoreUnderTest {
    /// The store.
    pub(crate) ports: Arc<dyn Store>,
    _kept: Box<dyn Any>,
}

impl StoreUnderTest {
    /// A store that is empty.
    pub fn new(empty: Arc<dyn Store>) -> Self {
        Self { ports: empty, _kept: Box::new(()) }
    }

    /// Keeps something as long as the store, such as the folder that its file lies in.
    #[must_use]
    pub fn keeping(self, kept: impl Any) -> Self {
        Self { _kept: Box::new(kept), ..self }
    }
}

pub(crate) const ALL: Page = Page { offset: 0, limit: 1000 };

#[expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]
impl StoreUnderTest {
    pub(crate) fn with(self, jobs: impl IntoIterator<Item = ArchivedJob>) -> Self {
        let archived: Vec<ArchivedJob> = jobs.into_iter().collect();
        self.ports.import_jobs(&archived).unwrap();
        self
    }

    pub(crate) fn with_running(self, jobs: impl IntoIterator<Item = NewJob>) -> Self {
        for job in jobs {
            self.start(job).unwrap();
        }
        self
    }

    pub(crate) fn start(&self, job: NewJob) -> Result<JobDbId, JobChangeError> {
        let audit = audit_entry(AuditAction::StartJob, &job.key.to_string());
        wait(self.ports.start_job(job, audit))
    }

    pub(crate) fn stop(
        &self,
        job: JobMatch,
        state: JobState,
        stop_s: i64,
    ) -> Result<JobRecord, JobChangeError> {
        let audit = audit_entry(AuditAction::StopJob, &format!("job number {}", job.job_id));
        wait(self.ports.stop_job(JobEnd { job, state, stop_time: UnixTime(stop_s) }, audit))
    }

    pub(crate) fn add_tags(&self, id: JobDbId, tags: &[Tag]) -> Result<ChangedJob, JobChangeError> {
        let audit = audit_entry(AuditAction::TagJob, &format!("job id {id}"));
        wait(self.ports.add_tags(id, JobVisibility::All, tags.to_vec(), audit))
    }

    pub(crate) fn remove_tags(&self, id: JobDbId, tags: &[Tag]) -> Result<ChangedJob, JobChangeError> {
        let audit = audit_entry(AuditAction::UntagJob, &format!("job id {id}"));
        wait(self.ports.remove_tags(id, JobVisibility::All, tags.to_vec(), audit))
    }

    pub(crate) fn archive_tasks(&self) -> Vec<ArchiveTask> {
        self.ports.archive_tasks(1000).unwrap()
    }

    /// All audit entries, the newest first.
    pub(crate) fn audit_entries(&self) -> Vec<AuditEntry> {
        let page = self.ports.list_entries(&AuditFilter::default(), ALL).unwrap();
        page.entries.into_iter().map(|recorded| recorded.entry).collect()
    }

    /// The batch system numbers of the jobs that a selection lists. All ways to ask have to agree.
    #[track_caller]
    pub(crate) fn listed(&self, selection: &JobSelection) -> Vec<i64> {
        let page = self.ports.list_jobs(selection, ALL, false).unwrap();
        let total = page.jobs.len() as u64;
        assert_eq!(page.total, total, "the total of the list");
        assert_eq!(self.ports.count_jobs(selection).unwrap(), total, "the count");
        assert_eq!(self.ports.list_jobs(selection, ALL, false).unwrap().total, total, "asked again");
        let nothing = Page { offset: 0, limit: 0 };
        assert_eq!(self.ports.list_jobs(selection, nothing, false).unwrap().total, total, "no page");
        let ids = self.ports.list_job_ids(selection, ALL).unwrap();
        let listed_ids: Vec<_> = page.jobs.iter().map(|job| job.id).collect();
        assert_eq!(ids, listed_ids, "the ids");
        let loaded = self.ports.jobs_with_ids(selection, &ids, false).unwrap();
        assert_eq!(numbers(&loaded), numbers(&page.jobs), "the jobs of the ids");
        numbers(&page.jobs)
    }

    /// The one job of the store with this number, as those see it who see all.
    #[track_caller]
    pub(crate) fn job(&self, job_id: i64) -> JobRecord {
        let mut selection = every_job();
        selection.filter.job_id = Some(job_id);
        let listed = self.ports.list_jobs(&selection, ALL, false).unwrap().jobs.pop().unwrap();
        self.find(listed.id).unwrap()
    }

    /// The job with this database id, as those see it who see all.
    pub(crate) fn find(&self, id: JobDbId) -> Option<JobRecord> {
        let JobSelection { visibility, tags, now, .. } = every_job();
        self.ports.find_job(id, &visibility, &tags, now).unwrap()
    }
}

pub(crate) fn numbers(jobs: &[JobRecord]) -> Vec<i64> {
    jobs.iter().map(|job| job.key.job_id).collect()
}

/// The newest job of this number, on any cluster.
pub(crate) fn newest(job_id: i64) -> JobMatch {
    JobMatch { job_id, cluster: None, start_time: None }
}

pub(crate) fn tag(tag_type: &str, name: &str, scope: &str) -> Tag {
    Tag { id: 0, tag_type: tag_type.to_owned(), name: name.to_owned(), scope: scope.to_owned() }
}
