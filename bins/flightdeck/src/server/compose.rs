//! Opens the parts that the configuration names and puts them together.

use super::{StartError, metrics};
use crate::config::{Config, DatabaseConfig};
use flightdeck_archive::{FileArchive, FileMachineStates};
use flightdeck_auth::{AllowList, KeyPair, PublicKey, TokenIssuer, TrustedProxies};
use flightdeck_db::{Database, DatabaseOptions};
use flightdeck_http::AppState;
use flightdeck_metrics::SampleStore;
use flightdeck_model::{Clock, JobArchive, MachineStates, MetricStore, QuarantineRoom, SystemClock};
use flightdeck_service::{ClusterCatalog, MetricSources, Parts, Services, Settings};
use std::sync::Arc;

/// The parts of a server.
pub(super) struct Composition {
    pub(super) services: Services,
    pub(super) issuer: Option<TokenIssuer>,
    /// The server's own store of samples.
    pub(super) samples: Option<Arc<SampleStore>>,
}

/// Who the parts are opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenedFor {
    /// The server, which alone has the samples.
    Serving,
    /// A command, which may run beside a server.
    Command,
}

impl Composition {
    /// Opens the parts. What is odd about the archive is logged.
    pub(super) fn of(
        config: &Config,
        clock: &Arc<dyn Clock>,
        opened_for: OpenedFor,
    ) -> Result<Self, StartError> {
        let archive = FileArchive::open(&config.archive.path)?;
        let clusters = load_clusters(&archive)?;
        let database = Arc::new(open_database(config)?);
        let resampling = &config.main.resampling;
        let samples = match opened_for {
            OpenedFor::Serving => metrics::open_own(config, clusters.iter().cloned().collect(), clock)?,
            OpenedFor::Command => None,
        };
        let own: Option<Arc<dyn MetricStore>> = match &samples {
            Some(store) => Some(store.clone()),
            None => None,
        };
        let services = Services::new(Parts {
            clock: Arc::clone(clock),
            jobs: database.clone(),
            users: database.clone(),
            archive: Arc::new(archive),
            changes: database.clone(),
            archive_work: database.clone(),
            nodes: database.clone(),
            audit: database.clone(),
            quarantine: database.clone(),
            archiving: database.clone(),
            metrics: MetricSources { own, external: metrics::open_external(config, clock)? },
            tasks: database,
            machine_states: machine_states(config)?,
            clusters,
            settings: Settings {
                max_items_per_page: config.main.max_items_per_page.map_or(0, u64::from),
                resampling_minimum_points: resampling.minimum_points,
                resampling_resolutions_s: resampling.resolutions_s.clone(),
                refused_jobs: config.main.refused_jobs.policy,
                quarantine_room: QuarantineRoom {
                    requests: config.main.refused_jobs.quarantine_max,
                    ..Settings::default().quarantine_room
                },
                stop_overdue_grace_s: config.main.stop_overdue_grace_s,
                node_state_retention_s: config.main.node_state_retention_s,
                footprint_interval_s: Some(config.footprint_interval_s),
                archive_delay_s: config.archive_delay_s,
                checkpoint_interval_s: config
                    .metric_store
                    .as_ref()
                    .map_or(Settings::default().checkpoint_interval_s, |store| store.checkpoint_interval_s),
                ..Settings::default()
            },
        });
        Ok(Self { services, issuer: issuer(config)?, samples })
    }

    /// What the HTTP layer needs.
    pub(super) fn state(&self, config: &Config) -> Result<AppState, StartError> {
        let refuse = |key| move |reasons| StartError::Addresses { key, reasons };
        let allowed =
            AllowList::parse(&config.main.api_allowed_ips).map_err(refuse("main.api-allowed-ips"))?;
        let proxies =
            TrustedProxies::parse(&config.main.trusted_proxies).map_err(refuse("main.trusted-proxies"))?;
        Ok(AppState {
            allowed_addresses: Arc::new(allowed),
            trusted_proxies: Arc::new(proxies),
            validate_user: config.auth.jwts.validate_user,
            request_body_limit_bytes: config.main.request_body_limit_bytes,
            tls: config.main.tls.is_some(),
            ..AppState::new(self.services.clone(), public_key(config)?)
        })
    }
}

/// The use cases on the configured parts, for a command beside a server or without one.
pub(crate) fn services(config: &Config) -> Result<Services, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ok(Composition::of(config, &clock, OpenedFor::Command)?.services)
}

/// Opens the configured database.
pub(crate) fn open_database(config: &Config) -> Result<Database, StartError> {
    let settings = &config.main.database;
    Ok(Database::open_at(&settings.location, &database_options(settings))?)
}

/// How a database is opened.
pub(crate) fn database_options(settings: &DatabaseConfig) -> DatabaseOptions {
    DatabaseOptions {
        readers: settings.max_open_connections,
        reader_cache_kib: settings.cache_size_mib.saturating_mul(1024),
        busy_timeout_ms: settings.busy_timeout_ms,
        write_queue: settings.write_queue,
        ..DatabaseOptions::default()
    }
}

/// Opens the folder of the machines' state files, if one is configured.
fn machine_states(config: &Config) -> Result<Option<Arc<dyn MachineStates>>, StartError> {
    let Some(folder) = &config.main.machine_state_dir else { return Ok(None) };
    let states = FileMachineStates::open(folder).map_err(StartError::MachineStates)?;
    Ok(Some(Arc::new(states)))
}

/// Makes what signs tokens; `None` without a key for it.
pub(crate) fn issuer(config: &Config) -> Result<Option<TokenIssuer>, StartError> {
    let max_age_s = config.auth.jwts.max_age.map(flightdeck_model::GoDuration::as_secs_i64);
    let Some(key) = &config.secrets.jwt_private_key else { return Ok(None) };
    let pair =
        KeyPair::from_base64(key).map_err(|source| StartError::Key { name: "JWT_PRIVATE_KEY", source })?;
    Ok(Some(TokenIssuer::new(&pair, max_age_s)))
}

fn public_key(config: &Config) -> Result<PublicKey, StartError> {
    let key = config.secrets.jwt_public_key.as_ref().ok_or(StartError::NoKey)?;
    PublicKey::from_base64(key).map_err(|source| StartError::Key { name: "JWT_PUBLIC_KEY", source })
}

fn load_clusters(archive: &FileArchive) -> Result<ClusterCatalog, StartError> {
    let loaded = archive.load_clusters()?;
    for problem in &loaded.problems {
        tracing::error!(path = problem.path, reason = problem.reason, "a cluster is left out");
    }
    for warning in &loaded.warnings {
        tracing::warn!(path = warning.path, reason = warning.reason, "a cluster's configuration is odd");
    }
    if loaded.clusters.is_empty() {
        tracing::warn!("the archive has no cluster: put a cluster.json into a folder of its name");
    }
    Ok(ClusterCatalog::new(loaded.clusters))
}
