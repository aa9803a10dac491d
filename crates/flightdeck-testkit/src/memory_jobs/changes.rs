//! Changes of jobs in memory.

use super::{Content, MemoryJobs, StoredJob};
use flightdeck_model::{
    AuditEntry, ChangedJob, DeleteBefore, DeletedTags, JobChangeError, JobChanges, JobDbId, JobEnd, JobKey,
    JobMatch, JobRecord, JobState, JobVisibility, NewJob, PortError, PortFuture, Tag, UnixTime, WhichJob,
};
use std::collections::BTreeSet;

/// Batch systems use a number again, but not on the same day.
pub(super) const DAY_S: u64 = 86_400;

impl Content {
    /// The job that is meant; of several that fit and are eligible, the one that started last.
    pub(super) fn newest(
        &mut self,
        which: &WhichJob,
        is_eligible: impl Fn(&StoredJob) -> bool,
    ) -> Option<&mut StoredJob> {
        let is_meant = |job: &StoredJob| match which {
            WhichJob::Id(id) => job.id == *id,
            WhichJob::Match(wanted) => fits(job, wanted),
        };
        let meant = self.jobs.iter_mut().filter(|job| is_meant(job) && is_eligible(job));
        meant.max_by_key(|job| (job.job.meta.start_time, job.id))
    }

    fn start(&mut self, job: NewJob) -> Result<JobDbId, JobChangeError> {
        let number =
            JobMatch { job_id: job.key.job_id, cluster: Some(job.key.cluster.clone()), start_time: None };
        if let Some(known) = self.known_start(number, job.key.start_time) {
            return Err(known);
        }
        let tag_ids: BTreeSet<i64> = job.tags.iter().map(|tag| self.tag_id(tag)).collect();
        let id = self.next_job_id();
        self.jobs.push(StoredJob::started(id, job, tag_ids));
        Ok(id)
    }

    /// The job that a start would be a repetition of.
    pub(super) fn known_start(&mut self, number: JobMatch, start_time: UnixTime) -> Option<JobChangeError> {
        let is_close = |other: &StoredJob| other.job.meta.start_time.0.abs_diff(start_time.0) < DAY_S;
        let known = self.newest(&WhichJob::Match(number), is_close)?;
        Some(JobChangeError::Duplicate { existing: known.key(), id: known.id })
    }

    fn stop_unless_start_is_kept(&mut self, end: JobEnd, now: UnixTime) -> Result<JobRecord, JobChangeError> {
        match self.start_kept_for(&end.job, end.stop_time) {
            Some(request) => Err(JobChangeError::StartKept { request }),
            None => self.stop(end, now),
        }
    }

    fn stop(&mut self, end: JobEnd, now: UnixTime) -> Result<JobRecord, JobChangeError> {
        let found = self.newest(&WhichJob::Match(end.job), |_| true);
        let job = found.ok_or(JobChangeError::NotFound)?;
        if !job.is_running() {
            return Err(JobChangeError::NotRunning { job: job.key(), state: job.state });
        }
        if end.stop_time < job.job.meta.start_time {
            return Err(JobChangeError::StopBeforeStart { job: job.key(), stop_time: end.stop_time.0 });
        }
        job.ran_s = end.stop_time.seconds_since(job.job.meta.start_time);
        job.state = end.state;
        let stopped = job.record(Vec::new(), end.stop_time, false)?;
        self.queue_archiving(stopped.id, now);
        Ok(stopped)
    }

