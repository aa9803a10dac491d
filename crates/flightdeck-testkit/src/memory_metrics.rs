//! A metric store in memory: what the ports promise, said as plainly as possible. Every sample is an entry of a map.

use flightdeck_model::{
    FoundSeries, HeldHost, MetricSource, PortError, PortErrorKind, SeriesAnswer, SeriesName, SeriesParts,
    SeriesRequest, TimeSpan,
};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

mod lines;
mod series_id;
mod store;
#[cfg(test)]
mod tests;

use series_id::SeriesId;

/// Samples by step of their metric's grid.
type Samples = BTreeMap<i64, f64>;

/// Samples in memory, for tests of services and routes: a [`MetricSource`] and a
/// [`MetricStore`](flightdeck_model::MetricStore) of the metrics that it was told of.
///
/// ```
/// use flightdeck_model::{MetricSource, SeriesName, SeriesParts, SeriesRequest, TimeSpan, UnixTime};
/// use flightdeck_testkit::MemoryMetrics;
///
/// let store = MemoryMetrics::new().with_metric("alpha", "cpu_load", 60);
/// let name = SeriesName { cluster: "alpha", host: "a001", metric: "cpu_load", ..SeriesName::default() };
/// store.put(name, 600, 2.5);
/// let request =
///     SeriesRequest { metric: "cpu_load".into(), host: "a001".into(), parts: SeriesParts::Node };
/// let span = TimeSpan { from: UnixTime(600), to: UnixTime(660) };
/// let answers = store.read_series("alpha", &[request], span).unwrap();
/// assert_eq!(answers[0].series[0].values, [2.5]);
/// ```
#[derive(Debug, Default)]
pub struct MemoryMetrics {
    /// Cluster and metric to seconds between two samples.
    timesteps_s: BTreeMap<(String, String), u32>,
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    series: BTreeMap<SeriesId, Samples>,
    /// How often anything was stored or dropped.
    changes: u64,
    held: Vec<HeldHost>,
    checkpoints: u64,
    read_failure: Option<PortErrorKind>,
    write_failure: Option<PortErrorKind>,
}

impl MemoryMetrics {
    /// A store without metrics.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the store of a metric of a cluster, with a sample every so many seconds.
    #[must_use]
    pub fn with_metric(mut self, cluster: &str, metric: &str, timestep_s: u32) -> Self {
        self.timesteps_s.insert((cluster.to_owned(), metric.to_owned()), timestep_s.max(1));
        self
    }

    /// Stores the value of the step that the time, in Unix seconds, lies in; NaN takes it away.
    ///
    /// # Panics
    ///
    /// When the store was not told of the metric.
    pub fn put(&self, name: SeriesName<'_>, time_s: i64, value: f64) {
        let timestep_s = self.timestep_s(name.cluster, name.metric);
        assert!(timestep_s.is_some(), "the store in memory was not told of {} {}", name.cluster, name.metric);
        self.lock().put(name, time_s, timestep_s.unwrap_or(1), value);
    }

    /// Lets all further reading fail in this way; `None`: no longer.
    pub fn fail_reads(&self, kind: Option<PortErrorKind>) {
        self.lock().read_failure = kind;
    }

    /// Lets all further changes through the port fail in this way; `None`: no longer.
    pub fn fail_writes(&self, kind: Option<PortErrorKind>) {
        self.lock().write_failure = kind;
    }

    /// What was said last of the hosts whose samples have to stay.
    pub fn held(&self) -> Vec<HeldHost> {
        self.lock().held.clone()
    }

    /// How often a checkpoint was made.
    pub fn checkpoints(&self) -> u64 {
        self.lock().checkpoints
    }

    fn timestep_s(&self, cluster: &str, metric: &str) -> Option<u32> {
        self.timesteps_s.get(&(cluster.to_owned(), metric.to_owned())).copied()
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn put(&mut self, name: SeriesName<'_>, time_s: i64, timestep_s: u32, value: f64) {
        let step = time_s.div_euclid(i64::from(timestep_s));
        let samples = self.series.entry(SeriesId::of(name)).or_default();
        if value.is_nan() {
            samples.remove(&step);
            self.series.retain(|_, kept| !kept.is_empty());
        } else {
            samples.insert(step, value);
        }
        self.changes += 1;
    }

    fn answer(
        &self,
        cluster: &str,
        request: &SeriesRequest,
        timestep_s: u32,
        span: TimeSpan,
    ) -> SeriesAnswer {
        let names: Vec<SeriesId> = match &request.parts {
            SeriesParts::Everything => self.of_metric(cluster, &request.host, &request.metric),
            parts => SeriesId::wanted(cluster, &request.host, &request.metric, parts),
        };
        let find = |name: &SeriesId| {
            let values = values(self.series.get(name)?, timestep_s, span)?;
            Some(FoundSeries { id: name.shown_id().to_owned(), timestep_s, values })
        };
        let series: Vec<FoundSeries> = names.iter().filter_map(find).collect();
        if request.parts != SeriesParts::Node || !series.is_empty() {
            return SeriesAnswer { series, problem: None };
        }
        let of_metric = self.of_metric(cluster, &request.host, &request.metric);
        let mut below: Vec<FoundSeries> =
            of_metric.iter().filter(|name| name.kind.is_empty()).filter_map(find).collect();
        if below.len() > 1 {
            let problem =
                Some("several series below the node, and the store knows no aggregations".to_owned());
            return SeriesAnswer { series: Vec::new(), problem };
        }
        for series in &mut below {
            series.id.clear();
        }
        SeriesAnswer { series: below, problem: None }
    }

    fn of_metric(&self, cluster: &str, host: &str, metric: &str) -> Vec<SeriesId> {
        let is_meant =
            |name: &&SeriesId| name.cluster == cluster && name.host == host && name.metric == metric;
        self.series.keys().filter(is_meant).cloned().collect()
    }
}

/// The samples of the span from its first step to the last one that is there.
fn values(samples: &Samples, timestep_s: u32, span: TimeSpan) -> Option<Vec<f64>> {
    if span.to <= span.from {
        return None;
    }
    let first = span.from.0.div_euclid(i64::from(timestep_s));
    let end = (span.to.0 - 1).div_euclid(i64::from(timestep_s));
    let (last, _) = samples.range(first..=end).next_back()?;
    Some((first..=*last).map(|step| samples.get(&step).copied().unwrap_or(f64::NAN)).collect())
}

impl MetricSource for MemoryMetrics {
    fn read_series(
        &self,
        cluster: &str,
        requests: &[SeriesRequest],
        span: TimeSpan,
    ) -> Result<Vec<SeriesAnswer>, PortError> {
        let content = self.lock();
        if let Some(kind) = content.read_failure {
            return Err(PortError::plain(kind, "the metric store in memory was told to fail"));
        }
        let answer = |request: &SeriesRequest| {
            let timestep_s = self.timestep_s(cluster, &request.metric);
            timestep_s
                .map_or_else(SeriesAnswer::default, |step_s| content.answer(cluster, request, step_s, span))
        };
        Ok(requests.iter().map(answer).collect())
    }

    fn change_stamp(&self, _cluster: &str, _hosts: &[&str]) -> Option<u64> {
        Some(self.lock().changes)
    }
}
