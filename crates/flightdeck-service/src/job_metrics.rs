//! Gives the metric data of a finished job: chosen, brought to the wanted scopes, resampled, encoded.
//!
//! What was decoded and what was encoded is kept for the next asker, weighed by its bytes; many who ask for
//! the same at once wait for one to load it.

use crate::{ServiceError, Services, Settings};
use bytes::Bytes;
use flightdeck_model::{
    DataStamp, JobData, JobKey, JobMetric, JobRecord, MetricScope, MonitoringStatus, PortError,
    PortErrorKind, ResampleMethod, ResampleRule, Resource, STATISTICS_SERIES_MIN, ScopeSource, SubCluster,
    aggregate, scopes_to_show,
};
use moka::sync::Cache;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// How long loaded data are kept for a next asker.
const TIME_TO_IDLE: Duration = Duration::from_mins(10);

/// How the answer is arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetricShape {
    /// `[{"name","scope","metric"}, …]`.
    List,
    /// `{"<metric>": {"<scope>": …}}`.
    ByScope,
}

/// Which metric data are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MetricRequest {
    /// Names of metrics; empty: all. Names that the job does not have are passed over.
    pub metrics: Vec<String>,
    /// Scopes; empty: those in the archive.
    pub scopes: Vec<MetricScope>,
    /// Seconds between two samples; `None`: not resampled.
    pub resolution_s: Option<u32>,
    /// Samples of a series at most; `None`: any number.
    pub max_points: Option<usize>,
    /// How samples are chosen.
    pub method: ResampleMethod,
    /// How the answer is arranged.
    pub shape: MetricShape,
}

/// Metric data as JSON, ready to be put into an answer.
#[derive(Debug, Clone)]
pub struct EncodedMetrics(pub Bytes);

/// One state of a job's data file. Data of a file that was changed since are found no more.
type DataState = (JobKey, DataStamp);

#[derive(Debug, Clone)]
pub(crate) struct MetricCaches {
    decoded: Cache<DataState, Arc<JobData>>,
    encoded: Cache<(DataState, MetricRequest), EncodedMetrics>,
}

impl MetricCaches {
    pub(crate) fn new(settings: &Settings) -> Self {
        let decoded = Cache::builder()
            .max_capacity(settings.decoded_cache_bytes)
            .time_to_idle(TIME_TO_IDLE)
            .weigher(|_, data: &Arc<JobData>| clamp_weight(decoded_bytes(data)))
            .build();
        let encoded = Cache::builder()
            .max_capacity(settings.encoded_cache_bytes)
            .time_to_idle(TIME_TO_IDLE)
            .weigher(|(_, request): &(DataState, MetricRequest), metrics: &EncodedMetrics| {
                let names: usize = request.metrics.iter().map(|name| name.len() + 24).sum();
                clamp_weight(metrics.0.len() + names + 512)
            })
            .build();
        Self { decoded, encoded }
    }
}

fn clamp_weight(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn decoded_bytes(data: &JobData) -> usize {
    let metrics = data.values().flat_map(BTreeMap::values);
    let bytes_of = |metric: &JobMetric| {
        let own = metric.series.iter().map(|one| one.data.len() * 8 + 160).sum::<usize>();
        // Mean, median, smallest and largest.
        own + metric.statistics_series.as_ref().map_or(0, |over| over.mean.len() * 8 * 4)
    };
    metrics.map(bytes_of).sum::<usize>() + 1024
}

impl Services {
    /// The largest of the configured resolutions, in seconds; `None` when none is configured.
    #[must_use]
    pub fn default_resolution_s(&self) -> Option<u32> {
        self.settings.resampling_resolutions_s.iter().copied().max()
    }

    /// The largest timestep of the job's cluster, in seconds; `None` when the cluster is not configured.
    #[must_use]
    pub fn largest_timestep_s(&self, job: &JobRecord) -> Option<u32> {
        self.clusters.get(&job.key.cluster).map(|cluster| cluster.largest_timestep_s())
    }

    /// Gives metric data of a job that was shown to the asker before by [`show_job`](Self::show_job).
    ///
    /// # Errors
    ///
    /// `NotFound` when the job has no data in the archive, Port when they cannot be read.
    pub fn job_metrics(
        &self,
        job: &JobRecord,
        request: &MetricRequest,
    ) -> Result<EncodedMetrics, ServiceError> {
        if job.monitoring_status != MonitoringStatus::Archived {
            let reason =
                format!("job {} has no metric data in the archive (yet): it is {}", job.id, job.state);
            return Err(ServiceError::NotFound(reason));
        }
        let Some(stamp) = self.archive.data_stamp(&job.key)? else {
            return Err(ServiceError::NotFound(no_data(job)));
        };
        let state = (job.key.clone(), stamp);
        let key = (state.clone(), request.clone());
        let loaded = self.caches.encoded.try_get_with(key, || self.load_and_encode(job, &state, request));
        loaded.map_err(LoadFailure::into_service_error)
    }

    fn load_and_encode(
        &self,
        job: &JobRecord,
        state: &DataState,
        request: &MetricRequest,
    ) -> Result<EncodedMetrics, LoadFailure> {
        let loaded = self.caches.decoded.try_get_with_by_ref(state, || self.load(job));
        let data = loaded.map_err(|shared| LoadFailure::clone(&shared))?;
        let resources = job.resources().map_err(|source| {
            let what = format!("the resources of job {} cannot be decoded", job.id);
            LoadFailure::Port(Arc::new(PortError::new(PortErrorKind::Corrupt, what, source)))
        })?;
        let subcluster = self.clusters.subcluster(&job.key.cluster, &job.subcluster);
        let rule = ResampleRule {
            resolution_s: request.resolution_s,
            max_points: request.max_points,
            minimum_points: self.settings.resampling_minimum_points,
            method: request.method,
        };
        let chosen = Selection { request, subcluster, resources: &resources, rule }.choose(&data);
        encode(&chosen, request.shape)
            .map(EncodedMetrics)
            .map_err(|error| LoadFailure::Encode(Arc::new(error)))
    }

    fn load(&self, job: &JobRecord) -> Result<Arc<JobData>, LoadFailure> {
        match self.archive.load_data(&job.key) {
            Ok(Some(data)) => Ok(Arc::new(data)),
            Ok(None) => Err(LoadFailure::Absent(no_data(job))),
            Err(error) => Err(LoadFailure::Port(Arc::new(error))),
        }
    }
}

fn no_data(job: &JobRecord) -> String {
    format!("job {} has no metric data in the archive", job.id)
}

/// Why data could not be had; told to everyone who waited for them.
#[derive(Debug, Clone)]
enum LoadFailure {
    Absent(String),
    Port(Arc<PortError>),
    Encode(Arc<serde_json::Error>),
}

impl LoadFailure {
    fn into_service_error(shared: Arc<Self>) -> ServiceError {
        match Arc::unwrap_or_clone(shared) {
            Self::Absent(reason) => ServiceError::NotFound(reason),
            Self::Port(error) => ServiceError::Port(error),
            Self::Encode(error) => ServiceError::Encode(error),
        }
    }
}

/// One metric at one scope of an answer.
#[derive(Debug, Serialize)]
struct NamedMetric<'a> {
    name: &'a str,
    scope: MetricScope,
    metric: Cow<'a, JobMetric>,
}

