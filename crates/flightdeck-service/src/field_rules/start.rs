//! What a job that starts must be like.

use super::{
    LATEST_TIME, Reason, check_job_id, check_metadata, check_tags, event_time, name, required_name,
    required_word,
};
use crate::shown::shown;
use crate::{ClusterCatalog, ServiceError};
use flightdeck_model::{
    Cluster, JOB_TAGS_MAX, JobKey, MonitoringStatus, NewJob, Resource, Shared, StartJobBody, StartResource,
    Tag, UnixTime,
};
use std::collections::HashSet;

/// What was worked out of a body whose every field is right.
#[derive(Debug)]
pub(crate) struct CheckedStart {
    subcluster: String,
    shared: Shared,
    num_nodes: i32,
    num_hwthreads: i32,
    num_acc: i32,
    smt: i32,
    monitoring_status: MonitoringStatus,
    tags: Vec<Tag>,
}

impl CheckedStart {
    /// The job of the body that was checked.
    pub(crate) fn into_job(self, body: StartJobBody) -> NewJob {
        NewJob {
            key: JobKey { cluster: body.cluster, job_id: body.job_id, start_time: UnixTime(body.start_time) },
            subcluster: self.subcluster,
            user: body.user,
            project: body.project,
            partition: body.partition,
            array_job_id: body.array_job_id,
            num_nodes: self.num_nodes,
            num_hwthreads: self.num_hwthreads,
            num_acc: self.num_acc,
            shared: self.shared,
            smt: self.smt,
            walltime_s: body.walltime.unwrap_or(0),
            requested_memory_mb: body.requested_memory,
            submit_time: UnixTime(body.submit_time),
            monitoring_status: self.monitoring_status,
            resources: body.resources.into_iter().map(resource).collect(),
            meta_data: body.meta_data,
            tags: self.tags,
        }
    }
}

fn resource(body: StartResource) -> Resource {
    let StartResource { hostname, hwthreads, accelerators, configuration } = body;
    Resource { hostname, hwthreads, accelerators, configuration }
}

/// Checks a start.
pub(crate) fn check_start(
    clusters: &ClusterCatalog,
    body: &StartJobBody,
) -> Result<CheckedStart, ServiceError> {
    let text = |field: &'static str, outcome: Result<(), Reason>| {
        outcome.map_err(|reason| ServiceError::invalid(field, reason))
    };
    check_job_id(body.job_id)?;
    text("cluster", required_name(&body.cluster))?;
    event_time("startTime", body.start_time)?;
    text("user", required_word(&body.user))?;
    text("project", name(&body.project))?;
    text("partition", name(&body.partition))?;
    text("subCluster", name(&body.sub_cluster))?;
    number("arrayJobId", body.array_job_id, i64::MAX)?;
    number("requestedMemory", body.requested_memory, i64::MAX)?;
    number("submitTime", body.submit_time, LATEST_TIME)?;
    number("walltime", body.walltime.unwrap_or(0), LATEST_TIME)?;
    let num_nodes = check_nodes(body)?;
    check_metadata(&body.meta_data)?;
    let tags = check_tags(&body.tags)?;
    if tags.len() > JOB_TAGS_MAX {
        let reason = format!("{} are too many: a job can have {JOB_TAGS_MAX}", tags.len());
        return Err(ServiceError::invalid("tags", reason));
    }
    let cluster = clusters.configured(&body.cluster)?;
    Ok(CheckedStart {
        subcluster: subcluster_of(cluster, body)?,
        shared: shared(&body.shared)?,
        num_nodes,
        num_hwthreads: count("numHwthreads", body.num_hwthreads)?,
        num_acc: count("numAcc", body.num_acc)?,
        smt: count("smt", body.smt)?,
        monitoring_status: monitoring_status(body.monitoring_status)?,
        tags,
    })
}

