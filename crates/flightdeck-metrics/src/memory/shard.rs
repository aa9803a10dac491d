//! Some of the hosts with all their series, behind one lock. Knows neither locks nor names of parts and metrics.

use super::block_list::{BlockEntry, BlockList, Saving};
use super::block_of;
use super::hash::{Hashes, hash_of};
use super::slab::Slab;
use super::totals::{Dropped, Totals, Weight};
use hashbrown::HashTable;
use std::sync::Arc;
use std::sync::atomic::AtomicU16;

/// No series.
const NONE: u32 = u32::MAX;

/// A host.
#[derive(Debug)]
pub(super) struct Host {
    /// The number of its cluster.
    pub(super) cluster: u16,
    /// When it was asked for last, in generations (see `Memory::expire`).
    pub(super) resolved_in: AtomicU16,
    /// Its name.
    pub(super) name: Arc<str>,
    /// The first of its series; each names the next.
    first_series: u32,
    /// How many series it has.
    pub(super) series_count: u32,
    /// The number of the store's change that was the last of this host.
    pub(super) changed_at: u64,
}

impl Host {
    /// Without series.
    pub(super) fn new(cluster: u16, name: &str, generation: u16, changed_at: u64) -> Self {
        let resolved_in = AtomicU16::new(generation);
        Self { cluster, resolved_in, name: name.into(), first_series: NONE, series_count: 0, changed_at }
    }
}

/// What a series is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SeriesKey {
    /// The number of its host in the shard.
    pub(super) host: u32,
    /// The number of its part.
    pub(super) part: u32,
    /// The number of its metric in the host's cluster.
    pub(super) metric: u16,
}

/// A series.
#[derive(Debug)]
pub(super) struct Series {
    /// Its samples.
    pub(super) blocks: BlockList,
    /// As [`SeriesKey::host`].
    host: u32,
    /// As [`SeriesKey::part`].
    pub(super) part: u32,
    /// The next series of the host.
    next_of_host: u32,
    /// Seconds between two samples.
    pub(super) timestep_s: u32,
    /// As [`SeriesKey::metric`].
    pub(super) metric: u16,
    /// When it was asked for last, in generations (see `Memory::expire`).
    pub(super) resolved_in: AtomicU16,
}

impl Series {
    /// What it is called.
    pub(super) fn key(&self) -> SeriesKey {
        SeriesKey { host: self.host, part: self.part, metric: self.metric }
    }

    /// The host's number.
    pub(super) fn host(&self) -> u32 {
        self.host
    }
}

/// Some of the hosts.
#[derive(Debug, Default)]
pub(super) struct Shard {
    /// The hosts by number.
    pub(super) hosts: Slab<Host>,
    /// Numbers of hosts by name.
    host_index: HashTable<u32>,
    /// The series by number.
    pub(super) series: Slab<Series>,
    /// Numbers of series by key.
    series_index: HashTable<u32>,
    /// What the blocks amount to.
    pub(super) totals: Totals,
    /// Bytes of the hosts' names.
    name_bytes: usize,
    /// Hashes names and keys; the same in all shards.
    hashes: Hashes,
}

impl Shard {
    /// Without hosts.
    pub(super) fn new(hashes: Hashes) -> Self {
        Self { hashes, ..Self::default() }
    }

    /// The number of a host, whose name has this hash.
    pub(super) fn find_host(&self, hash: u64, cluster: u16, name: &str) -> Option<u32> {
        let is_it = |number: &u32| {
            self.hosts.get(*number).is_some_and(|host| host.cluster == cluster && *host.name == *name)
        };
        self.host_index.find(hash, is_it).copied()
    }

    /// The number of a host; takes `blank` in if there is none of its name.
    pub(super) fn find_or_insert_host(&mut self, hash: u64, blank: Host) -> u32 {
        if let Some(number) = self.find_host(hash, blank.cluster, &blank.name) {
            return number;
        }
        self.name_bytes += host_name_bytes(&blank.name);
        let number = self.hosts.insert(blank);
        let Self { hosts, host_index, hashes, .. } = self;
        let rehash =
            |known: &u32| hosts.get(*known).map_or(0, |host| hash_of(hashes, &(host.cluster, &*host.name)));
        host_index.insert_unique(hash, number, rehash);
        number
    }

