//! Events of jobs and nodes: what they say, and what is done about them.

use crate::attempts::{BROKEN_DELIVERIES_MAX, Described, NotStored, Patience, until_stored};
use crate::counts::add;
use crate::delivery::{Part, Verdict};
use crate::work::{Work, caller};
use flightdeck_model::{NodeStatesBody, StartJobBody, StopJobBody};
use flightdeck_service::{NodesReported, ServiceError};
use serde::de::{DeserializeOwned, Error as _};
use serde_json::Error;
use std::hash::{DefaultHasher, Hash, Hasher};

#[cfg(test)]
mod tests;

/// Deliveries at most of a stop without a job. Its start may have been handed back by a storage that failed, so they are
/// more than those of the start. Together with the pauses between them they last longer than a start stays away that was
/// delivered to a process that is no more.
pub(crate) const ORPHAN_STOP_DELIVERIES_MAX: u64 = BROKEN_DELIVERIES_MAX + 2;

/// What a line says.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Start(Box<StartJobBody>),
    Stop(StopJobBody),
    Nodes(NodeStatesBody),
}

/// An event, and where it is from.
pub(crate) struct EventTask {
    pub(crate) event: Event,
    pub(crate) subject: String,
    /// What the log calls the message.
    pub(crate) message: String,
    pub(crate) part: Part,
}

/// What a line may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Jobs,
    Nodes,
}

impl Event {
    /// Reads the body of an event. `Ok(None)`: events of this kind are none of this topic.
    ///
    /// `null` is what is left out everywhere, as in the bodies of requests.
    pub(crate) fn read(
        topic: Topic,
        measurement: &str,
        function: Option<&str>,
        body: &str,
    ) -> Result<Option<Self>, Error> {
        let event = match (topic, measurement, function) {
            (Topic::Jobs, "job", Some("start_job")) => Self::Start(Box::new(read_body(body)?)),
            (Topic::Jobs, "job", Some("stop_job")) => Self::Stop(read_body(body)?),
            (Topic::Nodes, "nodestate", _) => Self::Nodes(read_body(body)?),
            _ => return Ok(None),
        };
        Ok(Some(event))
    }

    /// Events with the same number keep their order. Those of a job have the same whether they name its cluster or not.
    pub(crate) fn lane(&self) -> u64 {
        match self {
            Self::Start(body) => hash_of(&body.job_id),
            Self::Stop(body) => hash_of(&body.job_id.unwrap_or_default()),
            Self::Nodes(body) => hash_of(&body.cluster),
        }
    }

    /// What the log calls it.
    fn name(&self) -> String {
        match self {
            Self::Start(body) => format!("the start of job {} of cluster {:?}", body.job_id, body.cluster),
            Self::Stop(body) => {
                let (id, cluster) =
                    (body.job_id.unwrap_or_default(), body.cluster.as_deref().unwrap_or_default());
                format!("the stop of job {id} of cluster {cluster:?}")
            }
            Self::Nodes(body) => {
                format!("the states of {} nodes of cluster {:?}", body.nodes.len(), body.cluster)
            }
        }
    }
}

fn read_body<T: DeserializeOwned + Default>(body: &str) -> Result<T, Error> {
    if body.trim_start().starts_with('[') {
        // The decoder takes a list for an object without its keys, which nobody can mean.
        return Err(Error::custom("it is a list where an object belongs"));
    }
    Ok(serde_json::from_str::<Option<T>>(body)?.unwrap_or_default())
}

fn hash_of(key: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl EventTask {
    /// Does what the event says, and settles its part of the message.
    pub(crate) async fn carry_out(self, work: &Work) {
        let name = self.event.name();
        let verdict = match self.store(work, &name).await {
            Ok(()) => {
                add(&work.counters.stored_events, 1);
                Verdict::Done
            }
            Err(NotStored::Failed(verdict)) => verdict,
            Err(NotStored::Refused(refusal)) => self.refused(work, &name, &refusal),
        };
        self.part.settle(verdict);
    }

    async fn store(&self, work: &Work, name: &str) -> Result<(), NotStored> {
        let asker = caller(&self.subject, &self.message);
        let what = Described { name, content: Some(&self.event) };
        let services = &work.services;
        match &self.event {
            Event::Start(body) => {
                let start = || services.start_job(&asker, body.as_ref().clone());
                until_stored(work, self.patience(), what, start).await.map(|_id| ())
            }
            Event::Stop(body) => {
                let stop = || services.stop_job(&asker, body.clone());
                until_stored(work, self.patience(), what, stop).await.map(|_job| ())
            }
            Event::Nodes(body) => {
                let report = || services.report_nodes(&asker, body.clone());
                let reported = until_stored(work, self.patience(), what, report).await?;
                say_what_is_unknown(work, &body.cluster, &reported);
                say_what_is_odd(work, &self.subject, &reported);
                Ok(())
            }
        }
    }

    fn patience(&self) -> Patience {
        match (self.part.deliveries(), &self.event) {
            (None, _) => Patience::SomeTimes,
            (Some(deliveries), Event::Start(_) | Event::Stop(_)) => {
                Patience::HoldingOthersBack { deliveries }
            }
            (Some(deliveries), Event::Nodes(_)) => Patience::HandingBack { deliveries },
        }
    }

    fn refused(&self, work: &Work, name: &str, refusal: &ServiceError) -> Verdict {
        if let (Event::Stop(_), ServiceError::NotFound(_), Some(deliveries)) =
            (&self.event, refusal, self.part.deliveries())
            && deliveries < ORPHAN_STOP_DELIVERIES_MAX
        {
            tracing::debug!(
                job = name,
                message = self.message,
                "{name} came before its start and is to come again"
            );
            return Verdict::Again;
        }
        add(&work.counters.refused_events, 1);
        if let ServiceError::Unprocessable(_) = refusal {
            // What is told twice, and what is kept in quarantine, of which the audit log has a word.
            tracing::debug!(subject = self.subject, "{name} is refused: {refusal}");
        } else {
            tracing::warn!(subject = self.subject, "{name} is refused: {refusal}");
        }
        Verdict::Refused
    }
}

fn say_what_is_unknown(work: &Work, cluster: &str, reported: &NodesReported) {
    let unknown = u64::try_from(reported.unknown.len()).unwrap_or(u64::MAX);
    if unknown == 0 && reported.cluster_is_known {
        return;
    }
    let Some(times) = work.logs.unknown_nodes.count(unknown.max(1)) else { return };
    let first = reported.unknown.first().map_or("", String::as_str);
    tracing::warn!(
        "nodes of cluster {cluster:?} are not configured: {first:?} and others ({times} since the last word)"
    );
}

fn say_what_is_odd(work: &Work, subject: &str, reported: &NodesReported) {
    let Some((field, reason)) = &reported.first_odd else { return };
    add(&work.counters.bad_lines, 1);
    if let Some(times) = work.logs.bad_events.count(1) {
        let odd = reported.odd;
        tracing::warn!(
            subject,
            "reports of nodes have entries that make no sense ({times} since the last word), now {odd}, the first: {field}: {reason}"
        );
    }
}
