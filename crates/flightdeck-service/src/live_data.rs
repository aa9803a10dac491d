//! The metric data of a job whose samples are in a metric store: which series belong to the job, and how they become
//! data as the archive has them.
//!
//! Knows no database and no archive. The data are at one scope per metric; coarser ones are made of them elsewhere.

use crate::ServiceError;
use flightdeck_model::{
    FoundSeries, JobData, JobMetric, MetricConfig, MetricScope, MetricSource, MissingSamples, PortError,
    Resource, Series, SeriesAnswer, SeriesParts, SeriesRequest, SubCluster, TimeSpan, Topology, UnixTime,
};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// Scopes below the node, the finest first; accelerators come last, as only few metrics are theirs.
const PARTS_FINEST_FIRST: [MetricScope; 5] = [
    MetricScope::HwThread,
    MetricScope::Core,
    MetricScope::MemoryDomain,
    MetricScope::Socket,
    MetricScope::Accelerator,
];

/// Values that are read at once, about: 32 MiB.
const BATCH_VALUES: usize = 4 << 20;

/// Values that are read at once at most, whether there are samples or not: 2 GiB. More are those of a job that is said to
/// have started in another age, or of thousands of nodes.
const READ_VALUES_MAX: usize = 1 << 28;

/// Values that are held for one job at most: 4 GiB.
const HELD_VALUES_MAX: usize = 1 << 29;

/// Why samples are missing when the store has nothing to say about it.
const NO_SAMPLES: &str = "no samples";

/// Where a job runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JobPlace<'a> {
    pub(crate) cluster: &'a str,
    pub(crate) subcluster: &'a SubCluster,
    pub(crate) resources: &'a [Resource],
}

/// What the store has of a job.
#[derive(Debug, Default)]
pub(crate) struct LiveData {
    /// Each metric that has samples, at its native scope; at another one only when the native one has none on any host.
    pub(crate) data: JobData,
    /// What has none.
    pub(crate) missing: Vec<MissingSamples>,
}

/// One metric at one scope, by host.
struct Reading<'a> {
    metric: &'a MetricConfig,
    scope: MetricScope,
    hosts: Vec<HostReading<'a>>,
}

/// What a host has of it.
struct HostReading<'a> {
    host: &'a str,
    /// How many parts of the host are the job's.
    parts: usize,
    answer: SeriesAnswer,
}

impl Reading<'_> {
    fn is_empty(&self) -> bool {
        self.hosts.iter().all(|one| one.answer.series.is_empty())
    }
}

impl HostReading<'_> {
    /// Why samples are missing, if any are. A series that is missing is not seen in a sum or an average of the others.
    fn problem(&self, scope: MetricScope) -> Option<String> {
        match self.answer.series.len() {
            0 => Some(self.answer.problem.clone().unwrap_or_else(|| NO_SAMPLES.to_owned())),
            found if found < self.parts => {
                Some(format!("samples of {found} of {} parts at scope {scope} alone", self.parts))
            }
            _ => None,
        }
    }
}

