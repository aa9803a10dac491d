//! Each kind of mistake is told with its key, the value, and what is allowed.

use super::*;

/// The problems of a configuration that has `section` beside what every configuration needs.
fn problems_with(section: &str, content: Value) -> Vec<String> {
    let mut config = minimal();
    match (section, content) {
        ("main", Value::Object(extra)) => config["main"].as_object_mut().unwrap().extend(extra),
        (_, content) => config[section] = content,
    }
    Folder::with(&config).problems()
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_one() {
    assert_eq!(
        problems_with("main", json!({ "adr": "x:1" })),
        [r#"main.adr: unknown key (value "x:1"); the nearest known key is main.addr"#]
    );
    assert_eq!(
        problems_with("archive", json!({ "kind": "file", "path": "a", "dbPath": "b" })),
        [r#"archive.dbPath: unknown key (value "b"); the nearest known key is archive.db-path"#]
    );
}

#[test]
fn a_key_in_the_wrong_place_is_told_with_its_right_place() {
    assert_eq!(
        problems_with("auth", json!({ "validate-user": true })),
        ["auth.validate-user: unknown key (value true); the nearest known key is auth.jwts.validate-user"]
    );
}

#[test]
fn a_key_like_no_other_is_told_with_those_that_exist() {
    assert_eq!(
        problems_with("cron", json!({ "xyz": 1 })),
        [
            "cron.xyz: unknown key (value 1); allowed here: commit-job-worker, duration-worker, footprint-worker, archive-delay"
        ]
    );
}

#[test]
fn wrong_types_are_told_with_what_is_allowed() {
    assert_eq!(
        problems_with(
            "main",
            json!({ "db": 7, "validate": "yes", "max-items-per-page": "10", "resampling": [], "trusted-proxies": "x" })
        ),
        [
            r#"main.db: found 7; allowed: the path of a file such as "./var/job.db", or a URL such as "postgres://user@host/database""#,
            r#"main.max-items-per-page: found "10"; allowed: a whole number from 0 to 4294967295"#,
            "main.resampling: found a list; allowed: an object",
            r#"main.trusted-proxies: found "x"; allowed: a list of addresses ("10.0.0.7") and networks ("10.0.0.0/8", "fd00::/8")"#,
            r#"main.validate: found "yes"; allowed: true or false"#,
        ]
    );
}

#[test]
fn numbers_have_bounds_and_no_fractions() {
    assert_eq!(
        problems_with(
            "main",
            json!({ "request-body-limit": 1023, "emission-constant": 1.5, "db-config": { "max-open-connections": 0 } })
        ),
        [
            "main.db-config.max-open-connections: found 0; allowed: a whole number from 1 to 256",
            "main.emission-constant: found 1.5; allowed: a whole number, 0 or more",
            "main.request-body-limit: found 1023; allowed: a whole number from 1024 to 4294967296",
        ]
    );
}

#[test]
fn words_are_chosen_from_a_list() {
    assert_eq!(
        problems_with("archive", json!({ "kind": "file", "path": "a", "retention": { "policy": "keep" } })),
        [r#"archive.retention.policy: found "keep"; allowed: one of "none", "delete", "copy", "move""#]
    );
}

#[test]
fn durations_are_told_with_what_is_wrong_in_them() {
    let problems = problems_with("auth", json!({ "jwts": { "max-age": "7d" } }));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with(r#"auth.jwts.max-age: found "7d"; allowed: a duration such as "90s""#));
    assert!(problems[0].contains("allowed are ns, us, ms, s, m, h"), "{}", problems[0]);

    let problems = problems_with("cron", json!({ "duration-worker": "-5m" }));
    assert_eq!(
        problems,
        [r#"cron.duration-worker: found "-5m"; allowed: a duration such as "90s" or "1h30m", 1s or more"#]
    );
}

#[test]
fn an_address_without_port_is_refused() {
    assert_eq!(
        problems_with("main", json!({ "addr": "localhost" })),
        [
            r#"main.addr: found "localhost"; allowed: host and port, such as "127.0.0.1:8080", "[::1]:8080" or ":8080" (the port is missing)"#
        ]
    );
}

#[test]
fn the_allow_list_has_to_be_there_and_tells_what_to_write() {
    let allowed = r#"allowed: a list of the addresses ("10.0.0.7") and networks ("10.0.0.0/8", "fd00::/8") that may use the REST API, or ["*"] for all"#;
    assert_eq!(
        Folder::with(&json!({ "main": {} })).problems(),
        [format!("main.api-allowed-ips: is missing; {allowed}")]
    );
    assert_eq!(
        Folder::with(&json!({ "main": { "api-allowed-ips": [] } })).problems(),
        [format!("main.api-allowed-ips: found an empty list; {allowed}")]
    );
    assert_eq!(
        Folder::with(&json!({ "main": { "api-allowed-ips": ["10.0.0.0/8", "host", "10.0.0.0/33"] } }))
            .problems(),
        [
            r#"main.api-allowed-ips[1]: found "host"; allowed: an address such as "10.0.0.7", a network such as "10.0.0.0/8" or "fd00::/8", or "*" for all"#,
            r#"main.api-allowed-ips[2]: found "10.0.0.0/33"; allowed: an address such as "10.0.0.7", a network such as "10.0.0.0/8" or "fd00::/8", or "*" for all"#,
        ]
    );
}

#[test]
fn a_proxy_list_has_no_entry_for_everybody() {
    let problems = problems_with("main", json!({ "trusted-proxies": ["*"] }));
    assert_eq!(
        problems,
        [
            r#"main.trusted-proxies[0]: found "*"; allowed: an address such as "10.0.0.7" or a network such as "10.0.0.0/8" or "fd00::/8""#
        ]
    );
}

#[test]
fn what_a_list_of_objects_lacks_is_told_with_its_place() {
    let stores =
        json!([{ "scope": "*", "url": "http://a", "token": "t" }, { "scope": "*", "token": "t" }, 3]);
    assert_eq!(
        problems_with("metric-store-external", stores),
        [
            "metric-store-external[1].url: is missing; allowed: a text that is not empty",
            "metric-store-external[2]: found a number; allowed: an object",
        ]
    );
}

#[test]
fn an_archive_kind_that_is_not_served_is_an_error() {
    assert_eq!(
        problems_with("archive", json!({ "kind": "s3", "bucket": "b" })),
        [r#"archive.kind: found "s3"; allowed: "file", the only kind that this version serves"#]
    );
}

#[test]
fn moving_node_states_is_refused_with_what_is_served() {
    assert_eq!(
        problems_with("main", json!({ "nodestate-retention": { "policy": "move", "target-path": "x" } })),
        [
            r#"main.nodestate-retention.policy: found "move"; allowed: "delete", the only policy that this version serves"#
        ]
    );
}

#[test]
fn a_database_that_is_neither_a_file_nor_postgresql_is_refused_without_showing_it() {
    for text in ["mysql://fd:hunter2@host/fd", "Postgres://fd:hunter2@host/fd", "host=a password=hunter2"] {
        assert_eq!(
            problems_with("main", json!({ "db": text })),
            [
                r#"main.db: found a text that is not shown; allowed: the path of a file such as "./var/job.db", or a URL such as "postgres://user@host/database""#
            ]
        );
    }
}

#[test]
fn keys_that_need_each_other_are_missed() {
    assert_eq!(
        problems_with("main", json!({ "https-cert-file": "cert.pem" })),
        [
            "main.https-key-file: is missing; allowed: the path of a PEM file, since main.https-cert-file is set"
        ]
    );
    assert_eq!(
        problems_with("archive", json!({ "kind": "file" })),
        [r#"archive.path: is missing; allowed: the archive's root folder, such as "./var/job-archive""#]
    );
    let store = json!({ "retention-in-memory": "48h", "memory-cap": 1, "cleanup": { "mode": "archive" } });
    assert_eq!(
        problems_with("metric-store", store),
        [
            r#"metric-store.cleanup.directory: is missing; allowed: a folder, since metric-store.cleanup.mode is "archive""#
        ]
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let folder = Folder::with(&json!({
        "main": { "addr": 8080, "api-allowd-ips": ["*"] },
        "archive": { "kind": "tape" },
        "auth": { "jwts": { "max-age": true } },
        "nats": {}
    }));
    let keys: Vec<String> =
        folder.load().unwrap_err().problems.into_iter().map(|problem| problem.key).collect();
    assert_eq!(
        keys,
        [
            "archive.kind",
            "auth.jwts.max-age",
            "main.addr",
            "main.api-allowd-ips",
            "main.api-allowed-ips",
            "nats.address"
        ]
    );
    let text = folder.load().unwrap_err().to_string();
    assert!(text.contains("6 errors in the configuration\n  archive.kind: "), "{text}");
}

#[test]
fn secrets_stay_out_of_the_texts() {
    let secret = "hunter2-hunter2";
    let folder = Folder::with(&json!({
        "main": {
            "api-allowed-ips": ["*"],
            "dbs": format!("postgres://fd:{secret}@host/fd"),
            "nodestate-retention": { "policy": "delete", "target-secret-key": [secret], "target-acces-key": secret }
        },
        "archive": { "kind": "file", "path": "a", "secret-key": { "it": secret }, "my-password": secret },
        "nats": { "address": "a", "passwrod": secret, "password": [secret] },
        "metric-store-external": [{ "scope": "*", "url": "u", "token": { "a": secret } }, secret],
        "auth": { "jwts": secret }
    }))
    .variable("JWT_PRIVATE_KEY", secret)
    .variable("JWT_PUBLIC_KEY", secret)
    .variable("SESSION_KEY", secret);
    let errors = folder.load().unwrap_err();
    assert_eq!(errors.problems.len(), 12, "{errors}");
    assert!(!errors.to_string().contains("hunter2"), "{errors}");
    assert!(!format!("{errors:?}").contains("hunter2"));
}

#[test]
fn long_values_are_cut() {
    let problems = problems_with("main", json!({ "addr": "x".repeat(5000) }));
    assert!(problems[0].len() < 400, "{}", problems[0]);
}

#[test]
fn an_unknown_section_only_warns() {
    let mut config = minimal();
    config["metricstore"] = json!({ "a": 1 });
    config["addr"] = json!("x");
    assert_eq!(
        Folder::with(&config).warnings(),
        [
            "unknown section addr is ignored; the nearest known key is main.addr",
            "unknown section metricstore is ignored; the nearest known key is metric-store"
        ]
    );
}

#[test]
fn the_stale_key_of_the_reference_sample_only_warns() {
    let mut config = minimal();
    config["archive"] = json!({
        "kind": "file", "path": "a", "retention": { "policy": "none", "location": "./var" }
    });
    let warnings = Folder::with(&config).warnings();
    assert!(
        warnings.iter().any(|warning| warning.starts_with("archive.retention.location ")),
        "{warnings:?}"
    );
}

#[test]
fn a_file_that_is_not_json_is_told_with_the_line() {
    let folder = Folder::with(&minimal()).write("config.json", "{\n \"main\": {,}\n}");
    let problems = folder.problems();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].contains("config.json: is not JSON: ") && problems[0].contains("line 2"),
        "{problems:?}"
    );

    let list = Folder::with(&json!([1])).problems();
    assert!(list[0].contains("one JSON object"), "{list:?}");
}

#[test]
fn a_missing_file_is_told_with_the_way_to_a_new_one() {
    let dir = TempDir::new().unwrap();
    let errors = Config::load_with(&dir.path().join("config.json"), &Environment::new()).unwrap_err();
    assert!(errors.to_string().contains("flightdeck init"), "{errors}");
}
