//! Every subcommand, as an administrator types it.

use crate::site::{Site, is_private, program, stderr};
use flightdeck_auth::{PublicKey, TokenError, TokenVerifier};
use flightdeck_model::{Role, Roles, UnixTime};

#[test]
fn init_writes_what_serves_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    program().args(["init", at]).assert().success();
    assert!(is_private(&folder.path().join(".env")));
    let before = std::fs::read(folder.path().join(".env")).unwrap();
    let again = program().args(["init", at]).assert().failure();
    assert!(stderr(&again).contains("exists already"), "{}", stderr(&again));
    assert_eq!(std::fs::read(folder.path().join(".env")).unwrap(), before);
    program().current_dir(at).args(["config", "check"]).assert().success();
    program().current_dir(at).args(["import"]).assert().success();
}

#[test]
fn the_configuration_may_be_named_before_and_after_the_command() {
    let site = Site::with_jobs(1);
    std::fs::rename(site.path("config.json"), site.path("other.json")).unwrap();
    site.run(&["--config", "other.json", "config", "check"]).success();
    site.run(&["config", "check", "--config", "other.json"]).success();
    let missing = site.run(&["import"]).failure();
    assert!(stderr(&missing).contains("flightdeck init"), "{}", stderr(&missing));
}

#[test]
fn config_check_names_every_problem_at_once() {
    let site = Site::with_jobs(1);
    site.configure(|config| {
        config["main"]["adress"] = "localhost:80".into();
        config["main"]["request-body-limit"] = "8MB".into();
        config["auth"]["jwts"]["max-age"] = "200 hours".into();
    });
    let report = site.run(&["config", "check"]).failure();
    let text = String::from_utf8(report.get_output().stdout.clone()).unwrap();
    for part in
        ["main.adress", "main.addr", "main.request-body-limit", "8MB", "auth.jwts.max-age", "200 hours"]
    {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    let refused = site.run(&["serve"]).failure();
    assert!(stderr(&refused).contains("main.adress") && stderr(&refused).contains("max-age"));
}

#[test]
fn a_token_is_alone_on_standard_output_and_is_accepted() {
    let site = Site::with_jobs(1);
    let printed = site.output(&["token", "robot", "--roles", "admin,api"]);
    assert_eq!(printed.lines().count(), 1);
    let env = std::fs::read_to_string(site.path(".env")).unwrap();
    let key = env.lines().find_map(|line| line.strip_prefix("JWT_PUBLIC_KEY=")).unwrap();
    let verifier = TokenVerifier::new(PublicKey::from_base64(key.trim_matches('"')).unwrap());
    let claims = verifier.verify(printed.trim(), UnixTime(0)).unwrap();
    assert_eq!((claims.username.as_str(), claims.roles), ("robot", Roles::of(&[Role::Admin, Role::Api])));
    let in_a_century = verifier.verify(printed.trim(), UnixTime(4_900_000_000));
    assert_eq!(in_a_century, Err(TokenError::Expired));
}

#[test]
fn a_token_takes_the_roles_of_the_account() {
    let site = Site::with_jobs(1);
    let unknown = site.run(&["token", "meg"]).failure();
    assert!(stderr(&unknown).contains("user add"), "{}", stderr(&unknown));
    site.run(&["user", "add", "meg", "--roles", "api,manager", "--projects", "proj03"]).success();
    assert_eq!(site.output(&["token", "meg"]).lines().count(), 1);
    let bad = site.run(&["token", "meg", "--roles", "emperor"]).failure();
    assert!(stderr(&bad).contains("allowed are"), "{}", stderr(&bad));
    site.run(&["token", "meg", "--max-age", "0s"]).failure();
}

#[test]
fn accounts_are_added_listed_changed_and_removed() {
    let site = Site::with_jobs(1);
    site.run(&["user", "add", "uma"]).success();
    site.command()
        .args(["user", "add", "ada", "--roles", "admin", "--password-stdin"])
        .write_stdin("secret-7\n")
        .assert()
        .success();
    assert!(stderr(&site.run(&["user", "add", "uma"]).failure()).contains("exists already"));
    site.run(&["user", "add", "meg", "--roles", "manager"]).failure();
    site.run(&["user", "add", "a b"]).failure();
    assert_eq!(site.output(&["user", "list"]), "ada\tadmin\t\t\t\numa\tuser\t\t\t\n");
    assert_eq!(site.output(&["user", "role", "uma", "--add", "api", "--remove", "user"]), "uma\tapi\n");
    site.run(&["user", "role", "uma", "--add", "api"]).failure();
    site.run(&["user", "add", "meg", "--roles", "manager", "--projects", "proj03"]).success();
    let projects = ["user", "project", "meg", "--add", "proj04,proj05", "--remove", "proj03"];
    assert_eq!(site.output(&projects), "meg\tproj04,proj05\n");
    site.run(&projects).failure();
    site.run(&["user", "project", "uma", "--add", "proj03"]).failure();
    site.run(&["user", "project", "meg"]).failure();
    site.run(&["user", "remove", "uma"]).success();
    assert!(stderr(&site.run(&["user", "remove", "uma"]).failure()).contains("no user"));
    let database = std::fs::read(site.path("var/job.db")).unwrap();
    assert!(!String::from_utf8_lossy(&database).contains("secret-7"), "a password is kept as a hash alone");
}

#[test]
fn keygen_and_version_print_what_they_are_asked_for() {
    let keys = program().args(["keygen"]).assert().success();
    let text = String::from_utf8(keys.get_output().stdout.clone()).unwrap();
    let names: Vec<&str> = text.lines().filter_map(|line| line.split('=').next()).collect();
    assert_eq!(names, ["JWT_PUBLIC_KEY", "JWT_PRIVATE_KEY", "SESSION_KEY"]);
    let version = program().args(["version"]).assert().success();
    assert!(version.get_output().stdout.starts_with(b"flightdeck "));
    program().args(["fly"]).assert().failure();
}

#[test]
fn a_database_of_the_reference_is_refused_and_left_as_it_is() {
    let site = Site::with_jobs(1);
    let path = site.path("var/job.db");
    let reference =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/flightdeck-db/tests/fixtures/reference-job.db");
    std::fs::copy(reference, &path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = site.run(&["serve"]).failure();
    assert!(stderr(&refused).contains("import-reference"), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("main.db"), "{}", stderr(&refused));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(!site.path("var/job.db-wal").exists());
}