impl<'a> JobPlace<'a> {
    /// Splits metrics into batches that can be held in memory at the same time, as far as a single one can.
    pub(crate) fn batches(&self, metrics: &[&'a MetricConfig], span: TimeSpan) -> Vec<Vec<&'a MetricConfig>> {
        let mut batches: Vec<Vec<&'a MetricConfig>> = Vec::new();
        let mut room = 0;
        for &metric in metrics {
            let values = self.series_of(metric).saturating_mul(span.steps(metric.timestep_s));
            match batches.last_mut() {
                Some(batch) if values <= room => batch.push(metric),
                _ => {
                    batches.push(vec![metric]);
                    room = BATCH_VALUES;
                }
            }
            room = room.saturating_sub(values);
        }
        batches
    }

    /// How many series of a metric the job has, about.
    fn series_of(&self, metric: &MetricConfig) -> usize {
        let topology = &self.subcluster.topology;
        let parts_of_node = match metric.scope {
            MetricScope::Node => 1,
            MetricScope::Socket => topology.socket.len(),
            MetricScope::MemoryDomain => topology.memory_domain.len(),
            MetricScope::Core => topology.core.len(),
            MetricScope::HwThread => topology.node.len(),
            MetricScope::Accelerator => topology.accelerators.len(),
        };
        parts_of_node.saturating_mul(self.resources.len())
    }

    /// Reads metrics of the job. Index 0 of a series is the step of the metric's grid that `span` begins in; all series
    /// of a metric are as long as the last sample of any of them says.
    ///
    /// # Errors
    ///
    /// Unprocessable when they are too many to be held in memory, Port when the store fails.
    pub(crate) fn load(
        &self,
        source: &dyn MetricSource,
        metrics: &[&'a MetricConfig],
        span: TimeSpan,
    ) -> Result<LiveData, ServiceError> {
        let native: Vec<_> = metrics.iter().map(|metric| (*metric, metric.scope)).collect();
        let mut readings = self.read(source, &native, span)?;
        let absent: Vec<_> = readings.iter().filter(|one| one.is_empty()).map(|one| one.metric).collect();
        for metric in self.kept_at_other_scopes(source, &absent, span)? {
            let Some(found) = self.read_other_scope(source, metric, span)? else { continue };
            readings.retain(|one| one.metric.name != metric.name);
            readings.push(found);
        }
        let mut live = LiveData::default();
        for reading in readings {
            add_missing(&reading, &mut live.missing);
            let Some(metric) = job_metric(&reading, span) else { continue };
            live.data.insert(reading.metric.name.clone(), BTreeMap::from([(reading.scope, metric)]));
        }
        live.missing.sort_by(|one, other| one.metric.cmp(&other.metric));
        Ok(live)
    }

    /// Metrics that cannot be measured for the job at all, because it has no such part, are left out.
    fn read(
        &self,
        source: &dyn MetricSource,
        wanted: &[(&'a MetricConfig, MetricScope)],
        span: TimeSpan,
    ) -> Result<Vec<Reading<'a>>, ServiceError> {
        let mut requests = Vec::with_capacity(wanted.len() * self.resources.len());
        let mut readings: Vec<Reading<'a>> = Vec::with_capacity(wanted.len());
        let mut values = 0_usize;
        for &(metric, scope) in wanted {
            let mut hosts = Vec::with_capacity(self.resources.len());
            for resource in self.resources {
                let Some(parts) = parts_of(resource, scope, &self.subcluster.topology) else { continue };
                let host = resource.hostname.clone();
                let wanted_parts = count_of(&parts);
                let of_host = wanted_parts.saturating_mul(span.steps(metric.timestep_s));
                values = values.saturating_add(of_host);
                requests.push(SeriesRequest { metric: metric.name.clone(), host, parts });
                let answer = SeriesAnswer::default();
                hosts.push(HostReading { host: &resource.hostname, parts: wanted_parts, answer });
            }
            if !hosts.is_empty() {
                readings.push(Reading { metric, scope, hosts });
            }
        }
        if requests.is_empty() {
            return Ok(readings);
        }
        refuse_more_than(READ_VALUES_MAX, values)?;
        let answers = source.read_series(self.cluster, &requests, span)?;
        let places = readings.iter_mut().flat_map(|reading| &mut reading.hosts);
        for (place, answer) in places.zip(answers) {
            place.answer = with_samples_only(answer);
        }
        Ok(readings)
    }

    /// Which of the metrics have samples somewhere on the job's hosts. Looks at as many hosts at once as can be held in
    /// memory even when they have everything, and when that is not even one, at the end of the span alone.
    fn kept_at_other_scopes(
        &self,
        source: &dyn MetricSource,
        metrics: &[&'a MetricConfig],
        span: TimeSpan,
    ) -> Result<Vec<&'a MetricConfig>, PortError> {
        let steps = metrics.iter().map(|metric| span.steps(metric.timestep_s));
        let all_steps = steps.fold(0, usize::saturating_add);
        let of_host = all_steps.saturating_mul(count_of_everything(&self.subcluster.topology));
        let hosts_at_once = (READ_VALUES_MAX / of_host.max(1)).max(1);
        let span = last_part(span, of_host / READ_VALUES_MAX + 1);
        let mut absent = metrics.to_vec();
        let mut kept = Vec::new();
        for hosts in self.resources.chunks(hosts_at_once) {
            if absent.is_empty() {
                break;
            }
            let everything = |metric: &&'a MetricConfig| {
                let name = metric.name.clone();
                hosts.iter().map(move |resource| SeriesRequest {
                    metric: name.clone(),
                    host: resource.hostname.clone(),
                    parts: SeriesParts::Everything,
                })
            };
            let requests: Vec<_> = absent.iter().flat_map(everything).collect();
            let answers = source.read_series(self.cluster, &requests, span)?;
            let mut by_metric = answers.chunks(hosts.len());
            let is_there = |answer: &SeriesAnswer| !answer.series.is_empty();
            let (found, rest): (Vec<_>, Vec<_>) = absent
                .into_iter()
                .partition(|_| by_metric.next().is_some_and(|answers| answers.iter().any(is_there)));
            kept.extend(found);
            absent = rest;
        }
        Ok(kept)
    }

    fn read_other_scope(
        &self,
        source: &dyn MetricSource,
        metric: &'a MetricConfig,
        span: TimeSpan,
    ) -> Result<Option<Reading<'a>>, ServiceError> {
        for scope in other_scopes(metric.scope) {
            let found = self.read(source, &[(metric, scope)], span)?.pop();
            if let Some(reading) = found.filter(|reading| !reading.is_empty()) {
                return Ok(Some(reading));
            }
        }
        Ok(None)
    }
}

/// Refuses to hold so many values.
fn refuse_more_than(allowed: usize, values: usize) -> Result<(), ServiceError> {
    if values <= allowed {
        return Ok(());
    }
    let reason = format!(
        "from its start on the job has {values} samples or gaps between them: at most {allowed} are read at once"
    );
    Err(ServiceError::Unprocessable(reason))
}

/// Counts the values that are held for a job.
#[derive(Debug, Default)]
pub(crate) struct HeldValues(usize);

impl HeldValues {
    /// Counts those of a metric at a scope.
    ///
    /// # Errors
    ///
    /// Unprocessable when they are too many by now.
    pub(crate) fn add(&mut self, metric: &JobMetric) -> Result<(), ServiceError> {
        let lengths = metric.series.iter().map(|series| series.data.len());
        self.0 = lengths.fold(self.0, usize::saturating_add);
        refuse_more_than(HELD_VALUES_MAX, self.0)
    }
}

/// The last of so many equal parts of a span.
fn last_part(span: TimeSpan, parts: usize) -> TimeSpan {
    let length_s = span.to.0.saturating_sub(span.from.0);
    let wanted_s = length_s / i64::try_from(parts).unwrap_or(i64::MAX).max(1);
    if parts <= 1 { span } else { TimeSpan { from: UnixTime(span.to.0.saturating_sub(wanted_s)), ..span } }
}

/// How many series a metric has on a host that measures it for each of its parts.
fn count_of_everything(topology: &Topology) -> usize {
    let Topology { node, socket, memory_domain, die, core, accelerators } = topology;
    1 + node.len() + socket.len() + memory_domain.len() + die.len() + core.len() + accelerators.len()
}

/// How many series are asked for.
fn count_of(parts: &SeriesParts) -> usize {
    match parts {
        SeriesParts::Node | SeriesParts::Everything => 1,
        SeriesParts::Parts { ids, .. } => ids.len(),
    }
}

/// Where else to look for a metric: at the finer scopes, the finest first, then at the coarser ones.
fn other_scopes(native: MetricScope) -> impl Iterator<Item = MetricScope> {
    let others = PARTS_FINEST_FIRST.into_iter().filter(move |scope| *scope != native);
    let (finer, coarser): (Vec<_>, Vec<_>) = others.partition(|scope| native.is_coarser_than(*scope));
    let node = (native != MetricScope::Node).then_some(MetricScope::Node);
    finer.into_iter().chain(coarser).chain(node)
}

/// What of a host is the job's at this scope; `None` when it has no such part.
fn parts_of(resource: &Resource, scope: MetricScope, topology: &Topology) -> Option<SeriesParts> {
    let ids: Vec<String> = match scope {
        MetricScope::Node => return Some(SeriesParts::Node),
        MetricScope::Accelerator => resource.accelerators.clone(),
        MetricScope::HwThread if resource.hwthreads.is_empty() => {
            topology.node.iter().map(u32::to_string).collect()
        }
        MetricScope::HwThread => resource.hwthreads.iter().map(u32::to_string).collect(),
        MetricScope::Core => touched(&topology.core, &resource.hwthreads),
        MetricScope::MemoryDomain => touched(&topology.memory_domain, &resource.hwthreads),
        MetricScope::Socket => touched(&topology.socket, &resource.hwthreads),
    };
    if ids.is_empty() {
        return None;
    }
    Some(SeriesParts::Parts { kind: scope.as_str().to_owned(), ids, below: None })
}

/// The parts that have one of the job's hardware threads; all of them when it has the whole node.
fn touched(parts: &[Vec<u32>], own: &[u32]) -> Vec<String> {
    let has_own = |threads: &[u32]| own.is_empty() || threads.iter().any(|thread| own.contains(thread));
    let parts = parts.iter().enumerate().filter(|(_, threads)| has_own(threads));
    parts.map(|(part, _)| part.to_string()).collect()
}

/// A series without a single sample is none.
pub(crate) fn with_samples_only(mut answer: SeriesAnswer) -> SeriesAnswer {
    answer.series.retain(|series| series.values.iter().any(|value| !value.is_nan()));
    answer
}

/// The metric as the archive has it; `None` when it has no samples.
fn job_metric(reading: &Reading<'_>, span: TimeSpan) -> Option<JobMetric> {
    let found =
        || reading.hosts.iter().flat_map(|one| one.answer.series.iter().map(move |it| (one.host, it)));
    // Another server may have the metric at another timestep, but not at two.
    let timestep_s = found().map(|(_, series)| series.timestep_s).next()?;
    let steps = span.steps(timestep_s);
    let on_grid = |series: &FoundSeries| series.timestep_s == timestep_s;
    let length =
        found().filter(|(_, it)| on_grid(it)).map(|(_, it)| length_with_samples(&it.values, steps)).max()?;
    let series = found().filter(|(_, it)| on_grid(it)).map(|(host, it)| {
        let mut data: Vec<f64> = it.values.iter().copied().take(length).collect();
        data.resize(length, f64::NAN);
        Series {
            hostname: host.to_owned(),
            id: (reading.scope != MetricScope::Node).then(|| it.id.clone()),
            statistics: Series::computed_statistics(&data),
            data,
        }
    });
    let series: Vec<Series> = series.collect();
    (length > 0).then(|| JobMetric {
        statistics_series: None,
        unit: reading.metric.unit.clone(),
        series,
        timestep_s,
    })
}

/// Up to the last sample, which is one of the first `steps`.
fn length_with_samples(values: &[f64], steps: usize) -> usize {
    let within = values.get(..steps).unwrap_or(values);
    within.iter().rposition(|value| !value.is_nan()).map_or(0, |last| last + 1)
}

/// Notes the hosts that lack samples, by reason.
fn add_missing(reading: &Reading<'_>, missing: &mut Vec<MissingSamples>) {
    let mut hosts_by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for one in &reading.hosts {
        if let Some(reason) = one.problem(reading.scope) {
            hosts_by_reason.entry(reason).or_default().push(one.host);
        }
    }
    for (reason, hosts) in hosts_by_reason {
        let is_every_host = hosts.len() == reading.hosts.len();
        let named = if is_every_host { Vec::new() } else { hosts };
        missing.push(MissingSamples {
            metric: reading.metric.name.clone(),
            hosts: named.into_iter().map(str::to_owned).collect(),
            reason,
        });
    }
}
