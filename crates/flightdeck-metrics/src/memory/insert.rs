//! Takes blocks over from a snapshot. Knows nothing of its file.

use super::block_list::{BlockEntry, Saving};
use super::{Memory, Refusal, Sample, SeriesNumber, time_of};
use crate::block::{BLOCK_STEPS, Block};
use flightdeck_model::SeriesName;

impl Memory {
    /// Puts a block in the place of what a series has there. Does nothing for an empty one.
    pub fn insert_block(&self, series: SeriesNumber, number: u32, block: Block, is_saved: bool) {
        if block.present() == 0 {
            return;
        }
        let Some(mut shard) = self.shard_mut(series.shard()) else { return };
        let saving = if is_saved { Saving::Saved } else { Saving::Changed };
        let host = shard.replace_block(series.in_shard(), BlockEntry { number, saving, block });
        shard.note_change(host, self.next_change());
    }

    /// Puts a block of a snapshot in its place. When the metric's timestep is another one now, its samples
    /// go where they belong now. A series whose cluster or metric is not configured gets the block's. Returns whether it was
    /// taken: it ends after `oldest_s`, there is room for its series, and the name is one.
    pub fn insert_saved(
        &self,
        name: &SeriesName<'_>,
        timestep_s: u32,
        number: i64,
        block: Block,
        oldest_s: i64,
    ) -> bool {
        let (Ok(number), Some((_, last))) = (u32::try_from(number), block.span()) else {
            return false;
        };
        if time_of(number, u64::from(last) + 1, timestep_s) <= oldest_s {
            return false;
        }
        let series = match self.resolver().resolve(name) {
            Ok(series) => series,
            Err(Refusal::UnknownCluster | Refusal::UnknownMetric) => {
                let Some(series) = self.former_series(name, timestep_s) else { return false };
                series
            }
            Err(_) => return false,
        };
        if series.timestep_s == timestep_s {
            self.insert_block(series.number, number, block, true);
            return true;
        }
        let mut values = [f64::NAN; BLOCK_STEPS];
        block.read(0, &mut values);
        let samples = (0..).zip(values).filter(|(_, value)| !value.is_nan());
        let samples: Vec<Sample> = samples
            .map(|(step, value)| Sample {
                series: series.number,
                time_s: time_of(number, step, timestep_s),
                value,
            })
            .collect();
        self.apply(&samples);
        true
    }
}
