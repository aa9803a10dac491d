//! Fetches the messages of a subject from a stream that keeps them until they are acknowledged.

use crate::StreamOptions;
use crate::attempts::with_causes;
use crate::delivery::Delivery;
use crate::session::Route;
use crate::settling::{ACK_WAIT, Settlements, delay};
use crate::work::{Signal, Work};
use async_nats::Client;
use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::{Config, Stream};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use futures_util::{FutureExt, StreamExt};
use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Messages of a subject that are under way at most: no more are fetched until some are acknowledged.
const UNDER_WAY_MAX: u16 = 256;
/// Messages that are fetched at once.
const BATCH: u16 = 64;
/// How often the broker says that it is still there, and how long it waits for messages.
const HEARTBEAT: Duration = Duration::from_secs(5);
const FETCH_TIME_MAX: Duration = Duration::from_secs(30);

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
        let problem = match opened {
            Ok(messages) => {
                tracing::debug!(subject = route.subject, "reading the NATS stream {:?}", stream.name);
                failures = 0;
                fetch(messages, &stream, &route, &settlements, &work, &over).await
            }
            Err(problem) => Some(problem),
        };
        let Some(problem) = problem else { return };
        if *work.connected.borrow() {
            tracing::warn!(subject = route.subject, "cannot read the NATS stream {:?}: {problem}", stream.name);
        }
        tokio::select! {
            () = tokio::time::sleep(delay(failures)) => failures += 1,
            () = over.come() => return,
        }
    }
}

async fn open(client: &Client, stream: &StreamOptions, route: &Route) -> Result<Stream, String> {
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
        max_ack_pending: i64::from(UNDER_WAY_MAX),
        ..Config::default()
    };
    let consumer = source.create_consumer(config).await.map_err(|error| describe(&error))?;
    let messages = consumer
        .stream()
        .max_messages_per_batch(usize::from(BATCH))
        .heartbeat(HEARTBEAT)
        .expires(FETCH_TIME_MAX)
        .messages();
    messages.await.map_err(|error| describe(&error))
}

/// Hands out messages until the session is over, or there is a problem.
async fn fetch(
    mut messages: Stream,
    stream: &StreamOptions,
    route: &Route,
    settlements: &Settlements,
    work: &Arc<Work>,
    over: &Signal,
) -> Option<String> {
    loop {
        let message = tokio::select! {
            message = messages.next() => message,
            () = over.come() => break,
        };
        match message {
            Some(Ok(message)) => hand_on(message, stream, route, settlements, work),
            Some(Err(error)) => return Some(with_causes(&error)),
            None => return Some("the connection has ended".to_owned()),
        }
    }
    // What is here already is finished; what is not is delivered to the next process.
    for _ in 0..BATCH {
        let Some(Some(Ok(message))) = messages.next().now_or_never() else { break };
        hand_on(message, stream, route, settlements, work);
    }
    None
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
