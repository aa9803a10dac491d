//! The samples of one series over a fixed run of steps: open while they come in, closed and compressed afterwards.
//!
//! A block keeps every value exactly, bit by bit; only NaN has no bits of its own, it means that there is no sample.
//! This module knows neither times nor names: a step is its number within the block.

mod bits;
mod codec;
mod decimal;
mod open;
mod quotient;
#[cfg(test)]
mod tests;

use open::OpenBlock;

/// Steps of a block.
///
/// An hour of a metric at 60 s fits into one block, and so the past is mostly closed; fewer steps make the fixed bytes of
/// a closed block (about 8, and 32 in the list of blocks) count, more would keep a series uncompressed for longer.
pub const BLOCK_STEPS: usize = 256;

/// One value for each step of a block.
pub(crate) type BlockValues = [f64; BLOCK_STEPS];

/// Bytes are not those of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a block of samples: {reason}")]
pub struct DamagedBlock {
    /// What is wrong with them.
    reason: &'static str,
}

/// The samples of one series over [`BLOCK_STEPS`] steps.
#[derive(Debug, Clone)]
pub struct Block(State);

/// How a block is kept.
#[derive(Debug, Clone)]
enum State {
    /// As values of a fixed width, to be written to.
    Open(OpenBlock),
    /// Compressed, in the format of [`codec`]. Nothing else, so that a block takes no more room than an open one.
    Closed(Box<[u8]>),
}

impl Default for Block {
    fn default() -> Self {
        Self::new()
    }
}

impl Block {
    /// A block without samples.
    #[must_use]
    pub fn new() -> Self {
        Self(State::Open(OpenBlock::new()))
    }

    /// Reads a block as [`to_bytes`](Self::to_bytes) made it. It is closed.
    ///
    /// # Errors
    ///
    /// When the bytes cannot have come from there.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DamagedBlock> {
        let mut values = [f64::NAN; BLOCK_STEPS];
        codec::decode(bytes, &mut values)?;
        let (first, last) = codec::span(bytes).ok_or(DamagedBlock { reason: "too short" })?;
        let is_sample = |slot: u8| values.get(usize::from(slot)).is_some_and(|value| !value.is_nan());
        if !is_sample(first) || !is_sample(last) {
            return Err(DamagedBlock { reason: "does not begin and end with a sample" });
        }
        Ok(Self(State::Closed(bytes.into())))
    }

    /// The block in the stored format, whether it is open or closed; empty for a block without samples.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            State::Open(open) => codec::encode(&open.values()),
            State::Closed(bytes) => bytes.to_vec(),
        }
    }

    /// Stores the value of a step; NaN takes it away.
    pub fn set(&mut self, slot: u8, value: f64) {
        if let State::Closed(_) = self.0 {
            self.0 = State::Open(OpenBlock::from_values(&self.values()));
        }
        if let State::Open(open) = &mut self.0 {
            open.set(slot, value);
        }
    }

    /// Compresses the block, if it is not yet.
    pub fn close(&mut self) {
        if let State::Open(open) = &self.0
            && open.present() > 0
        {
            self.0 = State::Closed(codec::encode(&open.values()).into_boxed_slice());
        }
    }

    /// Whether the block takes values without being unpacked.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.0, State::Open(_))
    }

    /// Copies the samples of the steps from `from_slot` on to `out`. Steps without a sample leave `out` as it is.
    pub fn read(&self, from_slot: usize, out: &mut [f64]) {
        match &self.0 {
            State::Open(open) => open.read(from_slot, out),
            State::Closed(_) => {
                let values = self.values();
                for (to, value) in out.iter_mut().zip(values.iter().skip(from_slot)) {
                    if !value.is_nan() {
                        *to = *value;
                    }
                }
            }
        }
    }

    /// The first and the last step that have a sample.
    #[must_use]
    pub fn span(&self) -> Option<(u8, u8)> {
        match &self.0 {
            State::Open(open) => open.span(),
            State::Closed(bytes) => codec::span(bytes),
        }
    }

    /// How many samples the block has.
    #[must_use]
    pub fn present(&self) -> u16 {
        match &self.0 {
            State::Open(open) => open.present(),
            State::Closed(bytes) => codec::present(bytes),
        }
    }

    /// Bytes the block takes besides itself.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            State::Open(open) => open.heap_bytes(),
            State::Closed(bytes) => bytes.len(),
        }
    }

    /// All values; NaN where there is no sample.
    fn values(&self) -> BlockValues {
        match &self.0 {
            State::Open(open) => open.values(),
            State::Closed(bytes) => {
                let mut values = [f64::NAN; BLOCK_STEPS];
                if codec::decode(bytes, &mut values).is_err() {
                    // Cannot be: the bytes come from the encoder, or have been read once before they were taken.
                    values = [f64::NAN; BLOCK_STEPS];
                }
                values
            }
        }
    }
}
