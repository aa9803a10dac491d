//! Metric data of a job: series of samples by metric and scope, as data.json and the API have them.
//!
//! Sample `i` of a series is the value at start time + `i` × timestep; NaN stands for a missing sample and
//! is `null` in JSON. Samples keep their full precision.

use crate::job::{null_as_default, null_as_nan};
use crate::{MetricScope, Unit};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// All metric data of a job: metric name to scope to series.
pub type JobData = BTreeMap<String, BTreeMap<MetricScope, JobMetric>>;

/// One metric of a job at one scope.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobMetric {
    /// Smallest, median, mean and largest value over the series, sample by sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics_series: Option<StatisticsSeries>,
    /// The unit of the samples.
    #[serde(default)]
    pub unit: Unit,
    /// One series per part of the scope and host.
    #[serde(default, deserialize_with = "null_as_default")]
    pub series: Vec<Series>,
    /// Seconds between two samples.
    #[serde(rename = "timestep")]
    pub timestep_s: u32,
}

/// The samples of one part of one host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Series {
    /// The host's name.
    #[cfg_attr(feature = "openapi", schema(example = "a0117"))]
    pub hostname: String,
    /// The part's id: number of the socket, core, …, or id of the accelerator; absent at node scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Statistics of the native samples; never of resampled ones.
    #[serde(default, deserialize_with = "null_as_default")]
    pub statistics: SeriesStatistics,
    /// The samples.
    #[serde(default, deserialize_with = "samples_from_json")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Option<f64>>))]
    pub data: Vec<f64>,
}

impl Series {
    /// Statistics of samples, over those that are there; NaN when there is none.
    #[must_use]
    pub fn computed_statistics(samples: &[f64]) -> SeriesStatistics {
        let mut count = 0_u64;
        let (mut sum, mut min, mut max) = (0.0, f64::NAN, f64::NAN);
        for &sample in samples.iter().filter(|sample| !sample.is_nan()) {
            count += 1;
            sum += sample;
            // `f64::min` takes the other value for a NaN.
            min = sample.min(min);
            max = sample.max(max);
        }
        #[expect(clippy::cast_precision_loss, reason = "a series has far fewer than 2^52 samples")]
        let avg = sum / count as f64;
        SeriesStatistics { avg, min, max }
    }
}

/// Average, smallest and largest sample of a series; NaN (`null`) when it has none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesStatistics {
    /// Average over the samples that are there.
    #[serde(default, deserialize_with = "null_as_nan")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub avg: f64,
    /// Smallest sample.
    #[serde(default, deserialize_with = "null_as_nan")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub min: f64,
    /// Largest sample.
    #[serde(default, deserialize_with = "null_as_nan")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub max: f64,
}

impl Default for SeriesStatistics {
    /// Zeros: what a reader of the archive takes for absent statistics.
    fn default() -> Self {
        Self { avg: 0.0, min: 0.0, max: 0.0 }
    }
}

/// Statistics over many series, sample by sample, over the values that are there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatisticsSeries {
    /// Arithmetic means.
    #[serde(default, deserialize_with = "samples_from_json")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Option<f64>>))]
    pub mean: Vec<f64>,
    /// Medians.
    #[serde(default, deserialize_with = "samples_from_json")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Option<f64>>))]
    pub median: Vec<f64>,
    /// Smallest values.
    #[serde(default, deserialize_with = "samples_from_json")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Option<f64>>))]
    pub min: Vec<f64>,
    /// Largest values.
    #[serde(default, deserialize_with = "samples_from_json")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Option<f64>>))]
    pub max: Vec<f64>,
}

/// A number or `null`.
#[derive(Deserialize)]
#[serde(transparent)]
struct Sample(#[serde(deserialize_with = "null_as_nan")] f64);

fn samples_from_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let samples = Option::<Vec<Sample>>::deserialize(deserializer)?;
    Ok(samples.unwrap_or_default().into_iter().map(|Sample(value)| value).collect())
}
