//! Jobs start and stop.

use crate::world::{NOW, STARTED, World, starting};
use flightdeck_model::Role;
use rstest::rstest;
use serde_json::{Value, json};

const START: &str = "/api/jobs/start_job/";
const STOP: &str = "/api/jobs/stop_job/";

/// A start with some members changed; null takes one away.
fn start_with(changes: &Value) -> String {
    let mut body = starting(5001);
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body.to_string()
}

#[rstest]
#[case("POST")]
#[case("PUT")]
#[actix_web::test]
async fn a_started_job_is_seen_everywhere_at_once_under_the_id_of_the_answer(#[case] method: &str) {
    let world = World::new();
    let answer = world.write(method, START, starting(5001).to_string()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("content-type"), "application/json");
    let id = answer.json()["id"].as_i64().unwrap();
    assert_eq!(answer.body, format!("{{\"msg\":\"success\",\"id\":{id}}}\n").as_bytes());
    let listed = world.get("/api/jobs/?state=running&user=mona").await.json();
    assert_eq!((&listed["jobs"][0]["id"], &listed["jobs"][0]["jobId"]), (&json!(id), &json!(5001)));
    let shown = world.get(&format!("/api/jobs/{id}")).await.json();
    assert_eq!(shown["Meta"]["metaData"]["jobName"], "first");
    assert_eq!(shown["Meta"]["subCluster"], "main", "found from the host");
    let used = world.get(&format!("/api/jobs/used_nodes?ts={NOW}")).await.json();
    assert_eq!(used["usedNodes"]["alpha"], json!(["a001"]));
}

#[actix_web::test]
async fn what_is_left_out_or_null_or_passed_over_does_no_harm() {
    let world = World::new();
    let body = start_with(&json!({
        "project": null, "partition": null, "walltime": null, "metaData": null, "tags": null, "monitoringStatus": null,
        "jobState": "asleep", "id": 77, "duration": 5, "energy": 1.5, "footprint": {"x": 1}, "statistics": null
    }));
    let answer = world.post(START, body).await;
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    let job = world.get("/api/jobs/?job-id=5001").await.json()["jobs"][0].clone();
    assert_eq!((&job["jobState"], &job["energy"]), (&json!("running"), &json!(0.0)));
}

#[actix_web::test]
async fn a_job_starts_once() {
    let world = World::new();
    world.start(5001).await;
    for (changes, status) in [
        (json!({}), 422),
        (json!({"startTime": STARTED + 60}), 422),
        (json!({"startTime": STARTED - 60}), 422),
        (json!({"startTime": STARTED - 2 * 86400}), 201),
    ] {
        let answer = world.post(START, start_with(&changes)).await;
        assert_eq!(answer.status.as_u16(), status, "{changes}");
    }
    let answer = world.post(START, start_with(&json!({}))).await;
    assert!(answer.error().contains("5001"), "{}", answer.error());
}

#[rstest]
#[case(json!({"jobId": null}), "jobId")]
#[case(json!({"jobId": 0}), "jobId")]
#[case(json!({"jobId": "5001"}), "jobId")]
#[case(json!({"user": null}), "user")]
#[case(json!({"user": "a b"}), "user")]
#[case(json!({"cluster": "nowhere"}), "cluster")]
#[case(json!({"subCluster": "tiny"}), "subCluster")]
#[case(json!({"startTime": null}), "startTime")]
#[case(json!({"startTime": 1_700_000_000_000_i64}), "startTime")]
#[case(json!({"resources": []}), "resources")]
#[case(json!({"resources": [{"hostname": ""}]}), "resources[0].hostname")]
#[case(json!({"resources": [{"hostname": "z9"}]}), "resources[0].hostname")]
#[case(json!({"resources": [{"hostname": 9}]}), "resources[0].hostname")]
#[case(json!({"numNodes": 3}), "numNodes")]
#[case(json!({"shared": "perhaps"}), "shared")]
#[case(json!({"walltime": -1}), "walltime")]
#[case(json!({"metaData": {"a": 1}}), "metaData.a")]
#[case(json!({"tags": [{"type": "", "name": "x"}]}), "tags[0].type")]
#[case(json!({"tags": [null]}), "tags[0]")]
#[case(json!({"colour": "red"}), "colour")]
#[actix_web::test]
async fn a_start_that_makes_no_sense_is_refused_by_field(#[case] changes: Value, #[case] field: &str) {
    let world = World::new();
    let answer = world.post(START, start_with(&changes)).await;
    assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(&answer.body));
    assert!(answer.error().starts_with(&format!("{field}:")), "{}", answer.error());
    assert_eq!(world.get("/api/jobs/?state=running").await.job_ids(), [0_i64; 0]);
}

