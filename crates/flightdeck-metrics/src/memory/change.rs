//! Tells whether anything changed. Knows no samples.

use super::Memory;
use std::sync::atomic::Ordering;

impl Memory {
    /// A number that is another one as soon as a sample of one of the hosts was stored or dropped. Take it before
    /// reading.
    pub fn change_stamp(&self, cluster: &str, hosts: &[&str]) -> u64 {
        let Some(cluster) = self.catalogue.cluster(cluster) else {
            return 0;
        };
        // What a host adds only ever grows, so the sum is never the same again. A host that is not there adds the last
        // removal of any, and begins with that when it comes.
        let stamps = hosts.iter().map(|host| {
            let (shard, hash) = self.place_of_host(cluster, host);
            let of_host = self.shard(shard).and_then(|shard| {
                let number = shard.find_host(hash, cluster, host)?;
                Some(shard.hosts.get(number)?.changed_at)
            });
            of_host.unwrap_or_else(|| self.host_removed_at.load(Ordering::Acquire))
        });
        stamps.fold(0, u64::wrapping_add)
    }
}
