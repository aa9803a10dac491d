//! Statistics over the series of a metric, step by step, over the values that are there.

#[cfg(test)]
mod tests;

use crate::{JobMetric, Series, StatisticsSeries};

/// From this number of series on, a metric gets statistics over them: so many lines are no longer readable.
pub const STATISTICS_SERIES_MIN: usize = 8;

/// Smallest, median, mean and largest value over all series, for each step of `samples_per_step` samples.
///
/// A step takes in all its samples of all series that are there; the median of an even number of values is
/// the mean of the middle two. A step without any value is NaN. The result has as many steps as it takes for the
/// longest series; shorter series have no part in the later ones. Steps of 0 samples count as steps of 1.
#[must_use]
pub fn statistics_series(series: &[Series], samples_per_step: usize) -> StatisticsSeries {
    let longest = series.iter().map(|it| it.data.len()).max().unwrap_or(0);
    let step = samples_per_step.max(1);
    statistics_on_grid(series, step, longest.div_ceil(step))
}

/// As [`statistics_series`], with a given number of steps: what is left of the samples belongs to the last.
pub(crate) fn statistics_on_grid(
    series: &[Series],
    samples_per_step: usize,
    steps: usize,
) -> StatisticsSeries {
    let mut statistics = StatisticsSeries {
        mean: Vec::with_capacity(steps),
        median: Vec::with_capacity(steps),
        min: Vec::with_capacity(steps),
        max: Vec::with_capacity(steps),
    };
    let mut values = Vec::new();
    for step in 0..steps {
        let start = step * samples_per_step;
        let end = if step + 1 == steps { usize::MAX } else { start + samples_per_step };
        values.clear();
        for it in series {
            let samples = it.data.get(start..end.min(it.data.len())).unwrap_or_default();
            values.extend(samples.iter().copied().filter(|value| !value.is_nan()));
        }
        push_statistics(&mut values, &mut statistics);
    }
    statistics
}

fn push_statistics(values: &mut [f64], statistics: &mut StatisticsSeries) {
    if values.is_empty() {
        for numbers in
            [&mut statistics.mean, &mut statistics.median, &mut statistics.min, &mut statistics.max]
        {
            numbers.push(f64::NAN);
        }
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 values")]
    let count = values.len() as f64;
    statistics.mean.push(values.iter().sum::<f64>() / count);
    statistics.min.push(values.iter().copied().fold(f64::INFINITY, f64::min));
    statistics.max.push(values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    statistics.median.push(median(values));
}

/// The median of at least one value, none of them NaN. Puts the values in another order.
fn median(values: &mut [f64]) -> f64 {
    let is_even = values.len().is_multiple_of(2);
    let (below, &mut upper_middle, _) = values.select_nth_unstable_by(values.len() / 2, f64::total_cmp);
    if !is_even {
        return upper_middle;
    }
    let lower_middle = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(lower_middle, upper_middle)
}

impl JobMetric {
    /// The metric with statistics over its series when there are [`STATISTICS_SERIES_MIN`] of them or more.
    ///
    /// Stored statistics are computed anew, for other servers count missing samples as 0. For native samples
    /// only: those of a resampled metric are what [`resampled`](Self::resampled) puts there.
    #[must_use]
    pub fn with_statistics_series(self) -> Self {
        let stored_anew = self.statistics_series.is_some() && !self.series.is_empty();
        if self.series.len() < STATISTICS_SERIES_MIN && !stored_anew {
            return self;
        }
        let statistics_series = Some(statistics_series(&self.series, 1));
        Self { statistics_series, ..self }
    }
}
