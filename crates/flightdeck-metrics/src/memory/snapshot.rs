//! Hands out the blocks that a snapshot has to have. Knows nothing of its file.

use super::block_list::Saving;
use super::parts::{Parts, StoredPart};
use super::shard::{Host, Series, Shard};
use super::slab::Slab;
use super::{Memory, time_of};
use flightdeck_model::SeriesName;
use std::sync::Arc;

/// What is done with a block: the series' name and timestep in seconds, the block's number, the second in which its last
/// sample's step ends, and the block in the stored format.
pub type BlockVisitor<'a, E> = dyn FnMut(&SeriesName<'_>, u32, i64, i64, &[u8]) -> Result<(), E> + 'a;

/// A block on its way into a snapshot; the shard is not locked any more.
#[derive(Debug)]
struct Leaving {
    cluster: u16,
    host: Arc<str>,
    part: StoredPart,
    metric: u16,
    timestep_s: u32,
    number: u32,
    end_s: i64,
    bytes: Vec<u8>,
}

impl Memory {
    /// Visits the blocks that changed since they were last visited, or all, and notes that they are saved.
    /// Nothing is locked while `visit` runs, and no shard for long in between. Only one at a time may do this.
    ///
    /// # Errors
    ///
    /// The first error of `visit`; [`mark_all_unsaved`](Self::mark_all_unsaved) then takes back what was noted.
    pub fn visit_dirty<E>(&self, is_full: bool, visit: &mut BlockVisitor<'_, E>) -> Result<(), E> {
        for shard in 0..self.shards.len() {
            let mut chunk = 0;
            while let Some(leaving) = self.collect_chunk(shard, chunk, is_full) {
                for block in leaving {
                    let part = block.part.name();
                    let name = SeriesName {
                        cluster: &self.cluster_name(block.cluster),
                        host: &block.host,
                        kind: part.kind,
                        id: part.id,
                        sub_kind: part.sub_kind,
                        sub_id: part.sub_id,
                        metric: &self.metric_name(block.cluster, block.metric),
                    };
                    visit(&name, block.timestep_s, i64::from(block.number), block.end_s, &block.bytes)?;
                }
                chunk += 1;
            }
        }
        Ok(())
    }

    /// Has what the last visit had in the next one again, because the snapshot did not come about.
    pub fn mark_all_unsaved(&self) {
        for shard in 0..self.shards.len() {
            let Some(mut shard) = self.shard_mut(shard) else { continue };
            for entry in shard.series.iter_mut().flat_map(|series| series.blocks.iter_mut()) {
                if entry.saving == Saving::UnderWay {
                    entry.saving = Saving::Changed;
                }
            }
        }
    }

    /// The blocks of a chunk of a shard's series; `None` when there is no such chunk.
    fn collect_chunk(&self, shard: usize, chunk: usize, is_full: bool) -> Option<Vec<Leaving>> {
        let mut shard = self.shard_mut(shard)?;
        if chunk >= shard.series.chunk_count() {
            return None;
        }
        let parts = self.parts();
        let mut leaving = Vec::new();
        let Shard { hosts, series, .. } = &mut *shard;
        for number in Slab::<Series>::numbers_in(chunk) {
            let Some(of_it) = series.get_mut(number) else { continue };
            let Some(host) = hosts.get(of_it.host()) else { continue };
            collect_series(of_it, host, &parts, is_full, &mut leaving);
        }
        Some(leaving)
    }
}

/// The blocks of a series.
fn collect_series(
    series: &mut Series,
    host: &Host,
    parts: &Parts,
    is_full: bool,
    leaving: &mut Vec<Leaving>,
) {
    let (part, metric, timestep_s) = (series.part, series.metric, series.timestep_s);
    for entry in series.blocks.iter_mut() {
        if !is_full && entry.saving != Saving::Changed {
            // Nobody took back what the visit before noted.
            entry.saving = Saving::Saved;
            continue;
        }
        let (Some(stored_part), Some((_, last))) = (parts.get(part), entry.block.span()) else { continue };
        entry.saving = Saving::UnderWay;
        leaving.push(Leaving {
            cluster: host.cluster,
            host: Arc::clone(&host.name),
            part: stored_part.clone(),
            metric,
            timestep_s,
            number: entry.number,
            end_s: time_of(entry.number, u64::from(last) + 1, timestep_s),
            bytes: entry.block.to_bytes(),
        });
    }
}
