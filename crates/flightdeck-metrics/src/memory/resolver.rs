//! From names to numbers, for the lines of a batch. Knows no samples.

use super::hash::is_same;
use super::parts::PartName;
use super::shard::{Host, SeriesKey};
use super::{Memory, SeriesNumber};
use flightdeck_model::SeriesName;
use std::sync::atomic::{AtomicU16, Ordering};

/// Bytes of a name, at most.
const NAME_BYTES_MAX: usize = 255;

/// Why a series is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The cluster is not configured.
    #[error("unknown cluster")]
    UnknownCluster,
    /// The metric is not configured for the cluster.
    #[error("unknown metric")]
    UnknownMetric,
    /// A name is too long, has characters that names do not have, or could be taken for a path.
    #[error("name that is not allowed")]
    BadName,
    /// There are as many series as may be.
    #[error("too many series")]
    TooManySeries,
}

/// A series that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesRef {
    /// Which it is.
    pub number: SeriesNumber,
    /// Seconds between two of its samples.
    pub timestep_s: u32,
}

/// Finds series by name and remembers the last names, as the lines of a batch mostly have much in common.
#[derive(Debug)]
pub struct Resolver<'a> {
    /// The series.
    memory: &'a Memory,
    /// The cluster that came last.
    cluster: Option<(String, u16)>,
    /// The host that came last, of that cluster.
    host: Option<(String, HostPlace)>,
    /// The metric that came last, of that cluster: number and timestep.
    metric: Option<(String, (u16, u32))>,
}

/// Where a host is.
#[derive(Debug, Clone, Copy)]
struct HostPlace {
    /// The shard.
    shard: usize,
    /// The hash of the name.
    hash: u64,
    /// The number in the shard, if it is there.
    number: Option<u32>,
}

impl<'a> Resolver<'a> {
    /// Has not seen a name yet.
    pub(super) fn new(memory: &'a Memory) -> Self {
        Self { memory, cluster: None, host: None, metric: None }
    }

    /// Finds the series of a name; makes it if need be.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] when there is none, and will be none.
    pub fn resolve(&mut self, name: &SeriesName<'_>) -> Result<SeriesRef, Refusal> {
        let cluster = self.cluster(name.cluster)?;
        let (metric, timestep_s) = self.metric(cluster, name.metric)?;
        let place = self.host(cluster, name.host)?;
        let part_name = PartName::of(name);
        let known_part = self.memory.parts().find(part_name);
        if let (Some(host), Some(part)) = (place.number, known_part)
            && let Some(number) = self.memory.find_series(place.shard, SeriesKey { host, part, metric })
        {
            return Ok(SeriesRef { number, timestep_s });
        }
        if !is_part_name(part_name) {
            return Err(Refusal::BadName);
        }
        let part = match known_part {
            Some(part) => part,
            // Nothing is remembered of names that cannot be stored.
            None if self.memory.is_full() => return Err(Refusal::TooManySeries),
            None => self.memory.parts_mut().find_or_insert(part_name),
        };
        let (host, number) = self.memory.make_series(place, cluster, name.host, part, metric, timestep_s)?;
        if let Some((_, remembered)) = &mut self.host {
            remembered.number = Some(host);
        }
        Ok(SeriesRef { number, timestep_s })
    }

    /// The number of a cluster.
    fn cluster(&mut self, name: &str) -> Result<u16, Refusal> {
        if let Some((last, number)) = &self.cluster
            && is_same(last.as_bytes(), name.as_bytes())
        {
            return Ok(*number);
        }
        let number = self.memory.catalogue.cluster(name).ok_or(Refusal::UnknownCluster)?;
        remember(&mut self.cluster, name, number);
        self.host = None;
        self.metric = None;
        Ok(number)
    }

    /// Number and timestep of a metric of the cluster that came last.
    fn metric(&mut self, cluster: u16, name: &str) -> Result<(u16, u32), Refusal> {
        if let Some((last, found)) = &self.metric
            && is_same(last.as_bytes(), name.as_bytes())
        {
            return Ok(*found);
        }
        let found = self.memory.catalogue.metric(cluster, name).ok_or(Refusal::UnknownMetric)?;
        remember(&mut self.metric, name, found);
        Ok(found)
    }

