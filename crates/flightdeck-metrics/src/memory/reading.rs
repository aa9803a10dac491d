//! Reads samples as the model's port wants them. Knows no jobs.

use super::parts::PartName;
use super::shard::{Series, SeriesKey, Shard};
use super::{Memory, STEPS};
use flightdeck_model::{
    Aggregation, FoundSeries, JobMetric, MetricScope, Resource, SeriesAnswer, SeriesParts, SeriesRequest,
    SubParts, TimeSpan, Topology, aggregate,
};

/// Steps without samples that a series may have in its answer, at most (256 MiB). An answer begins where the span does,
/// even if the samples do not; of a span from 1970 on nobody wants to see that.
const EMPTY_STEPS_MAX: u64 = 1 << 25;

/// Those of all series of a call, at most (2 GiB): as many values as jobs are read with at once. A job on many nodes of
/// which nothing was measured at first has its samples all the same.
const EMPTY_STEPS_OF_CALL_MAX: u64 = 1 << 28;

/// What an answer says when either is reached.
const TOO_EARLY: &str = "the span begins too long before the first sample";

/// What an answer says when the node would have to be made of several series, and nobody knows how.
const NO_AGGREGATION: &str =
    "there are several series below the node, and the metric has no aggregation to make one of them";

/// Why a request has no answer, in words.
type Problem = &'static str;

/// The steps that are asked for.
#[derive(Debug, Clone, Copy)]
struct Steps {
    /// The first.
    first: u64,
    /// The first that is no longer of them.
    end: u64,
}

impl Steps {
    /// The steps of a span that can have samples.
    fn of(span: TimeSpan, timestep_s: u32) -> Self {
        let timestep = i64::from(timestep_s.max(1));
        let not_negative = |step: i64| u64::try_from(step).unwrap_or(0);
        let first = not_negative(span.from.0.div_euclid(timestep));
        if span.to <= span.from {
            return Self { first, end: first };
        }
        // At least `from`, hence no overflow.
        let last = (span.to.0 - 1).div_euclid(timestep);
        Self { first, end: not_negative(last.saturating_add(1)) }
    }
}

/// What may still be read.
#[derive(Debug)]
struct Budget {
    /// Steps without samples, in all series that are still to come.
    empty_steps: u64,
}

impl Budget {
    /// Takes steps of a series that had so many before. Returns how many it has now.
    fn take(&mut self, of_series: u64, empty_steps: u64) -> Result<u64, Problem> {
        let of_it = of_series.saturating_add(empty_steps);
        if of_it > EMPTY_STEPS_MAX {
            return Err(TOO_EARLY);
        }
        self.empty_steps = self.empty_steps.checked_sub(empty_steps).ok_or(TOO_EARLY)?;
        Ok(of_it)
    }
}

/// A metric of a cluster.
#[derive(Debug, Clone, Copy)]
struct Metric {
    /// Its number in its cluster.
    number: u16,
    /// How series of parts become one.
    aggregation: Option<Aggregation>,
}

impl Memory {
    /// Answers requests about one cluster, as
    /// [`MetricSource::read_series`](flightdeck_model::MetricSource::read_series) says. A request whose span begins
    /// very long before its samples has a problem instead of an answer.
    pub fn read_series(
        &self,
        cluster: &str,
        requests: &[SeriesRequest],
        span: TimeSpan,
    ) -> Vec<SeriesAnswer> {
        let mut budget = Budget { empty_steps: EMPTY_STEPS_OF_CALL_MAX };
        let cluster = self.catalogue.cluster(cluster);
        let answer = |request| self.answer(cluster, request, span, &mut budget).unwrap_or_default();
        requests.iter().map(answer).collect()
    }

