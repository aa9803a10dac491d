//! What has to be done now and then: compress what is written no more, drop what is too old. Knows no clock.

use super::listing::end_of;
use super::shard::{Series, Shard};
use super::slab::Slab;
use super::totals::Dropped;
use super::{Held, Memory, Why};
use std::collections::HashSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// Seconds after which the newest block of a series is taken to be finished.
const IDLE_S: i64 = 3600;

/// Seconds of a generation.
const GENERATION_S: i64 = 3600;

/// Seconds of a generation while memory is above its cap: longer than a batch is on its way.
const SHORT_GENERATION_S: i64 = 300;

/// When the present generation began.
#[derive(Debug, Default)]
pub(super) struct Generations {
    /// Seconds; `None` before the first look.
    begun_s: Option<i64>,
}

impl Memory {
    /// Compresses the blocks that are no longer a series' newest, and the newest ones whose last sample is more than an hour
    /// old. Returns how many. No shard is locked for long.
    pub fn close_idle(&self, now_s: i64) -> u64 {
        let mut closed = 0;
        for number in 0..self.shards.len() {
            let mut chunk = 0;
            while let Some(of_chunk) =
                self.shard_mut(number).and_then(|mut shard| close_chunk(&mut shard, chunk, now_s))
            {
                closed += of_chunk;
                chunk += 1;
            }
        }
        closed
    }

    /// Drops the blocks whose last sample's step ended `retention_s` before now or earlier, but of held hosts only if it
    /// also ended before the time they are held from. Returns how many.
    ///
    /// Series without blocks are forgotten when nobody asked for them during a whole generation, and hosts without series
    /// too. A generation is an hour, or five minutes while memory is above its cap.
    pub fn expire(&self, now_s: i64, retention_s: i64, held: &Held) -> u64 {
        let is_new_generation = self.begin_generation(now_s);
        let mut expired = Dropped::default();
        for number in 0..self.shards.len() {
            let Some(mut shard) = self.shard_mut(number) else { continue };
            expired.add(self.expire_shard(&mut shard, now_s.saturating_sub(retention_s), held));
            if is_new_generation {
                self.forget_in(&mut shard);
            }
        }
        if is_new_generation {
            self.forget_parts();
        }
        self.count_dropped(Why::Age, expired);
        expired.blocks
    }

    /// Begins a generation if the present one is old enough, or the clock was set back.
    fn begin_generation(&self, now_s: i64) -> bool {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let begun_s = *generations.begun_s.get_or_insert(now_s);
        let length_s = if self.is_above_cap() { SHORT_GENERATION_S } else { GENERATION_S };
        let is_over = now_s.saturating_sub(begun_s) >= length_s;
        if is_over || now_s < begun_s {
            generations.begun_s = Some(now_s);
        }
        if is_over {
            self.generation.fetch_add(1, Ordering::Relaxed);
        }
        is_over
    }

    /// Drops what is too old in a shard.
    fn expire_shard(&self, shard: &mut Shard, oldest_s: i64, held: &Held) -> Dropped {
        let mut expired = Dropped::default();
        let hosts: Vec<(u32, i64)> = shard
            .hosts
            .iter()
            .map(|(number, host)| {
                let held_from_s = held.from_s(&self.cluster_name(host.cluster), &host.name);
                (number, held_from_s.map_or(oldest_s, |from_s| from_s.min(oldest_s)))
            })
            .collect();
        for (host, host_oldest_s) in hosts {
            let series: Vec<(u32, u32)> =
                shard.series_of(host).map(|(number, series)| (number, series.timestep_s)).collect();
            let mut of_host = Dropped::default();
            for (number, timestep_s) in series {
                of_host.add(shard.drop_blocks(number, |entry| end_of(entry, timestep_s) > host_oldest_s));
            }
            if of_host.blocks > 0 {
                shard.note_change(Some(host), self.next_change());
                expired.add(of_host);
            }
        }
        expired
    }

    /// Forgets series without blocks and hosts without series, if nobody asks for them any more.
    pub(super) fn forget_unused(&self) {
        for number in 0..self.shards.len() {
            if let Some(mut shard) = self.shard_mut(number) {
                self.forget_in(&mut shard);
            }
        }
    }

    /// As [`forget_unused`](Self::forget_unused), of one shard.
    fn forget_in(&self, shard: &mut Shard) {
        let present = self.generation.load(Ordering::Relaxed);
        let is_forgotten = |resolved_in: u16| present.wrapping_sub(resolved_in) >= 2;
        let hosts: Vec<u32> = shard.hosts.iter().map(|(number, _)| number).collect();
        let mut is_smaller = false;
        for number in hosts {
            let removed = shard.remove_series(number, |series| {
                series.blocks.is_empty() && is_forgotten(series.resolved_in.load(Ordering::Relaxed))
            });
            self.series_count.fetch_sub(removed, Ordering::Relaxed);
            is_smaller |= removed > 0;
            let is_gone = shard.hosts.get(number).is_some_and(|host| {
                host.series_count == 0 && is_forgotten(host.resolved_in.load(Ordering::Relaxed))
            });
            if is_gone {
                shard.remove_host(number);
                self.host_removed_at.fetch_max(self.next_change(), Ordering::AcqRel);
                is_smaller = true;
            }
        }
        if is_smaller {
            shard.trim();
        }
    }

    /// Forgets the parts that no series is of. A series that is being made meanwhile asked for its part just now, so the
    /// part stays.
    fn forget_parts(&self) {
        let mut used = HashSet::new();
        for number in 0..self.shards.len() {
            let Some(shard) = self.shard(number) else { continue };
            used.extend(shard.series.iter().map(|(_, series)| series.part));
        }
        self.parts_mut().sweep(|part| used.contains(&part));
    }
}

/// Compresses the blocks of a chunk of series that are not written any more; `None` when there is no such chunk.
fn close_chunk(shard: &mut Shard, chunk: usize, now_s: i64) -> Option<u64> {
    if chunk >= shard.series.chunk_count() {
        return None;
    }
    let idle_since_s = now_s.saturating_sub(IDLE_S);
    let mut closed = 0;
    for number in Slab::<Series>::numbers_in(chunk) {
        let Some(series) = shard.series.get(number) else { continue };
        let timestep_s = series.timestep_s;
        let newest = series.blocks.newest().map(|entry| entry.number);
        closed += shard.close_blocks(number, |entry| {
            newest != Some(entry.number) || end_of(entry, timestep_s) < idle_since_s
        });
    }
    Some(closed)
}
