//! Keeps memory below its cap: drops the oldest blocks, those that matter least first. Knows no log and no clock.

use super::block_list::BlockEntry;
use super::shard::{SERIES_BYTES, Series, Shard, host_bytes};
use super::totals::Dropped;
use super::{Held, Memory, STEPS, Why, time_of};
use std::collections::{BTreeMap, HashSet};

/// Which blocks go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Of hosts that no job needs, and not a series' newest.
    Past,
    /// A series' newest, of hosts that no job needs.
    Newest,
    /// Not a series' newest, of hosts that a job needs.
    HeldPast,
    /// A series' newest, of hosts that a job needs.
    HeldNewest,
}

/// The part of the cap, as its divisor, above which series and hosts without blocks are too many to be made up for.
const FLOOD_SHARE: u64 = 16;

/// What to drop of one rank.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// The rank.
    rank: Rank,
    /// Blocks that end before this go.
    end_s: i64,
    /// Of those that end exactly then, as many bytes go.
    bytes_at_end: u64,
}

impl Memory {
    /// Drops the oldest blocks until the store takes no more bytes than the cap allows: those of hosts that are not held, at
    /// last each series' newest, then likewise those of hosts that are. Returns what was dropped.
    ///
    /// Series and hosts that have become empty, and that nobody asks for any more, are forgotten with them. What was asked
    /// for a short time ago stays (see [`expire`](Self::expire)). When that is much, somebody makes up names: dropping all
    /// blocks would not make up for that, so such names may exceed the cap for some minutes.
    ///
    /// As long as nobody has said which hosts are held (`None`), a quarter more is allowed: what is dropped then may be what
    /// a job needs.
    pub fn enforce_cap(&self, held: Option<&Held>) -> Dropped {
        let mut dropped = Dropped::default();
        if !self.is_above_cap() {
            return dropped;
        }
        let cap = self.limits.memory_cap_bytes;
        let spare = if held.is_none() { cap / 4 } else { 0 };
        let nobody = Held::default();
        let held = held.unwrap_or(&nobody);
        self.forget_unused();
        for rank in [Rank::Past, Rank::Newest, Rank::HeldPast, Rank::HeldNewest] {
            let surplus = self.surplus(cap.saturating_add(spare));
            if surplus == 0 {
                break;
            }
            let mut cut = self.find_cut(rank, surplus, held);
            for number in 0..self.shards.len() {
                if let Some(mut shard) = self.shard_mut(number) {
                    dropped.add(self.cut_shard(&mut shard, &mut cut, held));
                }
            }
            self.forget_unused();
        }
        self.count_dropped(Why::Memory, dropped);
        dropped
    }

    /// Bytes that have to go for a cap.
    fn surplus(&self, cap: u64) -> u64 {
        let surplus = self.bytes().saturating_sub(cap);
        if surplus == 0 {
            return 0;
        }
        let empty_bytes = self.empty_bytes();
        let is_flood = empty_bytes > cap / FLOOD_SHARE;
        surplus.saturating_sub(if is_flood { empty_bytes } else { 0 })
    }

    /// Whether there is a cap, and more is kept than it allows.
    pub(super) fn is_above_cap(&self) -> bool {
        let cap = self.limits.memory_cap_bytes;
        cap > 0 && self.bytes() > cap
    }

    /// Bytes of what has no blocks, and so is forgotten soon: series, hosts and the names of parts.
    fn empty_bytes(&self) -> u64 {
        let mut bytes = 0;
        let mut used_parts = HashSet::new();
        for number in 0..self.shards.len() {
            let Some(shard) = self.shard(number) else { continue };
            for (number, host) in shard.hosts.iter() {
                let mut is_empty = true;
                for (_, series) in shard.series_of(number) {
                    if series.blocks.is_empty() {
                        bytes += SERIES_BYTES;
                    } else {
                        is_empty = false;
                        used_parts.insert(series.part);
                    }
                }
                bytes += if is_empty { host_bytes(host) } else { 0 };
            }
        }
        bytes += self.parts().bytes_unless(|part| used_parts.contains(&part));
        bytes as u64
    }

