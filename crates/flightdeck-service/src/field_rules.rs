//! What the fields of requests may hold. Pure functions: they know the clusters, but no storage, and change nothing.
//!
//! A refusal names the field as the body has it, with its place in lists: `resources[2].hostname`.

use crate::ServiceError;
use flightdeck_model::{
    JOB_METADATA_BYTES_MAX, JobEnd, JobMatch, JobState, MetaEdit, StopJobBody, Tag, TagBody, UnixTime,
    WhichJob,
};
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;

mod start;
#[cfg(test)]
mod tests;

pub(crate) use start::check_start;

/// Bytes of a name at most.
const NAME_BYTES_MAX: usize = 255;
/// Bytes of a name at most that is part of a file's name: file systems allow 255 with all endings.
const FILE_NAME_BYTES_MAX: usize = 200;
/// Tags in one request at most.
const REQUEST_TAGS_MAX: usize = 1000;
/// Times that a job can start or stop at: up to the end of the year 9999, which milliseconds are beyond.
const EVENT_TIMES: RangeInclusive<i64> = 1..=LATEST_TIME;
/// The end of the year 9999 in Unix seconds.
const LATEST_TIME: i64 = 253_402_300_799;

/// Why a text is refused; it follows the field's name.
type Reason = &'static str;

/// A name that may be empty.
pub(crate) fn name(text: &str) -> Result<(), Reason> {
    if text.len() > NAME_BYTES_MAX {
        return Err("must have at most 255 bytes");
    }
    if text.contains(char::is_control) {
        return Err("must not contain control characters");
    }
    Ok(())
}

/// A name that must be there.
pub(crate) fn required_name(text: &str) -> Result<(), Reason> {
    if text.is_empty() {
        return Err("must not be empty");
    }
    name(text)
}

/// A name of a host or user: without white space.
pub(crate) fn required_word(text: &str) -> Result<(), Reason> {
    required_name(text)?;
    if text.contains(char::is_whitespace) {
        return Err("must not contain white space");
    }
    Ok(())
}

/// A name that becomes part of a path, and must not lead anywhere else.
pub(crate) fn file_name(text: &str) -> Result<(), Reason> {
    required_word(text)?;
    if text.len() > FILE_NAME_BYTES_MAX {
        return Err("must have at most 200 bytes");
    }
    if text.starts_with('.') || text.contains("..") || text.contains(['/', '\\']) {
        return Err("must not begin with a dot nor contain \"..\", / or \\");
    }
    Ok(())
}

/// Whether something can have happened at this time.
pub(crate) fn is_event_time(time: i64) -> bool {
    EVENT_TIMES.contains(&time)
}

fn event_time(field: &'static str, time: i64) -> Result<UnixTime, ServiceError> {
    if is_event_time(time) {
        return Ok(UnixTime(time));
    }
    let reason = format!("{time} is no time in Unix seconds: allowed is 1 to {LATEST_TIME}");
    Err(ServiceError::invalid(field, reason))
}

/// A time before which jobs are deleted. Milliseconds would mean all of them.
pub(crate) fn check_time_limit(time: UnixTime) -> Result<(), ServiceError> {
    if (0..=LATEST_TIME).contains(&time.0) {
        return Ok(());
    }
    let reason = format!("{} is no time in Unix seconds: allowed is 0 to {LATEST_TIME}", time.0);
    Err(ServiceError::invalid("ts", reason))
}

/// Checks which job a request means by the batch system's number.
pub(crate) fn check_match(job: &JobMatch) -> Result<(), ServiceError> {
    check_job_id(job.job_id)?;
    if let Some(cluster) = &job.cluster {
        name(cluster).map_err(|reason| ServiceError::invalid("cluster", reason))?;
    }
    if let Some(UnixTime(start_time)) = job.start_time {
        event_time("startTime", start_time)?;
    }
    Ok(())
}

/// As [`check_match`], for a job that may be meant by its number in the database.
pub(crate) fn check_which(job: &WhichJob) -> Result<(), ServiceError> {
    match job {
        WhichJob::Id(_) => Ok(()),
        WhichJob::Match(job) => check_match(job),
    }
}

fn check_job_id(job_id: i64) -> Result<(), ServiceError> {
    if job_id >= 1 {
        return Ok(());
    }
    Err(ServiceError::invalid("jobId", format!("{job_id} is no number of a job: the smallest is 1")))
}

