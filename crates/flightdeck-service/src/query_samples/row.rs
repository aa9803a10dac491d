//! From one query to its row: which series it means, and in which order they stand.

use super::series::{Found, error_in_place, queried};
use super::{QueriedSeries, Reading, SampleQuery, VALUES_MAX, too_many_samples};
use crate::ServiceError;
use crate::archived_data::at_node;
use crate::live_data::{JobPlace, with_samples_only};
use flightdeck_model::{
    Aggregation, FoundSeries, JobMetric, MetricConfig, MetricScope, Resource, Series, SeriesAnswer,
    SeriesParts, SeriesRequest, SubParts, Topology, aggregate,
};
use std::collections::{BTreeMap, BTreeSet};

/// Why a part has no series.
const NO_SAMPLES: &str = "no samples";

impl Reading<'_> {
    pub(super) fn found_row(
        &self,
        query: &SampleQuery,
        metric: &MetricConfig,
    ) -> Result<Vec<QueriedSeries>, ServiceError> {
        let kind =
            query.kind.as_deref().filter(|kind| !kind.is_empty() && *kind != MetricScope::Node.as_str());
        let found = match (kind, &query.subtype) {
            (None, None) => return self.node_row(query, metric),
            (None, Some(subtype)) => self.parts_below(query, metric, "", &[String::new()], subtype)?,
            (Some(kind), Some(subtype)) => self.parts_below(query, metric, kind, &query.type_ids, subtype)?,
            (Some(kind), None) => self.parts(query, metric, kind)?,
        };
        if found.iter().all(Option::is_none) {
            return Ok(Vec::new());
        }
        // Without a kind, and with `aggreg`, one series is asked for.
        if query.aggregate || kind.is_none() {
            let members = found.into_iter().flatten().collect();
            return Ok(vec![self.combined(query, metric, members)]);
        }
        let in_place = |series: Option<FoundSeries>| match series {
            Some(series) => self.queried(query, &series.values, series.timestep_s),
            None => error_in_place(NO_SAMPLES.to_owned()),
        };
        Ok(found.into_iter().map(in_place).collect())
    }

    /// The host as a whole. What lies below the host itself is the store's to add up, its other parts are added up here.
    fn node_row(
        &self,
        query: &SampleQuery,
        metric: &MetricConfig,
    ) -> Result<Vec<QueriedSeries>, ServiceError> {
        let found = self.read_answer(query, SeriesParts::Node)?;
        if let Some(series) = found.series.first() {
            return Ok(vec![self.queried(query, &series.values, series.timestep_s)]);
        }
        if let Some(problem) = found.problem {
            return Ok(vec![error_in_place(problem)]);
        }
        let from_parts = self.node_from_parts(query, metric)?;
        let series = from_parts.as_ref().and_then(|made| Some((made.series.first()?, made.timestep_s)));
        let row = series.map(|(series, timestep_s)| self.queried(query, &series.data, timestep_s));
        Ok(row.into_iter().collect())
    }

    /// The host as a whole, made of its parts.
    fn node_from_parts(
        &self,
        query: &SampleQuery,
        metric: &MetricConfig,
    ) -> Result<Option<JobMetric>, ServiceError> {
        let Some(subcluster) = self.cluster.subcluster_of_host(&query.host) else { return Ok(None) };
        let accelerators = subcluster.topology.accelerators.iter().map(|it| it.id.clone()).collect();
        let whole_node = [Resource { hostname: query.host.clone(), accelerators, ..Resource::default() }];
        let place = JobPlace { cluster: &self.cluster.name, subcluster, resources: &whole_node };
        let data = place.load(self.store, &[metric], self.span)?.data;
        let found = data.into_values().flatten().next();
        Ok(found.and_then(|(from, samples)| at_node(&samples, from, metric, &place)))
    }

    /// Parts of the host, in the order of the query's ids.
    fn parts(
        &self,
        query: &SampleQuery,
        metric: &MetricConfig,
        kind: &str,
    ) -> Result<Vec<Option<FoundSeries>>, ServiceError> {
        let of_ids =
            |ids: &[String]| SeriesParts::Parts { kind: kind.to_owned(), ids: ids.to_vec(), below: None };
        self.read_ids(query, metric, &query.type_ids, of_ids)
    }

    /// Parts below parts: for each part those below it, in the order of the query's ids.
    fn parts_below(
        &self,
        query: &SampleQuery,
        metric: &MetricConfig,
        kind: &str,
        ids: &[String],
        subtype: &str,
    ) -> Result<Vec<Option<FoundSeries>>, ServiceError> {
        let mut found = Vec::new();
        let mut values = 0_usize;
        for id in ids {
            let of_ids = |sub_ids: &[String]| SeriesParts::Parts {
                kind: kind.to_owned(),
                ids: vec![id.clone()],
                below: Some(SubParts { kind: subtype.to_owned(), ids: sub_ids.to_vec() }),
            };
            let of_id = self.read_ids(query, metric, &query.subtype_ids, of_ids)?;
            values = of_id.iter().flatten().map(|one| one.values.len()).fold(values, usize::saturating_add);
            if values > VALUES_MAX {
                return Err(too_many_samples());
            }
            found.extend(of_id);
        }
        Ok(found)
    }

    /// For each id its series. Reads no more at once than one answer may have, whatever the store has.
    fn read_ids(
        &self,
        query: &SampleQuery,
        metric: &MetricConfig,
        ids: &[String],
        parts: impl Fn(&[String]) -> SeriesParts,
    ) -> Result<Vec<Option<FoundSeries>>, ServiceError> {
        let at_once = (VALUES_MAX / self.span.steps(metric.timestep_s).max(1)).max(1);
        let mut found = Vec::new();
        let mut values = 0;
        for some in each_once(ids).chunks(at_once) {
            let read = self.read_answer(query, parts(some))?.series;
            values = read.iter().map(|series| series.values.len()).fold(values, usize::saturating_add);
            if values > VALUES_MAX {
                return Err(too_many_samples());
            }
            found.extend(read);
        }
        in_order(found, ids)
    }

    fn read_answer(&self, query: &SampleQuery, parts: SeriesParts) -> Result<SeriesAnswer, ServiceError> {
        let request = SeriesRequest { metric: query.metric.clone(), host: query.host.clone(), parts };
        let answers = self.store.read_series(&self.cluster.name, &[request], self.span)?;
        Ok(with_samples_only(answers.into_iter().next().unwrap_or_default()))
    }

    fn queried(&self, query: &SampleQuery, values: &[f64], timestep_s: u32) -> QueriedSeries {
        let found = Found { values, timestep_s, from: self.span.from };
        queried(&found, query, self.body, self.minimum_points)
    }

    /// Several parts as one.
    fn combined(
        &self,
        query: &SampleQuery,
        metric: &MetricConfig,
        members: Vec<FoundSeries>,
    ) -> QueriedSeries {
        if let [only] = members.as_slice() {
            return self.queried(query, &only.values, only.timestep_s);
        }
        let Some(rule) = metric.aggregation else {
            return error_in_place(format!("metric {} cannot be aggregated", metric.name));
        };
        match added_up(members, rule, metric.timestep_s) {
            Some(values) => self.queried(query, &values, metric.timestep_s),
            None => error_in_place(NO_SAMPLES.to_owned()),
        }
    }
}