    /// Up to which end the blocks of a rank have to go for so many bytes.
    fn find_cut(&self, rank: Rank, surplus: u64, held: &Held) -> Cut {
        // Blocks end at multiples of a few lengths, so there are far fewer ends than blocks.
        let mut bytes_by_end: BTreeMap<i64, u64> = BTreeMap::new();
        for number in 0..self.shards.len() {
            let Some(shard) = self.shard(number) else { continue };
            for (host, _) in shard.hosts.iter() {
                let held_from_s = self.held_from(&shard, host, held);
                for (_, series) in shard.series_of(host) {
                    let extent = Extent::of(series);
                    for entry in series.blocks.iter() {
                        let end_s = time_of(entry.number, STEPS, series.timestep_s);
                        if rank_of(extent.is_newest(entry), end_s, held_from_s) == rank {
                            *bytes_by_end.entry(end_s).or_default() += extent.bytes_of(entry);
                        }
                    }
                }
            }
        }
        let mut missing = surplus;
        for (end_s, bytes) in bytes_by_end {
            if bytes >= missing {
                return Cut { rank, end_s, bytes_at_end: missing };
            }
            missing -= bytes;
        }
        Cut { rank, end_s: i64::MAX, bytes_at_end: u64::MAX }
    }

    /// Drops what a cut says.
    fn cut_shard(&self, shard: &mut Shard, cut: &mut Cut, held: &Held) -> Dropped {
        let mut dropped = Dropped::default();
        let hosts: Vec<u32> = shard.hosts.iter().map(|(number, _)| number).collect();
        for host in hosts {
            let held_from_s = self.held_from(shard, host, held);
            let series: Vec<(u32, u32, Extent)> = shard
                .series_of(host)
                .map(|(number, of_it)| (number, of_it.timestep_s, Extent::of(of_it)))
                .collect();
            let mut of_host = Dropped::default();
            for (number, timestep_s, extent) in series {
                of_host.add(shard.drop_blocks(number, |entry| {
                    let end_s = time_of(entry.number, STEPS, timestep_s);
                    let rank = rank_of(extent.is_newest(entry), end_s, held_from_s);
                    rank != cut.rank || !cut.takes(end_s, extent.bytes_of(entry))
                }));
            }
            if of_host.blocks > 0 {
                shard.note_change(Some(host), self.next_change());
                dropped.add(of_host);
            }
        }
        dropped
    }

    /// From when on a host is held.
    fn held_from(&self, shard: &Shard, host: u32, held: &Held) -> Option<i64> {
        let of_it = shard.hosts.get(host)?;
        held.from_s(&self.cluster_name(of_it.cluster), &of_it.name)
    }
}

impl Cut {
    /// Whether a block of the rank goes.
    fn takes(&mut self, end_s: i64, bytes: u64) -> bool {
        if end_s != self.end_s || self.bytes_at_end == 0 {
            return end_s < self.end_s;
        }
        self.bytes_at_end = self.bytes_at_end.saturating_sub(bytes);
        true
    }
}

/// The rank of a block.
fn rank_of(is_newest: bool, end_s: i64, held_from_s: Option<i64>) -> Rank {
    let is_held = held_from_s.is_some_and(|from_s| end_s > from_s);
    match (is_newest, is_held) {
        (false, false) => Rank::Past,
        (false, true) => Rank::HeldPast,
        (true, false) => Rank::Newest,
        (true, true) => Rank::HeldNewest,
    }
}

/// The numbers of a series' oldest and newest block.
#[derive(Debug, Clone, Copy)]
struct Extent(Option<u32>, Option<u32>);

impl Extent {
    /// Those of a series.
    fn of(series: &Series) -> Self {
        Self(
            series.blocks.iter().next().map(|entry| entry.number),
            series.blocks.newest().map(|entry| entry.number),
        )
    }

    /// Whether a block is the newest.
    fn is_newest(self, entry: &BlockEntry) -> bool {
        self.1 == Some(entry.number)
    }

    /// Bytes that dropping a block frees: of the only one also those of the series, which is forgotten then.
    fn bytes_of(self, entry: &BlockEntry) -> u64 {
        let series_bytes = if self.0 == self.1 { SERIES_BYTES } else { 0 };
        (entry.block.heap_bytes() + size_of::<BlockEntry>() + series_bytes) as u64
    }
}
