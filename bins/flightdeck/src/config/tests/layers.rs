//! What comes from elsewhere than config.json: the environment, `.env`, and sections in files of their own.

use super::*;

fn sqlite(path: &str) -> DatabaseLocation {
    DatabaseLocation::Sqlite(path.into())
}

#[test]
fn a_variable_wins_over_the_file() {
    let folder = Folder::with(&json!({ "main": { "addr": "a:1", "api-allowed-ips": ["*"], "db": "x" } }))
        .variable("FLIGHTDECK_MAIN__ADDR", "b:2")
        .variable("FLIGHTDECK_MAIN__MAX_ITEMS_PER_PAGE", "77")
        .variable("FLIGHTDECK_MAIN__API_ALLOWED_IPS", r#"["10.0.0.0/8"]"#)
        .variable("FLIGHTDECK_MAIN__DB_CONFIG__CACHE_SIZE_MB", "9")
        .variable("FLIGHTDECK_AUTH__JWTS__VALIDATE_USER", "true");
    let config = folder.config();
    assert_eq!(config.main.addr.to_string(), "b:2");
    assert_eq!(config.main.max_items_per_page, Some(77));
    assert_eq!(config.main.api_allowed_ips, ["10.0.0.0/8"]);
    assert_eq!(config.main.database.cache_size_mib, 9);
    assert_eq!(config.main.database.location, sqlite("x"));
    assert!(config.auth.jwts.validate_user);
}

#[test]
fn a_text_is_a_text_even_if_it_looks_like_a_number() {
    let folder = Folder::with(&minimal()).variable("FLIGHTDECK_MAIN__DB", "2024");
    assert_eq!(folder.config().main.database.location, sqlite("2024"));
}

#[test]
fn a_section_as_json_is_merged_and_single_keys_win_over_it() {
    let folder = Folder::with(&minimal())
        .variable("FLIGHTDECK_MAIN", r#"{ "addr": "a:1", "db": "from-section" }"#)
        .variable("FLIGHTDECK_MAIN__ADDR", "b:2");
    let main = folder.config().main;
    assert_eq!(main.addr.to_string(), "b:2");
    assert_eq!(main.database.location, sqlite("from-section"));
    assert_eq!(main.api_allowed_ips, ["*"]);
}

#[test]
fn a_mistake_in_a_variable_is_told_with_its_name() {
    let folder = Folder::with(&minimal())
        .variable("FLIGHTDECK_MAIN__ADR", "b:2")
        .variable("FLIGHTDECK_MAIN__MAX_ITEMS_PER_PAGE", "many");
    assert_eq!(
        folder.problems(),
        [
            r#"main.adr: unknown key (value "b:2"); the nearest known key is main.addr [from FLIGHTDECK_MAIN__ADR]"#,
            r#"main.max-items-per-page: found "many"; allowed: a whole number from 0 to 4294967295 [from FLIGHTDECK_MAIN__MAX_ITEMS_PER_PAGE]"#,
        ]
    );
}

#[test]
fn variables_that_are_no_keys_are_ignored_or_warned_of() {
    let folder = Folder::with(&minimal())
        .variable("FLIGHTDECK_LOG", "debug")
        .variable("FLIGHTDECK_MAIN__ADDR", "")
        .variable("FLIGHTDECK_MAIN__", "x")
        .variable("FLIGHTDECK_MIAN__ADDR", "a:1");
    assert_eq!(
        folder.warnings(),
        [
            "environment variable FLIGHTDECK_MAIN__ is ignored: it is not the name of a key",
            "environment variable FLIGHTDECK_MIAN__ADDR: unknown section mian is ignored; the nearest known key is main",
        ]
    );
    assert_eq!(folder.config().main.addr.to_string(), "localhost:8080");
}

#[test]
fn a_list_of_objects_is_set_as_a_whole() {
    let folder = Folder::with(&minimal()).variable("FLIGHTDECK_METRIC_STORE_EXTERNAL__0__TOKEN", "t");
    assert_eq!(
        folder.problems(),
        ["metric-store-external: found an object; allowed: a list of objects \
          [from FLIGHTDECK_METRIC_STORE_EXTERNAL__0__TOKEN]"]
    );
}

#[test]
fn keys_come_from_dotenv_and_the_environment_wins() {
    let keys = crate::cli::keygen::run().unwrap();
    let other = crate::cli::keygen::run().unwrap();
    let folder = Folder::with(&minimal())
        .write(".env", &format!("# keys\n{keys}FLIGHTDECK_MAIN__ADDR=\"a:1\"\nFLIGHTDECK_MAIN__DB=x\n"))
        .variable("FLIGHTDECK_MAIN__DB", "y");
    let loaded = folder.load().unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert_eq!(loaded.config.main.addr.to_string(), "a:1");
    assert_eq!(loaded.config.main.database.location, sqlite("y"));
    let session_key = loaded.config.secrets.session_key.clone().unwrap();
    assert!(keys.contains(&format!("SESSION_KEY={session_key}\n")));

    let without_file = Folder::with(&minimal());
    let with_variables = other
        .lines()
        .filter_map(|line| line.split_once('='))
        .fold(without_file, |folder, (name, value)| folder.variable(name, value));
    let loaded_from_variables = with_variables.load().unwrap();
    assert!(other.contains(&loaded_from_variables.config.secrets.jwt_private_key.unwrap()));
    assert_eq!(loaded_from_variables.warnings, Vec::<String>::new());
}

#[test]
fn missing_keys_are_warned_of() {
    let warnings = Folder::with(&minimal()).load().unwrap().warnings;
    assert_eq!(warnings.len(), 2);
    assert!(warnings[0].starts_with("JWT_PUBLIC_KEY is neither"), "{warnings:?}");
    assert!(warnings[1].starts_with("JWT_PRIVATE_KEY is neither"), "{warnings:?}");
}

#[test]
fn token_keys_that_do_not_belong_together_are_refused() {
    let ours = crate::cli::keygen::run().unwrap();
    let theirs = crate::cli::keygen::run().unwrap();
    let mixed = [ours.lines().next().unwrap(), theirs.lines().nth(1).unwrap()].join("\n");
    let problems = Folder::with(&minimal()).write(".env", &mixed).problems();
    assert_eq!(
        problems,
        ["JWT_PRIVATE_KEY: does not belong to JWT_PUBLIC_KEY, so this server would refuse its own tokens"]
    );
}

#[test]
fn a_broken_dotenv_is_told_with_the_line_but_not_its_text() {
    let folder = Folder::with(&minimal()).write(".env", "A=b\nJWT_PRIVATE_KEY=hunter2 hunter2\n");
    let errors = folder.load().unwrap_err();
    assert!(errors.to_string().contains(".env: line 2 is not of the form NAME=value"), "{errors}");
    assert!(!errors.to_string().contains("hunter2"), "{errors}");
}

#[test]
fn secrets_stay_out_of_debug_output() {
    let keys = crate::cli::keygen::run().unwrap();
    let loaded = Folder::with(&minimal()).write(".env", &keys).load().unwrap();
    let debug = format!("{loaded:?}");
    let values = keys.lines().filter_map(|line| line.split_once('=')).map(|(_, value)| value);
    assert!(values.into_iter().all(|value| !debug.contains(value)), "{debug}");
    assert!(debug.contains(r#"session_key: "set""#), "{debug}");
}

#[test]
fn a_section_may_have_a_file_of_its_own_that_replaces_it() {
    let folder = Folder::with(&json!({}))
        .write("main.json", r#"{ "api-allowed-ips": ["*"], "addr": "a:1" }"#)
        .write("store.json", r#"{ "retention-in-memory": "48h", "memory-cap": 1 }"#);
    let config = json!({
        "main": { "adr": "not looked at" },
        "main-file": folder.path("main.json"),
        "metric-store-file": folder.path("store.json")
    });
    let folder = folder.write("config.json", &config.to_string());
    assert_eq!(folder.config().main.addr.to_string(), "a:1");
    assert_eq!(folder.config().metric_store.unwrap().memory_cap_bytes, 1_000_000_000);
}

#[test]
fn mistakes_with_section_files_are_told_with_the_file() {
    let folder = Folder::with(&json!({})).write("auth.json", r#"{ "jwts": 1 }"#);
    let auth_file = folder.path("auth.json");
    let config = json!({
        "main-file": folder.path("gone.json"),
        "auth-file": auth_file,
        "archive-file": 7,
        "nothing-file": "x"
    });
    let folder = folder.write("config.json", &config.to_string());
    let problems = folder.problems();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert_eq!(problems[0], "archive-file: found 7; allowed: the path of the section's own JSON file");
    assert!(problems[1].starts_with("main-file: ") && problems[1].contains("gone.json: does not exist"));
    assert_eq!(
        problems[2],
        format!("auth.jwts: found a number; allowed: an object [from {}]", auth_file.display())
    );
    assert!(folder.warnings()[0].starts_with("unknown section nothing-file is ignored"));
}
