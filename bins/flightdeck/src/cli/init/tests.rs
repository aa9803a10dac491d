use tempfile::TempDir;

use super::*;
use crate::config::{Config, Environment};

#[test]
fn what_it_writes_can_be_served_at_once() {
    let dir = TempDir::new().unwrap();
    let site = dir.path().join("new/site");

    let written = run(&site).unwrap();

    assert_eq!(written, [site.join("config.json"), site.join(".env"), site.join("var")]);
    let loaded = Config::load_with(&site.join("config.json"), &Environment::new()).unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert_eq!(loaded.config.main.addr.to_string(), "127.0.0.1:8080");
    assert!(loaded.config.secrets.session_key.is_some());
    assert_eq!(fs::read_to_string(site.join("var/job-archive/version.txt")).unwrap(), "3\n");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_keys() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = TempDir::new().unwrap();
    run(dir.path()).unwrap();
    let mode = fs::metadata(dir.path().join(".env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn two_folders_have_different_keys() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    run(one.path()).unwrap();
    run(other.path()).unwrap();
    let keys = |dir: &TempDir| fs::read_to_string(dir.path().join(".env")).unwrap();
    assert_ne!(keys(&one), keys(&other));
}

#[test]
fn nothing_is_written_when_anything_is_in_the_way() {
    for name in ["config.json", ".env", "var"] {
        let dir = TempDir::new().unwrap();
        let in_the_way = dir.path().join(name);
        fs::write(&in_the_way, "mine").unwrap();

        let error = run(dir.path()).unwrap_err().to_string();

        assert!(error.contains(&in_the_way.display().to_string()), "{error}");
        assert_eq!(fs::read_to_string(&in_the_way).unwrap(), "mine");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn all_that_is_in_the_way_is_named() {
    let dir = TempDir::new().unwrap();
    run(dir.path()).unwrap();
    let error = run(dir.path()).unwrap_err().to_string();
    assert!(["config.json", ".env", "var"].iter().all(|name| error.contains(name)), "{error}");
}
