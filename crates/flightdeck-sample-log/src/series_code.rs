//! How series are named in records and snapshots: each text once, then by number, and only what differs from the
//! name before. Knows nothing of what follows a name.
//!
//! In front of a name stands one byte of flags (bits 0 to 5): cluster, host, kind, id, part below, metric differ from
//! the name before; bits 6 and 7 are the caller's. For each flag set a code follows, in this order; for the part below
//! two, its kind and its id. Each field has its own list of texts, which begins with the empty one, and the name before
//! the first one is empty throughout.
//! A code of 0 is followed by a text that is new in the field's list (length, bytes; never empty). Any other code is 1
//! plus, zigzag, how much further the text stands in the list than the field's text before: names that go round are
//! one byte each.

use crate::varint::{Cursor, Malformed, put_text, put_unsigned};
use flightdeck_model::SeriesName;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

#[cfg(test)]
mod tests;

const CLUSTER: u8 = 1;
const HOST: u8 = 1 << 1;
const KIND: u8 = 1 << 2;
const ID: u8 = 1 << 3;
const SUB: u8 = 1 << 4;
const METRIC: u8 = 1 << 5;

/// Writes names one after the other.
#[derive(Debug, Default)]
pub(crate) struct SeriesWriter {
    cluster: TextWriter,
    host: TextWriter,
    kind: TextWriter,
    id: TextWriter,
    sub_kind: TextWriter,
    sub_id: TextWriter,
    metric: TextWriter,
    hasher: RandomState,
}

impl SeriesWriter {
    /// Writes the codes of a name; returns its flags, which have to stand in front of them.
    #[inline]
    pub(crate) fn put(&mut self, out: &mut Vec<u8>, name: &SeriesName<'_>) -> u8 {
        let mut flags = 0;
        for (flag, writer, text) in [
            (CLUSTER, &mut self.cluster, name.cluster),
            (HOST, &mut self.host, name.host),
            (KIND, &mut self.kind, name.kind),
            (ID, &mut self.id, name.id),
        ] {
            if !writer.is_current(text) {
                writer.put(out, text, &self.hasher);
                flags |= flag;
            }
        }
        if !(self.sub_kind.is_current(name.sub_kind) && self.sub_id.is_current(name.sub_id)) {
            self.sub_kind.put(out, name.sub_kind, &self.hasher);
            self.sub_id.put(out, name.sub_id, &self.hasher);
            flags |= SUB;
        }
        if !self.metric.is_current(name.metric) {
            self.metric.put(out, name.metric, &self.hasher);
            flags |= METRIC;
        }
        flags
    }

    /// Forgets all names.
    pub(crate) fn clear(&mut self) {
        for writer in [
            &mut self.cluster,
            &mut self.host,
            &mut self.kind,
            &mut self.id,
            &mut self.sub_kind,
            &mut self.sub_id,
            &mut self.metric,
        ] {
            writer.clear();
        }
    }
}

/// The texts of one field. Number 0 is the empty text, which is not in the list.
#[derive(Debug, Default)]
struct TextWriter {
    /// All texts of the list, one behind the other.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    numbers: HashTable<u32>,
    current: Entry,
    current_number: u32,
    /// What came after the empty text.
    after_empty: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    start: usize,
    end: usize,
    /// The number of the text that came after this one the last time.
    next: u32,
}

impl TextWriter {
    #[inline]
    fn is_current(&self, text: &str) -> bool {
        self.current.end - self.current.start == text.len() && self.has_text(self.current, text)
    }

    #[inline]
    fn has_text(&self, entry: Entry, text: &str) -> bool {
        if text.is_empty() {
            // Comparing no bytes is slow on processors with AVX-512: the C library looks at the address all the same,
            // and that of an empty text need not be mapped.
            return entry.start == entry.end;
        }
        self.bytes.get(entry.start..entry.end) == Some(text.as_bytes())
    }

    fn put(&mut self, out: &mut Vec<u8>, text: &str, hasher: &RandomState) {
        let before = self.current_number;
        // Names mostly go round in the same order: looking at what came next the last time saves the hash.
        let likely = self.entry(before).map_or(self.after_empty, |entry| entry.next);
        let likely_entry = self.entry(likely).copied().unwrap_or_default();
        if self.has_text(likely_entry, text) {
            put_step(out, before, likely);
            self.current = likely_entry;
            self.current_number = likely;
            return;
        }
        let (number, is_new) = self.find_or_add(text, hasher);
        if is_new {
            put_unsigned(out, 0);
            put_text(out, text);
        } else {
            put_step(out, before, number);
        }
        match self.entry_mut(before) {
            Some(entry) => entry.next = number,
            None => self.after_empty = number,
        }
        self.current = self.entry(number).copied().unwrap_or_default();
        self.current_number = number;
    }

