//! Gives running jobs the footprint of what they did so far.

use crate::archived_data::statistics_of;
use crate::live_data::JobPlace;
use crate::{ServiceError, Services};
use flightdeck_model::with_causes;
use flightdeck_model::{
    JobDbId, JobRecord, JobStatistics, MetricConfig, MetricSource, PortError, PortErrorKind, SubCluster,
    TimeSpan, UnixTime, job_footprint,
};
use futures_executor::block_on;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const NAME: &str = "footprints";

/// Jobs that have been running for less than this have no footprint yet, in seconds.
const RUNNING_AT_LEAST_S: i64 = 600;

/// What a run did.
#[derive(Default)]
struct Refreshed {
    jobs: usize,
    failed: usize,
    /// Subclusters, by the name of their cluster and their own, whose store did not answer: it is not asked again.
    silent: BTreeSet<(String, String)>,
}

pub(super) fn run(services: &Services) -> Result<String, ServiceError> {
    let mut refreshed = Refreshed::default();
    services.for_running_jobs(|jobs| {
        let old_enough = jobs.iter().filter(|job| job.duration_s > RUNNING_AT_LEAST_S);
        let footprints: Vec<_> = old_enough.filter_map(|job| refreshed.footprint(services, job)).collect();
        refreshed.jobs += footprints.len();
        if footprints.is_empty() {
            return Ok(());
        }
        block_on(services.archiving.set_footprints(footprints))
    })?;
    Ok(format!("{} jobs refreshed, {} failed", refreshed.jobs, refreshed.failed))
}

impl Refreshed {
    /// `None`: the job has no footprint metric, no samples, or they could not be read.
    fn footprint(
        &mut self,
        services: &Services,
        job: &JobRecord,
    ) -> Option<(JobDbId, BTreeMap<String, f64>)> {
        let subcluster = services.clusters.subcluster(&job.key.cluster, &job.subcluster)?;
        let source = services.metrics.of(&job.key.cluster, &job.subcluster)?;
        let place = (job.key.cluster.clone(), job.subcluster.clone());
        if self.silent.contains(&place) {
            self.failed += 1;
            return None;
        }
        match statistics(source, subcluster, job) {
            Ok(statistics) if statistics.is_empty() => None,
            Ok(statistics) => Some((job.id, job_footprint(subcluster, &statistics))),
            Err(error) => {
                tracing::warn!(job = %job.id, error = with_causes(&error), "a running job's footprint is not refreshed");
                self.failed += 1;
                if is_away(&error) {
                    self.silent.insert(place);
                }
                None
            }
        }
    }
}

/// Whether the store is, so that asking it for other jobs is in vain.
fn is_away(error: &ServiceError) -> bool {
    let ServiceError::Port(port) = error else { return false };
    matches!(port.kind, PortErrorKind::Unavailable | PortErrorKind::NoAnswer)
}

fn statistics(
    source: &dyn MetricSource,
    subcluster: &SubCluster,
    job: &JobRecord,
) -> Result<BTreeMap<String, JobStatistics>, ServiceError> {
    let metrics: Vec<&MetricConfig> = subcluster.footprint_metrics().map(|(metric, _)| metric).collect();
    if metrics.is_empty() {
        return Ok(BTreeMap::new());
    }
    let resources = job.resources().map_err(|error| {
        let what = format!("the resources of job {} cannot be decoded", job.id);
        PortError::new(PortErrorKind::Corrupt, what, error)
    })?;
    let place = JobPlace { cluster: &job.key.cluster, subcluster, resources: &resources };
    let from = job.key.start_time;
    let span = TimeSpan { from, to: UnixTime(from.0.saturating_add(job.duration_s).saturating_add(1)) };
    let mut all = BTreeMap::new();
    for batch in place.batches(&metrics, span) {
        let live = place.load(source, &batch, span)?;
        all.extend(statistics_of(&live.data, subcluster, &place));
    }
    Ok(all)
}
