//! Brings a kept start or stop in after the cause of its refusal was mended, with its true times.
//!
//! The job is changed first, and the kept request removed after: when the server ends in between, a second retry finds
//! the change made already and removes the request.

use crate::attempt::{Attempt, job_object, match_object};
use crate::field_rules::{check_start, check_stop};
use crate::permission::require;
use crate::quarantine::{newest_before_end, not_kept, request_object};
use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{
    AuditAction, AuditEntry, JobChangeError, JobDbId, JobEnd, JobKey, JobMatch, JobState, KeptRequest,
    PortError, PortErrorKind, RefusedKind, RefusedRequest, Role, StartJobBody, StopJobBody,
};
use futures_executor::block_on;
use serde::de::DeserializeOwned;
use std::fmt;

/// What a kept request brought in. Displays in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryOutcome {
    /// The job that was started, by its number in the database.
    pub started: Option<JobDbId>,
    /// Whether a job was stopped.
    pub stopped: bool,
    /// All that was done or found done already, in words.
    pub summary: String,
}

impl RetryOutcome {
    fn tell(&mut self, what: &str) {
        if !self.summary.is_empty() {
            self.summary.push_str("; ");
        }
        self.summary.push_str(what);
    }
}

impl fmt::Display for RetryOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)
    }
}

/// What became of a stop.
enum Stopped {
    Now(JobKey),
    /// It had been stopped already, at this very time.
    Before(JobKey),
    /// It had been stopped already, at another time.
    Otherwise(String),
}

impl Services {
    /// Tries a kept request again. A start takes the kept stops of its job along. `state` replaces the state that the
    /// stops name: a batch system's word may be one that nobody knows here. What came in, or is found to be in already,
    /// is removed.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `admin`, `NotFound` when there is no such request, Unprocessable when it is still
    /// refused, or its job has ended otherwise: it stays, as does such a stop after its start came in; Port when the
    /// database fails.
    pub fn retry_quarantined(
        &self,
        caller: &Caller,
        id: i64,
        state: Option<JobState>,
    ) -> Result<RetryOutcome, ServiceError> {
        let attempt = self.attempt(caller, AuditAction::RetryQuarantined, request_object(id));
        match self.retry(&attempt, id, state) {
            Ok(outcome) => {
                attempt.with_detail(shown(&outcome.summary).into_owned()).log_done();
                Ok(outcome)
            }
            Err(refusal) => Err(attempt.refused(refusal)),
        }
    }

    fn retry(
        &self,
        attempt: &Attempt<'_>,
        id: i64,
        state: Option<JobState>,
    ) -> Result<RetryOutcome, ServiceError> {
        require(&attempt.caller.principal, Role::Admin)?;
        let kept = self.quarantine.find_refused(id)?.ok_or_else(|| not_kept(id))?;
        let mut outcome = RetryOutcome::default();
        match kept.request.kind {
            RefusedKind::StartJob => self.retry_start(attempt.caller, &kept, state, &mut outcome)?,
            RefusedKind::StopJob => self.retry_stop(attempt.caller, &kept, state, &mut outcome)?,
        }
        let entry = AuditEntry { detail: shown(&outcome.summary).into_owned(), ..attempt.entry() };
        block_on(self.quarantine.remove_refused(id, entry))?;
        Ok(outcome)
    }

    /// Brings a start in, and what is kept of the job's end.
    fn retry_start(
        &self,
        caller: &Caller,
        kept: &RefusedRequest,
        state: Option<JobState>,
        outcome: &mut RetryOutcome,
    ) -> Result<(), ServiceError> {
        let body: StartJobBody = decode(kept)?;
        let checked = check_start(&self.clusters, &body).map_err(|refusal| still_refused(kept, refusal))?;
        let job = checked.into_job(body);
        let key = job.key.clone();
        let object = job_object(&key.cluster, key.job_id, key.start_time.0);
        let attempt = self.attempt(caller, AuditAction::StartJob, object).with_detail(origin_of(kept));
        match block_on(self.changes.start_job(job, attempt.entry())) {
            Ok(id) => {
                attempt.log_done();
                outcome.started = Some(id);
                outcome.tell(&format!("job {key} has started, with the database id {id}"));
            }
            Err(JobChangeError::Duplicate { existing, id }) if existing == key => {
                outcome.tell(&format!("job {key} was started already, with the database id {id}"));
            }
            Err(refusal) => return Err(still_refused(kept, refusal.into())),
        }
        self.retry_stops_of(caller, &key, state, outcome)
    }

