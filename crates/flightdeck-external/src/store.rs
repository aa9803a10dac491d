//! The port to another server's store: asks, and sorts what is answered.

use crate::address::Address;
use crate::answer::{self, Element};
use crate::breaker::{Breaker, Failure};
use crate::placing::Placing;
use crate::question::{self, Body, Question};
use crate::turns::Turns;
use crate::{ExternalError, Options, certificates};
use flightdeck_model::{Clock, MetricSource, PortError, SeriesAnswer, SeriesRequest, TimeSpan};
use std::error::Error;
use std::sync::Arc;
use ureq::Agent;
use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use ureq::http::{HeaderValue, StatusCode};
use ureq::tls::TlsConfig;

/// An error in an answer is shown as far as this, in characters.
const PROBLEM_CHARS_MAX: usize = 200;

/// The metric store of another server.
///
/// It is asked anew each time and nothing is kept but whether it failed: then it is left alone for 5 s, and whoever asks
/// meanwhile is told so at once. Few questions are under way at a time: whoever comes when they are waits for a moment, and
/// not at all behind one that has been waiting for more than a second, and is told that the store does not answer.
#[derive(Debug)]
pub struct ExternalStore {
    address: Address,
    /// Marked as sensitive, so that it is not shown.
    authorization: Option<HeaderValue>,
    agent: Agent,
    answer_limit_bytes: u64,
    breaker: Breaker,
    turns: Turns,
    clock: Arc<dyn Clock>,
}

impl ExternalStore {
    /// Gets ready to ask a store. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When the address, the token or the certificates cannot be used.
    pub fn new(options: Options, clock: Arc<dyn Clock>) -> Result<Self, ExternalError> {
        let Options {
            url,
            token,
            timeout,
            connect_timeout,
            certificates,
            answer_limit_bytes,
            questions_at_once,
            turn_wait,
        } = options;
        let address = Address::parse(&url)?;
        let authorization = authorization(token.reveal(), &address)?;
        let mut config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .timeout_resolve(Some(connect_timeout))
            .timeout_connect(Some(connect_timeout))
            .user_agent("flightdeck")
            .http_status_as_error(false)
            // The token is for this address alone.
            .max_redirects(0)
            // The environment is read by the configuration and nowhere else.
            .proxy(None)
            // A connection that the server closes in the moment of its next use would count as a failure.
            .max_idle_connections(0);
        if address.is_https {
            let trusted = certificates::load(certificates.as_deref())?;
            config = config.tls_config(TlsConfig::builder().root_certs(trusted).build());
        }
        let agent = config.build().new_agent();
        let turns = Turns::new(questions_at_once, turn_wait);
        let breaker = Breaker::default();
        Ok(Self { address, authorization, agent, answer_limit_bytes, breaker, turns, clock })
    }

