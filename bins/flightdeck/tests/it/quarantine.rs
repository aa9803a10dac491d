//! Refused starts and stops, from the batch system's request to the administrator who mends the cause.

use crate::site::{Answer, Site, get, send, stderr};
use crate::writing::start_of;
use flightdeck::RunningServer;
use flightdeck_model::Role;
use serde_json::{Value, json};

fn site_with_quarantine() -> Site {
    let site = Site::with_jobs(1);
    site.configure(|config| config["main"]["refused-jobs"] = "quarantine".into());
    site
}

fn post(server: &RunningServer, path: &str, body: &Value) -> Answer {
    send(server.address(), "POST", path, &server.token("slurm", &[Role::Api]).unwrap(), body)
}

/// A job on a cluster that is not configured yet.
fn start_on_testbed() -> Value {
    let mut start = start_of(77, 1_760_000_000);
    start["cluster"] = "testbed".into();
    start
}

fn stop_on_testbed() -> Value {
    json!({ "jobId": 77, "cluster": "testbed", "stopTime": 1_760_000_900_i64, "jobState": "failed" })
}

/// Configures the cluster testbed, with the hardware of aurora.
fn mend(site: &Site) {
    let aurora = std::fs::read(site.archive().join("aurora/cluster.json")).unwrap();
    let mut cluster: Value = serde_json::from_slice(&aurora).unwrap();
    cluster["name"] = "testbed".into();
    std::fs::create_dir(site.archive().join("testbed")).unwrap();
    std::fs::write(site.archive().join("testbed/cluster.json"), cluster.to_string()).unwrap();
}

/// The numbers of the listed requests and their kinds.
fn listed(site: &Site) -> Vec<(String, String)> {
    let text = site.output(&["quarantine", "list"]);
    let first_two = |line: &str| {
        let mut columns = line.split('\t').map(str::to_owned);
        (columns.next().unwrap(), columns.next().unwrap())
    };
    text.lines().map(first_two).collect()
}

#[test]
fn a_job_of_an_unknown_cluster_comes_in_with_its_true_times_once_the_cluster_is_configured() {
    let site = site_with_quarantine();
    let server = site.serve();
    let start = post(&server, "/api/jobs/start_job/", &start_on_testbed());
    assert_eq!(start.status, 422);
    assert!(start.body.contains("quarantine") && start.body.contains("testbed"), "{}", start.body);
    assert_eq!(post(&server, "/api/jobs/start_job/", &start_on_testbed()).status, 422, "again");
    assert_eq!(post(&server, "/api/jobs/stop_job/", &stop_on_testbed()).status, 422);
    server.stop().unwrap();

    let kinds: Vec<String> = listed(&site).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["start_job", "stop_job"]);
    let line = site.output(&["quarantine", "list"]);
    for part in ["testbed", "77", "2025-10-09T08:53:20Z", "slurm"] {
        assert!(line.contains(part), "{part} is missing: {line}");
    }
    let too_early = site.run(&["quarantine", "retry", "--all"]).failure();
    assert!(stderr(&too_early).contains("still refused"), "{}", stderr(&too_early));
    assert_eq!(listed(&site).len(), 2, "nothing is lost by trying too early");

    mend(&site);
    site.run(&["quarantine", "retry", "--all"]).success();
    assert_eq!(listed(&site), []);
    let mended = site.serve();
    let token = mended.token("slurm", &[Role::Api]).unwrap();
    let jobs = get(mended.address(), "/api/jobs/?cluster=testbed", &token).json();
    let job = &jobs["jobs"][0];
    assert_eq!(
        (&job["startTime"], &job["duration"], &job["jobState"]),
        (&json!(1_760_000_000_i64), &json!(900), &json!("failed")),
        "{jobs}"
    );
}

#[test]
fn a_stop_with_an_unknown_state_is_brought_in_with_another_one() {
    let site = site_with_quarantine();
    let server = site.serve();
    assert_eq!(post(&server, "/api/jobs/start_job/", &start_of(5, 1_760_000_000)).status, 201);
    let stop =
        json!({ "jobId": 5, "cluster": "aurora", "stopTime": 1_760_000_060_i64, "jobState": "requeued" });
    assert_eq!(post(&server, "/api/jobs/stop_job/", &stop).status, 422);
    let number = listed(&site)[0].0.clone();
    let still_unknown = site.run(&["quarantine", "retry", &number]).failure();
    assert!(stderr(&still_unknown).contains("requeued"), "{}", stderr(&still_unknown));
    let no_state = site.run(&["quarantine", "retry", &number, "--state", "gone"]).failure();
    assert!(stderr(&no_state).contains("gone"), "{}", stderr(&no_state));
    site.run(&["quarantine", "retry", &number, "--state", "cancelled"]).success();
    let token = server.token("slurm", &[Role::Api]).unwrap();
    let job = get(server.address(), "/api/jobs/?job-id=5", &token).json()["jobs"][0].clone();
    assert_eq!((&job["jobState"], &job["duration"]), (&json!("cancelled"), &json!(60)), "{job}");
}

#[test]
fn what_cannot_be_mended_is_dropped() {
    let site = site_with_quarantine();
    let server = site.serve();
    assert_eq!(post(&server, "/api/jobs/start_job/", &start_on_testbed()).status, 422);
    let number = listed(&site)[0].0.clone();
    site.run(&["quarantine", "drop", &number]).success();
    assert_eq!(listed(&site), []);
    let gone = site.run(&["quarantine", "drop", &number]).failure();
    assert!(stderr(&gone).contains(&number), "{}", stderr(&gone));
    site.run(&["quarantine", "retry", &number]).failure();
    site.run(&["quarantine", "retry"]).failure();
    site.run(&["quarantine", "retry", &number, "--all"]).failure();
    let audit = get(server.address(), "/api/audit/", &server.token_for(Role::Admin).unwrap()).body;
    assert!(audit.contains("drop_quarantined") && audit.contains("\"cli\""), "{audit}");
}

#[test]
fn by_default_nothing_is_kept() {
    let site = Site::with_jobs(1);
    let server = site.serve();
    let refused = post(&server, "/api/jobs/start_job/", &start_on_testbed());
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("cluster") && refused.body.contains("testbed"), "{}", refused.body);
    assert_eq!(listed(&site), []);
}

#[test]
fn a_full_quarantine_answers_with_the_plain_refusal() {
    let site = site_with_quarantine();
    site.configure(|config| config["main"]["quarantine-max"] = 1.into());
    let server = site.serve();
    assert_eq!(post(&server, "/api/jobs/start_job/", &start_on_testbed()).status, 422);
    let mut other = start_on_testbed();
    other["jobId"] = 78.into();
    assert_eq!(post(&server, "/api/jobs/start_job/", &other).status, 400);
    assert_eq!(listed(&site).len(), 1);
}