/// What decides which data an answer has.
struct Selection<'a> {
    request: &'a MetricRequest,
    subcluster: Option<&'a SubCluster>,
    resources: &'a [Resource],
    rule: ResampleRule,
}

impl Selection<'_> {
    fn choose<'d>(&self, data: &'d JobData) -> Vec<NamedMetric<'d>> {
        let wanted =
            |name: &str| self.request.metrics.is_empty() || self.request.metrics.iter().any(|it| it == name);
        let metrics = data.iter().filter(|(name, _)| wanted(name));
        metrics.flat_map(|(name, scopes)| self.choose_scopes(name, scopes)).collect()
    }

    fn choose_scopes<'d>(
        &self,
        name: &'d str,
        archived: &'d BTreeMap<MetricScope, JobMetric>,
    ) -> Vec<NamedMetric<'d>> {
        let config = self.subcluster.and_then(|subcluster| subcluster.metric(name));
        let aggregation = config.and_then(|metric| metric.aggregation);
        let scopes: Vec<MetricScope> = archived.keys().copied().collect();
        let mut chosen = Vec::new();
        for ScopeSource { shown, from } in
            scopes_to_show(&scopes, &self.request.scopes, aggregation.is_some())
        {
            let Some(source) = archived.get(&from) else { continue };
            if shown == from {
                chosen.push(NamedMetric { name, scope: shown, metric: self.finish(Cow::Borrowed(source)) });
                continue;
            }
            let (Some(rule), Some(subcluster)) = (aggregation, self.subcluster) else { continue };
            let aggregated = aggregate(source, from, shown, rule, &subcluster.topology, self.resources);
            if let Some(metric) = aggregated {
                chosen.push(NamedMetric { name, scope: shown, metric: self.finish(Cow::Owned(metric)) });
            }
        }
        chosen
    }

    /// Resamples and adds statistics over the series, both from the native samples.
    fn finish<'d>(&self, metric: Cow<'d, JobMetric>) -> Cow<'d, JobMetric> {
        if let Some(resampled) = metric.resampled(&self.rule) {
            return Cow::Owned(resampled);
        }
        if metric.series.len() < STATISTICS_SERIES_MIN && metric.statistics_series.is_none() {
            return metric;
        }
        Cow::Owned(metric.into_owned().with_statistics_series())
    }
}

fn encode(chosen: &[NamedMetric<'_>], shape: MetricShape) -> Result<Bytes, serde_json::Error> {
    let json = match shape {
        MetricShape::List => serde_json::to_vec(chosen)?,
        MetricShape::ByScope => {
            let mut by_scope: BTreeMap<&str, BTreeMap<MetricScope, &JobMetric>> = BTreeMap::new();
            for one in chosen {
                by_scope.entry(one.name).or_default().insert(one.scope, &one.metric);
            }
            serde_json::to_vec(&by_scope)?
        }
    };
    Ok(Bytes::from(json))
}