/// The samples of several parts of a host as those of one.
fn added_up(members: Vec<FoundSeries>, rule: Aggregation, timestep_s: u32) -> Option<Vec<f64>> {
    // All are the host's own, whatever they are parts of.
    let series = members.into_iter().map(|member| Series { data: member.values, ..Series::default() });
    let parts = JobMetric { series: series.collect(), timestep_s, ..JobMetric::default() };
    let host = [Resource::default()];
    let (from, to) = (MetricScope::HwThread, MetricScope::Node);
    let made = aggregate(&parts, from, to, rule, &Topology::default(), &host)?;
    made.series.into_iter().next().map(|one| one.data)
}

fn each_once(ids: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.iter().filter(|id| seen.insert(id.as_str())).cloned().collect()
}

/// For each id its series; an id that is named twice has it twice, as far as there is room.
fn in_order(found: Vec<FoundSeries>, ids: &[String]) -> Result<Vec<Option<FoundSeries>>, ServiceError> {
    let by_id: BTreeMap<String, FoundSeries> =
        found.into_iter().map(|series| (series.id.clone(), series)).collect();
    let lengths = ids.iter().map(|id| by_id.get(id).map_or(0, |series| series.values.len()));
    if lengths.fold(0, usize::saturating_add) > VALUES_MAX {
        return Err(too_many_samples());
    }
    Ok(ids.iter().map(|id| by_id.get(id).cloned()).collect())
}
