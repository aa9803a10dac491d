//! Takes the messages of a subject as they pass by.
//!
//! The client library throws messages away when more than a number of them wait, however large they are. Therefore they
//! are fetched from it at once, and wait here, up to a number of bytes.

use crate::connection::say_dropped;
use crate::delivery::Delivery;
use crate::session::Route;
use crate::work::{Signal, Work};
use async_nats::connection::State;
use async_nats::{Client, Message, Subscriber};
use futures_util::{FutureExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Kibibytes of messages of one subject that may wait.
pub(crate) const WAITING_KIB_MAX: usize = 256 * 1024;
/// How long the broker may take to send what is under way, when the listener stops.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(3);

/// Takes messages until the session is over and none is under way any more, or the client has ended.
pub(crate) async fn run(client: Client, route: Route, work: Arc<Work>, over: Signal) {
    let mut subscriber = match client.subscribe(route.subject.clone()).await {
        Ok(subscriber) => subscriber,
        Err(error) => {
            tracing::error!(subject = route.subject, "cannot subscribe to a NATS subject: {error}");
            return over.come().await;
        }
    };
    let room = Arc::new(Semaphore::new(WAITING_KIB_MAX));
    loop {
        tokio::select! {
            message = subscriber.next() => match message {
                Some(message) => accept(message, &route, &room, &work),
                None => return,
            },
            () = over.come() => break,
        }
    }
    if client.connection_state() == State::Connected {
        // Ends at the time limit when the connection goes just now.
        let _ = timeout(DRAIN_TIME_MAX, drain(&mut subscriber, &route, &room, &work)).await;
    }
    while let Some(Some(message)) = subscriber.next().now_or_never() {
        accept(message, &route, &room, &work);
    }
}

async fn drain(subscriber: &mut Subscriber, route: &Route, room: &Arc<Semaphore>, work: &Arc<Work>) {
    if subscriber.drain().await.is_err() {
        return;
    }
    while let Some(message) = subscriber.next().await {
        accept(message, route, room, work);
    }
}

fn accept(message: Message, route: &Route, room: &Arc<Semaphore>, work: &Arc<Work>) {
    let kib = u32::try_from(message.length / 1024 + 1).unwrap_or(u32::MAX);
    let Ok(permit) = Arc::clone(room).try_acquire_many_owned(kib) else {
        say_dropped(work);
        return;
    };
    // Nobody listens only after a panic.
    let _ = route.queue.send(Delivery::plain(Arc::clone(work), message, permit));
}
