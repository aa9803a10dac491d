//! What is configured of samples: the server's own store, other servers' stores, and NATS.

use super::extract::Values;
use serde_json::Value;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for who has to send it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The server's own store of samples: section `metric-store`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricStoreConfig {
    /// Folder of the log and the snapshots.
    pub directory: PathBuf,
    /// Folder of the reference server's checkpoints, read once when `directory` is new.
    pub reference_checkpoints: PathBuf,
    /// Seconds that samples are kept.
    pub retention_s: i64,
    /// Bytes that samples may take; 0: no limit.
    pub memory_cap_bytes: u64,
    /// Seconds between two snapshots.
    pub checkpoint_interval_s: i64,
    /// Whether a write is on disk before its answer (`sync`), or only with the operating system.
    pub sync: bool,
    /// How long a write waits for the disk.
    pub write_deadline: Duration,
    /// Series that are kept at most.
    pub series_max: u32,
    /// Threads that load snapshots; 0: chosen by the server.
    pub load_threads: usize,
}

impl Default for MetricStoreConfig {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("./var/metric-store"),
            reference_checkpoints: PathBuf::from("./var/checkpoints"),
            retention_s: 48 * 3600,
            memory_cap_bytes: 0,
            checkpoint_interval_s: 3600,
            sync: true,
            write_deadline: Duration::from_secs(4),
            series_max: 5_000_000,
            load_threads: 0,
        }
    }
}

/// A store of another server: an element of `metric-store-external`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalStoreConfig {
    /// `<cluster>-<subcluster>`, `<cluster>`, or `*`.
    pub scope: String,
    /// Where it is.
    pub url: String,
    /// Token for it.
    pub token: Secret,
}

/// What is taken from NATS: section `nats`, and the subjects of other sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsConfig {
    /// Addresses of the broker's servers.
    pub addresses: Vec<String>,
    /// User at the broker; empty: none.
    pub username: String,
    /// The user's password.
    pub password: Secret,
    /// File with credentials.
    pub credentials_file: Option<PathBuf>,
    /// `JetStream` stream that keeps the subjects.
    pub stream: Option<String>,
    /// `main.api-subjects`.
    pub events: Option<EventSubjects>,
    /// `metric-store.nats-subscriptions`: subject, and cluster of samples that name none.
    pub samples: Vec<(String, Option<String>)>,
}

/// Job and node events over NATS: `main.api-subjects`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSubjects {
    /// Subject of job events.
    pub job_event: String,
    /// Subject of node states.
    pub node_state: String,
    /// Job events that are worked on at the same time.
    pub job_concurrency: usize,
    /// Node states that are worked on at the same time.
    pub node_concurrency: usize,
}

pub(super) fn metric_store(values: &Values<'_>) -> Option<MetricStoreConfig> {
    values.at("metric-store")?;
    let defaults = MetricStoreConfig::default();
    let reference_checkpoints: PathBuf =
        values.text("metric-store.checkpoints.directory").map_or(defaults.reference_checkpoints, Into::into);
    let beside = reference_checkpoints.with_file_name("metric-store");
    Some(MetricStoreConfig {
        directory: values.text("metric-store.directory").map_or(beside, Into::into),
        reference_checkpoints,
        retention_s: values.seconds("metric-store.retention-in-memory").unwrap_or(defaults.retention_s),
        memory_cap_bytes: values
            .integer::<u64>("metric-store.memory-cap")
            .map_or(defaults.memory_cap_bytes, |gigabytes| gigabytes.saturating_mul(1_000_000_000)),
        checkpoint_interval_s: values
            .seconds("metric-store.checkpoint-interval")
            .unwrap_or(defaults.checkpoint_interval_s),
        sync: values.text("metric-store.durability") != Some("flush"),
        write_deadline: values
            .seconds("metric-store.write-deadline")
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map_or(defaults.write_deadline, Duration::from_secs),
        series_max: values.integer("metric-store.series-max").unwrap_or(defaults.series_max),
        load_threads: values.integer("metric-store.num-workers").unwrap_or(defaults.load_threads),
    })
}

pub(super) fn external_stores(values: &Values<'_>) -> Vec<ExternalStoreConfig> {
    let stores = values.at("metric-store-external").and_then(Value::as_array);
    let text = |store: &Value, key: &str| Some(store.get(key)?.as_str()?.to_owned());
    stores
        .into_iter()
        .flatten()
        .filter_map(|store| {
            Some(ExternalStoreConfig {
                scope: text(store, "scope")?,
                url: text(store, "url")?,
                token: Secret::new(text(store, "token")?),
            })
        })
        .collect()
}

pub(super) fn nats(values: &Values<'_>) -> Option<NatsConfig> {
    let addresses = values.text("nats.address")?;
    let filled = |path: &str| values.text(path).filter(|text| !text.trim().is_empty());
    let subscriptions = values.at("metric-store.nats-subscriptions").and_then(Value::as_array);
    let samples = subscriptions.into_iter().flatten().filter_map(|one| {
        let cluster = one.get("cluster-tag").and_then(Value::as_str).filter(|cluster| !cluster.is_empty());
        Some((one.get("subscribe-to")?.as_str()?.to_owned(), cluster.map(str::to_owned)))
    });
    Some(NatsConfig {
        addresses: addresses
            .split(',')
            .map(|one| one.trim().to_owned())
            .filter(|one| !one.is_empty())
            .collect(),
        username: filled("nats.username").unwrap_or_default().to_owned(),
        password: Secret::new(values.text("nats.password").unwrap_or_default()),
        credentials_file: filled("nats.creds-file-path").map(Into::into),
        stream: filled("nats.stream").map(str::to_owned),
        events: event_subjects(values),
        samples: samples.collect(),
    })
}

fn event_subjects(values: &Values<'_>) -> Option<EventSubjects> {
    Some(EventSubjects {
        job_event: values.text("main.api-subjects.subject-job-event")?.to_owned(),
        node_state: values.text("main.api-subjects.subject-node-state")?.to_owned(),
        job_concurrency: values.integer("main.api-subjects.job-concurrency").unwrap_or(8),
        node_concurrency: values.integer("main.api-subjects.node-concurrency").unwrap_or(2),
    })
}
