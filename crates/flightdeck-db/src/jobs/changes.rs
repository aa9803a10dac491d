//! The port of changes: each is queued for the writer.

use super::delete::{delete_job, delete_jobs_before};
use super::labels::{LabelChange, delete_tags};
use super::start::EncodedStart;
use super::stop::{stop_job, stop_job_unless_start_is_kept, stop_overdue};
use crate::Database;
use flightdeck_model::{
    AuditEntry, ChangedJob, DeleteBefore, DeletedTags, JobChangeError, JobChanges, JobDbId, JobEnd, JobKey,
    JobRecord, JobVisibility, NewJob, PortError, PortFuture, Tag, UnixTime, WhichJob,
};

impl JobChanges for Database {
    fn start_job(&self, job: NewJob, audit: AuditEntry) -> PortFuture<Result<JobDbId, JobChangeError>> {
        match EncodedStart::new(job, audit) {
            Ok(start) => self.submit(move |transaction| start.add(transaction)),
            Err(error) => Box::pin(std::future::ready(Err(PortError::from(error).into()))),
        }
    }

    fn stop_job(&self, end: JobEnd, audit: AuditEntry) -> PortFuture<Result<JobRecord, JobChangeError>> {
        self.submit(move |transaction| stop_job(transaction, &end, &audit))
    }

    fn stop_job_unless_start_is_kept(
        &self,
        end: JobEnd,
        audit: AuditEntry,
    ) -> PortFuture<Result<JobRecord, JobChangeError>> {
        self.submit(move |transaction| stop_job_unless_start_is_kept(transaction, &end, &audit))
    }

    fn stop_overdue(
        &self,
        now: UnixTime,
        grace_s: i64,
        limit: u32,
        audit: AuditEntry,
    ) -> PortFuture<Result<Vec<JobKey>, PortError>> {
        self.submit(move |transaction| stop_overdue(transaction, now, grace_s, limit, &audit).map(Ok))
    }

    fn add_tags(
        &self,
        job: JobDbId,
        visibility: JobVisibility,
        tags: Vec<Tag>,
        audit: AuditEntry,
    ) -> PortFuture<Result<ChangedJob, JobChangeError>> {
        let change = LabelChange { which: WhichJob::Id(job), visibility, audit };
        self.submit(move |transaction| change.add_tags(transaction, &tags))
    }

    fn remove_tags(
        &self,
        job: JobDbId,
        visibility: JobVisibility,
        tags: Vec<Tag>,
        audit: AuditEntry,
    ) -> PortFuture<Result<ChangedJob, JobChangeError>> {
        let change = LabelChange { which: WhichJob::Id(job), visibility, audit };
        self.submit(move |transaction| change.remove_tags(transaction, &tags))
    }

    fn delete_tags(&self, tags: Vec<Tag>, audit: AuditEntry) -> PortFuture<Result<DeletedTags, PortError>> {
        self.submit_large(move |transaction| delete_tags(transaction, &tags, &audit).map(Ok))
    }

    fn set_metadata(
        &self,
        job: WhichJob,
        visibility: JobVisibility,
        key: String,
        value: String,
        audit: AuditEntry,
    ) -> PortFuture<Result<ChangedJob, JobChangeError>> {
        let change = LabelChange { which: job, visibility, audit };
        self.submit(move |transaction| change.set_metadata(transaction, &key, &value))
    }

    fn delete_job(
        &self,
        job: WhichJob,
        with_archive: bool,
        audit: AuditEntry,
    ) -> PortFuture<Result<JobDbId, JobChangeError>> {
        self.submit(move |transaction| delete_job(transaction, &job, with_archive, &audit))
    }

    fn delete_jobs_before(
        &self,
        which: DeleteBefore,
        audit: AuditEntry,
    ) -> PortFuture<Result<u64, PortError>> {
        self.submit_large(move |transaction| delete_jobs_before(transaction, which, &audit).map(Ok))
    }
}
