mod layers;
mod mistakes;
mod pages;

use std::fs;

use flightdeck_db::DatabaseLocation;
use flightdeck_service::RefusedJobs;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// What every configuration needs, so that a test can say the rest.
fn minimal() -> Value {
    json!({ "main": { "api-allowed-ips": ["*"] } })
}

/// A folder with a configuration file in it.
struct Folder {
    dir: TempDir,
    environment: Environment,
}

impl Folder {
    fn with(config: &Value) -> Self {
        let folder = Self { dir: TempDir::new().unwrap(), environment: Environment::new() };
        folder.write("config.json", &config.to_string())
    }

    fn write(self, name: &str, content: &str) -> Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn load(&self) -> Result<LoadedConfig, ConfigErrors> {
        Config::load_with(&self.path("config.json"), &self.environment)
    }

    fn config(&self) -> Config {
        self.load().unwrap().config
    }

    fn problems(&self) -> Vec<String> {
        self.load().unwrap_err().problems.iter().map(ToString::to_string).collect()
    }

    /// The warnings but for those of the keys that the test did not set.
    fn warnings(&self) -> Vec<String> {
        let all = self.load().map_or_else(|errors| errors.warnings, |loaded| loaded.warnings);
        all.into_iter().filter(|warning| !warning.starts_with("JWT_")).collect()
    }
}

fn reference_style_config() -> Value {
    json!({
        "main": {
            "addr": "127.0.0.1:9123",
            "api-allowed-ips": ["*"],
            "short-running-jobs-duration": 300,
            "resampling": { "minimum-points": 600, "trigger": 300, "resolutions": [240, 60] }
        },
        "cron": { "commit-job-worker": "1s", "duration-worker": "1m", "footprint-worker": "1m" },
        "archive": { "kind": "file", "path": "./var/job-archive" },
        "auth": { "jwts": { "max-age": "2000h" } },
        "metric-store": {
            "checkpoints": { "directory": "./var/checkpoints" },
            "retention-in-memory": "48h",
            "memory-cap": 2
        }
    })
}

#[test]
fn a_configuration_of_the_reference_server_loads() {
    let config = Folder::with(&reference_style_config()).config();

    assert_eq!(config.main.addr.to_string(), "127.0.0.1:9123");
    assert_eq!(config.main.api_allowed_ips, ["*"]);
    assert_eq!(config.main.resampling.minimum_points, 600);
    assert_eq!(config.main.resampling.resolutions_s, [240, 60]);
    assert_eq!(config.archive.path, Path::new("./var/job-archive"));
    assert_eq!(config.auth.jwts.max_age.map(GoDuration::as_secs_i64), Some(7_200_000));
}

