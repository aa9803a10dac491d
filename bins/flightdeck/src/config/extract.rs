//! Turns checked sections into the typed configuration; what is not there keeps its default.

use flightdeck_db::DatabaseLocation;
use flightdeck_model::GoDuration;
use flightdeck_service::RefusedJobs;
use serde_json::{Map, Value};

use super::{
    ArchiveConfig, AuthConfig, Config, DatabaseConfig, JwtConfig, MainConfig, NODE_STATE_AGE_HOURS,
    RefusedJobsConfig, ResamplingConfig, Secrets, TlsFiles, metrics,
};

/// Makes the configuration of sections in which the checker found nothing wrong.
pub(crate) fn config(sections: &Map<String, Value>, secrets: Secrets) -> Config {
    let values = Values(sections);
    Config {
        main: main(&values),
        auth: auth(&values),
        archive: archive(&values),
        footprint_interval_s: values
            .seconds("cron.footprint-worker")
            .unwrap_or(super::DEFAULT_FOOTPRINT_INTERVAL_S),
        archive_delay_s: values.seconds("cron.archive-delay").unwrap_or(0),
        metric_store: metrics::metric_store(&values),
        external_stores: metrics::external_stores(&values),
        nats: metrics::nats(&values),
        secrets,
    }
}

fn main(values: &Values<'_>) -> MainConfig {
    let defaults = MainConfig::default();
    MainConfig {
        addr: values.text("main.addr").and_then(|text| text.parse().ok()).unwrap_or(defaults.addr),
        api_allowed_ips: values.texts("main.api-allowed-ips").unwrap_or(defaults.api_allowed_ips),
        trusted_proxies: values.texts("main.trusted-proxies").unwrap_or(defaults.trusted_proxies),
        max_items_per_page: values.integer("main.max-items-per-page").filter(|most| *most > 0),
        request_body_limit_bytes: values
            .integer("main.request-body-limit")
            .unwrap_or(defaults.request_body_limit_bytes),
        database: database(values),
        tls: tls(values),
        resampling: resampling(values),
        refused_jobs: refused_jobs(values),
        stop_overdue_grace_s: values
            .integer("main.stop-jobs-exceeding-walltime")
            .filter(|grace_s: &i64| *grace_s > 0),
        node_state_retention_s: node_state_retention_s(values),
        machine_state_dir: values
            .text("main.machine-state-dir")
            .filter(|folder| !folder.is_empty())
            .map(Into::into),
    }
}

fn refused_jobs(values: &Values<'_>) -> RefusedJobsConfig {
    let defaults = RefusedJobsConfig::default();
    RefusedJobsConfig {
        policy: match values.text("main.refused-jobs") {
            Some("quarantine") => RefusedJobs::Quarantine,
            _ => defaults.policy,
        },
        quarantine_max: values.integer("main.quarantine-max").unwrap_or(defaults.quarantine_max),
    }
}

/// `None` where no policy says that anything is removed.
fn node_state_retention_s(values: &Values<'_>) -> Option<i64> {
    values.at("main.nodestate-retention.policy")?;
    let age_hours = values.integer("main.nodestate-retention.age").filter(|hours: &i64| *hours > 0);
    Some(age_hours.unwrap_or(NODE_STATE_AGE_HOURS) * 3600)
}

fn database(values: &Values<'_>) -> DatabaseConfig {
    let defaults = DatabaseConfig::default();
    DatabaseConfig {
        location: values.text("main.db").map_or(defaults.location, DatabaseLocation::parse),
        max_open_connections: values
            .integer("main.db-config.max-open-connections")
            .unwrap_or(defaults.max_open_connections),
        cache_size_mib: values.integer("main.db-config.cache-size-mb").unwrap_or(defaults.cache_size_mib),
        busy_timeout_ms: values.integer("main.db-config.busy-timeout-ms").unwrap_or(defaults.busy_timeout_ms),
        write_queue: values.integer("main.db-config.write-queue").unwrap_or(defaults.write_queue),
    }
}

fn tls(values: &Values<'_>) -> Option<TlsFiles> {
    Some(TlsFiles {
        certificate: values.text("main.https-cert-file")?.into(),
        private_key: values.text("main.https-key-file")?.into(),
    })
}

fn resampling(values: &Values<'_>) -> ResamplingConfig {
    let defaults = ResamplingConfig::default();
    ResamplingConfig {
        minimum_points: values
            .integer("main.resampling.minimum-points")
            .filter(|points| *points > 0)
            .unwrap_or(defaults.minimum_points),
        resolutions_s: values.integers("main.resampling.resolutions").unwrap_or(defaults.resolutions_s),
        trigger: values.integer("main.resampling.trigger"),
    }
}

fn auth(values: &Values<'_>) -> AuthConfig {
    AuthConfig {
        jwts: JwtConfig {
            // An empty text is no duration and means the same as none.
            max_age: values.text("auth.jwts.max-age").and_then(|text| text.parse().ok()),
            validate_user: values.at("auth.jwts.validate-user").and_then(Value::as_bool).unwrap_or_default(),
        },
    }
}

fn archive(values: &Values<'_>) -> ArchiveConfig {
    ArchiveConfig { path: values.text("archive.path").map_or(ArchiveConfig::default().path, Into::into) }
}

/// The checked sections, asked by the paths of keys.
pub(super) struct Values<'a>(&'a Map<String, Value>);

impl<'a> Values<'a> {
    pub(super) fn at(&self, path: &str) -> Option<&'a Value> {
        let mut names = path.split('.');
        let section = self.0.get(names.next()?)?;
        names.try_fold(section, |around, name| around.get(name))
    }

    pub(super) fn text(&self, path: &str) -> Option<&'a str> {
        self.at(path)?.as_str()
    }

    /// A duration in whole seconds.
    pub(super) fn seconds(&self, path: &str) -> Option<i64> {
        self.text(path)?.parse::<GoDuration>().ok().map(GoDuration::as_secs_i64)
    }

    fn texts(&self, path: &str) -> Option<Vec<String>> {
        Some(self.at(path)?.as_array()?.iter().filter_map(|text| Some(text.as_str()?.to_owned())).collect())
    }

    pub(super) fn integer<T: TryFrom<i64>>(&self, path: &str) -> Option<T> {
        T::try_from(self.at(path)?.as_i64()?).ok()
    }

    fn integers<T: TryFrom<i64>>(&self, path: &str) -> Option<Vec<T>> {
        Some(self.at(path)?.as_array()?.iter().filter_map(|item| T::try_from(item.as_i64()?).ok()).collect())
    }
}
