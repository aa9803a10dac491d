//! The query string of the job list.

use super::pairs::{QueryPairs, flag, quoted, whole_number};
use super::range::{range, time_window};
use crate::error::ApiError;
use flightdeck_model::{JobFilter, JobOrder, JobState, SortKey, TagFilter};
use flightdeck_service::ListJobs;
use std::collections::BTreeSet;

/// Parameters that may be given more than once.
const REPEATABLE: [&str; 2] = ["state", "tag"];
/// Parameters of which the first value counts, as clients of this API rely on.
const FIRST_COUNTS: [&str; 6] =
    ["cluster", "project", "start-time", "page", "items-per-page", "with-metadata"];
/// Tags that a job can be asked to carry; each costs a look-up.
const TAGS_MAX: usize = 16;
const KNOWN: &str = "state, cluster, project, start-time, page, items-per-page, with-metadata, user, job-id, \
                     array-job-id, partition, subcluster, tag, node, num-nodes, duration, energy and sort";

/// The query string of the job list, read.
#[derive(Debug)]
pub(crate) struct JobListQuery(pub(crate) ListJobs);

impl JobListQuery {
    /// Reads the pairs; the first wrong one is refused by name. `usual_items` is the length of a page where none
    /// is given.
    pub(crate) fn read(pairs: &QueryPairs<'_>, usual_items: u64) -> Result<Self, ApiError> {
        let mut request = ListJobs { items_per_page: usual_items, ..ListJobs::default() };
        let mut seen = BTreeSet::new();
        for (key, value) in pairs.iter() {
            let repeated = !seen.insert(key);
            if repeated && FIRST_COUNTS.contains(&key) {
                continue;
            }
            if repeated && !REPEATABLE.contains(&key) {
                return Err(ApiError::invalid(key, "is given more than once"));
            }
            apply(&mut request, key, value)?;
        }
        Ok(Self(request))
    }
}

fn apply(request: &mut ListJobs, key: &str, value: &str) -> Result<(), ApiError> {
    match key {
        "page" => request.page = positive(key, value)?,
        "items-per-page" => request.items_per_page = positive(key, value)?,
        "with-metadata" => request.with_metadata = flag(key, value)?,
        "sort" => request.order = order(value)?,
        _ => condition(&mut request.filter, key, value)?,
    }
    Ok(())
}

fn condition(filter: &mut JobFilter, key: &str, value: &str) -> Result<(), ApiError> {
    match key {
        "state" => {
            let state =
                value.parse::<JobState>().map_err(|error| ApiError::invalid(key, error.to_string()))?;
            if !filter.states.contains(&state) {
                filter.states.push(state);
            }
        }
        "cluster" => filter.cluster = Some(value.to_owned()),
        "project" => filter.project = Some(value.to_owned()),
        "start-time" => filter.start_time = Some(time_window(key, value)?),
        "user" => filter.user = Some(name(key, value)?),
        "partition" => filter.partition = Some(name(key, value)?),
        "subcluster" => filter.subcluster = Some(name(key, value)?),
        "node" => filter.node = Some(name(key, value)?),
        "job-id" => filter.job_id = Some(whole_number(key, value, 0, i64::MAX)?),
        "array-job-id" => filter.array_job_id = Some(whole_number(key, value, 1, i64::MAX)?),
        "num-nodes" => filter.num_nodes = Some(range(key, value, |_| true)?),
        "duration" => filter.duration_s = Some(range(key, value, |_| true)?),
        "energy" => filter.energy_kwh = Some(range(key, value, f64::is_finite)?),
        "tag" if filter.tags.len() >= TAGS_MAX => {
            return Err(ApiError::invalid(key, format!("is given more than {TAGS_MAX} times")));
        }
        "tag" => filter.tags.push(tag(key, value)?),
        _ => {
            let reason = format!("is not a parameter of this route: allowed are {KNOWN}");
            return Err(ApiError::invalid(quoted(key), reason));
        }
    }
    Ok(())
}

fn positive(key: &str, value: &str) -> Result<u64, ApiError> {
    whole_number(key, value, 1, i64::MAX).map(i64::unsigned_abs)
}

fn name(key: &str, value: &str) -> Result<String, ApiError> {
    if value.is_empty() {
        return Err(ApiError::invalid(key, "is empty"));
    }
    Ok(value.to_owned())
}

/// Reads `type:name`, or a name alone for a tag of any type.
fn tag(key: &str, value: &str) -> Result<TagFilter, ApiError> {
    let (tag_type, tag_name) = match value.split_once(':') {
        Some((tag_type, tag_name)) => (Some(name(key, tag_type)?), tag_name),
        None => (None, value),
    };
    Ok(TagFilter { tag_type, name: name(key, tag_name)? })
}

/// Reads a sort key with or without the `-` for descending. Footprint keys are checked by the use case, which
/// knows the clusters.
fn order(value: &str) -> Result<JobOrder, ApiError> {
    let (descending, word) = match value.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, value),
    };
    let key = match word {
        "start-time" => SortKey::StartTime,
        "duration" => SortKey::Duration,
        "num-nodes" => SortKey::NumNodes,
        "energy" => SortKey::Energy,
        "" => return Err(ApiError::invalid("sort", "is empty")),
        footprint => SortKey::Footprint(footprint.to_owned()),
    };
    Ok(JobOrder { key, descending })
}
