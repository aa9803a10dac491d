//! The one thread that writes samples: takes what waits, puts them into the log with one sync, then into
//! memory, then answers. So memory has them in the log's order, and an answer means that they are on disk.
//!
//! A second thread watches the clock: who has waited for the disk past the deadline is told so, also while the first one
//! is stuck in a sync.

use crate::intake::Part;
use crate::memory::{Memory, Sample};
use crate::store::StoreError;
use flightdeck_model::{PortError, PortErrorKind, WriteReport, with_causes};
use flightdeck_sample_log::{FreeRecord, Log, LogError, SegmentNumber};
use futures_channel::oneshot;
use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bytes of waiting parts beyond which further ones are refused at once.
const QUEUE_BYTES_MAX: usize = 256 << 20;

/// Bytes that are written with one sync at most; more would only let the first wait for the last.
const GROUP_BYTES_MAX: usize = 16 << 20;

/// Parts whose memory is kept for the next ones: some hundred KiB.
const SPARE_PARTS: usize = 4;

/// Bytes of a record beyond which its memory is not kept.
const SPARE_RECORD_BYTES_MAX: usize = 64 << 10;

/// How often the deadlines are looked at.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

type Answer = oneshot::Sender<Result<WriteReport, PortError>>;

/// What the parts of one body have in common: whether one of them was not stored.
#[derive(Debug, Default)]
pub(super) struct Fate {
    failure: OnceLock<(PortErrorKind, String)>,
}

impl Fate {
    fn fail(&self, error: &PortError) {
        // The first failure is told.
        let _ = self.failure.set((error.kind, error.what.clone()));
    }

    fn outcome(&self, report: WriteReport) -> Result<WriteReport, PortError> {
        match self.failure.get() {
            None => Ok(report),
            Some((kind, what)) => Err(PortError::plain(*kind, what.clone())),
        }
    }
}

/// Whoever waits for a body, and what they are to be told. Goes with the body's last part.
struct Asker {
    answer: Answer,
    report: WriteReport,
}

/// Something else that is to be done between two groups.
pub(super) enum Order {
    /// Begins a new segment; answers with the number of the last one before.
    Rotate(SyncSender<Result<SegmentNumber, StoreError>>),
    /// Removes segments up to this one.
    RemoveThrough(SegmentNumber, SyncSender<Result<(), StoreError>>),
    /// Drops blocks, and writes that down first.
    Free { paths: Vec<Vec<String>>, to_s: i64, answer: SyncSender<Result<u64, StoreError>> },
}

struct Waiting {
    part: Part,
    fate: Arc<Fate>,
    asker: Option<Asker>,
    deadline: Instant,
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.part.record.len() + self.part.samples.len() * size_of::<Sample>()
    }

    /// Tells that the part is not stored.
    fn fail(self, error: &PortError) {
        self.fate.fail(error);
        if let Some(asker) = self.asker {
            // Whoever is gone does not mind.
            let _ = asker.answer.send(self.fate.outcome(asker.report));
        }
    }
}

#[derive(Default)]
struct State {
    parts: VecDeque<Waiting>,
    waiting_bytes: usize,
    orders: VecDeque<Order>,
    /// Whoever waits for the group that is being written, with their deadlines.
    in_flight: Vec<(Option<Asker>, Arc<Fate>, Instant)>,
    /// Empty parts with the memory of those that were written: taken by one thread and freed by another, it would not come
    /// back for long.
    spare: Vec<Part>,
    closing: bool,
}

struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
    /// Wakes the watching thread when it has to end.
    ended: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked left the queue whole: entries are moved in and out by single steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives work to the writing thread. Ends it when it is dropped, after what waits is written.
pub(super) struct Writer {
    shared: Arc<Shared>,
    write_deadline: Duration,
    threads: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("write_deadline", &self.write_deadline).finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn start(log: Log, memory: Arc<Memory>, write_deadline: Duration) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::default()),
            arrived: Condvar::new(),
            ended: Condvar::new(),
        });
        let mut writer = Self { shared: Arc::clone(&shared), write_deadline, threads: Vec::new() };
        let watched = Arc::clone(&shared);
        let watch = std::thread::Builder::new().name("flightdeck-samples-watch".to_owned());
        writer.threads.push(watch.spawn(move || watch_deadlines(&watched))?);
        let write = std::thread::Builder::new().name("flightdeck-samples".to_owned());
        writer.threads.push(write.spawn(move || Loop { shared, log, memory }.run())?);
        Ok(writer)
    }

    /// An empty part, perhaps with memory.
    pub(super) fn room(&self) -> Part {
        self.shared.state().spare.pop().unwrap_or_default()
    }

    /// Until when a body that arrives now may wait.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.write_deadline
    }

    /// Queues a part of a body that is not its last.
    pub(super) fn write(&self, part: Part, fate: &Arc<Fate>, deadline: Instant) -> Result<(), PortError> {
        self.queue(Waiting { part, fate: Arc::clone(fate), asker: None, deadline })
    }

    /// Queues the last part of a body; the receiver gets the answer when all of them are stored, or one is not.
    pub(super) fn write_last(
        &self,
        part: Part,
        fate: Arc<Fate>,
        deadline: Instant,
        report: WriteReport,
    ) -> Result<oneshot::Receiver<Result<WriteReport, PortError>>, PortError> {
        let (answer, receiver) = oneshot::channel();
        self.queue(Waiting { part, fate, asker: Some(Asker { answer, report }), deadline })?;
        Ok(receiver)
    }

    fn queue(&self, waiting: Waiting) -> Result<(), PortError> {
        let mut state = self.shared.state();
        if state.closing {
            return Err(PortError::plain(PortErrorKind::Unavailable, "the metric store is being closed"));
        }
        if state.waiting_bytes > QUEUE_BYTES_MAX {
            return Err(too_slow());
        }
        state.waiting_bytes += waiting.bytes();
        state.parts.push_back(waiting);
        drop(state);
        self.shared.arrived.notify_one();
        Ok(())
    }

    /// Has an order done, and waits for it.
    pub(super) fn order<T>(
        &self,
        order: impl FnOnce(SyncSender<Result<T, StoreError>>) -> Order,
    ) -> Result<T, StoreError> {
        let (answer, receiver) = sync_channel(1);
        let mut state = self.shared.state();
        if state.closing {
            return Err(StoreError::Closed);
        }
        state.orders.push_back(order(answer));
        drop(state);
        self.shared.arrived.notify_one();
        receiver.recv().unwrap_or(Err(StoreError::Closed))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.state().closing = true;
        self.shared.arrived.notify_all();
        self.shared.ended.notify_all();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the metric store panicked");
            }
        }
    }
}