#[test]
fn the_metric_store_of_a_reference_configuration_gets_a_folder_of_its_own() {
    let mut config = reference_style_config();
    config["metric-store"]["nats-subscriptions"] =
        json!([{ "subscribe-to": "hpc", "cluster-tag": "aurora" }]);
    config["nats"] = json!({ "address": "nats://a:4222, b", "password": "hunter2" });
    config["metric-store-external"] = json!([{ "scope": "*", "url": "http://store", "token": "hunter2" }]);
    let config = Folder::with(&config).config();

    let store = config.metric_store.clone().unwrap();
    assert_eq!(store.directory, Path::new("./var/metric-store"));
    assert_eq!(store.reference_checkpoints, Path::new("./var/checkpoints"));
    assert_eq!((store.retention_s, store.memory_cap_bytes), (48 * 3600, 2_000_000_000));
    assert!(store.sync);
    assert_eq!((config.footprint_interval_s, config.archive_delay_s), (60, 0));
    let nats = config.nats.clone().unwrap();
    assert_eq!(nats.addresses, ["nats://a:4222", "b"]);
    assert_eq!(nats.samples, [("hpc".to_owned(), Some("aurora".to_owned()))]);
    assert_eq!(config.external_stores.len(), 1);
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn warnings_name_all_that_has_no_effect() {
    let warnings = Folder::with(&reference_style_config()).warnings();
    assert_eq!(
        warnings,
        [
            "cron.commit-job-worker is accepted, but not needed: a job is stored and listed before its start is \
             answered",
            "cron.duration-worker is accepted, but not needed: durations of running jobs are computed when they \
             are asked for",
            "checked, but without effect in this version: main.short-running-jobs-duration",
        ]
    );
}

#[test]
fn what_is_not_configured_has_its_documented_default() {
    let config = Folder::with(&minimal()).config();

    let expected_main = MainConfig { api_allowed_ips: vec!["*".to_owned()], ..MainConfig::default() };
    assert_eq!(config.main, expected_main);
    assert_eq!(config.main.addr.to_string(), "localhost:8080");
    assert_eq!(config.main.max_items_per_page, None);
    assert_eq!(config.archive, ArchiveConfig::default());
    assert_eq!(config.auth, AuthConfig::default());
}

#[test]
fn the_settings_in_use_arrive_where_they_are_used() {
    let config = Folder::with(&json!({
        "main": {
            "addr": ":80",
            "api-allowed-ips": ["10.0.0.0/8", "::1"],
            "trusted-proxies": ["192.0.2.1"],
            "max-items-per-page": 500,
            "request-body-limit": 1024,
            "db": "/data/job.db",
            "db-config": { "max-open-connections": 8, "cache-size-mb": 64, "busy-timeout-ms": 100, "write-queue": 5 },
            "refused-jobs": "quarantine",
            "quarantine-max": 7,
            "stop-jobs-exceeding-walltime": 60,
            "nodestate-retention": { "policy": "delete", "age": 48 },
            "machine-state-dir": "/data/machines",
            "https-cert-file": "cert.pem",
            "https-key-file": "key.pem"
        },
        "auth": { "jwts": { "max-age": "1h30m", "validate-user": true } },
        "archive": { "kind": "file", "path": "/data/archive" }
    }))
    .config();

    assert_eq!(config.main.addr.to_string(), "[::]:80");
    assert_eq!(config.main.api_allowed_ips, ["10.0.0.0/8", "::1"]);
    assert_eq!(config.main.trusted_proxies, ["192.0.2.1"]);
    assert_eq!(config.main.max_items_per_page, Some(500));
    assert_eq!(config.main.request_body_limit_bytes, 1024);
    let database = DatabaseConfig {
        location: DatabaseLocation::Sqlite("/data/job.db".into()),
        max_open_connections: 8,
        cache_size_mib: 64,
        busy_timeout_ms: 100,
        write_queue: 5,
    };
    assert_eq!(config.main.database, database);
    let tls = TlsFiles { certificate: "cert.pem".into(), private_key: "key.pem".into() };
    assert_eq!(config.main.tls, Some(tls));
    let refused_jobs = RefusedJobsConfig { policy: RefusedJobs::Quarantine, quarantine_max: 7 };
    assert_eq!(config.main.refused_jobs, refused_jobs);
    assert_eq!(config.main.stop_overdue_grace_s, Some(60));
    assert_eq!(config.main.node_state_retention_s, Some(48 * 3600));
    assert_eq!(config.main.machine_state_dir.as_deref(), Some(Path::new("/data/machines")));
    assert_eq!(config.auth.jwts.max_age, Some(GoDuration::from_secs(5400)));
    assert!(config.auth.jwts.validate_user);
    assert_eq!(config.archive.path, Path::new("/data/archive"));
}

#[test]
fn a_zero_or_an_empty_text_switches_off_as_in_the_reference() {
    let config = Folder::with(&json!({
        "main": {
            "api-allowed-ips": ["*"],
            "stop-jobs-exceeding-walltime": 0,
            "machine-state-dir": "",
        }
    }))
    .config();
    assert_eq!(config.main.stop_overdue_grace_s, None);
    assert_eq!(config.main.machine_state_dir, None);
    assert_eq!(config.main.node_state_retention_s, None);
}

#[test]
fn old_node_states_go_after_a_day_unless_the_policy_says_more() {
    for retention in [json!({ "policy": "delete" }), json!({ "policy": "delete", "age": 0 })] {
        let config = json!({ "main": { "api-allowed-ips": ["*"], "nodestate-retention": retention } });
        assert_eq!(Folder::with(&config).config().main.node_state_retention_s, Some(86_400));
    }
}

#[test]
fn the_database_may_be_a_server_whose_password_is_never_shown() {
    let url = "postgres://fd:hunter2@db.example.org:5433/flightdeck";
    let folder = Folder::with(&minimal()).variable("FLIGHTDECK_MAIN__DB", url);
    let loaded = folder.load().unwrap();
    assert_eq!(loaded.config.main.database.location, DatabaseLocation::parse(url));
    assert!(!format!("{loaded:?}").contains("hunter2"), "{loaded:?}");
}

#[test]
fn an_empty_max_age_means_tokens_without_end() {
    let config = json!({ "main": { "api-allowed-ips": ["*"] }, "auth": { "jwts": { "max-age": "" } } });
    assert_eq!(Folder::with(&config).config().auth.jwts.max_age, None);
}

#[test]
fn an_embedding_program_gets_a_loopback_server_with_its_database_beside_the_archive() {
    let config = Config::for_archive("/tmp/x/job-archive");
    assert_eq!(config.main.addr.to_string(), "127.0.0.1:0");
    assert_eq!(config.main.database.location, DatabaseLocation::Sqlite("/tmp/x/job.db".into()));
    assert!(flightdeck_auth::AllowList::parse(&config.main.api_allowed_ips).is_ok());
}

#[test]
fn listen_addresses_are_host_and_port() {
    for (text, bound_to) in [
        ("localhost:8080", "localhost:8080"),
        ("0.0.0.0:0", "0.0.0.0:0"),
        ("[::1]:8080", "[::1]:8080"),
        (":8080", "[::]:8080"),
        ("node-1.example.org:65535", "node-1.example.org:65535"),
    ] {
        assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), bound_to);
    }
    for text in
        ["", "8080", "localhost", "localhost:", "a:+1", "a:65536", "::1:8080", "[a]:1", "[::1:1", "a b:1"]
    {
        assert!(text.parse::<ListenAddress>().is_err(), "{text:?} was taken");
    }
}

/// JSON of any shape; names are often known ones, so that values get past the check of names.
fn any_json() -> impl Strategy<Value = Value> {
    let known: Vec<String> = keys::all().map(|key| key.name().to_owned()).collect();
    let name = prop_oneof![3 => prop::sample::select(known), 1 => ".{0,12}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "-?[0-9]{0,4}(h|m|s|:|/|\\.)[0-9]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..8).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_loaded_or_refused_with_a_reason(value in any_json(), variable in "[A-Z_\\[\\]0-9.]{0,20}") {
        let folder = Folder::with(&value).variable(&format!("FLIGHTDECK_MAIN{variable}"), "x");
        if let Err(errors) = folder.load() {
            prop_assert!(!errors.problems.is_empty());
        }
    }
}
