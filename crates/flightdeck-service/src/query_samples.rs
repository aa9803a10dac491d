//! Answers another server that uses this one as its store of samples.
//!
//! The shapes are those of the field's stand-alone metric store, second version.

use crate::permission::require_sample_reader;
use crate::{ServiceError, Services};
use flightdeck_model::{Cluster, MetricStore, Principal, TimeSpan, UnixTime};
use serde::{Deserialize, Deserializer, Serialize};
use series::error_in_place;
use std::borrow::Cow;

mod row;
mod series;

/// Queries of one request at most, those for all nodes included.
const QUERIES_MAX: usize = 100_000;

/// Series that one request can name at most.
const SERIES_MAX: usize = 1_000_000;

/// Samples of one answer at most; missing ones in between count.
const VALUES_MAX: usize = 10_000_000;

/// Steps of one series at most, whether it has that many or not.
const STEPS_MAX: usize = 1_000_000;

/// How many seconds ahead of the present samples can be.
const AHEAD_S: i64 = 7200;

/// Asks for samples. Keys that are not known are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct QueryBody {
    /// The cluster's name.
    pub cluster: String,
    /// What is asked for.
    #[serde(default, deserialize_with = "null_as_default")]
    pub queries: Vec<SampleQuery>,
    /// Metrics that are asked for of every node that has samples; they are queries behind the others.
    #[serde(default, deserialize_with = "null_as_default")]
    pub for_all_nodes: Vec<String>,
    /// The first second, in Unix seconds.
    pub from: i64,
    /// The first second that is no longer asked for.
    pub to: i64,
    /// Whether average, smallest and largest sample are wanted.
    #[serde(default = "yes")]
    pub with_stats: bool,
    /// Whether the samples are wanted.
    #[serde(default = "yes")]
    pub with_data: bool,
    /// Whether a series that begins after `from` gets `null` for each step before.
    #[serde(default = "yes")]
    pub with_padding: bool,
}

const fn yes() -> bool {
    true
}

/// Reads `null` as what is left out.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Asks for one metric of one host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SampleQuery {
    /// The metric's name.
    pub metric: String,
    /// The host's name.
    pub host: String,
    /// Seconds between two samples of the answer; 0: as they are stored.
    #[serde(default, deserialize_with = "null_as_default")]
    pub resolution: i64,
    /// Kind of the parts (`core`, `accelerator`, …); absent: the host as a whole.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Their ids.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub type_ids: Vec<String>,
    /// Kind of the parts below these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype: Option<String>,
    /// Their ids.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub subtype_ids: Vec<String>,
    /// What samples are multiplied by; 0: not at all.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub scale_by: f64,
    /// Whether all parts become one series.
    #[serde(rename = "aggreg", default, deserialize_with = "null_as_default")]
    pub aggregate: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct QueryAnswer {
    /// All queries in the order of the results; only for who asked for all nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<SampleQuery>,
    /// For each query its series: one, or one for each of its ids, then for each part below, in their order. Where an id
    /// has no samples there is an error in its place, so that the others keep theirs; when none has any the list is empty.
    pub results: Vec<Vec<QueriedSeries>>,
}

/// One series of an answer. Where a number is not there it is `null`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueriedSeries {
    /// Why there is no series in this place; then all numbers are 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The samples, of each step one. With padding the first is that of the step that `from` of the request lies in, else
    /// the first that is there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<f64>,
    /// When the first sample is that is there, whatever comes before it for padding.
    pub from: i64,
    /// When the first sample that is not there any more would be.
    pub to: i64,
    /// Seconds between two samples.
    pub resolution: u32,
    /// Average of the stored samples, before any are left out for the resolution; 0 when it is not wanted.
    pub avg: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
}

impl Services {
    /// Answers queries about samples of the own store.
    ///
    /// A host as a whole that has no samples of a metric is answered with what its parts add up to. A resolution that is
    /// no multiple of the metric's timestep is rounded up to one. What cannot be answered, such as a metric that is not
    /// configured or more than a million steps of one, has an error in its place and costs the others nothing.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not see all samples, Invalid for more than 100,000 queries, a million series or ten
    /// million samples, Unavailable when this server keeps no samples, Port when they cannot be
    /// read.
    pub fn query_samples(
        &self,
        principal: &Principal,
        body: &QueryBody,
    ) -> Result<QueryAnswer, ServiceError> {
        require_sample_reader(principal)?;
        let store = self.metrics.own_store()?;
        let queries = self.all_queries(store, body)?;
        refuse_too_many(&queries)?;
        let Some(cluster) = self.clusters.get(&body.cluster) else {
            // As for a host that is not known.
            return Ok(answer(body, queries, Vec::new()));
        };
        let to = body.to.min(self.clock.now().0.saturating_add(AHEAD_S));
        let reading = Reading {
            store,
            cluster,
            body,
            span: TimeSpan { from: UnixTime(body.from), to: UnixTime(to) },
            minimum_points: self.settings.resampling_minimum_points,
        };
        let results = reading.rows(&queries)?;
        Ok(answer(body, queries, results))
    }

