//! The store as the ports of the model see it.

use super::SampleStore;
use crate::memory::Held;
use crate::store::writer::Order;
use flightdeck_model::{
    HeldHost, MetricSource, MetricStore, NodeFreshness, Page, PortError, PortFuture, SeriesAnswer,
    SeriesPage, SeriesRequest, TimeSpan, UnixTime, WriteContext, WriteReport,
};
use std::sync::PoisonError;

impl MetricSource for SampleStore {
    fn read_series(
        &self,
        cluster: &str,
        requests: &[SeriesRequest],
        span: TimeSpan,
    ) -> Result<Vec<SeriesAnswer>, PortError> {
        Ok(self.memory.read_series(cluster, requests, span))
    }

    fn change_stamp(&self, cluster: &str, hosts: &[&str]) -> Option<u64> {
        Some(self.memory.change_stamp(cluster, hosts))
    }
}

impl MetricStore for SampleStore {
    fn write(&self, body: &[u8], context: &WriteContext) -> PortFuture<Result<WriteReport, PortError>> {
        Self::write(self, body, context)
    }

    fn free(&self, paths: &[Vec<String>], to: UnixTime) -> Result<u64, PortError> {
        // Not while a snapshot is written: it would have some series as they were before and some as they are after.
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped =
            self.writer.order(|answer| Order::Free { paths: paths.to_vec(), to_s: to.0, answer })?;
        snapshots.next_is_full = true;
        Ok(dropped)
    }

    fn list_series(&self, path: &[String], page: Page) -> SeriesPage {
        self.memory.list_series(path, page)
    }

    fn hosts(&self, cluster: &str) -> Vec<String> {
        self.memory.hosts(cluster)
    }

    fn freshness(
        &self,
        cluster: &str,
        hosts: &[&str],
        metrics: &[&str],
        now: UnixTime,
    ) -> Vec<NodeFreshness> {
        self.memory.freshness(cluster, hosts, metrics, now)
    }

    fn hold(&self, hosts: Vec<HeldHost>) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Held::new(hosts));
    }

    fn maintain(&self, now: UnixTime) -> Result<String, PortError> {
        self.lines.warn_of_losses();
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        let closed = self.memory.close_idle(now.0);
        let expired =
            held.as_ref().map_or(0, |held| self.memory.expire(now.0, self.options.retention_s, held));
        let dropped = self.memory.enforce_cap(held.as_ref());
        if dropped.blocks > 0 {
            tracing::warn!(
                blocks = dropped.blocks,
                samples = dropped.samples,
                "the metric store has reached its memory cap: its oldest samples were dropped"
            );
            self.note_dropped(dropped);
        }
        let files = match &held {
            Some(held) => {
                let retained_s = now.0.saturating_sub(self.options.retention_s);
                self.remove_old_snapshots(retained_s, held.oldest_s()).map_err(PortError::from)?
            }
            None => 0,
        };
        let reservation = if held.is_none() { "; nobody has said yet whose samples are needed" } else { "" };
        let counters = self.memory.counters();
        Ok(format!(
            "{closed} blocks closed, {expired} expired, {} dropped for memory, {files} snapshots removed; {} series, {} bytes; {}{reservation}",
            dropped.blocks,
            counters.series,
            counters.bytes,
            self.lines.text()
        ))
    }

    fn checkpoint(&self) -> Result<String, PortError> {
        let done = self.checkpoint_new().map_err(PortError::from)?;
        let kind = if done.is_full { "all" } else { "new" };
        Ok(format!("{} {kind} blocks written", done.blocks))
    }
}
