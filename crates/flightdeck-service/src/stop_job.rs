//! Ends a job.

use crate::attempt::{Attempt, match_object};
use crate::field_rules::{check_stop, could_be_cluster, is_event_time, stopped_job};
use crate::permission::require_any_job;
use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{
    AuditAction, JobChangeError, JobEnd, JobKey, JobMatch, JobRecord, NewRefusedRequest, RefusedKind,
    StopJobBody, UnixTime,
};

impl Services {
    /// Ends the running job that fits and started last, and returns it as it is then, without its tags and metadata.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not change any job; Invalid, with the field's name, for what breaks a rule;
    /// `NotFound` when there is no such job; Unprocessable when it has ended already, or the stop broke a rule and is
    /// kept in quarantine; Port when the database fails.
    pub async fn stop_job(&self, caller: &Caller, body: StopJobBody) -> Result<JobRecord, ServiceError> {
        let named = stopped_job(&body);
        let object = named.as_ref().map_or_else(|| "job without a number".to_owned(), match_object);
        let attempt = self.attempt(caller, AuditAction::StopJob, object);
        if let Err(forbidden) = require_any_job(&caller.principal) {
            return Err(attempt.refused(forbidden));
        }
        let end = match check_stop(&body) {
            Ok(end) => end,
            Err(refusal) => return Err(self.refuse_stop(&attempt, &body, named, refusal).await),
        };
        match self.changes.stop_job(end.clone(), attempt.entry()).await {
            Err(refusal) if self.keeps_refused() => match self.is_for_a_job_to_come(&end, &refusal).await {
                Ok(true) => Err(self.refuse_stop(&attempt, &body, named, refusal.into()).await),
                Ok(false) => Err(attempt.refused(refusal.into())),
                Err(failure) => Err(attempt.refused(failure)),
            },
            outcome => attempt.settle(outcome),
        }
    }

    /// Whether a stop that was refused may belong to a job whose start was refused, or is still to come.
    async fn is_for_a_job_to_come(
        &self,
        end: &JobEnd,
        refusal: &JobChangeError,
    ) -> Result<bool, ServiceError> {
        match refusal {
            JobChangeError::NotFound | JobChangeError::StopBeforeStart { .. } => Ok(true),
            // An older job of the same number, perhaps: its number was used again.
            JobChangeError::NotRunning { job, .. } => self.has_kept_start_after(end, job).await,
            JobChangeError::Duplicate { .. }
            | JobChangeError::TooManyTags { .. }
            | JobChangeError::MetadataTooLarge { .. }
            | JobChangeError::Port(_) => Ok(false),
        }
    }

    async fn has_kept_start_after(&self, end: &JobEnd, ended: &JobKey) -> Result<bool, ServiceError> {
        let requests = self.kept_requests_of(end.job.job_id).await?;
        Ok(crate::quarantine::kept_start_of(&requests, end, Some(ended)).is_some())
    }

    async fn refuse_stop(
        &self,
        attempt: &Attempt<'_>,
        body: &StopJobBody,
        named: Option<JobMatch>,
        refusal: ServiceError,
    ) -> ServiceError {
        let kept = named.filter(|_| self.keeps_refused()).filter(is_worth_keeping);
        let (Some(job), Some(stop_time)) = (kept, body.stop_time.filter(|time| is_event_time(*time))) else {
            return attempt.refused(refusal);
        };
        let request = serde_json::to_string(body).map(|json| NewRefusedRequest {
            kind: RefusedKind::StopJob,
            job,
            event_time: UnixTime(stop_time),
            received: self.clock.now(),
            username: shown(&attempt.caller.principal.username).into_owned(),
            reason: refusal.to_string(),
            body: json,
        });
        self.keep_refused(attempt, request, refusal).await
    }
}

/// Whether the stop names a job that could be there one day.
fn is_worth_keeping(job: &JobMatch) -> bool {
    job.job_id >= 1 && job.cluster.as_deref().is_none_or(could_be_cluster)
}
