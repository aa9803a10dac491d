//! Fetches the messages of a subject from a stream that keeps them until they are acknowledged.

use crate::StreamOptions;
use crate::delivery::Delivery;
use crate::session::Route;
use crate::settling::{ACK_WAIT, Settlements, delay};
use crate::work::{Signal, Work};
use async_nats::Client;
use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer};
use flightdeck_model::with_causes;
use futures_util::StreamExt;
use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Messages of a subject that are under way at most: no more are fetched until some are acknowledged.
const UNDER_WAY_MAX: i64 = 512;
/// Messages that are fetched at once, and how long the broker waits for the first and for more of them. Short, because
/// the listener does not stop in between: what had been sent but not read would come again only after [`ACK_WAIT`].
const BATCH: usize = 128;
const BATCH_TIME: Duration = Duration::from_secs(1);

/// Numbers of the messages that are under way, in all streams of the process.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// Fetches messages until the session is over. Trouble is logged, and it begins anew.
pub(crate) async fn run(
    client: Client,
    stream: StreamOptions,
    route: Route,
    settlements: Settlements,
    work: Arc<Work>,
    over: Signal,
) {
    let mut failures = 0;
    while !over.has_come() {
        let mut connected = work.connected.subscribe();
        tokio::select! {
            _ = connected.wait_for(|is_connected| *is_connected) => {}
            () = over.come() => return,
        }
        let opened = tokio::select! {
            opened = open(&client, &stream, &route) => opened,
            () = over.come() => return,
        };
        let outcome = match opened {
            Ok(consumer) => {
                tracing::debug!(subject = route.subject, "reading the NATS stream {:?}", stream.name);
                failures = 0;
                fetch(&consumer, &stream, &route, &settlements, &work, &over).await
            }
            Err(problem) => Err(problem),
        };
        let Err(problem) = outcome else { return };
        if *work.connected.borrow() {
            tracing::warn!(
                subject = route.subject,
                "cannot read the NATS stream {:?}: {problem}",
                stream.name
            );
        }
        tokio::select! {
            () = tokio::time::sleep(delay(failures)) => failures += 1,
            () = over.come() => return,
        }
    }
}

async fn open(client: &Client, stream: &StreamOptions, route: &Route) -> Result<PullConsumer, String> {
    let describe = |error: &dyn Error| with_causes(error);
    let context = jetstream::new(client.clone());
    let source = context.get_stream(&stream.name).await.map_err(|error| describe(&error))?;
    let config = Config {
        durable_name: Some(consumer_name(&stream.consumer_prefix, route.purpose.name(), &route.subject)),
        description: Some("flightdeck".to_owned()),
        // What was kept before the first start counts as well.
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        filter_subject: route.subject.clone(),
        max_ack_pending: UNDER_WAY_MAX,
        ..Config::default()
    };
    source.create_consumer(config).await.map_err(|error| describe(&error))
}

/// Hands out messages until the session is over; an error says in words why it ended early.
async fn fetch(
    consumer: &PullConsumer,
    stream: &StreamOptions,
    route: &Route,
    settlements: &Settlements,
    work: &Arc<Work>,
    over: &Signal,
) -> Result<(), String> {
    while !over.has_come() {
        let batch = consumer.batch().max_messages(BATCH).expires(BATCH_TIME).messages();
        let mut batch = batch.await.map_err(|error| with_causes(&error))?;
        loop {
            let message = tokio::select! {
                message = batch.next() => message,
                () = nothing_more_comes(work, over) => return Ok(()),
            };
            let Some(message) = message else { break };
            let message = message.map_err(|error| error.to_string())?;
            hand_on(message, stream, route, settlements, work);
        }
    }
    Ok(())
}

/// Waits until the session is over and there is no connection.
async fn nothing_more_comes(work: &Work, over: &Signal) {
    over.come().await;
    // An error would mean that the sender is gone, which is part of the work.
    let _ = work.connected.subscribe().wait_for(|is_connected| !*is_connected).await;
}

fn hand_on(
    message: jetstream::Message,
    stream: &StreamOptions,
    route: &Route,
    settlements: &Settlements,
    work: &Arc<Work>,
) {
    let info = message.info().map(|info| (info.stream_sequence, info.delivered));
    let (sequence, delivered) = info.unwrap_or_default();
    let deliveries = u64::try_from(delivered).unwrap_or(1).max(1);
    let (content, acker) = message.split();
    let settling = settlements.begin(NUMBERS.fetch_add(1, Ordering::Relaxed), deliveries, acker);
    let name = format!("{}:{sequence}", stream.name);
    // Nobody listens only after a panic.
    let _ = route.queue.send(Delivery::kept(Arc::clone(work), content, name, settling));
}

/// The name of the consumer that reads a subject: another one for every purpose and subject, without the characters that
/// a name may not have.
fn consumer_name(prefix: &str, purpose: &str, subject: &str) -> String {
    let mut name = format!("{prefix}-{purpose}-");
    for character in subject.chars() {
        match character {
            '.' => name.push('_'),
            plain if plain.is_ascii_alphanumeric() => name.push(plain),
            // Writing to a text cannot fail.
            other => drop(write!(name, "={:x}=", u32::from(other))),
        }
    }
    name
}
