//! From what is wanted to what is asked: queries in the form of the field, in bodies of a size that can be answered.

use flightdeck_model::{SeriesParts, SeriesRequest, TimeSpan};
use serde::Serialize;

#[cfg(test)]
mod tests;

/// Queries in one body at most.
const QUERIES_MAX: usize = 1000;
/// Samples that one body asks for at most, if metrics have one every [`ASSUMED_TIMESTEP_S`]: about 100 MiB of answer.
const SAMPLES_MAX: usize = 8 << 20;
/// The true one is in the answer; few metrics are measured more often.
const ASSUMED_TIMESTEP_S: u32 = 10;

/// A body to be sent.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Body<'a> {
    cluster: &'a str,
    queries: Vec<&'a Query<'a>>,
    from: i64,
    to: i64,
    with_stats: bool,
    with_data: bool,
    // With it, the answer would not say where its first sample belongs.
    with_padding: bool,
}

impl<'a> Body<'a> {
    /// The body of some questions.
    pub(crate) fn new(cluster: &'a str, questions: &'a [Question<'a>], span: TimeSpan) -> Self {
        Self {
            cluster,
            queries: questions.iter().map(|question| &question.query).collect(),
            from: span.from.0,
            to: span.to.0,
            with_stats: false,
            with_data: true,
            with_padding: false,
        }
    }
}

/// One query, as the field has it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Query<'a> {
    metric: &'a str,
    host: &'a str,
    // As measured.
    resolution: u32,
    aggreg: bool,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    type_ids: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtype: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subtype_ids: Vec<&'a str>,
}

/// A query, and what its answer is for.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    /// Which request it belongs to.
    pub(crate) request: usize,
    /// The ids of the series that are asked for, in the order in which they are answered.
    pub(crate) ids: Vec<&'a str>,
    query: Query<'a>,
}

impl<'a> Question<'a> {
    /// The question of a request; `None` when that asks for nothing.
    ///
    /// # Errors
    ///
    /// Why it cannot be asked, in words.
    pub(crate) fn of(index: usize, request: &'a SeriesRequest) -> Result<Option<Self>, &'static str> {
        let mut query = Query {
            metric: &request.metric,
            host: &request.host,
            resolution: 0,
            aggreg: false,
            kind: None,
            type_ids: Vec::new(),
            subtype: None,
            subtype_ids: Vec::new(),
        };
        let ids = match &request.parts {
            SeriesParts::Node => vec![""],
            SeriesParts::Everything => {
                return Err("another server's store cannot be asked for all series of a host");
            }
            SeriesParts::Parts { kind, ids, below } => {
                query.kind = Some(kind);
                query.type_ids = ids.iter().map(String::as_str).collect();
                match below {
                    None => query.type_ids.clone(),
                    Some(sub) => {
                        query.subtype = Some(&sub.kind);
                        query.subtype_ids = sub.ids.iter().map(String::as_str).collect();
                        query.type_ids.iter().flat_map(|_| query.subtype_ids.iter().copied()).collect()
                    }
                }
            }
        };
        Ok((!ids.is_empty()).then_some(Self { request: index, ids, query }))
    }

    /// The same question, asked for each series by itself.
    pub(crate) fn split(&self) -> impl Iterator<Item = Self> + '_ {
        let sub_ids: Vec<Option<&'a str>> = if self.query.subtype.is_some() {
            self.query.subtype_ids.iter().copied().map(Some).collect()
        } else {
            vec![None]
        };
        self.query
            .type_ids
            .iter()
            .flat_map(move |id| sub_ids.clone().into_iter().map(move |sub| (*id, sub)))
            .map(|(id, sub_id)| Self {
                request: self.request,
                ids: vec![sub_id.unwrap_or(id)],
                query: Query {
                    type_ids: vec![id],
                    subtype_ids: sub_id.into_iter().collect(),
                    ..self.query.clone()
                },
            })
    }
}

/// Cuts questions into runs that go into one body each.
pub(crate) fn runs<'q, 'a>(questions: &'q [Question<'a>], span: TimeSpan) -> Vec<&'q [Question<'a>]> {
    let series_max = (SAMPLES_MAX / span.steps(ASSUMED_TIMESTEP_S).max(1)).max(1);
    let mut runs = Vec::new();
    let mut rest = questions;
    while !rest.is_empty() {
        let mut series = 0_usize;
        let fits = |question: &&Question<'_>| {
            series = series.saturating_add(question.ids.len());
            series <= series_max
        };
        // One that is too large by itself goes alone.
        let length = rest.iter().take(QUERIES_MAX).take_while(fits).count().max(1);
        let (run, later) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        runs.push(run);
        rest = later;
    }
    runs
}