    fn find_or_add(&mut self, text: &str, hasher: &RandomState) -> (u32, bool) {
        if text.is_empty() {
            return (0, false);
        }
        let hash = hasher.hash_one(text.as_bytes());
        let found = self
            .numbers
            .find(hash, |number| self.entry(*number).is_some_and(|entry| self.has_text(*entry, text)));
        if let Some(number) = found {
            return (*number, false);
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text.as_bytes());
        self.entries.push(Entry { start, end: self.bytes.len(), next: 0 });
        // Billions of texts do not fit into a record.
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let Self { numbers, entries, bytes, .. } = self;
        numbers.insert_unique(hash, number, |other| {
            let entry = entries.get((*other as usize).wrapping_sub(1)).copied().unwrap_or_default();
            hasher.hash_one(bytes.get(entry.start..entry.end).unwrap_or_default())
        });
        (number, true)
    }

    #[inline]
    fn entry(&self, number: u32) -> Option<&Entry> {
        self.entries.get((number as usize).wrapping_sub(1))
    }

    fn entry_mut(&mut self, number: u32) -> Option<&mut Entry> {
        self.entries.get_mut((number as usize).wrapping_sub(1))
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.numbers.clear();
        self.current = Entry::default();
        self.current_number = 0;
        self.after_empty = 0;
    }
}

#[inline]
fn put_step(out: &mut Vec<u8>, from: u32, to: u32) {
    let step = i64::from(to) - i64::from(from);
    put_unsigned(out, 1 + (step << 1 ^ step >> 63).cast_unsigned());
}

/// Reads names one after the other. The lists it builds take a small multiple of what was read.
#[derive(Debug, Default)]
pub(crate) struct SeriesReader<'a> {
    name: SeriesName<'a>,
    cluster: TextReader<'a>,
    host: TextReader<'a>,
    kind: TextReader<'a>,
    id: TextReader<'a>,
    sub_kind: TextReader<'a>,
    sub_id: TextReader<'a>,
    metric: TextReader<'a>,
}

impl<'a> SeriesReader<'a> {
    #[inline]
    pub(crate) fn read(&mut self, flags: u8, cursor: &mut Cursor<'a>) -> Result<SeriesName<'a>, Malformed> {
        if flags & CLUSTER != 0 {
            self.name.cluster = self.cluster.read(cursor)?;
        }
        if flags & HOST != 0 {
            self.name.host = self.host.read(cursor)?;
        }
        if flags & KIND != 0 {
            self.name.kind = self.kind.read(cursor)?;
        }
        if flags & ID != 0 {
            self.name.id = self.id.read(cursor)?;
        }
        if flags & SUB != 0 {
            self.name.sub_kind = self.sub_kind.read(cursor)?;
            self.name.sub_id = self.sub_id.read(cursor)?;
        }
        if flags & METRIC != 0 {
            self.name.metric = self.metric.read(cursor)?;
        }
        Ok(self.name)
    }
}

#[derive(Debug, Default)]
struct TextReader<'a> {
    /// From number 1 on.
    texts: Vec<&'a str>,
    current_number: usize,
}

impl<'a> TextReader<'a> {
    #[inline]
    fn read(&mut self, cursor: &mut Cursor<'a>) -> Result<&'a str, Malformed> {
        let code = cursor.unsigned()?;
        if code == 0 {
            let text = cursor.text()?;
            if text.is_empty() {
                return Err(Malformed);
            }
            self.texts.push(text);
            self.current_number = self.texts.len();
            return Ok(text);
        }
        let zigzag = code - 1;
        let step = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
        let step_size = isize::try_from(step).ok().ok_or(Malformed)?;
        self.current_number = self.current_number.checked_add_signed(step_size).ok_or(Malformed)?;
        if self.current_number == 0 {
            return Ok("");
        }
        self.texts.get(self.current_number - 1).copied().ok_or(Malformed)
    }
}
