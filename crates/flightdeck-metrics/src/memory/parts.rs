//! The parts of hosts, each with a number: that core 17 of every host is the same part keeps the series small.
//!
//! A lock on the parts may be taken while one on a shard is held, never the other way round.

use super::hash::{Hashes, is_same};
use super::slab::Slab;
use flightdeck_model::SeriesName;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a part is called: kind and id, and those of the part below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PartName<'a> {
    /// As [`SeriesName::kind`].
    pub(super) kind: &'a str,
    /// As [`SeriesName::id`].
    pub(super) id: &'a str,
    /// As [`SeriesName::sub_kind`].
    pub(super) sub_kind: &'a str,
    /// As [`SeriesName::sub_id`].
    pub(super) sub_id: &'a str,
}

impl<'a> PartName<'a> {
    /// The part of a series.
    pub(super) fn of(name: &SeriesName<'a>) -> Self {
        Self { kind: name.kind, id: name.id, sub_kind: name.sub_kind, sub_id: name.sub_id }
    }

    /// The hash, made of all texts as one: names are told apart by comparing them, and few are alike but for where
    /// their texts end.
    fn hash(self, hashes: &Hashes) -> u64 {
        let mut state = hashes.build_hasher();
        for text in [self.kind, self.id, self.sub_kind, self.sub_id] {
            if !text.is_empty() {
                state.write(text.as_bytes());
            }
        }
        state.finish()
    }

    /// The steps of the path to the part, below the host: of each the two texts it is put together from.
    pub(super) fn path(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let steps = [(self.kind, self.id), (self.sub_kind, self.sub_id)];
        steps.into_iter().filter(|(kind, id)| !kind.is_empty() || !id.is_empty())
    }
}

/// A part's name, kept.
#[derive(Debug, Clone)]
pub(super) struct StoredPart {
    /// The four texts one behind the other.
    text: Arc<str>,
    /// Where the first three end.
    ends: [u16; 3],
}

impl StoredPart {
    /// Keeps a name.
    fn new(name: PartName<'_>) -> Self {
        let text = [name.kind, name.id, name.sub_kind, name.sub_id].concat();
        let mut end = 0;
        // Names were looked at before: none is longer than 255 bytes.
        let ends = [name.kind, name.id, name.sub_kind].map(|part_of_it| {
            end += part_of_it.len();
            u16::try_from(end).unwrap_or(u16::MAX)
        });
        Self { text: text.into(), ends }
    }

    /// Whether this is the name.
    fn is_called(&self, name: PartName<'_>) -> bool {
        let mut rest = self.text.as_bytes();
        let mut ends = self.ends.iter().map(|end| usize::from(*end));
        let mut end_so_far = 0;
        [name.kind, name.id, name.sub_kind, name.sub_id].into_iter().all(|text| {
            end_so_far += text.len();
            let is_end = end_so_far == ends.next().unwrap_or(self.text.len());
            let Some((front, behind)) = rest.split_at_checked(text.len()) else { return false };
            rest = behind;
            is_end && is_same(front, text.as_bytes())
        })
    }

    /// The name.
    pub(super) fn name(&self) -> PartName<'_> {
        let [first, second, third] = self.ends.map(usize::from);
        let slice = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        PartName {
            kind: slice(0, first),
            id: slice(first, second),
            sub_kind: slice(second, third),
            sub_id: slice(third, self.text.len()),
        }
    }
}

/// A part and whether it is still needed.
#[derive(Debug)]
struct PartEntry {
    /// Its name.
    part: StoredPart,
    /// Whether no series was of it when this was looked at last, and nobody asked for it since.
    is_idle: AtomicBool,
}

/// The parts of all hosts.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// By number.
    entries: Slab<PartEntry>,
    /// Numbers by name.
    index: HashTable<u32>,
    /// Bytes of the names.
    name_bytes: usize,
    /// Hashes names.
    hashes: Hashes,
}

impl Parts {
    /// The number of a part.
    pub(super) fn find(&self, name: PartName<'_>) -> Option<u32> {
        let is_it = |number: &u32| self.entries.get(*number).is_some_and(|entry| entry.part.is_called(name));
        let number = *self.index.find(name.hash(&self.hashes), is_it)?;
        let entry = self.entries.get(number)?;
        if entry.is_idle.load(Ordering::Relaxed) {
            entry.is_idle.store(false, Ordering::Relaxed);
        }
        Some(number)
    }

    /// The number of a part; gives it one if need be.
    pub(super) fn find_or_insert(&mut self, name: PartName<'_>) -> u32 {
        if let Some(number) = self.find(name) {
            return number;
        }
        let part = StoredPart::new(name);
        self.name_bytes += bytes_of(&part);
        let number = self.entries.insert(PartEntry { part, is_idle: AtomicBool::new(false) });
        let Self { entries, index, hashes, .. } = self;
        let rehash = |known: &u32| entries.get(*known).map_or(0, |entry| entry.part.name().hash(hashes));
        index.insert_unique(name.hash(hashes), number, rehash);
        number
    }

    /// A part.
    pub(super) fn get(&self, number: u32) -> Option<&StoredPart> {
        Some(&self.entries.get(number)?.part)
    }

    /// Forgets the parts that `is_used` has had nothing of this time and the last time, if nobody asked for them in
    /// between.
    pub(super) fn sweep(&mut self, is_used: impl Fn(u32) -> bool) {
        let mut unused = Vec::new();
        for (number, entry) in self.entries.iter() {
            let is_needed = is_used(number);
            let was_idle = entry.is_idle.swap(!is_needed, Ordering::Relaxed);
            if was_idle && !is_needed {
                unused.push(number);
            }
        }
        if unused.is_empty() {
            return;
        }
        for number in unused {
            let Some(entry) = self.entries.remove(number) else { continue };
            self.name_bytes -= bytes_of(&entry.part);
            let hash = entry.part.name().hash(&self.hashes);
            if let Ok(found) = self.index.find_entry(hash, |known| *known == number) {
                found.remove();
            }
        }
        self.entries.trim();
        let Self { entries, index, hashes, .. } = self;
        index.shrink_to_fit(|known| entries.get(*known).map_or(0, |entry| entry.part.name().hash(hashes)));
    }

    /// Bytes of the parts that are not used, about.
    pub(super) fn bytes_unless(&self, is_used: impl Fn(u32) -> bool) -> usize {
        let unused = self.entries.iter().filter(|(number, _)| !is_used(*number));
        let bytes =
            |entry: &PartEntry| size_of::<Option<PartEntry>>() + size_of::<u32>() + bytes_of(&entry.part);
        unused.map(|(_, entry)| bytes(entry)).sum()
    }

    /// Bytes this takes besides itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.entries.heap_bytes() + self.index.allocation_size() + self.name_bytes
    }
}

/// Bytes of a kept name, with the two counts beside it.
fn bytes_of(part: &StoredPart) -> usize {
    part.text.len() + 2 * size_of::<usize>()
}