    /// The queries of the body, and those for all nodes.
    fn all_queries<'b>(
        &self,
        store: &dyn MetricStore,
        body: &'b QueryBody,
    ) -> Result<Cow<'b, [SampleQuery]>, ServiceError> {
        if body.for_all_nodes.is_empty() {
            return Ok(Cow::Borrowed(&body.queries));
        }
        let hosts = self.hosts_with_samples(store, &body.cluster);
        let more = hosts.len().saturating_mul(body.for_all_nodes.len());
        if more > QUERIES_MAX {
            let reason = format!("are {more} series: allowed are {QUERIES_MAX}");
            return Err(ServiceError::invalid("for-all-nodes", reason));
        }
        let mut queries = body.queries.clone();
        for host in hosts {
            queries.extend(body.for_all_nodes.iter().map(|metric| SampleQuery {
                metric: metric.clone(),
                host: host.clone(),
                ..SampleQuery::default()
            }));
        }
        Ok(Cow::Owned(queries))
    }

    /// The hosts of a cluster that the store knows, in order; also those that no subcluster has.
    fn hosts_with_samples(&self, store: &dyn MetricStore, cluster: &str) -> Vec<String> {
        if self.clusters.get(cluster).is_none() {
            return Vec::new();
        }
        let mut hosts = store.hosts(cluster);
        hosts.sort_unstable();
        hosts
    }
}

fn refuse_too_many(queries: &[SampleQuery]) -> Result<(), ServiceError> {
    if queries.len() > QUERIES_MAX {
        let reason = format!("are {}: allowed are {QUERIES_MAX}", queries.len());
        return Err(ServiceError::invalid("queries", reason));
    }
    let series_of =
        |query: &SampleQuery| query.type_ids.len().max(1).saturating_mul(query.subtype_ids.len().max(1));
    let series: usize = queries.iter().map(series_of).fold(0, usize::saturating_add);
    if series > SERIES_MAX {
        let reason = format!("name {series} series: allowed are {SERIES_MAX}");
        return Err(ServiceError::invalid("queries", reason));
    }
    Ok(())
}

fn too_many_samples() -> ServiceError {
    let reason = format!("have more than {VALUES_MAX} samples: ask for fewer at once");
    ServiceError::invalid("queries", reason)
}

/// Queries without a row get an empty one.
fn answer(
    body: &QueryBody,
    queries: Cow<'_, [SampleQuery]>,
    mut results: Vec<Vec<QueriedSeries>>,
) -> QueryAnswer {
    results.resize(queries.len(), Vec::new());
    let shown = if body.for_all_nodes.is_empty() { Vec::new() } else { queries.into_owned() };
    QueryAnswer { queries: shown, results }
}

/// What one request is answered from.
struct Reading<'a> {
    store: &'a dyn MetricStore,
    cluster: &'a Cluster,
    body: &'a QueryBody,
    span: TimeSpan,
    /// Series shorter than this are not resampled.
    minimum_points: usize,
}

impl Reading<'_> {
    fn rows(&self, queries: &[SampleQuery]) -> Result<Vec<Vec<QueriedSeries>>, ServiceError> {
        let mut rows = Vec::with_capacity(queries.len());
        let mut values = 0_usize;
        for query in queries {
            let row = self.row(query)?;
            values = row.iter().map(|series| series.data.len()).fold(values, usize::saturating_add);
            if values > VALUES_MAX {
                return Err(too_many_samples());
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn row(&self, query: &SampleQuery) -> Result<Vec<QueriedSeries>, ServiceError> {
        let Some(metric) = self.cluster.metrics.iter().find(|metric| metric.name == query.metric) else {
            return Ok(vec![error_in_place(format!(
                "unknown metric: {}",
                crate::shown::shown(&query.metric)
            ))]);
        };
        if self.body.from > self.body.to {
            return Ok(vec![error_in_place("invalid time range: from is after to".to_owned())]);
        }
        let steps = self.span.steps(metric.timestep_s);
        if steps > STEPS_MAX {
            let reason =
                format!("invalid time range: {steps} steps of {}, allowed are {STEPS_MAX}", metric.name);
            return Ok(vec![error_in_place(reason)]);
        }
        if u32::try_from(query.resolution).is_err() {
            let reason = format!("invalid resolution: {} is not 0 to {}", query.resolution, u32::MAX);
            return Ok(vec![error_in_place(reason)]);
        }
        self.found_row(query, metric)
    }
}
