//! How much memory the bodies of all requests take together, and the one way for a body to take some of it.

use crate::error::ApiError;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(test)]
mod tests;

/// What the bodies of samples take that are there now. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct BodyRoom {
    taken_bytes: Arc<AtomicUsize>,
}

/// A body of samples. What it takes is given back with it.
#[derive(Debug)]
pub(crate) struct SampleBody {
    room: BodyRoom,
    /// Bytes that all bodies together may take.
    room_bytes: usize,
    /// Bytes that this one may have.
    limit_bytes: usize,
    /// What it has taken of the room: the capacity of the buffer.
    taken_bytes: usize,
    bytes: Vec<u8>,
}

impl SampleBody {
    /// An empty body.
    pub(super) fn begin(room: &BodyRoom, room_bytes: usize, limit_bytes: usize) -> Self {
        Self { room: room.clone(), room_bytes, limit_bytes, taken_bytes: 0, bytes: Vec::new() }
    }

    /// An empty body of the same room, with a limit of its own.
    pub(super) fn beside(&self, limit_bytes: usize) -> Self {
        Self::begin(&self.room, self.room_bytes, limit_bytes)
    }

    /// Makes room for a body of this length in all, or less if it may not be so long.
    pub(super) fn reserve(&mut self, length: usize) -> Result<(), ApiError> {
        let wanted = length.min(self.limit_bytes);
        let Some(more) = wanted.checked_sub(self.taken_bytes) else { return Ok(()) };
        let taken = &self.room.taken_bytes;
        let claim = |before: usize| before.checked_add(more).filter(|after| *after <= self.room_bytes);
        if taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, claim).is_err() {
            return Err(ApiError::TooManySamples);
        }
        self.taken_bytes = wanted;
        self.bytes.reserve_exact(wanted.saturating_sub(self.bytes.len()));
        Ok(())
    }

    /// Puts more at the end. The buffer doubles, so that a long body is not copied time and again.
    pub(super) fn append(&mut self, more: &[u8]) -> Result<(), ApiError> {
        let length = self.bytes.len().saturating_add(more.len());
        if length > self.limit_bytes {
            return Err(ApiError::BodyTooLarge(self.limit_bytes));
        }
        if length > self.taken_bytes {
            self.reserve(length.max(self.taken_bytes.saturating_mul(2)))?;
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }
}

impl Deref for SampleBody {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for SampleBody {
    fn drop(&mut self) {
        self.room.taken_bytes.fetch_sub(self.taken_bytes, Ordering::AcqRel);
    }
}
