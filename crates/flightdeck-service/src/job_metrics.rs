//! Gives the metric data of a job: chosen, brought to the wanted scopes, resampled, encoded. Those of a job that runs, or
//! waits to be archived, come from the metric store, all others from the archive.
//!
//! What was decoded and what was encoded is kept for the next asker; many who ask for the same at once wait for one to
//! load it.

use crate::{ServiceError, Services};
use bytes::Bytes;
use caches::{ArchivedState, DataState};
use flightdeck_model::{
    JobData, JobRecord, MetricScope, MonitoringStatus, PortError, PortErrorKind, ResampleMethod,
    ResampleRule, Resource,
};
use selection::{NamedMetric, Selection, encode};
use std::sync::Arc;

mod caches;
mod live;
mod selection;

pub(crate) use caches::MetricCaches;

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
    /// `NotFound` when the job has no data, Unprocessable when they are too many to be held in memory, Port when they
    /// cannot be read.
    pub fn job_metrics(
        &self,
        job: &JobRecord,
        request: &MetricRequest,
    ) -> Result<EncodedMetrics, ServiceError> {
        match job.monitoring_status {
            MonitoringStatus::Archived => self.archived_metrics(job, request),
            MonitoringStatus::RunningOrArchiving | MonitoringStatus::ArchivingFailed => {
                self.live_metrics(job, request)
            }
            MonitoringStatus::Disabled => {
                Err(ServiceError::NotFound(format!("job {} is not monitored", job.id)))
            }
        }
    }

    fn archived_metrics(
        &self,
        job: &JobRecord,
        request: &MetricRequest,
    ) -> Result<EncodedMetrics, ServiceError> {
        let Some(stamp) = self.archive.data_stamp(&job.key)? else {
            return Err(ServiceError::NotFound(no_data(job)));
        };
        let state = (job.key.clone(), stamp);
        let key = (DataState::Archived(state.clone()), request.clone());
        let loaded =
            self.caches.encoded.try_get_with(key, || self.load_and_encode_archived(job, &state, request));
        loaded.map_err(LoadFailure::into_service_error)
    }

    fn load_and_encode_archived(
        &self,
        job: &JobRecord,
        state: &ArchivedState,
        request: &MetricRequest,
    ) -> Result<EncodedMetrics, LoadFailure> {
        let loaded = self.caches.decoded.try_get_with_by_ref(state, || self.load_archived(job));
        let data = loaded.map_err(|shared| LoadFailure::clone(&shared))?;
        let resources = decoded_resources(job)?;
        encoded(&self.metric_selection(job, &resources, request).choose(&data), request)
    }

    fn load_archived(&self, job: &JobRecord) -> Result<Arc<JobData>, LoadFailure> {
        match self.archive.load_data(&job.key) {
            Ok(Some(data)) => Ok(Arc::new(data)),
            Ok(None) => Err(LoadFailure::Absent(no_data(job))),
            Err(error) => Err(LoadFailure::Port(Arc::new(error))),
        }
    }

    fn metric_selection<'a>(
        &'a self,
        job: &JobRecord,
        resources: &'a [Resource],
        request: &'a MetricRequest,
    ) -> Selection<'a> {
        let subcluster = self.clusters.subcluster(&job.key.cluster, &job.subcluster);
        let rule = ResampleRule {
            resolution_s: request.resolution_s,
            max_points: request.max_points,
            minimum_points: self.settings.resampling_minimum_points,
            method: request.method,
        };
        Selection { request, subcluster, resources, rule }
    }
}

fn encoded(chosen: &[NamedMetric<'_>], request: &MetricRequest) -> Result<EncodedMetrics, LoadFailure> {
    encode(chosen, request.shape).map(EncodedMetrics).map_err(|error| LoadFailure::Encode(Arc::new(error)))
}

fn decoded_resources(job: &JobRecord) -> Result<Vec<Resource>, LoadFailure> {
    job.resources().map_err(|source| {
        let what = format!("the resources of job {} cannot be decoded", job.id);
        LoadFailure::Port(Arc::new(PortError::new(PortErrorKind::Corrupt, what, source)))
    })
}

fn no_data(job: &JobRecord) -> String {
    format!("job {} has no metric data in the archive", job.id)
}

/// Why data could not be had; told to everyone who waited for them.
#[derive(Debug, Clone)]
enum LoadFailure {
    Absent(String),
    TooMuch(String),
    Port(Arc<PortError>),
    Encode(Arc<serde_json::Error>),
}

impl From<ServiceError> for LoadFailure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Port(port) => Self::Port(port),
            ServiceError::Encode(encode) => Self::Encode(encode),
            other => Self::TooMuch(other.to_string()),
        }
    }
}

impl LoadFailure {
    fn into_service_error(shared: Arc<Self>) -> ServiceError {
        match Arc::unwrap_or_clone(shared) {
            Self::Absent(reason) => ServiceError::NotFound(reason),
            Self::TooMuch(reason) => ServiceError::Unprocessable(reason),
            Self::Port(error) => ServiceError::Port(error),
            Self::Encode(error) => ServiceError::Encode(error),
        }
    }
}
