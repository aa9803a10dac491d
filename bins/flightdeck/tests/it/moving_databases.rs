//! `flightdeck db copy` and `flightdeck db import-reference`.

use crate::site::{Site, get, send, stderr};
use crate::writing::start_of;
use flightdeck_model::Role;
use std::path::PathBuf;

fn reference_database() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../crates/flightdeck-db/tests/fixtures/reference-job.db"
    ))
}

/// A site with the clusters of the reference's database, and a copy of that file at `old.db`.
fn site_beside_the_reference() -> Site {
    let site = Site::with_jobs(1);
    let cirrus = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../crates/flightdeck-archive/tests/fixtures/reference-archive/cirrus/cluster.json"
    );
    std::fs::create_dir(site.archive().join("cirrus")).unwrap();
    std::fs::copy(cirrus, site.archive().join("cirrus/cluster.json")).unwrap();
    std::fs::copy(reference_database(), site.path("old.db")).unwrap();
    site
}

#[test]
fn a_database_of_the_reference_is_taken_over_and_left_as_it_is() {
    let site = site_beside_the_reference();
    let summary = site.output(&["db", "import-reference", "old.db"]);
    let first = summary.lines().next().unwrap();
    assert!(
        first.starts_with("taken over: 13 users, 7 settings, 9 tags, 31 jobs (8 of them running), 8 nodes"),
        "{summary}"
    );
    assert_eq!(
        std::fs::read(site.path("old.db")).unwrap(),
        std::fs::read(reference_database()).unwrap(),
        "the file is only read"
    );
    assert!(!site.path("old.db-wal").exists() && !site.path("old.db-shm").exists());

    assert!(site.output(&["user", "list"]).contains("mona\tmanager\tproj03,proj05\tMona Manager"));
    let server = site.serve();
    let token = server.token("robot", &[Role::Api]).unwrap();
    let total = |query: &str| get(server.address(), query, &token).json()["total"].clone();
    assert_eq!(total("/api/jobs/"), 31);
    assert_eq!(total("/api/jobs/?state=running"), 8);
    let used = get(server.address(), "/api/jobs/used_nodes?ts=9999999999", &token).json();
    assert_eq!(used["usedNodes"]["cirrus"], serde_json::json!(["c05", "c06", "c07", "c12"]));
}

#[test]
fn what_is_no_database_of_the_reference_is_refused() {
    let site = Site::with_jobs(1);
    site.run(&["import"]).success();
    std::fs::write(site.path("text.db"), "no database at all").unwrap();
    for name in ["absent.db", "text.db", "var/job.db"] {
        let refused = site.run(&["db", "import-reference", name]).failure();
        assert!(stderr(&refused).contains(name), "{}", stderr(&refused));
    }
    assert!(!site.path("absent.db").exists());
}

#[test]
fn a_copied_database_has_everything_and_goes_on_with_its_numbers() {
    let site = Site::with_jobs(5);
    site.run(&["import"]).success();
    site.run(&["user", "add", "uma"]).success();
    let server = site.serve();
    let token = server.token("robot", &[Role::Api]).unwrap();
    let started = send(server.address(), "POST", "/api/jobs/start_job/", &token, &start_of(1, 1_760_000_000));
    let id = started.json()["id"].as_i64().unwrap();
    let listed = get(server.address(), "/api/jobs/?items-per-page=100", &token).json()["jobs"].clone();
    server.stop().unwrap();

    let summary = site.output(&["db", "copy", "var/job.db", "var/copy.db"]);
    assert!(summary.starts_with("copied var/job.db to var/copy.db\n"), "{summary}");
    assert!(summary.lines().any(|line| line == "6\tjob"), "{summary}");
    site.configure(|config| config["main"]["db"] = "var/copy.db".into());
    assert!(site.output(&["user", "list"]).starts_with("uma\t"));
    let copied = site.serve();
    let mut listed_now =
        get(copied.address(), "/api/jobs/?items-per-page=100", &token).json()["jobs"].clone();
    let mut listed_before = listed;
    for jobs in [&mut listed_now, &mut listed_before] {
        // The running job's grows while the test runs.
        jobs.as_array_mut().unwrap().iter_mut().for_each(|job| drop(job["duration"].take()));
    }
    assert_eq!(listed_now, listed_before);
    let next = send(copied.address(), "POST", "/api/jobs/start_job/", &token, &start_of(2, 1_760_000_000));
    assert!(next.json()["id"].as_i64().unwrap() > id);
}

#[test]
fn a_copy_never_overwrites_and_never_shows_a_password() {
    let site = Site::with_jobs(1);
    site.run(&["import"]).success();
    site.run(&["db", "copy", "var/job.db", "var/copy.db"]).success();
    let again = site.run(&["db", "copy", "var/job.db", "var/copy.db"]).failure();
    assert!(stderr(&again).contains("var/copy.db"), "{}", stderr(&again));
    let absent = site.run(&["db", "copy", "var/absent.db", "var/other.db"]).failure();
    assert!(stderr(&absent).contains("var/absent.db"), "{}", stderr(&absent));
    assert!(!site.path("var/other.db").exists() && !site.path("var/absent.db").exists());
    // Nobody listens on port 1.
    let url = "postgres://fd:hunter2@127.0.0.1:1/fd?connect_timeout=2";
    let unreachable = site.run(&["--log", "trace", "db", "copy", "var/job.db", url]).failure();
    assert!(!stderr(&unreachable).contains("hunter2"), "{}", stderr(&unreachable));
    assert!(stderr(&unreachable).contains("127.0.0.1:1"), "{}", stderr(&unreachable));
    site.configure(|config| config["main"]["db"] = url.into());
    let refused = site.run(&["--log", "trace", "serve"]).failure();
    assert!(!stderr(&refused).contains("hunter2"), "{}", stderr(&refused));
}
