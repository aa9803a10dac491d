//! A message under way, and what becomes of it when all that it says is done.

use crate::counts::add;
use crate::settling::Settling;
use crate::work::Work;
use async_nats::Message;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedSemaphorePermit;

/// What became of a message or a part of it. Of several parts the greatest counts for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// It says nothing that could be stored, now or later.
    Refused,
    /// What it says is on disk.
    Done,
    /// It is to come again.
    Again,
}

/// A message that was received.
pub(crate) struct Delivery {
    pub(crate) message: Message,
    /// What the log calls it; empty when it has no name.
    pub(crate) name: String,
    pub(crate) part: Part,
}

/// A claim on a message: it is settled when all of them are.
pub(crate) struct Part {
    ticket: Arc<Ticket>,
    is_settled: bool,
}

/// What is known of a message beside its content.
pub(crate) struct Ticket {
    pub(crate) work: Arc<Work>,
    /// How a message of a stream is acknowledged; `None`: it never is.
    pub(crate) settling: Option<Settling>,
    verdict: Mutex<Verdict>,
    /// Its share of what may wait.
    _room: Option<OwnedSemaphorePermit>,
}

impl Delivery {
    /// A message that comes once.
    pub(crate) fn plain(work: Arc<Work>, message: Message, room: OwnedSemaphorePermit) -> Self {
        Self { message, name: String::new(), part: Part::first(work, None, Some(room)) }
    }

    /// A message that comes again until it is acknowledged.
    pub(crate) fn kept(work: Arc<Work>, message: Message, name: String, settling: Settling) -> Self {
        Self { message, name, part: Part::first(work, Some(settling), None) }
    }
}

impl Part {
    fn first(work: Arc<Work>, settling: Option<Settling>, room: Option<OwnedSemaphorePermit>) -> Self {
        add(&work.counters.messages, 1);
        let verdict = Mutex::new(Verdict::Refused);
        let ticket = Ticket { work, settling, verdict, _room: room };
        Self { ticket: Arc::new(ticket), is_settled: false }
    }

    /// Another claim on the same message.
    pub(crate) fn another(&self) -> Self {
        Self { ticket: Arc::clone(&self.ticket), is_settled: false }
    }

    /// How often the message was delivered up to now; `None` when it comes once.
    pub(crate) fn deliveries(&self) -> Option<u64> {
        self.ticket.settling.as_ref().map(Settling::deliveries)
    }

    /// Gives the claim up.
    pub(crate) fn settle(mut self, verdict: Verdict) {
        self.is_settled = true;
        self.ticket.judge(verdict);
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_settled {
            self.ticket.judge(Verdict::Again);
        }
    }
}

impl Ticket {
    fn judge(&self, verdict: Verdict) {
        let mut whole = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        *whole = verdict.max(*whole);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let verdict = *self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settling) = self.settling.take() {
            settling.settle(verdict);
        }
        add(&self.work.counters.finished_messages, 1);
    }
}

/// Without the content.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("subject", &self.message.subject.as_str())
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
