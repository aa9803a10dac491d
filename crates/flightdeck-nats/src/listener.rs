//! Starts and stops the listener, and runs it on its thread.

use crate::counts::Counters;
use crate::events::Topic;
use crate::options::Servers;
use crate::session::{Purpose, Route};
use crate::settling::{Settlements, delay};
use crate::work::{Logs, Signal, Work};
use crate::{NatsCounts, NatsError, NatsOptions, connection, event_lane, samples, session};
use async_nats::Client;
use flightdeck_service::Services;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

#[cfg(test)]
mod tests;

/// How long a listener that stops may take to finish what it has received. The rest is handed back, or, if it comes once,
/// lost. A change that waits for the database takes no longer, unless something is wrong.
const FINISH_TIME_MAX: Duration = Duration::from_secs(5);
/// How long the last acknowledgements may take to get on their way.
const FLUSH_TIME_MAX: Duration = Duration::from_secs(3);
/// How long look-ups of names that are under way may hold up the end.
const RUNTIME_END_TIME_MAX: Duration = Duration::from_secs(1);

/// Takes what comes over NATS, on a thread of its own, until it is stopped or dropped.
#[derive(Debug)]
pub struct NatsListener {
    work: Arc<Work>,
    stop: watch::Sender<bool>,
    ended: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

impl NatsListener {
    /// Starts the listener. It connects in the background and keeps trying for as long as it runs.
    ///
    /// Events are carried out for a caller named `nats` with the role `api`, whose address is the subject: who may
    /// publish there is the broker's business. The caller's request id is the stream's name and the message's number in
    /// it, and empty without a stream.
    ///
    /// # Errors
    ///
    /// When there is no address or one is none, or no thread can be started. Not when no broker answers.
    pub fn start(options: NatsOptions, services: Services) -> Result<Self, NatsError> {
        let servers = Servers::of(&options)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(NatsError::Thread)?;
        let (stop, stopping) = Signal::new();
        let work = Arc::new(Work {
            services,
            counters: Counters::default(),
            connected: watch::Sender::new(false),
            stopping,
            logs: Logs::default(),
        });
        let (end, ended) = oneshot::channel();
        let shared = Arc::clone(&work);
        let thread = std::thread::Builder::new()
            .name("flightdeck-nats".to_owned())
            .spawn(move || {
                run_on_thread(runtime, &options, &servers, shared);
                // Nobody waits when the listener was dropped.
                let _ = end.send(());
            })
            .map_err(NatsError::Thread)?;
        Ok(Self { work, stop, ended, thread })
    }

    /// What has come since the start, and what became of it.
    #[must_use]
    pub fn counts(&self) -> NatsCounts {
        self.work.counters.counts(*self.work.connected.borrow())
    }

    /// Takes nothing more, finishes what was received, and closes the connection. While the storage is away, events that
    /// come once are given up, and logged; those of a stream come again after the next start. So does what takes longer
    /// than some seconds.
    pub async fn stop(self) {
        self.begin_to_stop();
        // An error: the thread has ended by a panic, and there is nothing left to wait for.
        let _ = self.ended.await;
    }

    /// Tells the listener to stop, without waiting for it.
    pub fn begin_to_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Stops as [`stop`](Self::stop) does, and blocks this thread meanwhile: at most for a quarter of a minute.
    pub fn stop_and_wait(self) {
        self.begin_to_stop();
        if self.thread.join().is_err() {
            tracing::error!("the thread that listens to NATS panicked");
        }
    }
}

fn run_on_thread(runtime: Runtime, options: &NatsOptions, servers: &Servers, work: Arc<Work>) {
    runtime.block_on(listen(options, servers, work));
    runtime.shutdown_timeout(RUNTIME_END_TIME_MAX);
}

async fn listen(options: &NatsOptions, servers: &Servers, work: Arc<Work>) {
    let (settlements, tell) = Settlements::new(Arc::clone(&work));
    let telling = tokio::spawn(tell);
    let mut lanes = JoinSet::new();
    let routes = routes(options, &mut lanes, &work);
    let mut last = None;
    let mut failures = 0;
    while !work.stopping.has_come() {
        let Some(client) = connection::client(options, servers, &work).await else { break };
        session::run(&client, options.stream.as_ref(), &routes, &settlements, &work).await;
        last = Some(client);
        tokio::select! {
            () = tokio::time::sleep(delay(failures)) => failures += 1,
            () = work.stopping.come() => {}
        }
    }
    // Without senders the lanes end when all is done, and then the acknowledgements.
    drop(routes);
    drop(settlements);
    finish(lanes, FINISH_TIME_MAX).await;
    match timeout(FLUSH_TIME_MAX, telling).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => tracing::error!("acknowledging messages from NATS has failed"),
        Err(_elapsed) => {
            tracing::debug!("NATS does not take the last acknowledgements: the messages come again");
        }
    }
    close(last).await;
}

/// Waits until all that was received is done. What takes too long is dropped, and thereby handed back.
async fn finish(lanes: JoinSet<()>, time_max: Duration) {
    if timeout(time_max, lanes.join_all()).await.is_err() {
        tracing::warn!(
            "messages from NATS could not be finished within {} s: those of a stream come again",
            time_max.as_secs()
        );
    }
}

/// Sends what has to be sent, if there is a connection.
async fn close(client: Option<Client>) {
    let Some(client) = client else { return };
    if client.connection_state() != async_nats::connection::State::Connected {
        return;
    }
    match timeout(FLUSH_TIME_MAX, client.flush()).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) | Err(_) => {
            tracing::debug!("the last acknowledgements to NATS are lost: the messages come again");
        }
    }
}

/// A route for every subject, and who works on what comes there.
fn routes(options: &NatsOptions, lanes: &mut JoinSet<()>, work: &Arc<Work>) -> Vec<Route> {
    let mut routes = Vec::new();
    let events = [
        (Topic::Jobs, &options.job_event_subject, options.job_concurrency),
        (Topic::Nodes, &options.node_state_subject, options.node_concurrency),
    ];
    for (topic, subject, concurrency) in events {
        let Some(subject) = subject.clone() else { continue };
        let (queue, deliveries) = tokio::sync::mpsc::unbounded_channel();
        lanes.spawn(event_lane::run(topic, concurrency, deliveries, Arc::clone(work)));
        routes.push(Route { subject, purpose: Purpose::Events(topic), queue });
    }
    for subscription in options.samples.iter().cloned() {
        let (queue, deliveries) = tokio::sync::mpsc::unbounded_channel();
        routes.push(Route { subject: subscription.subject.clone(), purpose: Purpose::Samples, queue });
        lanes.spawn(samples::run(subscription, deliveries, Arc::clone(work)));
    }
    routes
}
