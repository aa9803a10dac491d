//! The configuration: config.json as the reference server has it, `.env`, and environment overrides.
//!
//! Reads and checks all of them at once and hands out plain typed values; programs that embed the server may as
//! well build those in code. This is the only place that reads the process environment, and it must not start
//! anything: what is configured is opened by others.

mod address;
mod check;
mod extract;
mod keys;
pub mod manual;
mod metrics;
mod problem;
mod rules;
mod secrets;
mod sources;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use flightdeck_db::DatabaseLocation;
use flightdeck_model::GoDuration;
use flightdeck_service::RefusedJobs;

pub use address::{ListenAddress, ParseListenAddressError};
pub use metrics::{EventSubjects, ExternalStoreConfig, MetricStoreConfig, NatsConfig, Secret};
pub use problem::{ConfigErrors, Fault, Problem};
pub use secrets::Secrets;

/// Everything the server has to know before it starts.
///
/// Paths that are not absolute count from the working directory, as in the reference server. More fields may
/// come; start from [`Config::for_archive`] and change what has to be different.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Section `main`.
    pub main: MainConfig,
    /// Section `auth`.
    pub auth: AuthConfig,
    /// Section `archive`.
    pub archive: ArchiveConfig,
    /// Seconds between two updates of running jobs' footprints (`cron.footprint-worker`).
    pub footprint_interval_s: i64,
    /// Seconds from the stop of a job to its archiving (`cron.archive-delay`).
    pub archive_delay_s: i64,
    /// Section `metric-store`; `None`: the server keeps no samples.
    pub metric_store: Option<MetricStoreConfig>,
    /// Section `metric-store-external`.
    pub external_stores: Vec<ExternalStoreConfig>,
    /// Section `nats`; `None`: nothing is taken from NATS.
    pub nats: Option<NatsConfig>,
    /// Keys from `.env` or the environment.
    pub secrets: Secrets,
}

/// Section `main`: the server itself.
#[derive(Debug, Clone, PartialEq)]
pub struct MainConfig {
    /// Where to listen. Port 0 takes any free port.
    pub addr: ListenAddress,
    /// Who may use the routes under `/api`, in the syntax of [`flightdeck_auth::AllowList::parse`]. An empty list is
    /// an error at start.
    pub api_allowed_ips: Vec<String>,
    /// Whose `X-Forwarded-For` is believed, in the syntax of [`flightdeck_auth::TrustedProxies::parse`].
    pub trusted_proxies: Vec<String>,
    /// Longest page that a list may be asked for; `None` is no limit (0 in config.json).
    pub max_items_per_page: Option<u32>,
    /// Largest request body in bytes.
    pub request_body_limit_bytes: usize,
    /// The database.
    pub database: DatabaseConfig,
    /// Certificate and key for HTTPS; `None` serves plain HTTP.
    pub tls: Option<TlsFiles>,
    /// How series are thinned out for plots.
    pub resampling: ResamplingConfig,
    /// What becomes of starts and stops that a rule refuses.
    pub refused_jobs: RefusedJobsConfig,
    /// Seconds beyond its walltime after which a running job is stopped; `None`: never (0 in config.json).
    pub stop_overdue_grace_s: Option<i64>,
    /// Age in seconds from which node states are deleted; `None` keeps them for ever.
    pub node_state_retention_s: Option<i64>,
    /// Folder of the machines' state files, made if need be; `None`: there are none to be had.
    pub machine_state_dir: Option<PathBuf>,
}

/// The database: `main.db` and `main.db-config`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseConfig {
    /// The database file, or the server that has the database.
    pub location: DatabaseLocation,
    /// Connections that read at the same time, at least 1.
    pub max_open_connections: u32,
    /// Page cache of each connection in MiB.
    pub cache_size_mib: u32,
    /// How long a connection waits for another process's lock, in milliseconds.
    pub busy_timeout_ms: u32,
    /// Changes that may wait to be written, at least 1.
    pub write_queue: usize,
}

/// Job starts and stops that a rule refuses: `main.refused-jobs` and `main.quarantine-max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedJobsConfig {
    /// Whether they are answered with an error alone, or kept as well.
    pub policy: RefusedJobs,
    /// How many are kept at most.
    pub quarantine_max: u64,
}

/// The files that HTTPS needs, both in PEM: `main.https-cert-file` and `main.https-key-file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those that sign it.
    pub certificate: PathBuf,
    /// The certificate's private key.
    pub private_key: PathBuf,
}

/// How series are thinned out for plots: `main.resampling`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResamplingConfig {
    /// Series of fewer samples than this are left as they are.
    pub minimum_points: usize,
    /// Resolutions that plots may ask for, in seconds between samples; none when not configured.
    pub resolutions_s: Vec<u32>,
    /// Number of visible samples below which a plot asks for the next finer resolution.
    pub trigger: Option<u32>,
}

/// Section `auth`: who a request comes from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuthConfig {
    /// Tokens.
    pub jwts: JwtConfig,
}

/// Tokens: `auth.jwts`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JwtConfig {
    /// Lifetime of the tokens that this server issues; `None` makes them valid for ever.
    pub max_age: Option<GoDuration>,
    /// Whether a token's user has to be in the user table, which then says the roles and projects.
    pub validate_user: bool,
}

