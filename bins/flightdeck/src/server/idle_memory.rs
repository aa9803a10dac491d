//! Gives memory back to the machine after a burst of requests.
//!
//! The allocator returns what was freed a second before, but only when somebody asks it for a new page, and it may miss even
//! that: two threads that free at the same moment can leave its note of the next time empty, and then nothing is returned
//! any more. What it always does is to look through all its memory when a thread ends. So one ends now and then.

use std::hint::black_box;
use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How often.
const INTERVAL: Duration = Duration::from_millis(700);

/// The thread that starts others, which end at once. Stops when it is dropped.
#[derive(Debug)]
pub(super) struct IdleMemory {
    /// Nothing is ever sent: the thread ends when this end is gone.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl IdleMemory {
    pub(super) fn start() -> io::Result<Self> {
        let (running, stop) = channel::<()>();
        let thread = Builder::new().name("flightdeck-memory".to_owned()).spawn(move || {
            while stop.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                look_through();
            }
        })?;
        Ok(Self { running: Some(running), thread: Some(thread) })
    }
}

impl Drop for IdleMemory {
    fn drop(&mut self) {
        self.running = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that gives memory back panicked");
        }
    }
}

/// Has a thread end that has asked the allocator for something, and so is known to it.
fn look_through() {
    let short = Builder::new().name("flightdeck-memory".to_owned());
    match short.spawn(|| drop(black_box(Box::new(0_u8)))) {
        // It cannot panic.
        Ok(thread) => drop(thread.join()),
        Err(error) => tracing::debug!(%error, "no thread could be started to give memory back"),
    }
}
