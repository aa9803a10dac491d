//! The metric data of a job whose samples are in a metric store.
//!
//! An answer is kept until a sample of one of the job's hosts arrives, or a new step of the finest metric begins.

use super::caches::{DataState, KnownPlace, LiveStamp, LiveState};
use super::{EncodedMetrics, LoadFailure, MetricRequest, decoded_resources, encoded};
use crate::live_data::{HeldValues, JobPlace};
use crate::{ServiceError, Services};
use flightdeck_model::{
    Cluster, JobRecord, MetricConfig, MetricSource, MonitoringStatus, SubCluster, TimeSpan, UnixTime,
};
use std::sync::Arc;

/// For how many seconds an answer is kept when the store cannot say whether it still holds.
const KEPT_BY_CLOCK_S: i64 = 5;

impl Services {
    pub(super) fn live_metrics(
        &self,
        job: &JobRecord,
        request: &MetricRequest,
    ) -> Result<EncodedMetrics, ServiceError> {
        let cluster = self.clusters.get(&job.key.cluster);
        let subcluster = cluster.and_then(|cluster| cluster.subcluster(&job.subcluster));
        let source = self.metrics.of(&job.key.cluster, &job.subcluster);
        let (Some(cluster), Some(subcluster), Some(source)) = (cluster, subcluster, source) else {
            let reason = format!("job {} is not archived, and this server keeps no samples of it", job.id);
            return Err(ServiceError::NotFound(reason));
        };
        let place =
            self.known_place(job).map_err(|failure| LoadFailure::into_service_error(Arc::new(failure)))?;
        let span = self.span_to_show(job, cluster);
        // Before the samples are read: those that come in between belong to the next stamp.
        let stamp = self.live_stamp(source, &place);
        let state = LiveState { job: job.id, stamp, to: span.to };
        let key = (DataState::Live(state), request.clone());
        let loaded = self.caches.encoded.try_get_with(key, || {
            self.load_and_encode_live(job, &place, (source, subcluster), span, request)
        });
        loaded.map_err(LoadFailure::into_service_error)
    }

    fn known_place(&self, job: &JobRecord) -> Result<Arc<KnownPlace>, LoadFailure> {
        if let Some(place) = self.caches.places.get(&job.id)
            && place.key == job.key
        {
            return Ok(place);
        }
        let place = Arc::new(KnownPlace { key: job.key.clone(), resources: decoded_resources(job)? });
        self.caches.places.insert(job.id, place.clone());
        Ok(place)
    }

    fn live_stamp(&self, source: &dyn MetricSource, place: &KnownPlace) -> LiveStamp {
        let hosts: Vec<&str> = place.resources.iter().map(|resource| resource.hostname.as_str()).collect();
        match source.change_stamp(&place.key.cluster, &hosts) {
            Some(stamp) => LiveStamp::Store(stamp),
            None => LiveStamp::Clock(self.clock.now().0.div_euclid(KEPT_BY_CLOCK_S)),
        }
    }

    /// From the job's start to its end; while it runs, to the end of the present step of the finest metric.
    fn span_to_show(&self, job: &JobRecord, cluster: &Cluster) -> TimeSpan {
        let from = job.key.start_time;
        if job.state.is_final() {
            return TimeSpan { from, to: UnixTime(from.0.saturating_add(job.duration_s)) };
        }
        let finest = cluster.metrics.iter().map(|metric| i64::from(metric.timestep_s)).min();
        let step = finest.unwrap_or(1).max(1);
        let to = (self.clock.now().0.div_euclid(step) + 1).saturating_mul(step);
        TimeSpan { from, to: UnixTime(to) }
    }

    fn load_and_encode_live(
        &self,
        job: &JobRecord,
        place: &KnownPlace,
        (source, subcluster): (&dyn MetricSource, &SubCluster),
        span: TimeSpan,
        request: &MetricRequest,
    ) -> Result<EncodedMetrics, LoadFailure> {
        let wanted =
            |metric: &&MetricConfig| request.metrics.is_empty() || request.metrics.contains(&metric.name);
        let metrics: Vec<&MetricConfig> = subcluster.metrics.iter().filter(wanted).collect();
        let resources = &place.resources;
        let job_place = JobPlace { cluster: &job.key.cluster, subcluster, resources };
        let selection = self.metric_selection(job, resources, request);
        let mut chosen = Vec::new();
        let mut held = HeldValues::default();
        for batch in job_place.batches(&metrics, span) {
            let data = job_place.load(source, &batch, span)?.data;
            for metric in selection.choose(&data) {
                held.add(metric.metric())?;
                chosen.push(metric.into_owned());
            }
        }
        if chosen.is_empty() && job.monitoring_status == MonitoringStatus::ArchivingFailed {
            let reason = format!("job {} could not be archived, and its samples are gone", job.id);
            return Err(LoadFailure::Absent(reason));
        }
        chosen.sort_by(|one, other| one.name.cmp(&other.name));
        encoded(&chosen, request)
    }
}