    /// The number of a series.
    pub(super) fn find_series(&self, key: SeriesKey) -> Option<u32> {
        let is_it = |number: &u32| self.series.get(*number).is_some_and(|series| series.key() == key);
        self.series_index.find(hash_of(&self.hashes, &key), is_it).copied()
    }

    /// Takes in a series that is not there.
    pub(super) fn insert_series(&mut self, key: SeriesKey, timestep_s: u32, generation: u16) -> u32 {
        let next_of_host = self.hosts.get(key.host).map_or(NONE, |host| host.first_series);
        let number = self.series.insert(Series {
            blocks: BlockList::default(),
            host: key.host,
            part: key.part,
            next_of_host,
            timestep_s,
            metric: key.metric,
            resolved_in: AtomicU16::new(generation),
        });
        if let Some(host) = self.hosts.get_mut(key.host) {
            host.first_series = number;
            host.series_count += 1;
        }
        let Self { series, series_index, hashes, .. } = self;
        let rehash = |known: &u32| series.get(*known).map_or(0, |of_it| hash_of(hashes, &of_it.key()));
        series_index.insert_unique(hash_of(hashes, &key), number, rehash);
        number
    }

    /// The series of a host with their numbers.
    pub(super) fn series_of(&self, host: u32) -> impl Iterator<Item = (u32, &Series)> {
        let first = self.hosts.get(host).map_or(NONE, |of_it| of_it.first_series);
        let with_number = |number: u32| Some((number, self.series.get(number)?));
        std::iter::successors(with_number(first), move |(_, series)| with_number(series.next_of_host))
    }

    /// Takes series of one host out.
    pub(super) fn remove_series(&mut self, host: u32, is_removed: impl Fn(&Series) -> bool) -> u32 {
        let (removed, kept): (Vec<_>, Vec<_>) = self
            .series_of(host)
            .map(|(number, series)| (number, is_removed(series)))
            .partition(|(_, out)| *out);
        if removed.is_empty() {
            return 0;
        }
        for (number, _) in &removed {
            let Some(series) = self.series.remove(*number) else { continue };
            self.totals.list_bytes -= series.blocks.heap_bytes();
            let hash = hash_of(&self.hashes, &series.key());
            if let Ok(found) = self.series_index.find_entry(hash, |known| known == number) {
                found.remove();
            }
        }
        let mut next = NONE;
        for (number, _) in kept.iter().rev() {
            if let Some(series) = self.series.get_mut(*number) {
                series.next_of_host = next;
                next = *number;
            }
        }
        let removed_count = u32::try_from(removed.len()).unwrap_or(u32::MAX);
        if let Some(of_it) = self.hosts.get_mut(host) {
            of_it.first_series = next;
            of_it.series_count -= removed_count;
        }
        removed_count
    }

    /// Takes a host without series out.
    pub(super) fn remove_host(&mut self, host: u32) {
        let Some(removed) = self.hosts.remove(host) else { return };
        self.name_bytes -= host_name_bytes(&removed.name);
        let hash = hash_of(&self.hashes, &(removed.cluster, &*removed.name));
        if let Ok(found) = self.host_index.find_entry(hash, |known| *known == host) {
            found.remove();
        }
    }

    /// Gives back the memory of what was taken out.
    pub(super) fn trim(&mut self) {
        self.hosts.trim();
        self.series.trim();
        let Self { hosts, host_index, series, series_index, hashes, .. } = self;
        host_index.shrink_to_fit(|known| {
            hosts.get(*known).map_or(0, |host| hash_of(hashes, &(host.cluster, &*host.name)))
        });
        series_index
            .shrink_to_fit(|known| series.get(*known).map_or(0, |of_it| hash_of(hashes, &of_it.key())));
    }

