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

/// A batch system uses a job number again while the end of its first run was never understood.
#[test]
fn a_stop_ends_the_run_it_was_meant_for_and_no_other() {
    let site = site_with_quarantine();
    let server = site.serve();
    let stop = |time: i64, state: &str| json!({ "jobId": 93, "cluster": "aurora", "stopTime": time, "jobState": state });
    let (first, second) = (1_760_000_000, 1_760_200_000);
    assert_eq!(post(&server, "/api/jobs/start_job/", &start_of(93, first)).status, 201);
    assert_eq!(post(&server, "/api/jobs/stop_job/", &stop(first + 500, "requeued")).status, 422);
    let mut again = start_of(93, second);
    again["cluster"] = "aurora".into();
    again["subCluster"] = "not yet".into();
    assert_eq!(post(&server, "/api/jobs/start_job/", &again).status, 422);
    let answer = post(&server, "/api/jobs/stop_job/", &stop(second + 90, "completed"));
    assert_eq!(
        answer.status, 422,
        "the run that is there is older than the start that is kept: {}",
        answer.body
    );
    let token = server.token("slurm", &[Role::Api]).unwrap();
    let jobs = get(server.address(), "/api/jobs/?job-id=93", &token).json();
    assert_eq!(jobs["jobs"][0]["jobState"], "running", "{jobs}");
    server.stop().unwrap();

    // The cluster gets the subcluster; then the second run comes in whole.
    let path = site.archive().join("aurora/cluster.json");
    let mut cluster: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let mut subcluster = cluster["subClusters"][0].clone();
    subcluster["name"] = "not yet".into();
    subcluster["nodes"] = "later[1-2]".into();
    cluster["subClusters"].as_array_mut().unwrap().push(subcluster);
    std::fs::write(&path, cluster.to_string()).unwrap();
    let kept = listed(&site);
    let start = &kept.iter().find(|(_, kind)| kind == "start_job").unwrap().0;
    site.run(&["quarantine", "retry", start]).success();
    // The word that was not understood is replaced by hand, and means the first run still.
    let left = listed(&site);
    assert_eq!(left.len(), 1, "{left:?}");
    site.run(&["quarantine", "retry", &left[0].0, "--state", "cancelled"]).success();

    let mended = site.serve();
    let token = mended.token("slurm", &[Role::Api]).unwrap();
    let jobs = get(mended.address(), "/api/jobs/?job-id=93&sort=start-time", &token).json();
    let ends: Vec<_> =
        jobs["jobs"].as_array().unwrap().iter().map(|job| (&job["jobState"], &job["duration"])).collect();
    assert_eq!(ends, [(&json!("cancelled"), &json!(500)), (&json!("completed"), &json!(90))]);
}
