//! The places in a host name that a partial match may have reached.
//!
//! A term with adjacent brackets can match a name in many ways. Carrying the set of places from part to part
//! finds them all at once, where trying one after the other would take exponential time.

use super::MAX_HOST_BYTES;

const WORDS: usize = (MAX_HOST_BYTES + 1).div_ceil(64);

/// A set of byte offsets from 0 to [`MAX_HOST_BYTES`], on the stack.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Positions([u64; WORDS]);

impl Positions {
    /// Makes the set of the place before the first byte alone.
    pub(super) fn start() -> Self {
        let mut positions = Self::default();
        positions.insert(0);
        positions
    }

    /// Adds `position`; one beyond every host name's end is ignored.
    pub(super) fn insert(&mut self, position: usize) {
        if let Some(word) = self.0.get_mut(position / 64) {
            *word |= 1 << (position % 64);
        }
    }

    pub(super) fn contains(self, position: usize) -> bool {
        self.0.get(position / 64).is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().enumerate().flat_map(|(index, word)| {
            let after_lowest = |bits: &u64| Some(bits & (bits - 1)).filter(|rest| *rest != 0);
            std::iter::successors(Some(word).filter(|bits| *bits != 0), after_lowest)
                .map(move |bits| index * 64 + bits.trailing_zeros() as usize)
        })
    }
}
