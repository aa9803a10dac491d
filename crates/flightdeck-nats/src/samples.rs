//! Stores what comes on a subject of samples.

use crate::attempts::{Described, NotStored, Patience, until_stored};
use crate::counts::add;
use crate::delivery::{Delivery, Verdict};
use crate::options::SampleSubscription;
use crate::work::{Work, principal};
use flightdeck_model::WriteReport;
use flightdeck_service::ServiceError;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

/// Messages of a subject that may wait for the disk at the same time.
const AT_ONCE: usize = 64;

/// Works on messages until there are no more and all is done.
pub(crate) async fn run(
    subscription: SampleSubscription,
    mut deliveries: UnboundedReceiver<Delivery>,
    work: Arc<Work>,
) {
    let subscription = Arc::new(subscription);
    // What is under way ends with this set, and is handed back.
    let mut under_way = JoinSet::new();
    while let Some(delivery) = deliveries.recv().await {
        while under_way.try_join_next().is_some() {}
        if under_way.len() >= AT_ONCE {
            under_way.join_next().await;
        }
        let (subscription, work) = (Arc::clone(&subscription), Arc::clone(&work));
        under_way.spawn(async move { store(delivery, subscription.cluster_tag.as_deref(), &work).await });
    }
    under_way.join_all().await;
}

async fn store(delivery: Delivery, cluster: Option<&str>, work: &Work) {
    let Delivery { message, part, .. } = delivery;
    let subject = message.subject.as_str();
    let patience =
        part.deliveries().map_or(Patience::SomeTimes, |deliveries| Patience::HandingBack { deliveries });
    let name = format!("a message of samples on {subject}");
    // Samples are many: the log is no place to keep them.
    let what = Described { name: &name, content: None };
    let asker = principal();
    let write = || async {
        let answer = work.services.write_samples(&asker, &message.payload, cluster, None)?;
        Ok::<WriteReport, ServiceError>(answer.await?)
    };
    let verdict = match until_stored(work, patience, what, write).await {
        Ok(report) => stored(work, subject, &report),
        Err(NotStored::Failed(verdict)) => verdict,
        Err(NotStored::Refused(refusal)) => {
            add(&work.counters.lost, 1);
            if let Some(times) = work.logs.bad_samples.count(1) {
                tracing::warn!(
                    subject,
                    "samples are refused ({times} messages since the last word): {refusal}"
                );
            }
            Verdict::Refused
        }
    };
    part.settle(verdict);
}

fn stored(work: &Work, subject: &str, report: &WriteReport) -> Verdict {
    add(&work.counters.stored_samples, report.stored);
    add(&work.counters.bad_lines, report.bad);
    if report.bad > 0
        && let Some(times) = work.logs.bad_samples.count(report.bad)
    {
        let (line, problem) = report.first_bad.as_ref().map_or((0, ""), |(line, problem)| (*line, problem));
        tracing::warn!(
            subject,
            "lines of samples are not understood ({times} since the last word), now line {line}: {problem}"
        );
    }
    if report.stored == 0 && report.bad > 0 { Verdict::Refused } else { Verdict::Done }
}
