//! Keeps starts and stops that break a rule, lists them and drops them.
//!
//! A client that sends its requests in order stops at the first one that is refused with an error, and holds back all
//! later ones. What is kept is answered in the way that lets such a client go on.

use crate::attempt::Attempt;
use crate::permission::require;
use crate::{Caller, RefusedJobs, ServiceError, Services};
use flightdeck_model::{
    AuditAction, AuditOutcome, JobEnd, JobFilter, JobKey, JobOrder, JobRepository, JobSelection,
    JobVisibility, NewRefusedRequest, Page, PortError, PortErrorKind, Principal, Quarantine, QuarantinePage,
    Range, RefusedKind, RefusedRequest, Role, TagVisibility, UnixTime,
};
use futures_channel::oneshot;
use std::sync::Arc;

impl Services {
    /// Lists the requests that are kept, the oldest first.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `admin`, Port when the database fails.
    pub fn quarantined(&self, principal: &Principal, page: Page) -> Result<QuarantinePage, ServiceError> {
        require(principal, Role::Admin)?;
        Ok(self.quarantine.list_refused(page)?)
    }

    /// Drops a request that is kept: what it told is lost.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `admin`, `NotFound` when there is no such request, Port when the database fails.
    pub fn drop_quarantined(&self, caller: &Caller, id: i64) -> Result<(), ServiceError> {
        let attempt = self.attempt(caller, AuditAction::DropQuarantined, request_object(id));
        if let Err(forbidden) = require(&caller.principal, Role::Admin) {
            return Err(attempt.refused(forbidden));
        }
        match futures_executor::block_on(self.quarantine.remove_refused(id, attempt.entry())) {
            Ok(true) => {
                attempt.log_done();
                Ok(())
            }
            Ok(false) => Err(attempt.refused(not_kept(id))),
            Err(error) => Err(attempt.refused(error.into())),
        }
    }

    /// Whether requests that break a rule are kept.
    pub(crate) fn keeps_refused(&self) -> bool {
        self.settings.refused_jobs == RefusedJobs::Quarantine
    }

    /// Keeps a request that was refused, and returns what its sender is told. When there is no room for it that is the
    /// plain refusal.
    pub(crate) async fn keep_refused(
        &self,
        attempt: &Attempt<'_>,
        request: Result<NewRefusedRequest, serde_json::Error>,
        refusal: ServiceError,
    ) -> ServiceError {
        let request = match request {
            Ok(request) => request,
            Err(error) => return attempt.refused(ServiceError::Encode(Arc::new(error))),
        };
        let told = format!("the request is kept in quarantine: {refusal}");
        let entry = attempt.refused_entry(&told);
        match self.quarantine.keep(request, self.settings.quarantine_max, entry).await {
            Ok(true) => {
                attempt.log(AuditOutcome::Refused, &told);
                ServiceError::Unprocessable(told)
            }
            Ok(false) => {
                tracing::warn!(
                    "the quarantine is full: requests that break a rule are refused with an error"
                );
                attempt.refused(refusal)
            }
            Err(error) => attempt.refused(error.into()),
        }
    }

    /// The kept start, if there is one, that a stop without a start time means: one that is newer than any job of the
    /// number that is there. Reads on a thread of its own: those who await this must not block.
    pub(crate) async fn kept_start_meant_by(
        &self,
        end: &JobEnd,
    ) -> Result<Option<RefusedRequest>, ServiceError> {
        let (answer, answered) = oneshot::channel();
        let (quarantine, jobs) = (Arc::clone(&self.quarantine), Arc::clone(&self.jobs));
        let (end, now) = (end.clone(), self.clock.now());
        let job_id = end.job.job_id;
        let read = move || {
            // Nobody listens any more when the request was given up.
            let _ = answer.send(kept_start_in(&*quarantine, &*jobs, &end, now));
        };
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            let what = format!("cannot look for kept requests of job {job_id}");
            PortError::new(PortErrorKind::Unavailable, what, error)
        };
        std::thread::Builder::new()
            .name("flightdeck-quarantine".to_owned())
            .spawn(read)
            .map_err(|error| failed(error.into()))?;
        Ok(answered.await.map_err(|canceled| failed(canceled.into()))??)
    }
}

fn kept_start_in(
    quarantine: &dyn Quarantine,
    jobs: &dyn JobRepository,
    end: &JobEnd,
    now: UnixTime,
) -> Result<Option<RefusedRequest>, PortError> {
    let requests = quarantine.refused_of_job(None, end.job.job_id)?;
    if kept_start_of(&requests, end, None).is_none() {
        return Ok(None);
    }
    let newest = newest_before_end(jobs, end, now)?;
    Ok(kept_start_of(&requests, end, newest.as_ref()).cloned())
}

/// The job that a stop ends if its start is not kept: that which started last of those that fit and began before it.
pub(crate) fn newest_before_end(
    jobs: &dyn JobRepository,
    end: &JobEnd,
    now: UnixTime,
) -> Result<Option<JobKey>, PortError> {
    let filter = JobFilter {
        job_id: Some(end.job.job_id),
        cluster: end.job.cluster.clone(),
        start_time: Some(Range { from: end.job.start_time.map(|time| time.0), to: Some(end.stop_time.0) }),
        ..JobFilter::default()
    };
    let selection = JobSelection {
        visibility: JobVisibility::All,
        tags: TagVisibility { admin_tags: false, username: String::new() },
        filter,
        order: JobOrder::default(),
        now,
    };
    let newest = jobs.list_jobs(&selection, Page { offset: 0, limit: 1 }, false)?;
    Ok(newest.jobs.into_iter().next().map(|job| job.key))
}

/// A kept request as the audit log names it.
pub(crate) fn request_object(id: i64) -> String {
    format!("quarantined request {id}")
}

/// What is said of a request that is not there.
pub(crate) fn not_kept(id: i64) -> ServiceError {
    ServiceError::NotFound(format!("no request {id} is kept in quarantine"))
}

/// The kept start that a stop may belong to: begun before it, and after a job of the same number that is there,
/// if there is one.
pub(crate) fn kept_start_of<'a>(
    requests: &'a [RefusedRequest],
    end: &JobEnd,
    present: Option<&JobKey>,
) -> Option<&'a RefusedRequest> {
    requests.iter().find(|kept| {
        let start = &kept.request;
        let is_newer = present.is_none_or(|present| start.event_time > present.start_time);
        start.kind == RefusedKind::StartJob
            && (end.job.cluster.is_none() || end.job.cluster == start.job.cluster)
            && end.job.start_time.is_none_or(|time| time == start.event_time)
            && start.event_time <= end.stop_time
            && is_newer
    })
}
