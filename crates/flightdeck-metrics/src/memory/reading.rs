//! Reads samples as the model's port wants them. Knows no jobs.

use super::parts::PartName;
use super::shard::{Series, SeriesKey, Shard};
use super::{Memory, STEPS};
use flightdeck_model::{FoundSeries, SeriesAnswer, SeriesParts, SeriesRequest, SubParts, TimeSpan};

/// Steps without samples in front of all answers of a call, at most (256 MiB). The answers begin where the span does,
/// even if the samples do not; of a span from 1970 on nobody wants to see that.
const LEADING_STEPS_MAX: u64 = 1 << 25;

/// What an answer says when that is reached.
const TOO_EARLY: &str = "the span begins too long before the first sample";

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
    /// Steps without samples in front of answers.
    leading_steps: u64,
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
        let mut budget = Budget { leading_steps: LEADING_STEPS_MAX };
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
        let (metric, timestep_s) = self.catalogue.metric(cluster, &request.metric)?;
        let (shard, hash) = self.place_of_host(cluster, &request.host);
        let steps = Steps::of(span, timestep_s);
        let mut found = Vec::new();
        let was_read = if request.parts == SeriesParts::Everything {
            let shard = self.shard(shard)?;
            let host = shard.find_host(hash, cluster, &request.host)?;
            self.read_everything(&shard, host, metric, steps, budget, &mut found)
        } else {
            let parts = self.wanted_parts(&request.parts);
            let shard = self.shard(shard)?;
            let host = shard.find_host(hash, cluster, &request.host)?;
            let series = parts.iter().filter_map(|(part, id)| {
                let number = shard.find_series(SeriesKey { host, part: *part, metric })?;
                Some((*id, shard.series.get(number)?))
            });
            read_all(series, steps, budget, &mut found)
        };
        let problem = was_read.is_none().then(|| TOO_EARLY.to_owned());
        Some(SeriesAnswer { series: if problem.is_none() { found } else { Vec::new() }, problem })
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

    /// Reads every series of a metric on a host, in the order of the parts' names.
    fn read_everything(
        &self,
        shard: &Shard,
        host: u32,
        metric: u16,
        steps: Steps,
        budget: &mut Budget,
        found: &mut Vec<FoundSeries>,
    ) -> Option<()> {
        let parts = self.parts();
        let of_metric = shard.series_of(host).filter(|(_, series)| series.metric == metric);
        let mut series: Vec<_> =
            of_metric.filter_map(|(_, series)| Some((parts.get(series.part)?.name(), series))).collect();
        series.sort_by_key(|(name, _)| (name.kind, name.id.len(), *name));
        let with_ids = series.into_iter().map(|(name, series)| {
            let is_below = !name.sub_kind.is_empty() || !name.sub_id.is_empty();
            (if is_below { name.sub_id } else { name.id }, series)
        });
        read_all(with_ids, steps, budget, found)
    }
}

/// Reads series with the ids they go by; `None` when that would take too much.
fn read_all<'a>(
    series: impl Iterator<Item = (&'a str, &'a Series)>,
    steps: Steps,
    budget: &mut Budget,
    found: &mut Vec<FoundSeries>,
) -> Option<()> {
    for (id, of_it) in series {
        let values = read(of_it, steps, budget)?;
        if !values.is_empty() {
            found.push(FoundSeries { id: id.to_owned(), timestep_s: of_it.timestep_s, values });
        }
    }
    Some(())
}

/// The values of a series from the first step asked for to the last that has a sample; empty when none has; `None` when
/// that would take too much.
fn read(series: &Series, steps: Steps, budget: &mut Budget) -> Option<Vec<f64>> {
    let mut values = Vec::new();
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
            return None;
        };
        let missing = (index as u64).saturating_sub(values.len() as u64);
        if missing > STEPS {
            budget.leading_steps = budget.leading_steps.checked_sub(missing)?;
        }
        values.resize(index + count, f64::NAN);
        let slot = usize::try_from(from - block_start).unwrap_or(0);
        entry.block.read(slot, values.get_mut(index..).unwrap_or_default());
    }
    while values.last().is_some_and(|value| value.is_nan()) {
        values.pop();
    }
    Some(values)
}
