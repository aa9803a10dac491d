//! Gives memory back to the machine after a burst of requests.
//!
//! The allocator returns what was freed a second before only when somebody allocates. After a burst nobody may for
//! long, and the memory of large bodies stays with the server. So a large piece is asked for now and then, which is never
//! touched and thus costs nothing but the call.

use std::hint::black_box;
use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often.
const INTERVAL: Duration = Duration::from_millis(700);
/// Large enough not to come from what the thread keeps for itself.
const PIECE_BYTES: usize = 1 << 20;

/// The thread that asks. Stops when it is dropped.
#[derive(Debug)]
pub(super) struct IdleMemory {
    /// Nothing is ever sent: the thread ends when this end is gone.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl IdleMemory {
    pub(super) fn start() -> io::Result<Self> {
        let (running, stop) = channel::<()>();
        let thread = std::thread::Builder::new().name("flightdeck-memory".to_owned()).spawn(move || {
            while stop.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                drop(black_box(Vec::<u8>::with_capacity(black_box(PIECE_BYTES))));
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