    /// Applies the kept stops that belong to a job which came in. The first one decides how the job ended, and the others
    /// are repetitions.
    fn retry_stops_of(
        &self,
        caller: &Caller,
        job: &JobKey,
        state: Option<JobState>,
        outcome: &mut RetryOutcome,
    ) -> Result<(), ServiceError> {
        let requests = self.quarantine.kept_of_job(job.job_id)?;
        let mut is_decided = false;
        for brief in stops_of(&requests, job) {
            let Some(kept) = &self.quarantine.find_refused(brief.id)? else { continue };
            match self.stop_again(caller, kept, Some(exactly(job)), state) {
                Ok(Stopped::Otherwise(how)) if !is_decided => outcome.tell(&format!("its stop stays: {how}")),
                Ok(stopped) => {
                    is_decided = true;
                    outcome.tell_stopped(&stopped);
                    let object = request_object(kept.id);
                    let told = stopped.to_string();
                    let removal =
                        self.attempt(caller, AuditAction::RetryQuarantined, object).with_detail(told);
                    block_on(self.quarantine.remove_refused(kept.id, removal.entry()))?;
                    removal.log_done();
                }
                Err(failure @ ServiceError::Port(_)) => return Err(failure),
                Err(refusal) => outcome.tell(&format!("its stop is refused: {refusal}")),
            }
        }
        Ok(())
    }

    /// Ends the running jobs whose stops came before them, or while their starts were kept. Those that break a rule
    /// stay, without a word. Returns how many were ended.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(crate) fn apply_kept_stops(&self, caller: &Caller, most: u32) -> Result<u64, ServiceError> {
        let mut stopped = 0;
        for id in self.quarantine.kept_stops_of_running_jobs(most)? {
            let Some(kept) = self.quarantine.find_refused(id)? else { continue };
            let is_sound = decode::<StopJobBody>(&kept).is_ok_and(|body| check_stop(&body).is_ok());
            if !is_sound {
                continue;
            }
            let attempt = self.attempt(caller, AuditAction::RetryQuarantined, request_object(id));
            match self.stop_again(caller, &kept, None, None) {
                Ok(Stopped::Otherwise(_)) => {}
                Ok(done) => {
                    let entry = AuditEntry { detail: done.to_string(), ..attempt.entry() };
                    block_on(self.quarantine.remove_refused(id, entry))?;
                    attempt.with_detail(done.to_string()).log_done();
                    stopped += u64::from(matches!(done, Stopped::Now(_)));
                }
                Err(failure @ ServiceError::Port(_)) => return Err(failure),
                // Its own start is still kept, say.
                Err(_still_refused) => {}
            }
        }
        Ok(stopped)
    }

    /// Brings a stop in whose job is there.
    fn retry_stop(
        &self,
        caller: &Caller,
        kept: &RefusedRequest,
        state: Option<JobState>,
        outcome: &mut RetryOutcome,
    ) -> Result<(), ServiceError> {
        let stopped = self.stop_again(caller, kept, None, state)?;
        if let Stopped::Otherwise(how) = &stopped {
            let reason = format!("{how}; drop the request if it is wrong");
            return Err(still_refused(kept, ServiceError::Unprocessable(reason)));
        }
        outcome.tell_stopped(&stopped);
        Ok(())
    }

    /// Ends the job of a kept stop: the given one, or the one that it names.
    fn stop_again(
        &self,
        caller: &Caller,
        kept: &RefusedRequest,
        job: Option<JobMatch>,
        state: Option<JobState>,
    ) -> Result<Stopped, ServiceError> {
        let mut body: StopJobBody = decode(kept)?;
        if let Some(state) = state {
            body.job_state = Some(state.as_str().to_owned());
        }
        let named = check_stop(&body).map_err(|refusal| still_refused(kept, refusal))?;
        let end = match job {
            Some(job) => JobEnd { job, ..named },
            None => self.end_of_its_job(kept, named)?,
        };
        let object = match_object(&end.job);
        let attempt = self.attempt(caller, AuditAction::StopJob, object).with_detail(origin_of(kept));
        let wanted = end.clone();
        match block_on(self.changes.stop_job(end, attempt.entry())) {
            Ok(record) => {
                attempt.log_done();
                self.archiving_signal.raise();
                Ok(Stopped::Now(record.key))
            }
            Err(JobChangeError::NotRunning { job, .. }) => self.compare_ends(&wanted, job),
            Err(refusal) => Err(still_refused(kept, refusal.into())),
        }
    }

    /// Whether a job that has ended already did so when a stop says. What is known is never changed; that the stop says
    /// something else is for somebody to see, and to drop.
    fn compare_ends(&self, wanted: &JobEnd, job: JobKey) -> Result<Stopped, ServiceError> {
        let exactly = JobEnd { job: exactly(&job), ..wanted.clone() };
        let Some(known) = newest_before_end(&*self.jobs, &exactly, self.clock.now())? else {
            return Ok(Stopped::Before(job));
        };
        let ran_s = wanted.stop_time.seconds_since(job.start_time);
        if known.duration_s == ran_s {
            return Ok(Stopped::Before(job));
        }
        Ok(Stopped::Otherwise(format!(
            "job {job} has ended already, otherwise: {} after {} s, not {} after {ran_s} s",
            known.state, known.duration_s, wanted.state
        )))
    }

    /// The stop for exactly the job that it meant when it came: the newest that had started by then, whatever started
    /// since. One whose start is kept has to wait for that.
    fn end_of_its_job(&self, kept: &RefusedRequest, named: JobEnd) -> Result<JobEnd, ServiceError> {
        if let Some(start) = self.quarantine.start_kept_for(&named.job, named.stop_time)? {
            let reason = format!("the start of its job is kept as request {start}: try that first");
            return Err(still_refused(kept, ServiceError::Unprocessable(reason)));
        }
        let newest = newest_before_end(&*self.jobs, &named, self.clock.now())?;
        let Some(record) = newest else { return Ok(named) };
        Ok(JobEnd { job: exactly(&record.key), ..named })
    }
}