fn number(field: &'static str, value: i64, most: i64) -> Result<(), ServiceError> {
    if (0..=most).contains(&value) {
        return Ok(());
    }
    Err(ServiceError::invalid(field, format!("{value} is not possible: allowed is 0 to {most}")))
}

fn count(field: &'static str, value: i64) -> Result<i32, ServiceError> {
    let in_range = i32::try_from(value).ok().filter(|count| *count >= 0);
    in_range.ok_or_else(|| {
        ServiceError::invalid(field, format!("{value} is not possible: allowed is 0 to {}", i32::MAX))
    })
}

fn shared(word: &str) -> Result<Shared, ServiceError> {
    if word.is_empty() {
        return Ok(Shared::None);
    }
    word.parse().map_err(|_unknown: flightdeck_model::UnknownShared| {
        let reason =
            format!("\"{}\" is not known: allowed are none, single_user and multi_user", shown(word));
        ServiceError::invalid("shared", reason)
    })
}

fn monitoring_status(code: Option<i64>) -> Result<MonitoringStatus, ServiceError> {
    match code {
        None | Some(1) => Ok(MonitoringStatus::RunningOrArchiving),
        Some(0) => Ok(MonitoringStatus::Disabled),
        Some(other) => {
            let reason = format!("{other} is not possible at the start: allowed are 0 and 1");
            Err(ServiceError::invalid("monitoringStatus", reason))
        }
    }
}

/// Checks the nodes and returns how many there are.
fn check_nodes(body: &StartJobBody) -> Result<i32, ServiceError> {
    if body.resources.is_empty() {
        return Err(ServiceError::invalid("resources", "must name at least one node"));
    }
    let num_nodes = count("numNodes", body.num_nodes)?;
    if usize::try_from(num_nodes).ok() != Some(body.resources.len()) {
        let reason = format!("{num_nodes} is not the number of the resources, {}", body.resources.len());
        return Err(ServiceError::invalid("numNodes", reason));
    }
    let has_several = body.resources.len() > 1;
    let mut seen = HashSet::new();
    for (place, resource) in body.resources.iter().enumerate() {
        let invalid =
            |key: &str, reason: Reason| ServiceError::invalid(format!("resources[{place}].{key}"), reason);
        required_word(&resource.hostname).map_err(|reason| invalid("hostname", reason))?;
        name(&resource.configuration).map_err(|reason| invalid("configuration", reason))?;
        for (number, accelerator) in resource.accelerators.iter().enumerate() {
            required_name(accelerator)
                .map_err(|reason| invalid(&format!("accelerators[{number}]"), reason))?;
        }
        if has_several && !seen.insert(resource.hostname.as_str()) {
            return Err(invalid("hostname", "must be named only once"));
        }
    }
    Ok(num_nodes)
}

/// The subcluster that the body names, or that its first host is in. Lists of hosts are often incomplete, hence a
/// subcluster that is named is believed.
fn subcluster_of(cluster: &Cluster, body: &StartJobBody) -> Result<String, ServiceError> {
    if body.sub_cluster.is_empty() {
        let host = body.resources.first().map(|resource| resource.hostname.as_str()).unwrap_or_default();
        let found = cluster.subcluster_of_host(host);
        return found.map(|subcluster| subcluster.name.clone()).ok_or_else(|| {
            let reason = format!(
                "no subcluster is given, and none of \"{}\" has the host \"{}\"",
                cluster.name,
                shown(host)
            );
            ServiceError::invalid("resources[0].hostname", reason)
        });
    }
    let found = cluster.subcluster(&body.sub_cluster);
    found.map(|subcluster| subcluster.name.clone()).ok_or_else(|| {
        let names: Vec<&str> =
            cluster.subclusters.iter().map(|subcluster| subcluster.name.as_str()).collect();
        let reason = format!(
            "cluster \"{}\" has no subcluster \"{}\": it has {}",
            cluster.name,
            shown(&body.sub_cluster),
            names.join(", ")
        );
        ServiceError::invalid("subCluster", reason)
    })
}