#[rstest]
#[case("")]
#[case("null")]
#[case("[]")]
#[case("7")]
#[case("{jobId: 1")]
#[actix_web::test]
async fn a_body_that_is_no_object_starts_and_stops_nothing(#[case] body: &str) {
    let world = World::new();
    for path in [START, STOP] {
        let answer = world.post(path, body).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(!answer.error().is_empty());
    }
}

#[actix_web::test]
async fn keys_in_any_case_of_letters_are_understood() {
    let world = World::new();
    let body = starting(5001).to_string().replace("jobId", "JOBID").replace("hostname", "HostName");
    assert_eq!(world.post(START, body).await.status, 201);
    let stop = format!(r#"{{"JobID": 5001, "stoptime": {NOW}, "JobState": "failed"}}"#);
    assert_eq!(world.post(STOP, stop).await.json()["jobState"], "failed");
}

#[rstest]
#[case("POST")]
#[case("PUT")]
#[actix_web::test]
async fn a_stopped_job_is_answered_as_it_is_and_stops_once(#[case] method: &str) {
    let world = World::new();
    let id = world.start(5001).await;
    let body = format!(r#"{{"jobId": 5001, "cluster": "alpha", "startTime": {STARTED}, "stopTime": {NOW}}}"#);
    let answer = world.write(method, STOP, body.clone()).await;
    assert_eq!(answer.status, 200);
    let job = answer.json();
    assert_eq!(job["id"], id);
    assert_eq!((&job["jobState"], &job["duration"]), (&json!("completed"), &json!(NOW - STARTED)));
    assert_eq!(world.get("/api/jobs/?state=running").await.job_ids(), [0_i64; 0]);
    let again = world.write(method, STOP, body).await;
    assert_eq!(again.status, 422);
    assert!(again.error().contains("completed"), "{}", again.error());
}

#[rstest]
#[case(json!({"jobId": 987_654, "stopTime": NOW}), 404, "no such job")]
#[case(json!({"jobId": 5001, "cluster": "beta", "stopTime": NOW}), 404, "no such job")]
#[case(json!({"stopTime": NOW}), 400, "jobId")]
#[case(json!({"jobId": 5001}), 400, "stopTime")]
#[case(json!({"jobId": 5001, "stopTime": 0}), 400, "stopTime")]
#[case(json!({"jobId": 5001, "stopTime": STARTED - 1}), 400, "stopTime")]
#[case(json!({"jobId": 5001, "stopTime": NOW, "jobState": "asleep"}), 400, "jobState")]
#[case(json!({"jobId": 5001, "stopTime": NOW, "jobState": "running"}), 400, "jobState")]
#[case(json!({"jobId": 5001, "stopTime": NOW, "jobState": "pending"}), 400, "jobState")]
#[case(json!({"jobId": 5001, "stopTime": NOW, "colour": "red"}), 400, "colour")]
#[actix_web::test]
async fn a_stop_that_makes_no_sense_is_refused_and_the_job_runs_on(
    #[case] body: Value,
    #[case] status: u16,
    #[case] named: &str,
) {
    let world = World::new();
    world.start(5001).await;
    let answer = world.post(STOP, body.to_string()).await;
    assert_eq!(answer.status.as_u16(), status);
    assert!(answer.error().contains(named), "{}", answer.error());
    assert_eq!(world.get("/api/jobs/?state=running").await.job_ids(), [5001]);
}

#[actix_web::test]
async fn users_start_and_stop_nothing() {
    let world = World::new();
    world.start(5001).await;
    let mona = world.token("mona", &[Role::User, Role::Api]);
    let stop = format!(r#"{{"jobId": 5001, "stopTime": {NOW}}}"#);
    assert_eq!(world.write_as(&mona, "POST", START, starting(5002).to_string()).await.status, 401);
    assert_eq!(world.write_as(&mona, "POST", STOP, stop.clone()).await.status, 401);
    assert_eq!(world.write_as(&mona, "POST", "/userapi/jobs/stop_job/", stop).await.status, 404);
    assert_eq!(world.get("/api/jobs/?state=running").await.job_ids(), [5001]);
}
