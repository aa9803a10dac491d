//! Starts a job.

use crate::attempt::{Attempt, job_object};
use crate::field_rules::{check_start, check_tags, could_be_cluster, is_event_time};
use crate::permission::{require_any_job, require_tag_scope};
use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{
    AuditAction, JobDbId, JobMatch, NewRefusedRequest, Principal, RefusedKind, StartJobBody, TagBody,
    UnixTime,
};

impl Services {
    /// Adds a running job. When this returns the job is on disk, and in every list.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not change any job, or not write one of the tags; Invalid, with the field's name,
    /// for what breaks a rule; Unprocessable for a job that is known already, and for one that broke a rule and is
    /// kept in quarantine; Port when the database fails.
    pub async fn start_job(&self, caller: &Caller, body: StartJobBody) -> Result<JobDbId, ServiceError> {
        let object = job_object(&body.cluster, body.job_id, body.start_time);
        let attempt = self.attempt(caller, AuditAction::StartJob, object);
        if let Err(forbidden) = may_start(&caller.principal, &body.tags) {
            return Err(attempt.refused(forbidden));
        }
        let job = match check_start(&self.clusters, &body) {
            Ok(checked) => checked.into_job(body),
            Err(refusal) => return Err(self.refuse_start(&attempt, &body, refusal).await),
        };
        attempt.settle(self.changes.start_job(job, attempt.entry()).await)
    }

    async fn refuse_start(
        &self,
        attempt: &Attempt<'_>,
        body: &StartJobBody,
        refusal: ServiceError,
    ) -> ServiceError {
        if !self.keeps_refused() || !is_worth_keeping(body) {
            return attempt.refused(refusal);
        }
        let request = serde_json::to_string(body).map(|json| NewRefusedRequest {
            kind: RefusedKind::StartJob,
            job: JobMatch {
                job_id: body.job_id,
                cluster: Some(body.cluster.clone()),
                start_time: Some(UnixTime(body.start_time)),
            },
            event_time: UnixTime(body.start_time),
            received: self.clock.now(),
            username: shown(&attempt.caller.principal.username).into_owned(),
            reason: refusal.to_string(),
            body: json,
        });
        self.keep_refused(attempt, request, refusal).await
    }
}

/// Whether the start names a job that could be brought in one day.
fn is_worth_keeping(body: &StartJobBody) -> bool {
    body.job_id >= 1 && could_be_cluster(&body.cluster) && is_event_time(body.start_time)
}

/// Refuses who may not start a job with these tags, before anything else is looked at: what is forbidden is never kept.
/// Tags that are none are left to the other rules.
fn may_start(principal: &Principal, tags: &[TagBody]) -> Result<(), ServiceError> {
    require_any_job(principal)?;
    let Ok(tags) = check_tags(tags) else { return Ok(()) };
    tags.iter().try_for_each(|tag| require_tag_scope(principal, &tag.scope))
}
