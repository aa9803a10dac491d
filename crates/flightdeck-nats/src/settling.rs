//! Tells the broker what became of the messages of a stream, and meanwhile that they are being worked on.

use crate::delivery::Verdict;
use crate::work::{Signal, Work};
use async_nats::jetstream::AckKind;
use async_nats::jetstream::message::Acker;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{MissedTickBehavior, interval, timeout};

#[cfg(test)]
mod tests;

/// How long the broker waits for a word on a message before it delivers it again.
pub(crate) const ACK_WAIT: Duration = Duration::from_secs(30);
/// How often it gets one on each.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);
/// How long a word may take to get on its way: it waits while there is no connection. One that does not makes the message
/// come again.
const SEND_TIME_MAX: Duration = Duration::from_secs(5);
/// How long a message stays away that is to come again: at first, and at most.
const DELAY_FIRST: Duration = Duration::from_millis(200);
const DELAY_MAX: Duration = Duration::from_secs(30);

/// How one message is settled.
#[derive(Debug)]
pub(crate) struct Settling {
    number: u64,
    deliveries: u64,
    notices: UnboundedSender<Notice>,
}

/// Gives every message its [`Settling`].
#[derive(Debug, Clone)]
pub(crate) struct Settlements {
    notices: UnboundedSender<Notice>,
}

enum Notice {
    Begun { number: u64, acker: Box<Acker> },
    Settled { number: u64, deliveries: u64, verdict: Verdict },
}

impl Settling {
    /// How often the message was delivered up to now.
    pub(crate) const fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// Has the broker told.
    pub(crate) fn settle(self, verdict: Verdict) {
        // Nobody listens only after a panic; then the message comes again.
        let _ =
            self.notices.send(Notice::Settled { number: self.number, deliveries: self.deliveries, verdict });
    }
}

impl Settlements {
    /// Where to ask for them, and what has to run meanwhile. It ends when all are settled and nobody can ask any more.
    pub(crate) fn new(work: Arc<Work>) -> (Self, impl Future<Output = ()>) {
        let (notices, receiver) = unbounded_channel();
        (Self { notices }, tell(receiver, work))
    }

    /// Begins with a message. No two that are under way may have the same number.
    pub(crate) fn begin(&self, number: u64, deliveries: u64, acker: Acker) -> Settling {
        let _ = self.notices.send(Notice::Begun { number, acker: Box::new(acker) });
        Settling { number, deliveries, notices: self.notices.clone() }
    }
}

async fn tell(mut notices: UnboundedReceiver<Notice>, work: Arc<Work>) {
    let mut open = HashMap::new();
    let mut progress = interval(PROGRESS_INTERVAL);
    progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            notice = notices.recv() => match notice {
                None => return,
                Some(Notice::Begun { number, acker }) => drop(open.insert(number, acker)),
                Some(Notice::Settled { number, deliveries, verdict }) => {
                    if let Some(acker) = open.remove(&number) {
                        send(&acker, kind_of(verdict, deliveries, &work.stopping)).await;
                    }
                }
            },
            _ = progress.tick() => {
                for acker in open.values().filter(|_| *work.connected.borrow()) {
                    send(acker, AckKind::Progress).await;
                }
            }
        }
    }
}

async fn send(acker: &Acker, kind: AckKind) {
    match timeout(SEND_TIME_MAX, acker.ack_with(kind)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::debug!("a message of a stream cannot be acknowledged and comes again: {error}");
        }
        Err(_elapsed) => tracing::debug!("a message of a stream is not acknowledged in time and comes again"),
    }
}

fn kind_of(verdict: Verdict, deliveries: u64, stopping: &Signal) -> AckKind {
    match verdict {
        Verdict::Done => AckKind::Ack,
        Verdict::Refused => AckKind::Term,
        // For the next process, which need not wait.
        Verdict::Again if stopping.has_come() => AckKind::Nak(None),
        Verdict::Again => AckKind::Nak(Some(delay(deliveries.saturating_sub(1)))),
    }
}

/// How long to wait after so many failures: twice as long each time.
pub(crate) fn delay(failures: u64) -> Duration {
    let doublings = u32::try_from(failures).unwrap_or(u32::MAX).min(16);
    DELAY_FIRST.saturating_mul(1 << doublings).min(DELAY_MAX)
}
