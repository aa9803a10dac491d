//! Reads the lines of messages of events and gives each to one of several workers, always the same one for events
//! whose order matters.

use crate::counts::add;
use crate::delivery::{Delivery, Verdict};
use crate::events::{Event, EventTask, Topic};
use crate::work::Work;
use flightdeck_line_protocol::{Event as EventLine, Events, LineError};
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, channel};
use tokio::task::JoinSet;

/// Events that wait for one worker. When so many do, no further message is read.
const WAITING_PER_WORKER: usize = 32;

/// Works on messages until there are no more and all is done.
pub(crate) async fn run(
    topic: Topic,
    concurrency: usize,
    mut deliveries: UnboundedReceiver<Delivery>,
    work: Arc<Work>,
) {
    let mut running = JoinSet::new();
    let mut workers = Vec::new();
    for _ in 0..concurrency.max(1) {
        let (sender, receiver) = channel(WAITING_PER_WORKER);
        workers.push(sender);
        running.spawn(work_on(receiver, Arc::clone(&work)));
    }
    while let Some(delivery) = deliveries.recv().await {
        hand_out(topic, delivery, &workers, &work).await;
    }
    drop(workers);
    running.join_all().await;
}

async fn work_on(mut tasks: Receiver<EventTask>, work: Arc<Work>) {
    while let Some(task) = tasks.recv().await {
        task.carry_out(&work).await;
    }
}

async fn hand_out(topic: Topic, delivery: Delivery, workers: &[Sender<EventTask>], work: &Work) {
    let Delivery { message, name, part } = delivery;
    for (number, line) in (1_usize..).zip(Events::new(&message.payload)) {
        let event = match read(topic, number, line) {
            Ok(Some(event)) => event,
            Ok(None) => continue,
            Err(problem) => {
                say_it_is_bad(work, &message.subject, &problem);
                continue;
            }
        };
        let worker = usize::try_from(event.lane() % (workers.len().max(1) as u64)).unwrap_or_default();
        let Some(worker) = workers.get(worker) else { continue };
        let task = EventTask {
            event,
            subject: message.subject.to_string(),
            message: name.clone(),
            part: part.another(),
        };
        // It fails after a panic of the worker. Dropped, the event's part says that the message is to come again.
        let _ = worker.send(task).await;
    }
    part.settle(Verdict::Refused);
}

fn read(
    topic: Topic,
    number: usize,
    line: Result<EventLine<'_>, LineError>,
) -> Result<Option<Event>, String> {
    let line = line.map_err(|error| format!("line {number}: {error}"))?;
    let event = Event::read(topic, &line.measurement, line.tag("function"), &line.event)
        .map_err(|error| format!("line {number}: the event is not understood: {error}"))?;
    if event.is_none() {
        tracing::debug!("a line about {:?} is passed over", line.measurement);
    }
    Ok(event)
}

fn say_it_is_bad(work: &Work, subject: &str, problem: &str) {
    add(&work.counters.bad_lines, 1);
    if let Some(times) = work.logs.bad_events.count(1) {
        tracing::warn!(
            subject,
            "lines of events are not understood ({times} since the last word), now {problem}"
        );
    }
}
