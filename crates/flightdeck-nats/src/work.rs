//! What all parts of a listener share.

use crate::counts::Counters;
use crate::quiet_log::QuietLog;
use flightdeck_model::{Principal, Role, Roles};
use flightdeck_service::{Caller, Services};
use tokio::sync::watch;

/// What all parts of a listener share.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) services: Services,
    pub(crate) counters: Counters,
    /// Whether there is a connection.
    pub(crate) connected: watch::Sender<bool>,
    pub(crate) stopping: Signal,
    pub(crate) logs: Logs,
}

/// Lines of the log that could come thousands of times a second, by what they are about.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    pub(crate) connecting: QuietLog,
    pub(crate) server_errors: QuietLog,
    pub(crate) storage: QuietLog,
    pub(crate) bad_events: QuietLog,
    pub(crate) bad_samples: QuietLog,
    pub(crate) dropped: QuietLog,
    pub(crate) unknown_nodes: QuietLog,
}

/// Something that happens once; it also has when nobody is left who could tell.
#[derive(Debug, Clone)]
pub(crate) struct Signal(watch::Receiver<bool>);

impl Signal {
    pub(crate) fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    pub(crate) fn has_come(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    pub(crate) async fn come(&self) {
        // An error: the sender is gone.
        let _ = self.0.clone().wait_for(|has_come| *has_come).await;
    }
}

/// Whoever publishes on a subject of job events: the broker decides who may, and does not tell who it was.
pub(crate) fn caller(subject: &str, request_id: &str) -> Caller {
    Caller { principal: principal(), address: subject.to_owned(), request_id: request_id.to_owned() }
}

/// What whoever publishes may be.
pub(crate) fn principal() -> Principal {
    Principal { username: "nats".to_owned(), roles: Roles::of(&[Role::Api]), projects: Vec::new() }
}