    fn stop_overdue(&mut self, now: UnixTime, grace_s: i64, limit: u32) -> Vec<JobKey> {
        let is_overdue = |job: &&StoredJob| {
            let walltime_s = job.job.meta.walltime;
            let runs_s = now.seconds_since(job.job.meta.start_time);
            let is_late = walltime_s > 0 && runs_s >= walltime_s.saturating_add(grace_s);
            job.is_running() && is_late && !self.has_kept_stop(&job.key())
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let overdue: BTreeSet<JobDbId> =
            self.jobs.iter().filter(is_overdue).take(limit).map(|job| job.id).collect();
        let mut ended = Vec::new();
        for job in self.jobs.iter_mut().filter(|job| overdue.contains(&job.id)) {
            job.ran_s = job.job.meta.walltime;
            job.state = JobState::Timeout;
            ended.push((job.id, job.key()));
        }
        for (id, _) in &ended {
            self.queue_archiving(*id, now);
        }
        ended.into_iter().map(|(_, key)| key).collect()
    }
}

fn fits(job: &StoredJob, wanted: &JobMatch) -> bool {
    let meta = &job.job.meta;
    meta.job_id == wanted.job_id
        && wanted.cluster.as_ref().is_none_or(|cluster| *cluster == meta.cluster)
        && wanted.start_time.is_none_or(|start_time| start_time == meta.start_time)
}

impl JobChanges for MemoryJobs {
    fn start_job(&self, job: NewJob, audit: AuditEntry) -> PortFuture<Result<JobDbId, JobChangeError>> {
        self.write_audited(audit, |content| content.start(job))
    }

    fn stop_job(&self, end: JobEnd, audit: AuditEntry) -> PortFuture<Result<JobRecord, JobChangeError>> {
        let now = audit.time;
        self.write_audited(audit, |content| content.stop(end, now))
    }

    fn stop_job_unless_start_is_kept(
        &self,
        end: JobEnd,
        audit: AuditEntry,
    ) -> PortFuture<Result<JobRecord, JobChangeError>> {
        let now = audit.time;
        self.write_audited(audit, |content| content.stop_unless_start_is_kept(end, now))
    }

    fn stop_overdue(
        &self,
        now: UnixTime,
        grace_s: i64,
        limit: u32,
        audit: AuditEntry,
    ) -> PortFuture<Result<Vec<JobKey>, PortError>> {
        self.write(|content| {
            let ended = content.stop_overdue(now, grace_s, limit);
            for job in &ended {
                content.add_audit_entry(AuditEntry { object: job.to_string(), ..audit.clone() });
            }
            Ok(ended)
        })
    }

    fn add_tags(
        &self,
        job: JobDbId,
        visibility: JobVisibility,
        tags: Vec<Tag>,
        audit: AuditEntry,
    ) -> PortFuture<Result<ChangedJob, JobChangeError>> {
        self.write_audited(audit, |content| content.add_tags(job, &visibility, &tags))
    }

    fn remove_tags(
        &self,
        job: JobDbId,
        visibility: JobVisibility,
        tags: Vec<Tag>,
        audit: AuditEntry,
    ) -> PortFuture<Result<ChangedJob, JobChangeError>> {
        self.write_audited(audit, |content| content.remove_tags(job, &visibility, &tags))
    }

    fn delete_tags(&self, tags: Vec<Tag>, audit: AuditEntry) -> PortFuture<Result<DeletedTags, PortError>> {
        self.write_audited(audit, |content| Ok(content.delete_tags(&tags)))
    }

    fn set_metadata(
        &self,
        job: WhichJob,
        visibility: JobVisibility,
        key: String,
        value: String,
        audit: AuditEntry,
    ) -> PortFuture<Result<ChangedJob, JobChangeError>> {
        self.write_audited(audit, |content| content.set_metadata(&job, &visibility, key, value))
    }

    fn delete_job(
        &self,
        job: WhichJob,
        with_archive: bool,
        audit: AuditEntry,
    ) -> PortFuture<Result<JobDbId, JobChangeError>> {
        self.write_audited(audit, |content| content.delete_job(&job, with_archive))
    }

    fn delete_jobs_before(
        &self,
        which: DeleteBefore,
        audit: AuditEntry,
    ) -> PortFuture<Result<u64, PortError>> {
        self.write_audited(audit, |content| Ok(content.delete_jobs_before(which)))
    }
}
