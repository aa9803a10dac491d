//! Lets few questions at a time through to a store, so that one that does not answer holds few threads. Does not know what
//! it is asked.

use flightdeck_model::{Clock, UnixTime};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A question that has been under way for longer is one of a store that does not answer: nobody waits behind it.
const PATIENCE_S: i64 = 1;

/// The questions that are under way.
#[derive(Debug)]
pub(crate) struct Turns {
    /// How many there may be.
    at_once: usize,
    /// How long another one waits for one of them to end.
    wait: Duration,
    /// When each of them began.
    under_way: Mutex<Vec<UnixTime>>,
    ended: Condvar,
}

/// A question may be asked for as long as this is there.
#[derive(Debug)]
pub(crate) struct Turn<'t> {
    turns: &'t Turns,
    begun: UnixTime,
}

impl Turns {
    /// Nothing is under way yet. One question at least may be.
    pub(crate) fn new(at_once: usize, wait: Duration) -> Self {
        Self { at_once: at_once.max(1), wait, under_way: Mutex::default(), ended: Condvar::new() }
    }

    /// Waits until another question may be asked.
    ///
    /// # Errors
    ///
    /// How many are under way, when none of them ends in time or is likely to.
    pub(crate) fn take(&self, clock: &dyn Clock) -> Result<Turn<'_>, usize> {
        let is_full = |under_way: &mut Vec<UnixTime>| {
            let is_hanging = |begun: &UnixTime| clock.now().seconds_since(*begun) > PATIENCE_S;
            under_way.len() >= self.at_once && !under_way.iter().any(is_hanging)
        };
        let waited = self.ended.wait_timeout_while(self.lock(), self.wait, is_full);
        let (mut under_way, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if under_way.len() >= self.at_once {
            return Err(under_way.len());
        }
        let begun = clock.now();
        under_way.push(begun);
        Ok(Turn { turns: self, begun })
    }

    /// A thread that panicked has at most left a question that ended.
    fn lock(&self) -> MutexGuard<'_, Vec<UnixTime>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut under_way = self.turns.lock();
        if let Some(own) = under_way.iter().position(|begun| *begun == self.begun) {
            under_way.swap_remove(own);
        }
        drop(under_way);
        self.turns.ended.notify_one();
    }
}
