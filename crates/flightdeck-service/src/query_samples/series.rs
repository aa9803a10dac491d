//! From the samples of a series to its place in an answer. Pure functions.

use super::{QueriedSeries, QueryBody, SampleQuery};
use flightdeck_model::{JobMetric, ResampleMethod, ResampleRule, Series, SeriesStatistics, UnixTime};

#[cfg(test)]
mod tests;

/// The samples of a series; the first is that of the step that `from` lies in.
pub(super) struct Found<'a> {
    pub(super) values: &'a [f64],
    pub(super) timestep_s: u32,
    pub(super) from: UnixTime,
}

/// What stands where a series would.
pub(super) fn error_in_place(error: String) -> QueriedSeries {
    QueriedSeries {
        error: Some(error),
        data: Vec::new(),
        from: 0,
        to: 0,
        resolution: 0,
        avg: 0.0,
        min: 0.0,
        max: 0.0,
    }
}

/// A series as it was asked for.
pub(super) fn queried(
    found: &Found<'_>,
    query: &SampleQuery,
    body: &QueryBody,
    minimum_points: usize,
) -> QueriedSeries {
    let is_there = |value: &f64| !value.is_nan();
    let first = found.values.iter().position(is_there).unwrap_or(0);
    let end = found.values.iter().rposition(is_there).map_or(0, |last| last + 1);
    let begin = if body.with_padding { 0 } else { first };
    let factor = if query.scale_by == 0.0 { 1.0 } else { query.scale_by };
    let kept = found.values.get(begin..end).unwrap_or_default();
    // A product beyond all numbers is none.
    let scaled =
        kept.iter().map(|value| Some(value * factor).filter(|it| it.is_finite()).unwrap_or(f64::NAN));
    let data: Vec<f64> = scaled.collect();
    let statistics = if body.with_stats {
        Series::computed_statistics(&data)
    } else {
        SeriesStatistics { avg: 0.0, min: 0.0, max: 0.0 }
    };

    let step = i64::from(found.timestep_s.max(1));
    let after = |steps: usize| i64::try_from(steps).unwrap_or(i64::MAX).saturating_mul(step);
    let grid_from = found.from.0.div_euclid(step).saturating_mul(step);
    let from = if first == 0 { found.from.0 } else { grid_from.saturating_add(after(first)) };
    let to = from.saturating_add(after(end.saturating_sub(first)));
    let has_any = data.iter().any(is_there);
    let (data, resolution) = if body.with_data && has_any {
        // Others were refused.
        let resolution_s = u32::try_from(query.resolution).unwrap_or_default();
        resampled(data, found.timestep_s, resolution_s, minimum_points)
    } else {
        (Vec::new(), found.timestep_s)
    };
    let SeriesStatistics { avg, min, max } = statistics;
    QueriedSeries { error: None, data, from, to, resolution, avg, min, max }
}

fn resampled(data: Vec<f64>, timestep_s: u32, resolution_s: u32, minimum_points: usize) -> (Vec<f64>, u32) {
    if resolution_s == 0 {
        return (data, timestep_s);
    }
    let rule = ResampleRule {
        resolution_s: Some(resolution_s),
        max_points: None,
        minimum_points,
        method: ResampleMethod::Lttb,
    };
    let native =
        JobMetric { series: vec![Series { data, ..Series::default() }], timestep_s, ..JobMetric::default() };
    let JobMetric { series, timestep_s, .. } = native.resampled(&rule).unwrap_or(native);
    (series.into_iter().next().map(|one| one.data).unwrap_or_default(), timestep_s)
}
