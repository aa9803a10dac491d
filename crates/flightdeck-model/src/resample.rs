//! Fewer samples for a drawing: a metric on a coarser grid of its own.
//!
//! The picked samples are for the eye only. Statistics of a series and over the series always come from the
//! native samples.

mod lttb;
mod min_max;
#[cfg(test)]
mod tests;

use crate::statistics_series::{STATISTICS_SERIES_MIN, statistics_on_grid};
use crate::{JobMetric, Series};
use std::fmt;
use std::str::FromStr;

pub use lttb::lttb;
pub use min_max::min_max;

/// How the samples of a coarser grid are picked from the native ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ResampleMethod {
    /// Those that keep the shape of the curve: [`lttb`].
    #[default]
    Lttb,
    /// The extremes, so that no spike is lost: [`min_max`].
    MinMax,
}

impl ResampleMethod {
    /// The method's name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lttb => "lttb",
            Self::MinMax => "minmax",
        }
    }

    fn pick(self, samples: &[f64], points: usize) -> Vec<f64> {
        match self {
            Self::Lttb => lttb(samples, points),
            Self::MinMax => min_max(samples, points),
        }
    }
}

impl fmt::Display for ResampleMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a resampling method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a resampling method: allowed are lttb and minmax")]
pub struct UnknownResampleMethod(pub String);

impl FromStr for ResampleMethod {
    type Err = UnknownResampleMethod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Lttb, Self::MinMax]
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or_else(|| UnknownResampleMethod(text.to_owned()))
    }
}

/// Which metrics are resampled, and how far. The default resamples nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResampleRule {
    /// The wanted seconds between two samples, rounded up to a multiple of the metric's own timestep.
    pub resolution_s: Option<u32>,
    /// The most samples of a series, whatever the resolution and `minimum_points` say. Less than 2 counts
    /// as 2: the first and the last sample always stay.
    pub max_points: Option<usize>,
    /// A metric whose longest series has fewer samples than this is not resampled for `resolution_s`.
    pub minimum_points: usize,
    /// How the samples are picked.
    pub method: ResampleMethod,
}

impl ResampleRule {
    /// How many native samples make one step for a metric with a longest series of `samples` samples;
    /// `None`: it stays as it is. Of two limits the coarser one counts.
    fn samples_per_step(&self, samples: usize, timestep_s: u32) -> Option<usize> {
        self.step_by_resolution(samples, timestep_s).max(self.step_by_max_points(samples))
    }

    fn step_by_resolution(&self, samples: usize, timestep_s: u32) -> Option<usize> {
        let resolution_s = self.resolution_s.filter(|&wanted_s| timestep_s > 0 && wanted_s > timestep_s)?;
        let step = usize::try_from(resolution_s.div_ceil(timestep_s)).ok()?;
        (samples >= self.minimum_points && samples >= step).then_some(step)
    }

    /// The smallest step with floor(samples / step) ≤ the limit.
    fn step_by_max_points(&self, samples: usize) -> Option<usize> {
        let points = self.max_points?.max(2);
        (samples > points).then(|| samples / (points + 1) + 1)
    }
}

impl JobMetric {
    /// The metric on a coarser grid; `None` when the rule leaves it as it is.
    ///
    /// All series get the same timestep, a multiple k of the metric's own. A series of n samples gets
    /// floor(n / k) of them, but at least its first and last one; sample `i` stands at about start time +
    /// `i` × timestep. The series' statistics stay those of the native samples. Statistics over the series are
    /// computed from all native samples of a step (what is left at the end counts for the last one), under the
    /// same condition as in [`with_statistics_series`](Self::with_statistics_series), which is for metrics that
    /// stay as they are:
    ///
    /// ```
    /// # use flightdeck_model::{JobMetric, ResampleRule, Series};
    /// # let series = Series { data: (0..1440).map(f64::from).collect(), ..Series::default() };
    /// # let metric = JobMetric { series: vec![series; 8], timestep_s: 60, ..JobMetric::default() };
    /// let rule = ResampleRule { resolution_s: Some(250), ..ResampleRule::default() };
    /// let shown = metric.resampled(&rule).unwrap_or_else(|| metric.with_statistics_series());
    /// assert_eq!(shown.timestep_s, 300);
    /// assert_eq!(shown.series[0].data.len(), 288);
    /// assert_eq!(shown.statistics_series.map(|it| it.max.len()), Some(288));
    /// ```
    #[must_use]
    pub fn resampled(&self, rule: &ResampleRule) -> Option<Self> {
        let longest = self.series.iter().map(|series| series.data.len()).max()?;
        let step = rule.samples_per_step(longest, self.timestep_s)?;
        let timestep_s = u32::try_from(step).ok()?.checked_mul(self.timestep_s)?;
        let series: Vec<Series> =
            self.series.iter().map(|native| resampled_series(native, step, rule.method)).collect();
        let points = series.iter().map(|it| it.data.len()).max()?;
        let has_statistics = self.series.len() >= STATISTICS_SERIES_MIN || self.statistics_series.is_some();
        // A step of more than half the samples still gives two points: the first and the last sample.
        let samples_per_point = step.min(longest.div_ceil(points));
        let statistics_series =
            has_statistics.then(|| statistics_on_grid(&self.series, samples_per_point, points));
        Some(Self { statistics_series, unit: self.unit.clone(), series, timestep_s })
    }
}

fn resampled_series(native: &Series, step: usize, method: ResampleMethod) -> Series {
    let points = (native.data.len() / step).max(1);
    Series {
        hostname: native.hostname.clone(),
        id: native.id.clone(),
        statistics: native.statistics,
        data: method.pick(&native.data, points),
    }
}
