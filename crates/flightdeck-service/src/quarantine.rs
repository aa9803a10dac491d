//! Keeps starts and stops that break a rule, lists them and drops them.
//!
//! A client that sends its requests in order stops at the first one that is refused with an error, and holds back all
//! later ones. What is kept is answered in the way that lets such a client go on.

use crate::attempt::Attempt;
use crate::permission::require;
use crate::{Caller, RefusedJobs, ServiceError, Services};
use flightdeck_model::{
    AuditAction, AuditOutcome, JobEnd, JobFilter, JobOrder, JobRecord, JobRepository, JobSelection,
    JobVisibility, Keeping, NewRefusedRequest, Page, PortError, Principal, QuarantinePage, Range, Role,
    TagVisibility, UnixTime,
};
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

    /// Keeps a request that was refused, and returns what its sender is told: that it is kept, or that what it tells is
    /// known. When there is no room for it that is the plain refusal.
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
        match self.quarantine.keep(request, self.settings.quarantine_room, entry).await {
            Ok(Keeping::Kept) => {
                attempt.log(AuditOutcome::Refused, &told);
                ServiceError::Unprocessable(told)
            }
            Ok(Keeping::Known(known)) => attempt.refused(known.into()),
            Ok(Keeping::Full) => {
                tracing::warn!(
                    "the quarantine is full: requests that break a rule are refused with an error"
                );
                attempt.refused(refusal)
            }
            Err(error) => attempt.refused(error.into()),
        }
    }
}

/// The job that a stop ends if its start is not kept: that which started last of those that fit and began before it.
pub(crate) fn newest_before_end(
    jobs: &dyn JobRepository,
    end: &JobEnd,
    now: UnixTime,
) -> Result<Option<JobRecord>, PortError> {
    let filter = JobFilter {
        job_id: Some(end.job.job_id),
        cluster: end.job.cluster.clone(),
        start_time: Some(Range {
            from: end.job.start_time.map(|time| time.0),
            to: Some(end.job.start_time.map_or(end.stop_time.0, |time| time.0.min(end.stop_time.0))),
        }),
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
    Ok(newest.jobs.into_iter().next())
}

/// A kept request as the audit log names it.
pub(crate) fn request_object(id: i64) -> String {
    format!("quarantined request {id}")
}

/// What is said of a request that is not there.
pub(crate) fn not_kept(id: i64) -> ServiceError {
    ServiceError::NotFound(format!("no request {id} is kept in quarantine"))
}
