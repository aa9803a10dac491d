//! The thread that archives jobs which have ended: how is the service's business, when to look is decided here.

use flightdeck_model::with_causes;
use flightdeck_service::Services;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// A job that ended wakes the thread at once; this is for those that are tried again.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// The archiving thread. Stops when it is dropped, after the jobs that are under way.
#[derive(Debug)]
pub(super) struct Archiver {
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Archiver {
    pub(super) fn start(services: Services) -> io::Result<Self> {
        let waiting = services.clone();
        let round = move || {
            if let Err(error) = services.archive_due_jobs() {
                tracing::error!(error = with_causes(&error), "the jobs to be archived could not be listed");
            }
        };
        Self::start_with(round, move || waiting.wait_for_archiving(LOOK_INTERVAL))
    }

    /// A fault in a round is an error in the log: the thread is the only one that archives, and goes on.
    fn start_with(
        mut round: impl FnMut() + Send + 'static,
        wait: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let thread = std::thread::Builder::new().name("flightdeck-archiver".to_owned()).spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                if catch_unwind(AssertUnwindSafe(&mut round)).is_err() {
                    tracing::error!("archiving panicked, and is tried again: the log has the place");
                }
                wait();
            }
        })?;
        Ok(Self { stopping, thread: Some(thread) })
    }

    /// Tells the thread to begin no other round, without waiting for it.
    pub(super) fn begin_to_stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

impl Drop for Archiver {
    fn drop(&mut self) {
        self.begin_to_stop();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the archiving thread panicked");
        }
    }
}
