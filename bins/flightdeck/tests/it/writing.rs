//! Jobs that start and stop on a server with a real database, over its restarts and beside commands.

use crate::site::{Site, get, send};
use flightdeck::RunningServer;
use flightdeck_model::Role;
use serde_json::{Value, json};

const START: &str = "/api/jobs/start_job/";
const STOP: &str = "/api/jobs/stop_job/";

/// A start request for one whole node of the synthetic cluster.
pub(crate) fn start_of(job_id: i64, start_time: i64) -> Value {
    json!({
        "jobId": job_id, "cluster": "aurora", "user": "user007", "project": "proj03", "startTime": start_time,
        "submitTime": start_time - 10, "walltime": 3600, "numNodes": 1, "resources": [{ "hostname": "a0001" }]
    })
}

fn token(server: &RunningServer) -> String {
    server.token("slurm", &[Role::Api]).unwrap()
}

fn running_jobs(server: &RunningServer) -> Vec<Value> {
    let list = get(server.address(), "/api/jobs/?state=running&items-per-page=100", &token(server));
    list.json()["jobs"].as_array().unwrap().clone()
}

#[test]
fn a_job_is_there_once_its_start_is_answered_and_survives_restarts() {
    let site = Site::with_jobs(1);
    let server = site.serve();
    let started = send(server.address(), "POST", START, &token(&server), &start_of(4711, 1_760_000_000));
    assert_eq!(started.status, 201, "{}", started.body);
    let id = started.json()["id"].clone();
    assert_eq!(running_jobs(&server).iter().map(|job| &job["id"]).collect::<Vec<_>>(), [&id]);
    let used = get(server.address(), "/api/jobs/used_nodes?ts=1760000001", &token(&server)).json();
    assert_eq!(used["usedNodes"]["aurora"], json!(["a0001"]));
    server.stop().unwrap();

    let restarted = site.serve();
    assert_eq!(running_jobs(&restarted).iter().map(|job| &job["id"]).collect::<Vec<_>>(), [&id]);
    let again = send(restarted.address(), "POST", START, &token(&restarted), &start_of(4711, 1_760_000_000));
    assert_eq!(again.status, 422, "{}", again.body);
    let end =
        json!({ "jobId": 4711, "cluster": "aurora", "stopTime": 1_760_000_600_i64, "jobState": "failed" });
    assert_eq!(send(restarted.address(), "POST", STOP, &token(&restarted), &end).status, 200);
    assert_eq!(send(restarted.address(), "POST", STOP, &token(&restarted), &end).status, 422);
    restarted.stop().unwrap();

    let once_more = site.serve();
    assert!(running_jobs(&once_more).is_empty());
    let job = get(once_more.address(), &format!("/api/jobs/{id}"), &token(&once_more)).json();
    let meta = job.get("meta").or_else(|| job.get("Meta")).unwrap_or(&job);
    assert_eq!((&meta["jobState"], &meta["duration"]), (&json!("failed"), &json!(600)));
    assert_eq!(meta["submitTime"], 1_759_999_990_i64);
}

#[test]
fn commands_and_a_running_server_share_a_database() {
    let site = Site::with_jobs(3);
    let server = site.serve();
    let started = send(server.address(), "POST", START, &token(&server), &start_of(1, 1_760_000_000));
    assert_eq!(started.status, 201, "{}", started.body);
    site.run(&["user", "add", "uma"]).success();
    assert!(site.output(&["import"]).starts_with("imported: 3 new"));
    site.run(&["tasks"]).success();
    site.run(&["quarantine", "list"]).success();
    let admin = server.token_for(Role::Admin).unwrap();
    assert!(get(server.address(), "/api/users/", &admin).body.contains("uma"));
    assert_eq!(get(server.address(), "/api/jobs/", &token(&server)).json()["total"], 4);
    assert_eq!(
        send(server.address(), "POST", START, &token(&server), &start_of(2, 1_760_000_000)).status,
        201
    );
}

#[test]
fn changes_of_finished_jobs_reach_the_archive_and_the_audit_log() {
    let site = Site::with_jobs(3);
    site.run(&["import"]).success();
    let server = site.serve();
    let (address, admin) = (server.address(), server.token_for(Role::Admin).unwrap());
    let job = get(address, "/api/jobs/?items-per-page=1", &token(&server)).json()["jobs"][0].clone();
    let tags = json!([{ "type": "quality", "name": "good" }]);
    let tagged = send(address, "POST", &format!("/api/jobs/tag_job/{}", job["id"]), &token(&server), &tags);
    assert_eq!(tagged.status, 200, "{}", tagged.body);
    let start = job["startTime"].to_string();
    let folder = site.job_folders().into_iter().find(|folder| folder.ends_with(&start)).unwrap();
    let meta: Value = serde_json::from_slice(&std::fs::read(folder.join("meta.json")).unwrap()).unwrap();
    assert_eq!(meta["tags"][0]["name"], "good", "{meta}");
    // The import knows the file for what the server wrote.
    assert!(site.output(&["import"]).contains("3 unchanged"));

    let gone = send(
        address,
        "DELETE",
        &format!("/api/jobs/delete_job/{}?with-archive=true", job["id"]),
        &server.token("robot", &[Role::Api]).unwrap(),
        &Value::Null,
    );
    assert_eq!(gone.status, 200, "{}", gone.body);
    assert!(!folder.exists());
    let audit = get(address, "/api/audit/", &admin).json();
    let text = audit.to_string();
    assert!(text.contains("tag_job") && text.contains("delete_job"), "{text}");
}

#[test]
fn changes_of_accounts_on_the_machine_are_in_the_audit_log() {
    let site = Site::with_jobs(1);
    site.run(&["user", "add", "zed"]).success();
    site.run(&["user", "role", "zed", "--add", "admin"]).success();
    site.run(&["user", "remove", "zed"]).success();
    let server = site.serve();
    let token = server.token_for(Role::Admin).unwrap();
    let log = get(server.address(), "/api/audit/?action=change_user&user=cli", &token).json();
    let details: Vec<_> = log["entries"].as_array().unwrap().iter().map(|entry| &entry["detail"]).collect();
    assert_eq!(details, ["removed", "now has the roles user, admin", "added with the roles user"], "{log}");
}
