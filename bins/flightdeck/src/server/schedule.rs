//! Runs the periodic tasks on two threads of their own: which is due when, and waiting for it.
//!
//! Those that keep the metric store within its bounds have a thread to themselves: others read and write the archive and
//! ask other servers, which may hang.
//!
//! What the tasks do, how often, and what is kept of each run is the service's business. Time is monotonic here:
//! setting the machine's clock neither holds a task up nor runs it twice.

#[cfg(test)]
mod tests;

use flightdeck_service::{PeriodicTask, Services};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A thread that runs tasks. Stops when it is dropped, after the task that is under way.
#[derive(Debug)]
pub(super) struct Schedule {
    /// Nothing is ever sent: the thread ends when this end is gone.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Schedule {
    /// Starts the threads for all tasks that are configured.
    pub(super) fn start(services: &Services) -> io::Result<[Self; 2]> {
        let services = services.clone();
        Self::start_apart(services.periodic_tasks(), move |task| {
            let run = services.run_periodic_task(task.name);
            match run.error {
                None => tracing::debug!(task = run.name, result = run.result, "a periodic task has run"),
                Some(error) => tracing::error!(task = run.name, error, "a periodic task failed"),
            }
        })
    }

    /// A thread for the tasks that keep samples, and one for all others.
    fn start_apart(
        tasks: Vec<PeriodicTask>,
        run: impl FnMut(&PeriodicTask) + Clone + Send + 'static,
    ) -> io::Result<[Self; 2]> {
        let now = Instant::now();
        let (of_samples, others) = tasks.into_iter().partition(|task| task.keeps_samples);
        let of_samples = Self::start_with("flightdeck-samples", Agenda::new(of_samples, now), run.clone())?;
        let others = Self::start_with("flightdeck-tasks", Agenda::new(others, now), run)?;
        Ok([of_samples, others])
    }

    fn start_with(
        name: &str,
        agenda: Agenda,
        run: impl FnMut(&PeriodicTask) + Send + 'static,
    ) -> io::Result<Self> {
        let (running, stop) = channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run_until_stopped(agenda, &stop, run))?;
        Ok(Self { running: Some(running), thread: Some(thread) })
    }

    /// Tells the thread to begin no other task, without waiting for it.
    pub(super) fn begin_to_stop(&mut self) {
        self.running = None;
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.begin_to_stop();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the periodic tasks panicked");
        }
    }
}

fn run_until_stopped(mut agenda: Agenda, stop: &Receiver<()>, mut run: impl FnMut(&PeriodicTask)) {
    while let Some(wait) = agenda.wait_from(Instant::now()) {
        match stop.recv_timeout(wait) {
            Err(RecvTimeoutError::Timeout) => {
                if let Some(task) = agenda.take_due(Instant::now()) {
                    run(task);
                }
            }
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// When each task is due next.
#[derive(Debug)]
struct Agenda {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    task: PeriodicTask,
    due: Instant,
}

impl Agenda {
    /// All tasks are due one interval from now, but those that are to run at start are due at once.
    fn new(tasks: Vec<PeriodicTask>, now: Instant) -> Self {
        let entry = |task: PeriodicTask| {
            let first_wait = if task.at_start { Duration::ZERO } else { task.interval };
            Entry { due: later(now, first_wait), task }
        };
        Self { entries: tasks.into_iter().map(entry).collect() }
    }

    /// How long nothing is due; `None` when nothing will ever be.
    fn wait_from(&self, now: Instant) -> Option<Duration> {
        self.entries.iter().map(|entry| entry.due.saturating_duration_since(now)).min()
    }

    /// The task that has been due for longest, if any. It is due again one interval from now: what was missed, while
    /// the machine slept or another task took long, is not made up for.
    fn take_due(&mut self, now: Instant) -> Option<&PeriodicTask> {
        let due = self.entries.iter_mut().filter(|entry| entry.due <= now).min_by_key(|entry| entry.due)?;
        due.due = later(now, due.task.interval);
        Some(&due.task)
    }
}

/// A time that no clock will ever show is as good as an hour: then it is looked at again.
fn later(now: Instant, wait: Duration) -> Instant {
    const FAR_AHEAD: Duration = Duration::from_hours(1);
    now.checked_add(wait).unwrap_or(now + FAR_AHEAD)
}
