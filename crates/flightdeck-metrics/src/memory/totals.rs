//! What blocks amount to: kept up with every change, so that nobody has to count.

use crate::block::Block;

/// What one block amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    /// Whether it is open.
    is_open: bool,
    /// Whether it has no samples: a block that was just made, and counts only when it has one.
    is_empty: bool,
    /// Bytes besides its place in the list.
    bytes: usize,
    /// Its samples.
    samples: u16,
}

impl Weight {
    /// The weight of a block.
    pub(super) fn of(block: &Block) -> Self {
        let samples = block.present();
        Self { is_open: block.is_open(), is_empty: samples == 0, bytes: block.heap_bytes(), samples }
    }
}

/// What many blocks amount to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Blocks that are open.
    pub(super) open_blocks: u64,
    /// Blocks that are compressed.
    pub(super) closed_blocks: u64,
    /// Bytes of the open blocks.
    pub(super) open_bytes: usize,
    /// Bytes of the compressed blocks.
    pub(super) closed_bytes: usize,
    /// Bytes of the lists of blocks.
    pub(super) list_bytes: usize,
    /// Samples.
    pub(super) samples: u64,
}

impl Totals {
    /// Counts a block in.
    pub(super) fn add(&mut self, weight: Weight) {
        let (blocks, bytes) = self.of_kind(weight.is_open);
        *blocks += u64::from(!weight.is_empty);
        *bytes += weight.bytes;
        self.samples += u64::from(weight.samples);
    }

    /// Takes a block out.
    pub(super) fn remove(&mut self, weight: Weight) {
        let (blocks, bytes) = self.of_kind(weight.is_open);
        *blocks -= u64::from(!weight.is_empty);
        *bytes -= weight.bytes;
        self.samples -= u64::from(weight.samples);
    }

    /// Number and bytes of the blocks of a kind.
    fn of_kind(&mut self, is_open: bool) -> (&mut u64, &mut usize) {
        if is_open {
            (&mut self.open_blocks, &mut self.open_bytes)
        } else {
            (&mut self.closed_blocks, &mut self.closed_bytes)
        }
    }
}

/// What was dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Blocks.
    pub blocks: u64,
    /// Samples in them.
    pub samples: u64,
}

impl Dropped {
    /// Both together.
    pub(super) fn add(&mut self, other: Self) {
        self.blocks += other.blocks;
        self.samples += other.samples;
    }
}
