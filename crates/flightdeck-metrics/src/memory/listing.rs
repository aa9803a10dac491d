//! Lists series, and drops what is asked for. Knows nothing of requests.

use super::block_list::{BlockEntry, Saving};
use super::shard::{Host, Series, Shard};
use super::totals::Dropped;
use super::{Memory, Why, path, time_of};
use flightdeck_model::{BlockInfo, Page, SeriesInfo, SeriesPage, UnixTime};
use std::sync::Arc;

/// A host that a path leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct HostPath {
    /// The cluster's name.
    cluster: String,
    /// The host's name.
    name: Arc<str>,
    /// The shard.
    shard: usize,
    /// The number in the shard.
    number: u32,
    /// How many series it has.
    series: u32,
}

impl HostPath {
    /// The host, unless it is gone; its number may be another one's then.
    fn find_in<'a>(&self, shard: &'a Shard) -> Option<&'a Host> {
        shard.hosts.get(self.number).filter(|host| Arc::ptr_eq(&host.name, &self.name))
    }
}

impl Memory {
    /// Lists the series at or below a path, sorted. What comes or goes at the same time may be missing or not.
    pub fn list_series(&self, path: &[String], page: Page) -> SeriesPage {
        let mut hosts = self.hosts_below(path);
        hosts.sort_unstable();
        let mut listed = SeriesPage::default();
        let end = page.offset.saturating_add(page.limit);
        for host in hosts {
            // Of a host that is off the page only the number of its series matters, which is known for the whole host.
            let is_whole = path.len() <= 2;
            let next = listed.total + u64::from(host.series);
            if is_whole && (next <= page.offset || listed.total >= end) {
                listed.total = next;
                continue;
            }
            let mut series = self.list_host(&host, path);
            path::sort(&mut series);
            for info in series {
                if (page.offset..end).contains(&listed.total) {
                    listed.series.push(info);
                }
                listed.total += 1;
            }
        }
        listed
    }

    /// The hosts of a cluster that have series, in any order.
    pub fn hosts(&self, cluster: &str) -> Vec<String> {
        let hosts = self.hosts_below(&[cluster.to_owned()]).into_iter();
        hosts.filter(|host| host.series > 0).map(|host| (*host.name).to_owned()).collect()
    }

    /// Drops the blocks that end before `to_s` of all series at or below one of the paths. Returns how many.
    pub fn free(&self, paths: &[Vec<String>], to_s: i64) -> u64 {
        let mut freed = Dropped::default();
        for wanted in paths {
            for host in self.hosts_below(wanted) {
                freed.add(self.free_host(&host, wanted, to_s));
            }
        }
        self.count_dropped(Why::Request, freed);
        freed.blocks
    }

    /// The hosts at or below a path, or above it.
    fn hosts_below(&self, wanted: &[String]) -> Vec<HostPath> {
        let mut found = Vec::new();
        for number in 0..self.shards.len() {
            let Some(shard) = self.shard(number) else { continue };
            for (host_number, host) in shard.hosts.iter() {
                let cluster = self.cluster_name(host.cluster);
                if path::has_host(wanted, &cluster, &host.name) {
                    found.push(HostPath {
                        cluster: (*cluster).to_owned(),
                        name: Arc::clone(&host.name),
                        shard: number,
                        number: host_number,
                        series: host.series_count,
                    });
                }
            }
        }
        found
    }

    /// The series of a host that are at or below a path.
    fn list_host(&self, host: &HostPath, wanted: &[String]) -> Vec<SeriesInfo> {
        let Some(shard) = self.shard(host.shard) else { return Vec::new() };
        let Some(cluster) = host.find_in(&shard).map(|of_it| of_it.cluster) else { return Vec::new() };
        let parts = self.parts();
        let info = |(_, series): (u32, &Series)| {
            let part = parts.get(series.part)?.name();
            path::has_part(wanted, part).then(|| SeriesInfo {
                path: path::path_of(&host.cluster, &host.name, part),
                metric: (*self.metric_name(cluster, series.metric)).to_owned(),
                timestep_s: series.timestep_s,
                blocks: series
                    .blocks
                    .iter()
                    .filter_map(|entry| block_info(entry, series.timestep_s))
                    .collect(),
            })
        };
        shard.series_of(host.number).filter_map(info).collect()
    }

    /// Drops the blocks that end before `to_s` of the host's series at or below a path.
    fn free_host(&self, host: &HostPath, wanted: &[String], to_s: i64) -> Dropped {
        let mut freed = Dropped::default();
        let Some(mut shard) = self.shard_mut(host.shard) else { return freed };
        if host.find_in(&shard).is_none() {
            return freed;
        }
        let series: Vec<(u32, u32)> = {
            let parts = self.parts();
            let is_wanted = |series: &Series| {
                parts.get(series.part).is_some_and(|part| path::has_part(wanted, part.name()))
            };
            let of_host = shard.series_of(host.number).filter(|(_, series)| is_wanted(series));
            of_host.map(|(number, series)| (number, series.timestep_s)).collect()
        };
        for (number, timestep_s) in series {
            freed.add(shard.drop_blocks(number, |entry| end_of(entry, timestep_s) >= to_s));
        }
        if freed.blocks > 0 {
            shard.note_change(Some(host.number), self.next_change());
        }
        freed
    }
}

/// When the step of a block's last sample ends.
pub(super) fn end_of(entry: &BlockEntry, timestep_s: u32) -> i64 {
    let steps = entry.block.span().map_or(0, |(_, last)| u64::from(last) + 1);
    time_of(entry.number, steps, timestep_s)
}

/// What a list says of a block.
fn block_info(entry: &BlockEntry, timestep_s: u32) -> Option<BlockInfo> {
    let (first, last) = entry.block.span()?;
    Some(BlockInfo {
        start: UnixTime(time_of(entry.number, u64::from(first), timestep_s)),
        end: UnixTime(end_of(entry, timestep_s)),
        steps: u32::from(last - first) + 1,
        bytes: entry.block.heap_bytes() as u64,
        is_saved: entry.saving != Saving::Changed,
    })
}