    /// Answers a request; `None` when cluster, metric or host are not known.
    fn answer(
        &self,
        cluster: Option<u16>,
        request: &SeriesRequest,
        span: TimeSpan,
        budget: &mut Budget,
    ) -> Option<SeriesAnswer> {
        let cluster = cluster?;
        let (number, timestep_s) = self.catalogue.metric(cluster, &request.metric)?;
        let metric = Metric { number, aggregation: self.catalogue.aggregation(cluster, number) };
        let (shard, hash) = self.place_of_host(cluster, &request.host);
        let steps = Steps::of(span, timestep_s);
        let parts = self.wanted_parts(&request.parts);
        let shard = self.shard(shard)?;
        let host = shard.find_host(hash, cluster, &request.host)?;
        let found = match request.parts {
            SeriesParts::Everything => self.read_everything(&shard, host, metric, steps, budget),
            SeriesParts::Node => self.read_node(&shard, host, &parts, metric, steps, budget),
            SeriesParts::Parts { .. } => read_parts(&shard, host, &parts, metric, steps, budget),
        };
        Some(match found {
            Ok(series) => SeriesAnswer { series, problem: None },
            Err(problem) => SeriesAnswer { series: Vec::new(), problem: Some(problem.to_owned()) },
        })
    }

    /// The parts that are asked for and known, in the order they are asked for, with the ids they go by.
    fn wanted_parts<'r>(&self, wanted: &'r SeriesParts) -> Vec<(u32, &'r str)> {
        let parts = self.parts();
        let find = |name: PartName<'_>, id: &'r str| Some((parts.find(name)?, id));
        match wanted {
            SeriesParts::Everything => Vec::new(),
            SeriesParts::Node => {
                find(PartName { kind: "", id: "", sub_kind: "", sub_id: "" }, "").into_iter().collect()
            }
            SeriesParts::Parts { kind, ids, below: None } => {
                let of_id = |id: &'r String| find(PartName { kind, id, sub_kind: "", sub_id: "" }, id);
                ids.iter().filter_map(of_id).collect()
            }
            SeriesParts::Parts { kind, ids, below: Some(SubParts { kind: sub_kind, ids: sub_ids }) } => {
                let below = |id: &'r String| sub_ids.iter().map(move |sub_id| (id, sub_id));
                let of_ids = |(id, sub_id): (&'r String, &'r String)| {
                    find(PartName { kind, id, sub_kind, sub_id }, sub_id)
                };
                if ids.is_empty() && kind.is_empty() {
                    let of_node =
                        |sub_id: &'r String| find(PartName { kind: "", id: "", sub_kind, sub_id }, sub_id);
                    return sub_ids.iter().filter_map(of_node).collect();
                }
                ids.iter().flat_map(below).filter_map(of_ids).collect()
            }
        }
    }

    /// Reads the host as a whole: its own series, or else what lies below the node itself (`stype`), such as its network
    /// interfaces, as one. The series of its sockets and cores have no part in that.
    fn read_node(
        &self,
        shard: &Shard,
        host: u32,
        own: &[(u32, &str)],
        metric: Metric,
        steps: Steps,
        budget: &mut Budget,
    ) -> Result<Vec<FoundSeries>, Problem> {
        let found = read_parts(shard, host, own, metric, steps, budget)?;
        if !found.is_empty() {
            return Ok(found);
        }
        let parts = self.parts();
        let mut below: Vec<_> = series_of_metric(shard, host, metric)
            .filter_map(|series| Some((parts.get(series.part)?.name(), series)))
            .filter(|(name, _)| name.kind.is_empty() && is_below(*name))
            .collect();
        // Sums of floating-point numbers depend on their order.
        below.sort_by_key(|(name, _)| *name);
        let members = read_all(below.into_iter().map(|(_, series)| ("", series)), steps, budget)?;
        Ok(as_one(members, metric.aggregation)?.into_iter().collect())
    }

    /// Reads every series of a metric on a host, in the order of the parts' names.
    fn read_everything(
        &self,
        shard: &Shard,
        host: u32,
        metric: Metric,
        steps: Steps,
        budget: &mut Budget,
    ) -> Result<Vec<FoundSeries>, Problem> {
        let parts = self.parts();
        let mut series: Vec<_> = series_of_metric(shard, host, metric)
            .filter_map(|series| Some((parts.get(series.part)?.name(), series)))
            .collect();
        series.sort_by_key(|(name, _)| (name.kind, name.id.len(), *name));
        let with_ids = series
            .into_iter()
            .map(|(name, series)| (if is_below(name) { name.sub_id } else { name.id }, series));
        read_all(with_ids, steps, budget)
    }
}

