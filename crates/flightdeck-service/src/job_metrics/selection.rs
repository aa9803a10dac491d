//! Which data an answer has: metrics chosen, brought to the wanted scopes, resampled, encoded.

use super::{MetricRequest, MetricShape};
use bytes::Bytes;
use flightdeck_model::{
    JobData, JobMetric, MetricScope, ResampleRule, Resource, STATISTICS_SERIES_MIN, ScopeSource, SubCluster,
    aggregate, scopes_to_show,
};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One metric at one scope of an answer.
#[derive(Debug, Serialize)]
pub(super) struct NamedMetric<'a> {
    pub(super) name: Cow<'a, str>,
    scope: MetricScope,
    metric: Cow<'a, JobMetric>,
}

impl NamedMetric<'_> {
    pub(super) fn metric(&self) -> &JobMetric {
        &self.metric
    }

    /// The same, without the data that it was chosen from.
    pub(super) fn into_owned(self) -> NamedMetric<'static> {
        NamedMetric {
            name: Cow::Owned(self.name.into_owned()),
            scope: self.scope,
            metric: Cow::Owned(self.metric.into_owned()),
        }
    }
}

/// What decides which data an answer has.
pub(super) struct Selection<'a> {
    pub(super) request: &'a MetricRequest,
    pub(super) subcluster: Option<&'a SubCluster>,
    pub(super) resources: &'a [Resource],
    pub(super) rule: ResampleRule,
}

impl Selection<'_> {
    pub(super) fn choose<'d>(&self, data: &'d JobData) -> Vec<NamedMetric<'d>> {
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
        let mut chosen = Vec::new();
        for ScopeSource { shown, from } in self.scopes(archived, aggregation.is_some()) {
            let Some(source) = archived.get(&from) else { continue };
            let name = Cow::Borrowed(name);
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

    /// What cannot be had at any of the wanted scopes is shown at all that there are.
    fn scopes(&self, archived: &BTreeMap<MetricScope, JobMetric>, can_aggregate: bool) -> Vec<ScopeSource> {
        let scopes: Vec<MetricScope> = archived.keys().copied().collect();
        let wanted = &self.request.scopes;
        let sources = scopes_to_show(&scopes, wanted, can_aggregate);
        if sources.iter().any(|source| wanted.contains(&source.shown)) {
            return sources;
        }
        scopes_to_show(&scopes, &[], can_aggregate)
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

/// Encodes an answer.
pub(super) fn encode(chosen: &[NamedMetric<'_>], shape: MetricShape) -> Result<Bytes, serde_json::Error> {
    let json = match shape {
        MetricShape::List => serde_json::to_vec(chosen)?,
        MetricShape::ByScope => {
            let mut by_scope: BTreeMap<&str, BTreeMap<MetricScope, &JobMetric>> = BTreeMap::new();
            for one in chosen {
                by_scope.entry(&one.name).or_default().insert(one.scope, &one.metric);
            }
            serde_json::to_vec(&by_scope)?
        }
    };
    Ok(Bytes::from(json))
}