fn too_slow() -> PortError {
    PortError::plain(PortErrorKind::Unavailable, "the disk does not keep up with the samples")
}

fn watch_deadlines(shared: &Shared) {
    let mut state = shared.state();
    while !state.closing {
        let woken = shared.ended.wait_timeout(state, WATCH_INTERVAL);
        state = woken.unwrap_or_else(PoisonError::into_inner).0;
        let now = Instant::now();
        for (asker, fate, deadline) in &mut state.in_flight {
            if *deadline > now {
                continue;
            }
            fate.fail(&too_slow());
            if let Some(asker) = asker.take() {
                // Whoever is gone does not mind.
                let _ = asker.answer.send(fate.outcome(asker.report));
            }
        }
        // In the order of arrival, and so about that of deadlines.
        while state.parts.front().is_some_and(|waiting| waiting.deadline <= now) {
            let Some(waiting) = state.parts.pop_front() else { break };
            state.waiting_bytes = state.waiting_bytes.saturating_sub(waiting.bytes());
            waiting.fail(&too_slow());
        }
    }
}

struct Loop {
    shared: Arc<Shared>,
    log: Log,
    memory: Arc<Memory>,
}

impl Loop {
    fn run(mut self) {
        while let Some((group, orders)) = self.next() {
            if !group.is_empty() {
                self.commit(group);
            }
            for order in orders {
                self.carry_out(order);
            }
        }
    }

    /// Waits for work; `None` when there is none and there will be none.
    fn next(&self) -> Option<(Vec<Part>, VecDeque<Order>)> {
        let mut state = self.shared.state();
        while state.parts.is_empty() && state.orders.is_empty() {
            if state.closing {
                return None;
            }
            state = self.shared.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut group = Vec::new();
        let mut group_bytes = 0;
        while group_bytes < GROUP_BYTES_MAX
            && let Some(waiting) = state.parts.pop_front()
        {
            group_bytes += waiting.bytes();
            state.in_flight.push((waiting.asker, waiting.fate, waiting.deadline));
            group.push(waiting.part);
        }
        state.waiting_bytes = state.waiting_bytes.saturating_sub(group_bytes);
        Some((group, std::mem::take(&mut state.orders)))
    }

    fn commit(&mut self, mut group: Vec<Part>) {
        let records: Vec<&[u8]> = group.iter().map(|part| part.record.as_slice()).collect();
        let failure = self.log.append(&records).err();
        if let Some(error) = &failure {
            tracing::error!(error = with_causes(error), "samples could not be written to the log");
        } else {
            for part in &group {
                self.memory.apply(&part.samples);
            }
        }
        let failure = failure.map(|error| port_error(&error));
        let mut state = self.shared.state();
        while state.spare.len() < SPARE_PARTS
            && let Some(mut part) = group.pop()
        {
            part.samples.clear();
            part.record.clear();
            part.record.shrink_to(SPARE_RECORD_BYTES_MAX);
            state.spare.push(part);
        }
        let in_flight = std::mem::take(&mut state.in_flight);
        drop(state);
        for (asker, fate, _) in in_flight {
            if let Some(error) = &failure {
                fate.fail(error);
            }
            if let Some(asker) = asker {
                // Whoever is gone does not mind; the samples stay.
                let _ = asker.answer.send(fate.outcome(asker.report));
            }
        }
    }

    fn carry_out(&mut self, order: Order) {
        // Whoever asked is gone when sending fails, and needs no answer.
        match order {
            Order::Rotate(answer) => {
                let _ = answer.send(Ok(self.log.rotate()));
            }
            Order::RemoveThrough(number, answer) => {
                let _ = answer.send(self.log.remove_through(number).map_err(StoreError::Log));
            }
            Order::Free { paths, to_s, answer } => {
                let record = FreeRecord { paths: paths.clone(), to_s }.encode();
                let written = self.log.append(&[&record]).map_err(StoreError::Log);
                let _ = answer.send(written.map(|()| self.memory.free(&paths, to_s)));
            }
        }
    }
}

/// The failure as a caller sees it.
fn port_error(error: &LogError) -> PortError {
    let kind = if error.is_disk_full() { PortErrorKind::NoSpace } else { PortErrorKind::Unavailable };
    PortError::plain(kind, format!("the samples could not be written to the log: {}", with_causes(error)))
}
