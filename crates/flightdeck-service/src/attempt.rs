//! One change under way: who wants what done to what, and how its outcome gets into the audit log.
//!
//! A change that is made carries its entry into the port, so that both are on disk or neither. One that is not made
//! is recorded on its own, and nobody waits for that.

use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::with_causes;
use flightdeck_model::{AuditAction, AuditEntry, AuditOutcome, JobMatch, UnixTime, WhichJob};

/// One change that somebody wants made.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    services: &'a Services,
    pub(crate) caller: &'a Caller,
    action: AuditAction,
    object: String,
    detail: String,
}

impl Services {
    /// Begins a change of an object, which is named as the audit log shows it.
    pub(crate) fn attempt<'a>(
        &'a self,
        caller: &'a Caller,
        action: AuditAction,
        object: String,
    ) -> Attempt<'a> {
        Attempt { services: self, caller, action, object, detail: String::new() }
    }
}

impl Attempt<'_> {
    /// The same with a word on what is to be changed.
    pub(crate) fn with_detail(mut self, detail: String) -> Self {
        self.detail = detail;
        self
    }

    /// The entry that goes with the change.
    pub(crate) fn entry(&self) -> AuditEntry {
        self.entry_of(AuditOutcome::Done, self.detail.clone())
    }

    /// The entry that goes with something else that is done because the change was refused.
    pub(crate) fn refused_entry(&self, reason: &str) -> AuditEntry {
        self.entry_of(AuditOutcome::Refused, shown(reason).into_owned())
    }

    fn entry_of(&self, outcome: AuditOutcome, detail: String) -> AuditEntry {
        AuditEntry {
            time: self.services.clock.now(),
            origin: self.caller.origin(),
            action: self.action,
            object: self.object.clone(),
            outcome,
            detail,
        }
    }

    /// Passes on what came of the change. One that was made is logged; one that was not is recorded as well.
    pub(crate) fn settle<T, E: Into<ServiceError>>(&self, outcome: Result<T, E>) -> Result<T, ServiceError> {
        match outcome {
            Ok(answer) => {
                self.log_done();
                Ok(answer)
            }
            Err(error) => Err(self.refused(error.into())),
        }
    }

    /// Records and logs that the change was not made, and passes on why.
    pub(crate) fn refused(&self, error: ServiceError) -> ServiceError {
        let outcome = match &error {
            ServiceError::Port(_) | ServiceError::Encode(_) => AuditOutcome::Failed,
            ServiceError::NotFound(_)
            | ServiceError::Forbidden(_)
            | ServiceError::Invalid { .. }
            | ServiceError::Unprocessable(_)
            | ServiceError::Unavailable(_) => AuditOutcome::Refused,
        };
        let reason = with_causes(&error);
        let reason = shown(&reason);
        self.log(outcome, &reason);
        // Begun by the call. Its end is not waited for: the asker is answered the same whatever comes of it.
        drop(self.services.audit.record(self.entry_of(outcome, reason.into_owned())));
        error
    }

    /// Logs a change that was made and could not take its entry along, and records it: it is done when this is.
    ///
    /// # Errors
    ///
    /// Port when it could not be recorded. The change is made all the same; making it again does no harm.
    pub(crate) async fn made(&self) -> Result<(), ServiceError> {
        self.log_done();
        Ok(self.services.audit.record(self.entry()).await?)
    }

    /// Logs that the change was made.
    pub(crate) fn log_done(&self) {
        self.log(AuditOutcome::Done, &self.detail);
    }

    /// Logs the outcome.
    pub(crate) fn log(&self, outcome: AuditOutcome, detail: &str) {
        tracing::info!(
            target: "audit",
            username = &*shown(&self.caller.principal.username),
            address = &*shown(&self.caller.address),
            request_id = &*shown(&self.caller.request_id),
            action = self.action.as_str(),
            object = self.object,
            outcome = outcome.as_str(),
            detail,
        );
    }
}

/// A job as the audit log names it.
pub(crate) fn job_object(cluster: &str, job_id: i64, start_time: i64) -> String {
    format!("{}/{job_id}/{start_time}", shown(cluster))
}

/// The job that is meant, as the audit log names it.
pub(crate) fn match_object(job: &JobMatch) -> String {
    let JobMatch { job_id, cluster, start_time } = job;
    match (cluster, start_time) {
        (Some(cluster), Some(UnixTime(start_time))) => job_object(cluster, *job_id, *start_time),
        (Some(cluster), None) => format!("{}/{job_id}", shown(cluster)),
        (None, Some(UnixTime(start_time))) => format!("job {job_id} started at {start_time}"),
        (None, None) => format!("job {job_id}"),
    }
}

/// As [`match_object`], for a job that may be meant by its number in the database.
pub(crate) fn which_object(job: &WhichJob) -> String {
    match job {
        WhichJob::Id(id) => format!("job id {id}"),
        WhichJob::Match(job) => match_object(job),
    }
}
