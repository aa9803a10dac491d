//! From the JSON of a data.json to metric data: lenient where old archives are odd, and fast, because a job can
//! have millions of samples.

use flightdeck_model::{JobData, JobMetric, MetricScope, Series, SeriesStatistics, StatisticsSeries, Unit};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

#[cfg(test)]
mod tests;

/// Decodes the content of a data.json.
///
/// Passed over are members of the top level that are no maps (old files have a list `filesystems`), unknown
/// scopes, and the ids of series at node scope, which the reference writes although a node has none. A list
/// that is `null` is empty. Statistics that are missing are computed.
pub(crate) fn job_data(json: &str) -> Result<JobData, serde_json::Error> {
    let file: Option<DataFile> = serde_json::from_str(json)?;
    Ok(file.map(|DataFile(data)| data).unwrap_or_default())
}

struct DataFile(JobData);

impl<'de> Deserialize<'de> for DataFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DataFileVisitor)
    }
}

struct DataFileVisitor;

impl<'de> Visitor<'de> for DataFileVisitor {
    type Value = DataFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of metrics")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut data = JobData::new();
        while let Some(name) = members.next_key::<String>()? {
            let ScopeMap(scopes) = members.next_value()?;
            if let Some(scope) = scopes.iter().find_map(|(scope, it)| (it.timestep_s == 0).then_some(scope)) {
                return Err(A::Error::custom(format!("timestep of metric {name:?} at scope {scope} is 0")));
            }
            if !scopes.is_empty() {
                data.insert(name, scopes);
            }
        }
        Ok(DataFile(data))
    }
}

/// A metric by scope; empty for anything that is no object.
#[derive(Default)]
struct ScopeMap(BTreeMap<MetricScope, JobMetric>);

impl<'de> Deserialize<'de> for ScopeMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScopeMapVisitor)
    }
}

struct ScopeMapVisitor;

impl<'de> Visitor<'de> for ScopeMapVisitor {
    type Value = ScopeMap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of scopes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut scopes = BTreeMap::new();
        while let Some(name) = members.next_key::<String>()? {
            let Ok(scope) = name.parse::<MetricScope>() else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            if let Some(metric) = members.next_value::<Option<StoredMetric>>()? {
                scopes.insert(scope, metric.at_scope(scope));
            }
        }
        Ok(ScopeMap(scopes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(ScopeMap::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(ScopeMap::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(ScopeMap::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(ScopeMap::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(ScopeMap::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(ScopeMap::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(ScopeMap::default())
    }
}

/// A metric at one scope as files have it, which is less regular than [`JobMetric`].
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredMetric {
    statistics_series: Option<StoredStatisticsSeries>,
    unit: Option<Unit>,
    series: Option<Vec<StoredSeries>>,
    timestep: u32,
}

impl StoredMetric {
    fn at_scope(self, scope: MetricScope) -> JobMetric {
        let series = self.series.unwrap_or_default().into_iter();
        JobMetric {
            statistics_series: self.statistics_series.map(StatisticsSeries::from),
            unit: self.unit.unwrap_or_default(),
            series: series.map(|series| series.at_scope(scope)).collect(),
            timestep_s: self.timestep,
        }
    }
}

#[derive(Deserialize)]
struct StoredSeries {
    hostname: String,
    id: Option<String>,
    statistics: Option<SeriesStatistics>,
    #[serde(default)]
    data: Samples,
}

impl StoredSeries {
    fn at_scope(self, scope: MetricScope) -> Series {
        let Samples(data) = self.data;
        Series {
            hostname: self.hostname,
            id: self.id.filter(|_| scope != MetricScope::Node),
            statistics: self.statistics.unwrap_or_else(|| statistics_of(&data)),
            data,
        }
    }
}

#[derive(Deserialize)]
struct StoredStatisticsSeries {
    #[serde(default)]
    mean: Samples,
    #[serde(default)]
    median: Samples,
    #[serde(default)]
    min: Samples,
    #[serde(default)]
    max: Samples,
}

impl From<StoredStatisticsSeries> for StatisticsSeries {
    fn from(stored: StoredStatisticsSeries) -> Self {
        let StoredStatisticsSeries {
            mean: Samples(mean),
            median: Samples(median),
            min: Samples(min),
            max: Samples(max),
        } = stored;
        Self { mean, median, min, max }
    }
}

/// A list of numbers and `null`s, or `null`.
#[derive(Default)]
struct Samples(Vec<f64>);

impl<'de> Deserialize<'de> for Samples {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SamplesVisitor)
    }
}

struct SamplesVisitor;

impl<'de> Visitor<'de> for SamplesVisitor {
    type Value = Samples;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut samples = Vec::new();
        while let Some(sample) = items.next_element::<Option<f64>>()? {
            samples.push(sample.unwrap_or(f64::NAN));
        }
        samples.shrink_to_fit();
        Ok(Samples(samples))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Samples::default())
    }
}

fn statistics_of(samples: &[f64]) -> SeriesStatistics {
    let present = || samples.iter().copied().filter(|sample| !sample.is_nan());
    let (sum, count) = present().fold((0.0, 0_u32), |(sum, count), sample| (sum + sample, count + 1));
    // Without a sample all three are NaN: 0 divided by 0, and what `min` and `max` make of NaN alone.
    SeriesStatistics {
        avg: sum / f64::from(count),
        min: present().fold(f64::NAN, f64::min),
        max: present().fold(f64::NAN, f64::max),
    }
}