/// This job and no other.
fn exactly(job: &JobKey) -> JobMatch {
    JobMatch { job_id: job.job_id, cluster: Some(job.cluster.clone()), start_time: Some(job.start_time) }
}

impl RetryOutcome {
    fn tell_stopped(&mut self, stopped: &Stopped) {
        self.stopped |= matches!(stopped, Stopped::Now(_));
        self.tell(&stopped.to_string());
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(job) => write!(f, "job {job} has been stopped"),
            Self::Before(job) => write!(f, "job {job} had ended already"),
            Self::Otherwise(how) => f.write_str(how),
        }
    }
}

/// The kept stops that belong to a job, in the order in which they came: those after its start, but before the next
/// start of the same number that is kept.
fn stops_of<'a>(requests: &'a [KeptRequest], job: &JobKey) -> Vec<&'a KeptRequest> {
    let starts = requests
        .iter()
        .filter(|kept| kept.kind == RefusedKind::StartJob && kept.job.cluster.as_ref() == Some(&job.cluster));
    let later_starts = starts.map(|kept| kept.event_time).filter(|time| *time > job.start_time);
    let next_start = later_starts.min();
    let belongs = |stop: &&KeptRequest| {
        let is_its_time = stop.event_time >= job.start_time
            && (stop.job.start_time.is_some() || next_start.is_none_or(|next| stop.event_time < next));
        stop.kind == RefusedKind::StopJob
            && stop.job.cluster.as_ref().is_none_or(|cluster| *cluster == job.cluster)
            && stop.job.start_time.is_none_or(|time| time == job.start_time)
            && is_its_time
    };
    let mut stops: Vec<_> = requests.iter().filter(belongs).collect();
    stops.sort_by_key(|kept| kept.id);
    stops
}

fn decode<T: DeserializeOwned>(kept: &RefusedRequest) -> Result<T, PortError> {
    serde_json::from_str(&kept.request.body).map_err(|error| {
        let what = format!("the body of quarantined request {} cannot be understood", kept.id);
        PortError::new(PortErrorKind::Corrupt, what, error)
    })
}

/// What the audit log says of a change that comes from quarantine.
fn origin_of(kept: &RefusedRequest) -> String {
    format!("{}, sent by {}", request_object(kept.id), shown(&kept.request.username))
}

/// Our failures stay what they are; everything else means that the request stays where it is.
fn still_refused(kept: &RefusedRequest, refusal: ServiceError) -> ServiceError {
    match refusal {
        ServiceError::Port(_) | ServiceError::Encode(_) => refusal,
        _ => ServiceError::Unprocessable(format!("request {} stays in quarantine: {refusal}", kept.id)),
    }
}
