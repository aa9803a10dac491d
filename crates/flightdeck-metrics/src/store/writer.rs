//! The one thread that writes samples: takes the batches that wait, puts them into the log with one sync, then into
//! memory, then answers. So memory has them in the log's order, and an answer means that they are on disk.
//!
//! A second thread watches the clock: who has waited for the disk past the deadline is told so, also while the first one
//! is stuck in a sync.

use crate::memory::{Memory, Sample};
use crate::store::StoreError;
use flightdeck_model::{PortError, PortErrorKind, WriteReport};
use flightdeck_sample_log::{FreeRecord, Log, LogError, SegmentNumber};
use futures_channel::oneshot;
use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bytes of waiting batches beyond which further ones are refused at once.
const QUEUE_BYTES_MAX: usize = 256 << 20;

/// Bytes that are written with one sync at most; more would only let the first wait for the last.
const GROUP_BYTES_MAX: usize = 16 << 20;

/// How often the deadlines are looked at.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

type Answer = oneshot::Sender<Result<WriteReport, PortError>>;

/// What one body became.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) records: Vec<Vec<u8>>,
    pub(super) samples: Vec<Sample>,
    pub(super) report: WriteReport,
}

impl Batch {
    fn bytes(&self) -> usize {
        self.records.iter().map(Vec::len).sum::<usize>() + self.samples.len() * size_of::<Sample>()
    }
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
    batch: Batch,
    answer: Option<Answer>,
    deadline: Instant,
}

#[derive(Default)]
struct State {
    batches: VecDeque<Waiting>,
    waiting_bytes: usize,
    orders: VecDeque<Order>,
    /// Whoever waits for the group that is being written.
    in_flight: Vec<(Option<Answer>, Instant)>,
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

    /// Queues a batch; the receiver gets the answer.
    pub(super) fn write(
        &self,
        batch: Batch,
    ) -> Result<oneshot::Receiver<Result<WriteReport, PortError>>, PortError> {
        let (answer, receiver) = oneshot::channel();
        let mut state = self.shared.state();
        if state.closing {
            return Err(PortError::plain(PortErrorKind::Unavailable, "the metric store is being closed"));
        }
        if state.waiting_bytes > QUEUE_BYTES_MAX {
            return Err(too_slow());
        }
        state.waiting_bytes += batch.bytes();
        let deadline = Instant::now() + self.write_deadline;
        state.batches.push_back(Waiting { batch, answer: Some(answer), deadline });
        drop(state);
        self.shared.arrived.notify_one();
        Ok(receiver)
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
        let mut late = Vec::new();
        for (answer, deadline) in &mut state.in_flight {
            if *deadline <= now {
                late.extend(answer.take());
            }
        }
        // In the order of arrival, and so of deadlines.
        while state.batches.front().is_some_and(|waiting| waiting.deadline <= now) {
            let Some(mut waiting) = state.batches.pop_front() else { break };
            state.waiting_bytes = state.waiting_bytes.saturating_sub(waiting.batch.bytes());
            late.extend(waiting.answer.take());
        }
        for answer in late {
            // Whoever is gone does not mind.
            let _ = answer.send(Err(too_slow()));
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
                self.commit(&group);
            }
            for order in orders {
                self.carry_out(order);
            }
        }
    }

    /// Waits for work; `None` when there is none and there will be none.
    fn next(&self) -> Option<(Vec<Batch>, VecDeque<Order>)> {
        let mut state = self.shared.state();
        while state.batches.is_empty() && state.orders.is_empty() {
            if state.closing {
                return None;
            }
            state = self.shared.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut group = Vec::new();
        let mut group_bytes = 0;
        while group_bytes < GROUP_BYTES_MAX
            && let Some(Waiting { batch, answer, deadline }) = state.batches.pop_front()
        {
            group_bytes += batch.bytes();
            state.in_flight.push((answer, deadline));
            group.push(batch);
        }
        state.waiting_bytes = state.waiting_bytes.saturating_sub(group_bytes);
        Some((group, std::mem::take(&mut state.orders)))
    }

    fn commit(&mut self, group: &[Batch]) {
        let records: Vec<&[u8]> = group.iter().flat_map(|batch| batch.records.iter().map(Vec::as_slice)).collect();
        let written = self.log.append(&records);
        if written.is_ok() {
            for batch in group {
                self.memory.apply(&batch.samples);
            }
        }
        let waiting = std::mem::take(&mut self.shared.state().in_flight);
        for ((answer, _), batch) in waiting.into_iter().zip(group) {
            let Some(answer) = answer else { continue };
            let outcome = match &written {
                Ok(()) => Ok(batch.report.clone()),
                Err(error) => Err(port_error(error)),
            };
            // Whoever is gone does not mind; the samples stay.
            let _ = answer.send(outcome);
        }
        if let Err(error) = written {
            tracing::error!(error = error.to_string(), "samples could not be written to the log");
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
pub(super) fn port_error(error: &LogError) -> PortError {
    let kind =
        if error.is_disk_full() { PortErrorKind::NoSpace } else { PortErrorKind::Unavailable };
    PortError::plain(kind, format!("the samples could not be written to the log: {error}"))
}