    /// Asks questions, and gives the answers in their order: each one the series of a question, in the order of its ids,
    /// with those left out that the store does not have.
    fn ask_all(
        &self,
        cluster: &str,
        questions: &[Question<'_>],
        span: TimeSpan,
    ) -> Result<Vec<Vec<Element>>, ExternalError> {
        let mut rows = Vec::with_capacity(questions.len());
        // No metric has more than one sample in a second.
        let samples_max = usize::try_from(span.to.seconds_since(span.from)).unwrap_or(usize::MAX);
        for run in question::runs(questions, span) {
            let body = serde_json::to_vec(&Body::new(cluster, run, span))
                .map_err(|source| ExternalError::Encode { url: self.shown(), source })?;
            let answer = self.ask(&body)?;
            let series_asked: Vec<usize> = run.iter().map(|question| question.ids.len()).collect();
            // With one more, because a step can begin before the span.
            rows.extend(
                answer::decode(&answer, &series_asked, samples_max.saturating_add(1))
                    .map_err(|source| ExternalError::Decode { url: self.shown(), source })?,
            );
        }
        Ok(rows)
    }

    /// Sends one body, unless the store failed a moment ago or has enough to answer.
    fn ask(&self, body: &[u8]) -> Result<Vec<u8>, ExternalError> {
        self.refuse_after_failure()?;
        let taken = self.turns.take(self.clock.as_ref());
        let _turn = taken.map_err(|under_way| ExternalError::Busy { url: self.shown(), under_way })?;
        // Those whose turn came before may have found that it fails.
        self.refuse_after_failure()?;
        let answer = self.send(body);
        match &answer {
            // One that says too much is there all the same, and has to be asked for something else.
            Ok(_) | Err(ExternalError::TooLarge { .. }) => {
                if self.breaker.answered() {
                    tracing::info!(store = self.address.shown, "the metric store answers again");
                }
            }
            Err(error) => {
                let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
                if self.breaker.failed(self.clock.now(), why.clone()) {
                    tracing::warn!(store = self.address.shown, why, "the metric store fails");
                }
            }
        }
        answer
    }

    fn refuse_after_failure(&self) -> Result<(), ExternalError> {
        let now = self.clock.now();
        let Some(Failure { at, why }) = self.breaker.recent_failure(now) else { return Ok(()) };
        let seconds_ago = now.seconds_since(at);
        Err(ExternalError::LeftAlone { url: self.shown(), seconds_ago, why })
    }

    fn send(&self, body: &[u8]) -> Result<Vec<u8>, ExternalError> {
        let mut request = self
            .agent
            .get(&self.address.query)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        // The stores of the field answer no other method.
        let mut response = request.force_send_body().send(body).map_err(|error| self.no_answer(error))?;
        if response.status() != StatusCode::OK {
            let status = response.status().as_u16();
            return Err(ExternalError::Status { url: self.shown(), status });
        }
        let limited = response.body_mut().with_config().limit(self.answer_limit_bytes);
        limited.read_to_vec().map_err(|error| self.no_answer(error))
    }

    fn no_answer(&self, error: ureq::Error) -> ExternalError {
        match error {
            ureq::Error::BodyExceedsLimit(limit_bytes) => {
                ExternalError::TooLarge { url: self.shown(), limit_bytes }
            }
            other => ExternalError::NoAnswer { url: self.shown(), source: Box::new(other) },
        }
    }

    fn shown(&self) -> String {
        self.address.shown.clone()
    }
}

fn authorization(token: &str, address: &Address) -> Result<Option<HeaderValue>, ExternalError> {
    if token.is_empty() {
        return Ok(None);
    }
    let Ok(mut value) = HeaderValue::try_from(format!("Bearer {token}")) else {
        return Err(ExternalError::Token { url: address.shown.clone() });
    };
    value.set_sensitive(true);
    Ok(Some(value))
}

impl MetricSource for ExternalStore {
    /// The host as a whole ([`Node`](flightdeck_model::SeriesParts::Node)) is what the other server takes for it: if it
    /// has no samples of the host itself, the aggregate of those of its parts.
    /// [`Everything`](flightdeck_model::SeriesParts::Everything) cannot be asked for and is a problem.
    fn read_series(
        &self,
        cluster: &str,
        requests: &[SeriesRequest],
        span: TimeSpan,
    ) -> Result<Vec<SeriesAnswer>, PortError> {
        let mut answers: Vec<SeriesAnswer> = requests.iter().map(|_| SeriesAnswer::default()).collect();
        if span.to <= span.from {
            return Ok(answers);
        }
        let mut questions = Vec::new();
        for ((index, request), answer) in requests.iter().enumerate().zip(&mut answers) {
            match Question::of(index, request) {
                Ok(question) => questions.extend(question),
                Err(problem) => answer.problem = Some(problem.to_owned()),
            }
        }

        let mut sorting = Sorting { answers, placing: Placing::new(span) };
        let mut ambiguous = Vec::new();
        for (question, row) in questions.iter().zip(self.ask_all(cluster, &questions, span)?) {
            if is_ambiguous(question, &row) {
                ambiguous.extend(question.split());
            } else {
                sorting.take(question, row);
            }
        }
        for (question, row) in ambiguous.iter().zip(self.ask_all(cluster, &ambiguous, span)?) {
            sorting.take(question, row);
        }
        Ok(sorting.answers)
    }

    fn change_stamp(&self, _cluster: &str, _hosts: &[&str]) -> Option<u64> {
        None
    }
}

/// Whether a row has some of the series that were asked for and does not say which: series that the store does not have
/// are left out of a row, and the later ones move up.
fn is_ambiguous(question: &Question<'_>, row: &[Element]) -> bool {
    row.len() < question.ids.len() && row.iter().any(|element| element.error.is_none())
}

/// The answers on their way.
struct Sorting {
    answers: Vec<SeriesAnswer>,
    placing: Placing,
}

impl Sorting {
    fn take(&mut self, question: &Question<'_>, row: Vec<Element>) {
        let Some(answer) = self.answers.get_mut(question.request) else { return };
        for (id, element) in question.ids.iter().zip(row) {
            let placed = match &element.error {
                Some(error) => Err(shortened(error)),
                None => self.placing.place(id, &element),
            };
            match placed {
                Ok(series) => answer.series.extend(series),
                // The first is as good as any.
                Err(problem) => {
                    answer.problem.get_or_insert(problem);
                }
            }
        }
    }
}

/// A text of another server as it can be shown.
fn shortened(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(PROBLEM_CHARS_MAX).collect()
}
