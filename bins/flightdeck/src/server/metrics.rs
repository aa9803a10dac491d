//! Opens the stores of samples that the configuration names.

use super::StartError;
use crate::config::{Config, MetricStoreConfig};
use flightdeck_external::ExternalStore;
use flightdeck_metrics::{Durability, OpenReport, SampleStore, StoreOptions};
use flightdeck_model::{Clock, Cluster, MetricSource};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Opens the server's own store; `None` when none is configured. What was found is logged.
pub(super) fn open_own(
    config: &Config,
    clusters: Vec<Arc<Cluster>>,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<SampleStore>>, StartError> {
    let Some(settings) = &config.metric_store else {
        if config.external_stores.is_empty() {
            tracing::warn!(
                "no metric-store is configured: running jobs have no metrics, and jobs that end cannot be archived"
            );
        }
        return Ok(None);
    };
    let (store, report) = SampleStore::open(options(settings, clusters), Arc::clone(clock))?;
    log(&report);
    Ok(Some(Arc::new(store)))
}

fn options(settings: &MetricStoreConfig, clusters: Vec<Arc<Cluster>>) -> StoreOptions {
    StoreOptions {
        reference_checkpoints: Some(settings.reference_checkpoints.clone()),
        retention_s: settings.retention_s,
        memory_cap_bytes: settings.memory_cap_bytes,
        series_max: settings.series_max,
        durability: if settings.sync { Durability::Sync } else { Durability::Flush },
        write_deadline: settings.write_deadline,
        load_threads: settings.load_threads,
        ..StoreOptions::new(&settings.directory, clusters)
    }
}

fn log(report: &OpenReport) {
    tracing::info!(
        snapshots = report.snapshots,
        blocks = report.blocks,
        log_samples = report.log_samples,
        passed_over = report.passed_over,
        torn_bytes = report.torn_bytes,
        seconds = report.seconds,
        "the metric store is open"
    );
    if report.damaged > 0 {
        tracing::error!(
            damaged = report.damaged,
            "parts of the metric store's files are damaged and were left out; copies are in its folder damaged"
        );
    }
    let Some(taken) = &report.took_over else { return };
    tracing::info!(
        hosts = taken.hosts,
        files = taken.files,
        samples = taken.samples,
        passed_over = taken.passed_over,
        problems = taken.problems.len(),
        "the reference server's checkpoints were taken over"
    );
    for problem in &taken.problems {
        tracing::warn!(problem, "a checkpoint of the reference server could not be read");
    }
}

/// The configured stores of other servers, by what they serve.
pub(super) fn open_external(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<BTreeMap<String, Arc<dyn MetricSource>>, StartError> {
    // The process's provider of cryptography; another one that is there already does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut stores: BTreeMap<String, Arc<dyn MetricSource>> = BTreeMap::new();
    for settings in &config.external_stores {
        let options = flightdeck_external::Options::new(&settings.url, settings.token.reveal());
        let store = ExternalStore::new(options, Arc::clone(clock)).map_err(|source| {
            StartError::External { scope: settings.scope.clone(), reason: source.to_string() }
        })?;
        stores.insert(settings.scope.clone(), Arc::new(store));
    }
    Ok(stores)
}
