//! What only the server's own store can do, in memory. All samples of a series are one block.

use super::series_id::SeriesId;
use super::{Content, MemoryMetrics, Samples, lines};
use flightdeck_model::{
    BlockInfo, HeldHost, MetricStore, NodeFreshness, Page, PortError, PortFuture, SeriesInfo, SeriesPage,
    UnixTime, WriteContext, WriteReport,
};
use std::collections::BTreeSet;

/// A metric is degraded when its newest sample is older than so many timesteps.
const FRESH_STEPS: i64 = 5;

impl Content {
    fn refuse_when_told(&self) -> Result<(), PortError> {
        let Some(kind) = self.write_failure else { return Ok(()) };
        Err(PortError::plain(kind, "the metric store in memory was told to fail"))
    }
}

impl MemoryMetrics {
    fn write_lines(&self, body: &str, context: &WriteContext) -> Result<WriteReport, PortError> {
        let mut stored = self.lock();
        stored.refuse_when_told()?;
        let mut report = WriteReport::default();
        for (number, line) in (1..).zip(body.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            match lines::parse(line, context) {
                Err(reason) => {
                    report.bad += 1;
                    report.first_bad.get_or_insert((number, reason));
                }
                Ok(parsed) => match self.timestep_s(parsed.name.cluster, parsed.name.metric) {
                    None => *report.skipped.entry("unknown metric").or_default() += 1,
                    Some(timestep_s) => {
                        stored.put(parsed.name, parsed.time_s, timestep_s, parsed.value);
                        report.stored += 1;
                    }
                },
            }
        }
        Ok(report)
    }

    fn timestep_of(&self, name: &SeriesId) -> u32 {
        self.timestep_s(&name.cluster, &name.metric).unwrap_or(1)
    }

    fn info(&self, name: &SeriesId, samples: &Samples) -> SeriesInfo {
        let timestep_s = self.timestep_of(name);
        let ends = samples.first_key_value().zip(samples.last_key_value());
        let block = ends.map(|((first, _), (last, _))| BlockInfo {
            start: UnixTime(first * i64::from(timestep_s)),
            end: UnixTime((last + 1) * i64::from(timestep_s)),
            steps: u32::try_from(last - first + 1).unwrap_or(u32::MAX),
            bytes: samples.len() as u64 * 8,
            is_saved: false,
        });
        SeriesInfo {
            path: name.path(),
            metric: name.metric.clone(),
            timestep_s,
            blocks: block.into_iter().collect(),
        }
    }

    fn is_degraded(&self, name: &SeriesId, samples: &Samples, now: UnixTime) -> bool {
        let timestep_s = i64::from(self.timestep_of(name));
        let present = now.0.div_euclid(timestep_s);
        samples.last_key_value().is_none_or(|(newest, _)| present - newest > FRESH_STEPS)
    }

    fn freshness_of(
        &self,
        content: &Content,
        (cluster, host): (&str, &str),
        metrics: &[&str],
        now: UnixTime,
    ) -> NodeFreshness {
        let is_of_host = |name: &SeriesId| name.cluster == cluster && name.host == host;
        let mut found =
            NodeFreshness { is_known: content.series.keys().any(is_of_host), ..NodeFreshness::default() };
        for metric in metrics {
            let mut series = content
                .series
                .iter()
                .filter(|(name, _)| is_of_host(name) && name.metric == *metric)
                .peekable();
            if series.peek().is_none() {
                found.missing.push((*metric).to_owned());
            } else if series.any(|(name, samples)| self.is_degraded(name, samples, now)) {
                found.degraded.push((*metric).to_owned());
            }
        }
        found
    }
}

impl MetricStore for MemoryMetrics {
    fn write(&self, body: &[u8], context: &WriteContext) -> PortFuture<Result<WriteReport, PortError>> {
        let written = self.write_lines(&String::from_utf8_lossy(body), context);
        Box::pin(std::future::ready(written))
    }

    fn free(&self, paths: &[Vec<String>], to: UnixTime) -> Result<u64, PortError> {
        let mut content = self.lock();
        content.refuse_when_told()?;
        let is_meant = |name: &SeriesId, samples: &Samples| {
            paths.iter().any(|path| name.is_at_or_below(path))
                && self.info(name, samples).blocks.iter().all(|block| block.end <= to)
        };
        let before = content.series.len();
        content.series.retain(|name, samples| !is_meant(name, samples));
        let dropped = (before - content.series.len()) as u64;
        content.changes += dropped;
        Ok(dropped)
    }

    fn list_series(&self, path: &[String], page: Page) -> SeriesPage {
        let content = self.lock();
        let found = content.series.iter().filter(|(name, _)| name.is_at_or_below(path));
        let mut all: Vec<SeriesInfo> = found.map(|(name, samples)| self.info(name, samples)).collect();
        all.sort_by(|left, right| (&left.path, &left.metric).cmp(&(&right.path, &right.metric)));
        let total = all.len() as u64;
        let skipped = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
        SeriesPage { series: all.into_iter().skip(skipped).take(wanted).collect(), total }
    }

    fn hosts(&self, cluster: &str) -> Vec<String> {
        let content = self.lock();
        let names = content.series.keys().filter(|name| name.cluster == cluster);
        names.map(|name| name.host.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn freshness(
        &self,
        cluster: &str,
        hosts: &[&str],
        metrics: &[&str],
        now: UnixTime,
    ) -> Vec<NodeFreshness> {
        let content = self.lock();
        hosts.iter().map(|host| self.freshness_of(&content, (cluster, host), metrics, now)).collect()
    }

    fn hold(&self, hosts: Vec<HeldHost>) {
        self.lock().held = hosts;
    }

    fn maintain(&self, _now: UnixTime) -> Result<String, PortError> {
        self.lock().refuse_when_told()?;
        Ok("nothing to do".to_owned())
    }

    fn checkpoint(&self) -> Result<String, PortError> {
        let mut content = self.lock();
        content.refuse_when_told()?;
        content.checkpoints += 1;
        let hosts: BTreeSet<&str> = content.series.keys().map(|name| name.host.as_str()).collect();
        Ok(format!("{} hosts", hosts.len()))
    }
}
