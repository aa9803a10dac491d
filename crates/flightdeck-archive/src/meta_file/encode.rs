//! From a finished job to the text of its meta.json: the keys that the importers of the field know, and no others, since
//! one of them refuses a file for a key that it does not know.

use flightdeck_model::{
    FinishedJob, JobMeta, JobState, JobStatistics, MonitoringStatus, Resource, Shared, Tag, UnixTime,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Encodes a job as one line.
pub(super) fn finished_job(job: &FinishedJob) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = serde_json::to_vec(&ArchivedJob::from(job))?;
    json.push(b'\n');
    Ok(json)
}

/// A tag as the archives of the field have it.
#[derive(Serialize)]
pub(super) struct ArchivedTag<'a> {
    #[serde(rename = "type")]
    tag_type: &'a str,
    name: &'a str,
    scope: &'a str,
    // The number is that of another database.
    id: i64,
}

impl<'a> From<&'a Tag> for ArchivedTag<'a> {
    fn from(Tag { id: _, tag_type, name, scope }: &'a Tag) -> Self {
        Self { tag_type, name, scope, id: 0 }
    }
}

/// A job as the archives of the field have it, key by key: what is added to [`JobMeta`] does not get into the files by
/// itself. What is absent here when it is empty is absent in the files of the reference as well.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArchivedJob<'a> {
    cluster: &'a str,
    sub_cluster: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    partition: &'a str,
    project: &'a str,
    user: &'a str,
    shared: Shared,
    job_state: JobState,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<ArchivedTag<'a>>,
    resources: &'a [Resource],
    energy_footprint: BTreeMap<&'a str, f64>,
    footprint: BTreeMap<&'a str, f64>,
    // Never null: the reference stumbles over that when it adds a text.
    meta_data: &'a BTreeMap<String, String>,
    concurrent_jobs: NoConcurrentJobs,
    energy: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    array_job_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    walltime: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_memory: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submit_time: Option<i64>,
    job_id: i64,
    duration: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    smt: Option<i32>,
    monitoring_status: i16,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_acc: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_hwthreads: Option<i32>,
    num_nodes: i32,
    statistics: BTreeMap<&'a str, &'a JobStatistics>,
    start_time: i64,
}

/// The files of the field have this of every job; which jobs ran at the same time is asked of the database.
#[derive(Serialize)]
struct NoConcurrentJobs {
    items: Option<[(); 0]>,
    count: i32,
}

impl<'a> From<&'a FinishedJob> for ArchivedJob<'a> {
    fn from(job: &'a FinishedJob) -> Self {
        let FinishedJob { meta, energy_kwh, energy_footprint_kwh, footprint } = job;
        // Without `..`: a new member of the model has to be decided on here.
        let JobMeta {
            job_id,
            cluster,
            sub_cluster,
            user,
            project,
            partition,
            array_job_id,
            num_nodes,
            num_hwthreads,
            num_acc,
            shared,
            smt,
            walltime,
            requested_memory,
            submit_time: UnixTime(submit_time_s),
            start_time: UnixTime(start_time_s),
            duration,
            job_state,
            resources,
            meta_data,
            tags,
            statistics,
        } = meta;
        Self {
            cluster,
            sub_cluster,
            partition,
            project,
            user,
            shared: *shared,
            job_state: *job_state,
            tags: tags.iter().map(ArchivedTag::from).collect(),
            resources,
            energy_footprint: finite_or_zero(energy_footprint_kwh),
            footprint: finite_or_zero(footprint),
            meta_data,
            concurrent_jobs: NoConcurrentJobs { items: None, count: 0 },
            energy: if energy_kwh.is_finite() { *energy_kwh } else { 0.0 },
            array_job_id: unless_zero(*array_job_id),
            walltime: unless_zero(*walltime),
            requested_memory: unless_zero(*requested_memory),
            submit_time: unless_zero(*submit_time_s),
            job_id: *job_id,
            duration: *duration,
            smt: unless_zero(*smt),
            monitoring_status: MonitoringStatus::Archived.code(),
            num_acc: unless_zero(*num_acc),
            num_hwthreads: unless_zero(*num_hwthreads),
            num_nodes: *num_nodes,
            statistics: with_value(statistics),
            start_time: *start_time_s,
        }
    }
}

fn unless_zero<T: Default + PartialEq>(number: T) -> Option<T> {
    (number != T::default()).then_some(number)
}

/// The files have no sign for "no value" that every reader understands; 0 is what the reference writes.
fn finite_or_zero(values: &BTreeMap<String, f64>) -> BTreeMap<&str, f64> {
    values.iter().map(|(key, value)| (key.as_str(), if value.is_finite() { *value } else { 0.0 })).collect()
}

/// The statistics that have values. A metric without them is one that was not measured: absent, as in the files of
/// the reference, rather than 0, which would be a measurement.
fn with_value(statistics: &BTreeMap<String, JobStatistics>) -> BTreeMap<&str, &JobStatistics> {
    let has_value = |it: &JobStatistics| [it.avg, it.min, it.max].into_iter().all(f64::is_finite);
    let measured = statistics.iter().filter(|(_, it)| has_value(it));
    measured.map(|(metric, it)| (metric.as_str(), it)).collect()
}