/// Checks a stop.
pub(crate) fn check_stop(body: &StopJobBody) -> Result<JobEnd, ServiceError> {
    let missing = |field| ServiceError::invalid(field, "must be given");
    let job = stopped_job(body).ok_or_else(|| missing("jobId"))?;
    check_match(&job)?;
    let stop_time = event_time("stopTime", body.stop_time.ok_or_else(|| missing("stopTime"))?)?;
    Ok(JobEnd { job, state: end_state(body.job_state.as_deref())?, stop_time })
}

/// The job that a stop means; `None` without its number.
pub(crate) fn stopped_job(body: &StopJobBody) -> Option<JobMatch> {
    Some(JobMatch {
        job_id: body.job_id?,
        cluster: body.cluster.clone().filter(|cluster| !cluster.is_empty()),
        start_time: body.start_time.map(UnixTime),
    })
}

fn end_state(word: Option<&str>) -> Result<JobState, ServiceError> {
    let Some(word) = word.filter(|word| !word.is_empty()) else { return Ok(JobState::Completed) };
    let final_states = JobState::ALL.into_iter().filter(|state| state.is_final());
    final_states.clone().find(|state| state.as_str() == word).ok_or_else(|| {
        let allowed: Vec<&str> = final_states.map(JobState::as_str).collect();
        let word = crate::shown::shown(word);
        let reason = format!("\"{word}\" is no end of a job: allowed are {}", allowed.join(", "));
        ServiceError::invalid("jobState", reason)
    })
}

/// Checks the tags of a request and returns each once, in the request's order.
pub(crate) fn check_tags(bodies: &[TagBody]) -> Result<Vec<Tag>, ServiceError> {
    if bodies.len() > REQUEST_TAGS_MAX {
        let reason = format!("{} are too many: one request can have {REQUEST_TAGS_MAX}", bodies.len());
        return Err(ServiceError::invalid("tags", reason));
    }
    for (place, body) in bodies.iter().enumerate() {
        let invalid =
            |key: &str, reason: Reason| ServiceError::invalid(format!("tags[{place}].{key}"), reason);
        required_name(&body.tag_type).map_err(|reason| invalid("type", reason))?;
        required_name(&body.name).map_err(|reason| invalid("name", reason))?;
        name(&body.scope).map_err(|reason| invalid("scope", reason))?;
    }
    let mut seen = HashSet::new();
    let tags = bodies.iter().map(tag);
    Ok(tags.filter(|tag| seen.insert(tag.clone())).collect())
}

/// The tag that a body names; no scope means everybody.
fn tag(body: &TagBody) -> Tag {
    let scope = if body.scope.is_empty() { "global" } else { &body.scope };
    Tag { id: 0, tag_type: body.tag_type.clone(), name: body.name.clone(), scope: scope.to_owned() }
}

/// Checks a job's metadata as a whole.
fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), ServiceError> {
    let bytes: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > JOB_METADATA_BYTES_MAX {
        let reason = format!("{bytes} bytes are too many: allowed are {JOB_METADATA_BYTES_MAX}");
        return Err(ServiceError::invalid("metaData", reason));
    }
    for (key, value) in metadata {
        required_name(key).map_err(|reason| ServiceError::invalid("metaData", format!("a key {reason}")))?;
        if value.contains('\0') {
            return Err(ServiceError::invalid(format!("metaData.{key}"), "must not contain NUL"));
        }
    }
    Ok(())
}

/// Checks a change of one text of a job's metadata.
pub(crate) fn check_edit(edit: &MetaEdit) -> Result<(), ServiceError> {
    required_name(&edit.key).map_err(|reason| ServiceError::invalid("key", reason))?;
    if edit.value.contains('\0') {
        return Err(ServiceError::invalid("value", "must not contain NUL"));
    }
    if edit.key.len() + edit.value.len() > JOB_METADATA_BYTES_MAX {
        let reason = format!("must have less than {JOB_METADATA_BYTES_MAX} bytes");
        return Err(ServiceError::invalid("value", reason));
    }
    Ok(())
}

/// Whether a cluster of this name could be configured one day.
pub(crate) fn could_be_cluster(text: &str) -> bool {
    required_name(text).is_ok()
}
