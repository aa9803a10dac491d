//! What was loaded and encoded for one asker, kept for the next, weighed by its bytes.

use super::{EncodedMetrics, MetricRequest};
use crate::Settings;
use flightdeck_model::{DataStamp, JobData, JobDbId, JobKey, JobMetric, Resource, UnixTime};
use moka::sync::Cache;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// How long loaded data are kept for a next asker.
const TIME_TO_IDLE: Duration = Duration::from_mins(10);

/// Bytes of decoded nodes of jobs that are kept.
const PLACES_BYTES: u64 = 32 << 20;

/// One state of a job's data file. Data of a file that was changed since are found no more.
pub(super) type ArchivedState = (JobKey, DataStamp);

/// Until when samples that were read stand for those in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum LiveStamp {
    /// Until the store's stamp is another one.
    Store(u64),
    /// Until a run of seconds of this number is over; for stores that cannot say.
    Clock(i64),
}

/// One state of the samples of a job in a metric store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LiveState {
    pub(super) job: JobDbId,
    pub(super) stamp: LiveStamp,
    /// The first second that is not looked at.
    pub(super) to: UnixTime,
}

/// What an answer was made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum DataState {
    Archived(ArchivedState),
    Live(LiveState),
}

/// Where a job runs, which never changes while it does.
#[derive(Debug)]
pub(super) struct KnownPlace {
    pub(super) key: JobKey,
    pub(super) resources: Vec<Resource>,
}

#[derive(Debug, Clone)]
pub(crate) struct MetricCaches {
    pub(super) decoded: Cache<ArchivedState, Arc<JobData>>,
    pub(super) encoded: Cache<(DataState, MetricRequest), EncodedMetrics>,
    pub(super) places: Cache<JobDbId, Arc<KnownPlace>>,
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
        let places = Cache::builder()
            .max_capacity(PLACES_BYTES)
            .time_to_idle(TIME_TO_IDLE)
            .weigher(|_, place: &Arc<KnownPlace>| clamp_weight(place_bytes(place)))
            .build();
        Self { decoded, encoded, places }
    }
}

fn place_bytes(place: &KnownPlace) -> usize {
    let bytes_of = |resource: &Resource| {
        let accelerators = resource.accelerators.iter().map(|id| id.len() + 24).sum::<usize>();
        resource.hostname.len() + 4 * resource.hwthreads.len() + accelerators + 96
    };
    place.resources.iter().map(bytes_of).sum::<usize>() + 256
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
