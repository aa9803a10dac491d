//! What a row of the reference says of a job, checked as a started job is.

use super::TakenJob;
use crate::copy::rows::JobRow;
use crate::reference::tables::ReferenceJob;
use crate::reference::values::{
    BrokenRule, COUNTS, Cell, EVENT_TIMES, EVENT_TIMES_OR_UNKNOWN, LARGE_COUNTS, check_name, check_word,
    cluster_name, integer, json, name, small_integer, to_json, word,
};
use flightdeck_model::{JOB_METADATA_BYTES_MAX, JobState, MonitoringStatus, Resource, Shared};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::str::FromStr;

/// The job, without tags.
pub(super) fn job_of(row: ReferenceJob) -> Result<TakenJob, BrokenRule> {
    let state: JobState = parsed("job_state", row.job_state)?;
    let shared: Shared = parsed("shared", row.shared)?;
    let resources = resources_of(row.resources)?;
    let last_known_s = integer("duration", row.duration, LARGE_COUNTS)?;
    let taken = JobRow {
        id: 0,
        job_id: integer("job_id", row.job_id, 1..=i64::MAX)?,
        cluster: cluster_name(row.cluster)?,
        subcluster: name("subcluster", row.subcluster)?,
        submit_time: integer("submit_time", row.submit_time, EVENT_TIMES_OR_UNKNOWN)?,
        start_time: integer("start_time", row.start_time, EVENT_TIMES)?,
        hpc_user: word("hpc_user", row.hpc_user)?,
        project: name("project", row.project)?,
        cluster_partition: name("cluster_partition", row.cluster_partition)?,
        array_job_id: integer("array_job_id", row.array_job_id, LARGE_COUNTS)?,
        // That of a running job is computed from the time at hand.
        duration: if state == JobState::Running { 0 } else { last_known_s },
        walltime: integer("walltime", row.walltime, LARGE_COUNTS)?,
        requested_memory: 0,
        job_state: state.as_str().to_owned(),
        num_nodes: integer("num_nodes", row.num_nodes, 1..=*COUNTS.end())?,
        num_hwthreads: small_integer("num_hwthreads", row.num_hwthreads)?,
        num_acc: small_integer("num_acc", row.num_acc)?,
        smt: small_integer("smt", row.smt)?,
        shared: shared.as_str().to_owned(),
        monitoring_status: monitoring_status_of(row.monitoring_status)?.code(),
        energy: energy_of(row.energy, row.energy_text)?,
        archive_fingerprint: None,
        footprint: numbers_by_name("footprint", row.footprint)?,
        energy_footprint: numbers_by_name("energy_footprint", row.energy_footprint)?,
        resources: to_json("resources", &resources)?,
        statistics: None,
        meta_data: metadata_of(row.meta_data)?,
        missing: None,
    };
    let hosts = resources.into_iter().map(|resource| resource.hostname).collect();
    Ok(TakenJob { state, hosts, tags: Vec::new(), row: taken })
}

fn parsed<T: FromStr<Err: Display>>(column: &'static str, cell: Cell) -> Result<T, BrokenRule> {
    name(column, cell)?.parse().map_err(|error| BrokenRule::new(column, error))
}

fn monitoring_status_of(cell: Cell) -> Result<MonitoringStatus, BrokenRule> {
    let column = "monitoring_status";
    let code =
        i16::try_from(integer(column, cell, COUNTS)?).map_err(|error| BrokenRule::new(column, error))?;
    let unknown = || BrokenRule::new(column, format_args!("{code} is not 0 to 3"));
    MonitoringStatus::from_code(code).ok_or_else(unknown)
}

fn energy_of(energy_kwh: Option<f64>, text: Cell) -> Result<f64, BrokenRule> {
    let Some(energy_kwh) = energy_kwh else { return Ok(0.0) };
    let is_number = name("energy", text)?.parse::<f64>().is_ok_and(f64::is_finite);
    if is_number { Ok(energy_kwh) } else { Err(BrokenRule::new("energy", "is no number")) }
}

fn resources_of(cell: Cell) -> Result<Vec<Resource>, BrokenRule> {
    let column = "resources";
    let resources: Vec<Resource> = json(column, cell)?.unwrap_or_default();
    if resources.is_empty() {
        return Err(BrokenRule::new(column, "names no host"));
    }
    let mut seen = HashSet::new();
    for resource in &resources {
        check_word(column, &resource.hostname)?;
        if !seen.insert(resource.hostname.as_str()) {
            return Err(BrokenRule::new(column, format_args!("names {} twice", resource.hostname)));
        }
        check_name(column, &resource.configuration)?;
        resource.accelerators.iter().try_for_each(|accelerator| check_name(column, accelerator))?;
    }
    Ok(resources)
}

/// Footprints are `null` until something is known; they are left out when they are empty.
fn numbers_by_name(column: &'static str, cell: Cell) -> Result<Option<String>, BrokenRule> {
    let numbers: BTreeMap<String, f64> = json(column, cell)?.unwrap_or_default();
    numbers.keys().try_for_each(|key| check_name(column, key))?;
    if numbers.is_empty() { Ok(None) } else { to_json(column, &numbers).map(Some) }
}

fn metadata_of(cell: Cell) -> Result<Option<String>, BrokenRule> {
    let column = "meta_data";
    let texts: BTreeMap<String, String> = json(column, cell)?.unwrap_or_default();
    let bytes: usize = texts.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > JOB_METADATA_BYTES_MAX {
        return Err(BrokenRule::new(
            column,
            format_args!("has {bytes} bytes, allowed are {JOB_METADATA_BYTES_MAX}"),
        ));
    }
    for (key, value) in &texts {
        check_name(column, key)?;
        if key.is_empty() || value.contains('\0') {
            return Err(BrokenRule::new(column, "has a key without a name, or a text with NUL"));
        }
    }
    if texts.is_empty() { Ok(None) } else { to_json(column, &texts).map(Some) }
}