    /// Stores a value and returns its host; `None` when the series is not there any more, or there is no such time.
    pub(super) fn set(&mut self, series: u32, time_s: i64, value: f64) -> Option<u32> {
        let of_it = self.series.get_mut(series)?;
        let (number, slot) = block_of(time_s, of_it.timestep_s)?;
        let host = of_it.host;
        if let Some(entry) = of_it.blocks.newest_mut(number) {
            if set_in(entry, slot, value, &mut self.totals) {
                return Some(host);
            }
        } else {
            self.totals.list_bytes -= of_it.blocks.heap_bytes();
            let is_left = match of_it.blocks.find_or_insert(number) {
                Some(entry) => set_in(entry, slot, value, &mut self.totals),
                None => true,
            };
            self.totals.list_bytes += of_it.blocks.heap_bytes();
            if is_left {
                return Some(host);
            }
        }
        self.drop_blocks(series, |entry| entry.block.present() > 0);
        Some(host)
    }

    /// Replaces a block.
    pub(super) fn replace_block(&mut self, series: u32, replacement: BlockEntry) -> Option<u32> {
        let of_it = self.series.get_mut(series)?;
        self.totals.list_bytes -= of_it.blocks.heap_bytes();
        if let Some(entry) = of_it.blocks.find_or_insert(replacement.number) {
            self.totals.remove(Weight::of(&entry.block));
            self.totals.add(Weight::of(&replacement.block));
            *entry = replacement;
        }
        self.totals.list_bytes += of_it.blocks.heap_bytes();
        Some(of_it.host)
    }

    /// Compresses the blocks of a series for which that is asked.
    pub(super) fn close_blocks(&mut self, series: u32, is_closed: impl Fn(&BlockEntry) -> bool) -> u64 {
        let Some(of_it) = self.series.get_mut(series) else { return 0 };
        let mut closed = 0;
        for entry in of_it.blocks.iter_mut() {
            if entry.block.is_open() && is_closed(entry) {
                self.totals.remove(Weight::of(&entry.block));
                entry.block.close();
                self.totals.add(Weight::of(&entry.block));
                closed += 1;
            }
        }
        closed
    }

    /// Drops the blocks of a series that are not to be kept.
    pub(super) fn drop_blocks(
        &mut self,
        series: u32,
        mut is_kept: impl FnMut(&BlockEntry) -> bool,
    ) -> Dropped {
        let mut dropped = Dropped::default();
        let Some(of_it) = self.series.get_mut(series) else { return dropped };
        let list_bytes_before = of_it.blocks.heap_bytes();
        let totals = &mut self.totals;
        of_it.blocks.retain(|entry| {
            if is_kept(entry) {
                return true;
            }
            totals.remove(Weight::of(&entry.block));
            dropped.blocks += 1;
            dropped.samples += u64::from(entry.block.present());
            false
        });
        totals.list_bytes -= list_bytes_before;
        totals.list_bytes += of_it.blocks.heap_bytes();
        dropped
    }

    /// Notes that a host's samples changed.
    pub(super) fn note_change(&mut self, host: Option<u32>, change: u64) {
        if let Some(of_it) = host.and_then(|number| self.hosts.get_mut(number)) {
            of_it.changed_at = change;
        }
    }

    /// Bytes of everything: the blocks, the series and the tables.
    pub(super) fn bytes(&self) -> usize {
        self.totals.open_bytes
            + self.totals.closed_bytes
            + self.hosts.heap_bytes()
            + self.host_index.allocation_size()
            + self.series.heap_bytes()
            + self.series_index.allocation_size()
            + self.totals.list_bytes
            + self.name_bytes
    }
}

/// Bytes that a series takes beside its blocks, about.
pub(super) const SERIES_BYTES: usize = size_of::<Option<Series>>() + 2 * size_of::<u32>();

/// Bytes that a host takes beside its series, about.
pub(super) fn host_bytes(host: &Host) -> usize {
    size_of::<Option<Host>>() + 2 * size_of::<u32>() + host_name_bytes(&host.name)
}

/// Bytes of a host's name, with the two counts beside it.
fn host_name_bytes(name: &str) -> usize {
    name.len() + 2 * size_of::<usize>()
}

/// Stores a value in a block. Returns whether it has samples then.
fn set_in(entry: &mut BlockEntry, slot: u8, value: f64, totals: &mut Totals) -> bool {
    totals.remove(Weight::of(&entry.block));
    entry.block.set(slot, value);
    totals.add(Weight::of(&entry.block));
    entry.saving = Saving::Changed;
    entry.block.present() > 0
}
