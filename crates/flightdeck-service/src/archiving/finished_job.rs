//! What the archive and the database are told of a job that has ended.

use super::Failure;
use crate::ServiceError;
use crate::archived_data::{archived_scopes, job_statistics};
use crate::live_data::{HeldValues, JobPlace};
use flightdeck_model::{
    FinishedJob, JobData, JobLabels, JobMeta, JobRecord, JobStatistics, MetricConfig, MetricScope,
    MetricSource, MissingSamples, Resource, SubCluster, TimeSpan, job_energy, job_footprint,
};
use std::collections::BTreeMap;

/// A job's samples as they are archived.
pub(super) struct LoadedJob<'a> {
    subcluster: &'a SubCluster,
    resources: Vec<Resource>,
    data: JobData,
    statistics: BTreeMap<String, JobStatistics>,
    missing: Vec<MissingSamples>,
}

impl<'a> LoadedJob<'a> {
    /// Reads all metrics of the job's subcluster, a few at a time: only what is archived of them is held.
    ///
    /// # Errors
    ///
    /// Unprocessable when that is too much, Port when the store fails.
    pub(super) fn read(
        source: &dyn MetricSource,
        cluster: &str,
        subcluster: &'a SubCluster,
        resources: Vec<Resource>,
        span: TimeSpan,
    ) -> Result<Self, ServiceError> {
        let place = JobPlace { cluster, subcluster, resources: &resources };
        let metrics: Vec<&MetricConfig> = subcluster.metrics.iter().collect();
        let mut data = JobData::new();
        let mut statistics = BTreeMap::new();
        let mut missing = Vec::new();
        let mut held = HeldValues::default();
        for batch in place.batches(&metrics, span) {
            let live = place.load(source, &batch, span)?;
            missing.extend(live.missing);
            for (name, scopes) in live.data {
                let Some(config) = subcluster.metric(&name) else { continue };
                let Some((from, samples)) = scopes.into_iter().next() else { continue };
                let archived = archived_scopes(samples, from, config, &place);
                archived.values().try_for_each(|metric| held.add(metric))?;
                let node = archived.get(&MetricScope::Node);
                if let Some(found) = node.and_then(|metric| job_statistics(metric, &config.unit)) {
                    statistics.insert(name.clone(), found);
                }
                data.insert(name, archived);
            }
        }
        missing.sort_by(|one, other| one.metric.cmp(&other.metric));
        Ok(Self { subcluster, resources, data, statistics, missing })
    }
}

/// A job as its files have it, and what is not in them.
pub(super) struct Finished {
    pub(super) job: FinishedJob,
    pub(super) data: JobData,
    pub(super) missing: Vec<MissingSamples>,
}

/// Puts together what is known of a job.
pub(super) fn finished(
    record: &JobRecord,
    labels: &JobLabels,
    loaded: LoadedJob<'_>,
) -> Result<Finished, Failure> {
    let LoadedJob { subcluster, resources, data, statistics, missing } = loaded;
    let duration = i32::try_from(record.duration_s).map_err(|_too_long| {
        Failure(format!("the job ran for {} s, which is too long", record.duration_s))
    })?;
    let footprint = job_footprint(subcluster, &statistics);
    let energy = job_energy(subcluster, &statistics, record.num_nodes, record.duration_s);
    let meta = JobMeta {
        job_id: record.key.job_id,
        cluster: record.key.cluster.clone(),
        sub_cluster: record.subcluster.clone(),
        user: record.user.clone(),
        project: record.project.clone(),
        partition: record.partition.clone(),
        array_job_id: record.array_job_id,
        num_nodes: record.num_nodes,
        num_hwthreads: record.num_hwthreads,
        num_acc: record.num_acc,
        shared: record.shared,
        smt: record.smt,
        walltime: record.walltime_s,
        requested_memory: record.requested_memory_mb,
        submit_time: record.submit_time,
        start_time: record.key.start_time,
        duration,
        job_state: record.state,
        resources,
        meta_data: labels.meta_data.clone(),
        tags: labels.tags.clone(),
        statistics,
    };
    let job = FinishedJob {
        meta,
        energy_kwh: energy.total_kwh,
        energy_footprint_kwh: energy.by_metric_kwh,
        footprint,
    };
    Ok(Finished { job, data, missing })
}