/// The series of a metric on a host.
fn series_of_metric(shard: &Shard, host: u32, metric: Metric) -> impl Iterator<Item = &Series> {
    shard.series_of(host).map(|(_, series)| series).filter(move |series| series.metric == metric.number)
}

/// Whether a part is one below another one, or below the node.
const fn is_below(name: PartName<'_>) -> bool {
    !name.sub_kind.is_empty() || !name.sub_id.is_empty()
}

/// Reads the series of parts, in their order, with the ids they go by.
fn read_parts(
    shard: &Shard,
    host: u32,
    parts: &[(u32, &str)],
    metric: Metric,
    steps: Steps,
    budget: &mut Budget,
) -> Result<Vec<FoundSeries>, Problem> {
    let series = parts.iter().filter_map(|(part, id)| {
        let number = shard.find_series(SeriesKey { host, part: *part, metric: metric.number })?;
        Some((*id, shard.series.get(number)?))
    });
    read_all(series, steps, budget)
}

/// Reads series with the ids they go by.
fn read_all<'a>(
    series: impl Iterator<Item = (&'a str, &'a Series)>,
    steps: Steps,
    budget: &mut Budget,
) -> Result<Vec<FoundSeries>, Problem> {
    let mut found = Vec::new();
    for (id, of_it) in series {
        let values = read(of_it, steps, budget)?;
        if !values.is_empty() {
            found.push(FoundSeries { id: id.to_owned(), timestep_s: of_it.timestep_s, values });
        }
    }
    Ok(found)
}

/// Makes one series of several, as those of parts become that of their node everywhere.
fn as_one(mut members: Vec<FoundSeries>, rule: Option<Aggregation>) -> Result<Option<FoundSeries>, Problem> {
    if members.len() <= 1 {
        return Ok(members.pop());
    }
    let rule = rule.ok_or(NO_AGGREGATION)?;
    let timestep_s = members.first().map_or(1, |member| member.timestep_s);
    let of_one_host =
        |member: FoundSeries| flightdeck_model::Series { data: member.values, ..Default::default() };
    let series = members.into_iter().map(of_one_host).collect();
    let parts = JobMetric { series, timestep_s, ..JobMetric::default() };
    let (finest, node, whole_host) = (MetricScope::HwThread, MetricScope::Node, [Resource::default()]);
    let made = aggregate(&parts, finest, node, rule, &Topology::default(), &whole_host);
    let values = made.and_then(|made| made.series.into_iter().next()).map(|one| without_tail(one.data));
    Ok(values.filter(|values| !values.is_empty()).map(|values| FoundSeries {
        id: String::new(),
        timestep_s,
        values,
    }))
}

/// The values of a series from the first step asked for to the last that has a sample; empty when none has.
fn read(series: &Series, steps: Steps, budget: &mut Budget) -> Result<Vec<f64>, Problem> {
    let mut values = Vec::new();
    let mut empty_steps = 0;
    for entry in series.blocks.iter() {
        let Some((first_slot, last_slot)) = entry.block.span() else { continue };
        let block_start = u64::from(entry.number) * STEPS;
        let from = steps.first.max(block_start + u64::from(first_slot));
        let end = steps.end.min(block_start + u64::from(last_slot) + 1);
        if from >= end {
            continue;
        }
        // Both fit: they were compared with the length of a block, or are limited by the budget.
        let (Ok(index), Ok(count)) = (usize::try_from(from - steps.first), usize::try_from(end - from))
        else {
            return Err(TOO_EARLY);
        };
        let missing = (index as u64).saturating_sub(values.len() as u64);
        if missing > STEPS {
            empty_steps = budget.take(empty_steps, missing)?;
        }
        values.resize(index + count, f64::NAN);
        let slot = usize::try_from(from - block_start).unwrap_or(0);
        entry.block.read(slot, values.get_mut(index..).unwrap_or_default());
    }
    Ok(without_tail(values))
}

/// Values up to the last that is there.
fn without_tail(mut values: Vec<f64>) -> Vec<f64> {
    while values.last().is_some_and(|value| value.is_nan()) {
        values.pop();
    }
    values
}
