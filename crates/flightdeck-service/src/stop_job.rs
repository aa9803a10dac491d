//! Ends a job.

use crate::attempt::{Attempt, match_object};
use crate::field_rules::{check_stop, could_be_cluster, is_event_time, stopped_job};
use crate::permission::require_any_job;
use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{
    AuditAction, JobChangeError, JobMatch, JobRecord, NewRefusedRequest, RefusedKind, StopJobBody, UnixTime,
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
        if !self.keeps_refused() {
            return self.stopped(&attempt, self.changes.stop_job(end, attempt.entry()).await);
        }
        match self.changes.stop_job_unless_start_is_kept(end, attempt.entry()).await {
            Err(refusal) if is_for_a_job_to_come(&refusal) => {
                Err(self.refuse_stop(&attempt, &body, named, refusal.into()).await)
            }
            outcome => self.stopped(&attempt, outcome),
        }
    }

    fn stopped(
        &self,
        attempt: &Attempt<'_>,
        outcome: Result<JobRecord, JobChangeError>,
    ) -> Result<JobRecord, ServiceError> {
        let stopped = attempt.settle(outcome)?;
        self.archiving_signal.raise();
        Ok(stopped)
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

/// Whether a stop that was refused may belong to a job whose start is still to come.
fn is_for_a_job_to_come(refusal: &JobChangeError) -> bool {
    matches!(
        refusal,
        JobChangeError::NotFound | JobChangeError::StopBeforeStart { .. } | JobChangeError::StartKept { .. }
    )
}

/// Whether the stop names a job that could be there one day.
fn is_worth_keeping(job: &JobMatch) -> bool {
    job.job_id >= 1 && job.cluster.as_deref().is_none_or(could_be_cluster)
}
