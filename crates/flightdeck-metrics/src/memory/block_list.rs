//! The blocks of one series, oldest first. The newest has a place of its own: it is the one that samples go to.

use crate::block::Block;

/// Whether a snapshot has a block as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Saving {
    /// It has not.
    Changed,
    /// One that is being written has.
    UnderWay,
    /// One on disk has.
    Saved,
}

/// A block and where it belongs.
#[derive(Debug)]
pub(super) struct BlockEntry {
    /// Its number: that of its first step, divided by the steps of a block.
    pub(super) number: u32,
    /// Whether a snapshot has it.
    pub(super) saving: Saving,
    /// The samples.
    pub(super) block: Block,
}

impl BlockEntry {
    /// An empty block.
    fn new(number: u32) -> Self {
        Self { number, saving: Saving::Changed, block: Block::new() }
    }
}

/// The blocks but the newest. Few series have any soon after their start, hence the box around it.
#[derive(Debug, Default)]
struct Older {
    /// Oldest first.
    entries: Vec<BlockEntry>,
}

/// The blocks of one series.
#[derive(Debug, Default)]
pub(super) struct BlockList {
    /// The newest.
    newest: Option<BlockEntry>,
    /// The others.
    older: Option<Box<Older>>,
}

impl BlockList {
    /// The newest block.
    pub(super) fn newest(&self) -> Option<&BlockEntry> {
        self.newest.as_ref()
    }

    /// The newest block, if it has this number.
    pub(super) fn newest_mut(&mut self, number: u32) -> Option<&mut BlockEntry> {
        self.newest.as_mut().filter(|entry| entry.number == number)
    }

    /// The block of a number; makes it if need be.
    pub(super) fn find_or_insert(&mut self, number: u32) -> Option<&mut BlockEntry> {
        if self.newest.as_ref().is_some_and(|newest| newest.number < number) {
            let entries = &mut self.older.get_or_insert_default().entries;
            entries.reserve_exact(1);
            entries.extend(self.newest.take());
        }
        let newest = self.newest.get_or_insert_with(|| BlockEntry::new(number));
        if newest.number == number {
            return Some(newest);
        }
        let entries = &mut self.older.get_or_insert_default().entries;
        let position = match entries.binary_search_by_key(&number, |entry| entry.number) {
            Ok(position) => position,
            Err(position) => {
                entries.reserve_exact(1);
                entries.insert(position, BlockEntry::new(number));
                position
            }
        };
        entries.get_mut(position)
    }

    /// All blocks, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &BlockEntry> {
        self.older.iter().flat_map(|older| &older.entries).chain(&self.newest)
    }

    /// All blocks, oldest first.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut BlockEntry> {
        self.older.iter_mut().flat_map(|older| &mut older.entries).chain(&mut self.newest)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    /// Drops the blocks that are not to be kept.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&BlockEntry) -> bool) {
        if let Some(older) = &mut self.older {
            older.entries.retain(&mut is_kept);
        }
        if self.newest.as_ref().is_some_and(|newest| !is_kept(newest)) {
            self.newest = self.older.as_mut().and_then(|older| older.entries.pop());
        }
        match &mut self.older {
            Some(older) if older.entries.is_empty() => self.older = None,
            Some(older) => older.entries.shrink_to_fit(),
            None => {}
        }
    }

    /// Bytes the list takes besides itself and its blocks.
    pub(super) fn heap_bytes(&self) -> usize {
        self.older
            .as_ref()
            .map_or(0, |older| size_of::<Older>() + older.entries.capacity() * size_of::<BlockEntry>())
    }
}
