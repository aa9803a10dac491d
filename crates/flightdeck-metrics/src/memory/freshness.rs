//! How old the newest samples of hosts are. Knows no thresholds but one.

use super::{Memory, time_of};
use flightdeck_model::{NodeFreshness, UnixTime};

/// A metric is degraded when its newest sample is older than so many timesteps.
const TIMESTEPS_FRESH: i64 = 5;

/// What is known of a metric of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    /// It has no sample.
    Missing,
    /// On one part at least the newest is old.
    Degraded,
    /// On all parts that have it it is new.
    Fresh,
}

impl Memory {
    /// Looks how fresh the metrics of hosts are, in the order of `hosts`.
    pub fn freshness(
        &self,
        cluster: &str,
        hosts: &[&str],
        metrics: &[&str],
        now: UnixTime,
    ) -> Vec<NodeFreshness> {
        let Some(cluster) = self.catalogue.cluster(cluster) else {
            return hosts.iter().map(|_| nothing_known(metrics)).collect();
        };
        let numbers: Vec<Option<u16>> =
            metrics.iter().map(|metric| Some(self.catalogue.metric(cluster, metric)?.0)).collect();
        hosts
            .iter()
            .map(|host| {
                let states = self.freshness_of_host(cluster, host, &numbers, now.0);
                states.map_or_else(|| nothing_known(metrics), |states| in_words(metrics, &states))
            })
            .collect()
    }

    /// What is known of the metrics of a host; `None` when the host is not known.
    fn freshness_of_host(
        &self,
        cluster: u16,
        host: &str,
        metrics: &[Option<u16>],
        now_s: i64,
    ) -> Option<Vec<Freshness>> {
        let (shard, hash) = self.place_of_host(cluster, host);
        let shard = self.shard(shard)?;
        let number = shard.find_host(hash, cluster, host)?;
        let mut states = vec![Freshness::Missing; metrics.len()];
        for (_, series) in shard.series_of(number) {
            let newest = series.blocks.newest().and_then(|entry| Some((entry.number, entry.block.span()?.1)));
            let Some((block, last)) = newest else { continue };
            let end_s = time_of(block, u64::from(last) + 1, series.timestep_s);
            let is_old = end_s < now_s.saturating_sub(TIMESTEPS_FRESH * i64::from(series.timestep_s));
            for (state, _) in
                states.iter_mut().zip(metrics).filter(|(_, metric)| **metric == Some(series.metric))
            {
                let is_degraded = is_old || *state == Freshness::Degraded;
                *state = if is_degraded { Freshness::Degraded } else { Freshness::Fresh };
            }
        }
        Some(states)
    }
}

/// Of a host that is not known.
fn nothing_known(metrics: &[&str]) -> NodeFreshness {
    let missing = metrics.iter().map(|metric| (*metric).to_owned()).collect();
    NodeFreshness { is_known: false, missing, degraded: Vec::new() }
}

/// The metrics by what is known of them.
fn in_words(metrics: &[&str], states: &[Freshness]) -> NodeFreshness {
    let those = |wanted: Freshness| {
        let of_state = metrics.iter().zip(states).filter(|(_, state)| **state == wanted);
        of_state.map(|(metric, _)| (*metric).to_owned()).collect()
    };
    NodeFreshness { is_known: true, missing: those(Freshness::Missing), degraded: those(Freshness::Degraded) }
}
