//! Opens the parts that the configuration names and puts them together.

use super::StartError;
use crate::config::Config;
use flightdeck_archive::FileArchive;
use flightdeck_auth::{AllowList, KeyPair, PublicKey, TokenIssuer, TrustedProxies};
use flightdeck_db::{Database, DatabaseOptions};
use flightdeck_http::AppState;
use flightdeck_model::{Clock, JobArchive};
use flightdeck_service::{ClusterCatalog, Parts, Services, Settings};
use std::sync::Arc;

/// The parts of a server.
pub(super) struct Composition {
    pub(super) services: Services,
    pub(super) issuer: Option<TokenIssuer>,
}

impl Composition {
    /// Opens the parts. What is odd about the archive is logged.
    pub(super) fn of(config: &Config, clock: &Arc<dyn Clock>) -> Result<Self, StartError> {
        let archive = FileArchive::open(&config.archive.path)?;
        let clusters = load_clusters(&archive)?;
        let database = open_database(config)?;
        let resampling = &config.main.resampling;
        let services = Services::new(Parts {
            clock: Arc::clone(clock),
            jobs: Arc::new(database.clone()),
            users: Arc::new(database),
            archive: Arc::new(archive),
            clusters,
            settings: Settings {
                max_items_per_page: config.main.max_items_per_page.map_or(0, u64::from),
                resampling_minimum_points: resampling.minimum_points,
                resampling_resolutions_s: resampling.resolutions_s.clone(),
                ..Settings::default()
            },
        });
        Ok(Self { services, issuer: issuer(config)? })
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

/// Opens the configured database.
pub(crate) fn open_database(config: &Config) -> Result<Database, StartError> {
    let settings = &config.main.database;
    let options = DatabaseOptions {
        readers: settings.max_open_connections,
        reader_cache_kib: settings.cache_size_mib.saturating_mul(1024),
        busy_timeout_ms: settings.busy_timeout_ms,
        ..DatabaseOptions::default()
    };
    Ok(Database::open(&settings.path, &options)?)
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
