//! Refused requests in memory.

use super::changes::DAY_S;
use super::selection::on_page;
use super::{Content, MemoryJobs};
use flightdeck_model::{
    AuditEntry, JobChangeError, JobKey, JobMatch, Keeping, KeptRequest, LISTED_BODY_BYTES_MAX,
    NewRefusedRequest, Page, PortError, PortFuture, Quarantine, QuarantinePage, QuarantineRoom, RefusedKind,
    RefusedRequest, UnixTime, WhichJob,
};

fn is_repetition(known: &NewRefusedRequest, other: &NewRefusedRequest) -> bool {
    let is_same_event = match other.kind {
        RefusedKind::StartJob => known.event_time.0.abs_diff(other.event_time.0) < DAY_S,
        RefusedKind::StopJob => {
            known.event_time == other.event_time && known.job.start_time == other.job.start_time
        }
    };
    known.kind == other.kind
        && known.job.cluster == other.job.cluster
        && known.job.job_id == other.job.job_id
        && is_same_event
}

/// Whether a kept stop may be that of a job.
fn is_stop_of(kept: &NewRefusedRequest, job: &JobKey) -> bool {
    kept.kind == RefusedKind::StopJob
        && kept.job.job_id == job.job_id
        && kept.job.cluster.as_ref().is_none_or(|cluster| *cluster == job.cluster)
        && kept.job.start_time.is_none_or(|time| time == job.start_time)
        && kept.event_time >= job.start_time
}

impl Content {
    pub(super) fn has_kept_stop(&self, job: &JobKey) -> bool {
        self.refused.iter().any(|kept| is_stop_of(&kept.request, job))
    }

    pub(super) fn start_kept_for(&mut self, ended: &JobMatch, stop_time: UnixTime) -> Option<i64> {
        let began_before = |job: &super::StoredJob| job.job.meta.start_time <= stop_time;
        let present = self.newest(&WhichJob::Match(ended.clone()), began_before).map(|job| job.key());
        let starts = self.refused.iter().map(RefusedRequest::brief);
        let mut meant = starts.filter(|start| {
            start.may_be_start_of(ended, stop_time)
                && present.as_ref().is_none_or(|job| start.event_time > job.start_time)
        });
        meant.next().map(|start| start.id)
    }

    fn known(&mut self, request: &NewRefusedRequest) -> Option<JobChangeError> {
        if request.kind == RefusedKind::StartJob {
            let number = JobMatch { start_time: None, ..request.job.clone() };
            return self.known_start(number, request.event_time);
        }
        if self.start_kept_for(&request.job, request.event_time).is_some() {
            return None;
        }
        let job = self.newest(&WhichJob::Match(request.job.clone()), |_| true)?;
        (!job.is_running()).then(|| JobChangeError::NotRunning { job: job.key(), state: job.state })
    }

    fn has_room(&self, request: &NewRefusedRequest, room: QuarantineRoom) -> bool {
        let used_kib: u64 = self.refused.iter().map(|kept| kept.request.body_kib()).sum();
        (self.refused.len() as u64) < room.requests && used_kib + request.body_kib() <= room.body_kib
    }
}

impl Quarantine for MemoryJobs {
    fn keep(
        &self,
        request: NewRefusedRequest,
        room: QuarantineRoom,
        audit: AuditEntry,
    ) -> PortFuture<Result<Keeping, PortError>> {
        self.write(|content| {
            if let Some(known) = content.known(&request) {
                return Ok(Keeping::Known(known));
            }
            if content.refused.iter().any(|known| is_repetition(&known.request, &request)) {
                return Ok(Keeping::Kept);
            }
            if !content.has_room(&request, room) {
                return Ok(Keeping::Full);
            }
            let id = content.next_id();
            content.refused.push(RefusedRequest { id, request });
            content.add_audit_entry(audit);
            Ok(Keeping::Kept)
        })
    }

    fn list_refused(&self, page: Page) -> Result<QuarantinePage, PortError> {
        let content = self.lock();
        let total = content.refused.len() as u64;
        let listed = content.refused.iter().cloned().map(|mut kept| {
            if kept.request.body.len() > LISTED_BODY_BYTES_MAX {
                kept.request.body.clear();
            }
            kept
        });
        Ok(QuarantinePage { requests: on_page(listed, page), total })
    }

    fn find_refused(&self, id: i64) -> Result<Option<RefusedRequest>, PortError> {
        Ok(self.lock().refused.iter().find(|known| known.id == id).cloned())
    }

    fn kept_of_job(&self, job_id: i64) -> Result<Vec<KeptRequest>, PortError> {
        let content = self.lock();
        let briefs = content.refused.iter().map(RefusedRequest::brief);
        let mut found: Vec<KeptRequest> = briefs.filter(|kept| kept.job.job_id == job_id).collect();
        found.sort_by_key(|kept| (kept.kind, kept.id));
        Ok(found)
    }

    fn start_kept_for(&self, ended: &JobMatch, stop_time: UnixTime) -> Result<Option<i64>, PortError> {
        Ok(self.lock().start_kept_for(ended, stop_time))
    }

    fn kept_stops_of_running_jobs(&self, limit: u32) -> Result<Vec<i64>, PortError> {
        let content = self.lock();
        let running: Vec<JobKey> =
            content.jobs.iter().filter(|job| job.is_running()).map(super::StoredJob::key).collect();
        let has_job = |kept: &&RefusedRequest| running.iter().any(|job| is_stop_of(&kept.request, job));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(content.refused.iter().filter(has_job).map(|kept| kept.id).take(limit).collect())
    }

    fn remove_refused(&self, id: i64, audit: AuditEntry) -> PortFuture<Result<bool, PortError>> {
        self.write(|content| {
            let Some(place) = content.refused.iter().position(|known| known.id == id) else {
                return Ok(false);
            };
            content.refused.remove(place);
            content.add_audit_entry(audit);
            Ok(true)
        })
    }
}