/// Section `archive`: where finished jobs are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveConfig {
    /// Root folder of the archive of files.
    pub path: PathBuf,
}

/// A configuration that can be started, and what its administrator should know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedConfig {
    /// The configuration.
    pub config: Config,
    /// What is odd, but keeps nobody from starting; one sentence each.
    pub warnings: Vec<String>,
}

/// Seconds between two updates of running jobs' footprints, as in the reference server.
const DEFAULT_FOOTPRINT_INTERVAL_S: i64 = 600;

/// Age in hours from which node states are deleted, where a policy is configured and no age.
const NODE_STATE_AGE_HOURS: i64 = 24;

/// Environment variables by name, wherever they come from.
pub type Environment = BTreeMap<String, String>;

impl Config {
    /// Makes a configuration for the archive at `archive_path` as an embedding program or a test wants it: any free
    /// port of the loopback interface, requests from there alone, the database `job.db` and the samples beside the archive, and
    /// no keys: set [`secrets`](Self::secrets), or no token is accepted.
    pub fn for_archive(archive_path: impl Into<PathBuf>) -> Self {
        let archive_root = archive_path.into();
        let main = MainConfig {
            addr: ListenAddress { host: "127.0.0.1".to_owned(), port: 0 },
            api_allowed_ips: vec!["127.0.0.1".to_owned(), "::1".to_owned()],
            database: DatabaseConfig {
                location: DatabaseLocation::Sqlite(archive_root.with_file_name("job.db")),
                ..DatabaseConfig::default()
            },
            ..MainConfig::default()
        };
        Self {
            main,
            auth: AuthConfig::default(),
            footprint_interval_s: DEFAULT_FOOTPRINT_INTERVAL_S,
            archive_delay_s: 0,
            metric_store: Some(MetricStoreConfig {
                directory: archive_root.with_file_name("metric-store"),
                reference_checkpoints: archive_root.with_file_name("checkpoints"),
                ..MetricStoreConfig::default()
            }),
            external_stores: Vec::new(),
            nats: None,
            archive: ArchiveConfig { path: archive_root },
            secrets: Secrets::default(),
        }
    }

    /// Reads the configuration file at `path` with the overrides and keys of the process environment and of the
    /// file `.env` beside it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, not only the first thing.
    pub fn load(path: &Path) -> Result<LoadedConfig, ConfigErrors> {
        Self::load_with(path, &process_environment())
    }

    /// Reads the configuration file at `path` as [`load`](Self::load) does, with `environment` in place of the
    /// process environment.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, not only the first thing.
    pub fn load_with(path: &Path, environment: &Environment) -> Result<LoadedConfig, ConfigErrors> {
        let sources::Sources { sections, unreadable, origins, secrets, mut problems, mut warnings } =
            sources::read(path, environment);
        if let Some(sections) = &sections {
            let mut findings = check::check(sections);
            rules::check(sections, &mut findings.problems);
            warnings.append(&mut findings.warnings);
            findings.problems.retain(|problem| !unreadable.contains(&problem.key.as_str()));
            problems.extend(findings.problems.into_iter().map(|problem| origins.attach_to(problem)));
        }
        secrets::check(&secrets, &mut problems, &mut warnings);
        match sections {
            Some(sections) if problems.is_empty() => {
                Ok(LoadedConfig { config: extract::config(&sections, secrets), warnings })
            }
            _ => Err(ConfigErrors { file: path.to_owned(), problems, warnings }),
        }
    }
}

impl Default for MainConfig {
    /// The defaults of config.json. The allow list has none there: here it is empty, and has to be filled.
    fn default() -> Self {
        Self {
            addr: ListenAddress { host: "localhost".to_owned(), port: 8080 },
            api_allowed_ips: Vec::new(),
            trusted_proxies: Vec::new(),
            max_items_per_page: None,
            request_body_limit_bytes: 8 * 1024 * 1024,
            database: DatabaseConfig::default(),
            tls: None,
            resampling: ResamplingConfig::default(),
            refused_jobs: RefusedJobsConfig::default(),
            stop_overdue_grace_s: None,
            node_state_retention_s: None,
            machine_state_dir: None,
        }
    }
}

impl Default for RefusedJobsConfig {
    /// What the reference server does.
    fn default() -> Self {
        Self { policy: RefusedJobs::default(), quarantine_max: 100_000 }
    }
}

impl Default for DatabaseConfig {
    /// The reference server's defaults, but for its cache of 2 GiB a connection.
    fn default() -> Self {
        Self {
            location: DatabaseLocation::Sqlite(PathBuf::from("./var/job.db")),
            max_open_connections: 4,
            cache_size_mib: 4,
            busy_timeout_ms: 60_000,
            write_queue: 16_384,
        }
    }
}

impl Default for ResamplingConfig {
    fn default() -> Self {
        Self { minimum_points: 1000, resolutions_s: Vec::new(), trigger: None }
    }
}

impl Default for ArchiveConfig {
    fn default() -> Self {
        Self { path: PathBuf::from("./var/job-archive") }
    }
}

/// Reads the variables of the process. Names and values that are not Unicode cannot mean anything here and are left
/// out.
#[must_use]
pub fn process_environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