    /// The place of a host of the cluster that came last.
    fn host(&mut self, cluster: u16, name: &str) -> Result<HostPlace, Refusal> {
        if let Some((last, place)) = &self.host
            && is_same(last.as_bytes(), name.as_bytes())
        {
            return Ok(*place);
        }
        if !is_host_name(name) {
            return Err(Refusal::BadName);
        }
        let (shard, hash) = self.memory.place_of_host(cluster, name);
        let number = self.memory.find_host(shard, hash, cluster, name);
        let place = HostPlace { shard, hash, number };
        remember(&mut self.host, name, place);
        Ok(place)
    }
}

impl Memory {
    /// The number of a host in its shard. It is not removed for some minutes.
    fn find_host(&self, shard: usize, hash: u64, cluster: u16, name: &str) -> Option<u32> {
        let shard = self.shard(shard)?;
        let number = shard.find_host(hash, cluster, name)?;
        self.touch(&shard.hosts.get(number)?.resolved_in);
        Some(number)
    }

    /// The series of a key. It is not removed for some minutes.
    fn find_series(&self, shard: usize, key: SeriesKey) -> Option<SeriesNumber> {
        let of_it = self.shard(shard)?;
        let number = of_it.find_series(key)?;
        self.touch(&of_it.series.get(number)?.resolved_in);
        Some(SeriesNumber::new(shard, number))
    }

    /// Makes a series, and its host if need be, unless somebody else did so just now. Returns the host's number too.
    fn make_series(
        &self,
        place: HostPlace,
        cluster: u16,
        host_name: &str,
        part: u32,
        metric: u16,
        timestep_s: u32,
    ) -> Result<(u32, SeriesNumber), Refusal> {
        let mut shard = self.shard_mut(place.shard).ok_or(Refusal::TooManySeries)?;
        let generation = self.generation.load(Ordering::Relaxed);
        let known_host = shard.find_host(place.hash, cluster, host_name);
        let known =
            known_host.and_then(|host| Some((host, shard.find_series(SeriesKey { host, part, metric })?)));
        if let Some((host, number)) = known {
            return Ok((host, SeriesNumber::new(place.shard, number)));
        }
        let series_max = self.limits.series_max;
        let counted = self.series_count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            (count < series_max).then_some(count + 1)
        });
        if counted.is_err() {
            return Err(Refusal::TooManySeries);
        }
        let changed_at = self.host_removed_at.load(Ordering::Acquire);
        let host =
            shard.find_or_insert_host(place.hash, Host::new(cluster, host_name, generation, changed_at));
        let number = shard.insert_series(SeriesKey { host, part, metric }, timestep_s, generation);
        Ok((host, SeriesNumber::new(place.shard, number)))
    }

    /// Whether there are as many series as may be.
    fn is_full(&self) -> bool {
        self.series_count.load(Ordering::Relaxed) >= self.limits.series_max
    }

    /// Notes that something was asked for.
    fn touch(&self, resolved_in: &AtomicU16) {
        let generation = self.generation.load(Ordering::Relaxed);
        if resolved_in.load(Ordering::Relaxed) != generation {
            resolved_in.store(generation, Ordering::Relaxed);
        }
    }
}

/// Puts a name into the place of the one before.
fn remember<Number>(last: &mut Option<(String, Number)>, name: &str, number: Number) {
    let mut text = last.take().map(|(text, _)| text).unwrap_or_default();
    text.clear();
    text.push_str(name);
    *last = Some((text, number));
}

/// Whether a host may be called so. Names of hosts become parts of paths in other servers' stores.
fn is_host_name(name: &str) -> bool {
    let is_plain = |character: char| {
        !character.is_control() && !character.is_whitespace() && character != '/' && character != '\\'
    };
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(is_plain) && !name.contains("..")
}

/// Whether a part may be called so.
fn is_part_name(name: PartName<'_>) -> bool {
    let is_plain = |text: &str| text.len() <= NAME_BYTES_MAX && !text.chars().any(char::is_control);
    [name.kind, name.id, name.sub_kind, name.sub_id].into_iter().all(is_plain)
}
