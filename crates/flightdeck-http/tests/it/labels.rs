//! Tags and metadata of jobs.

use crate::world::World;
use flightdeck_model::Role;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn tags_of(job: &Value) -> BTreeSet<String> {
    let tags = job["tags"].as_array().cloned().unwrap_or_default();
    let text = |tag: &Value, key: &str| tag[key].as_str().unwrap().to_owned();
    tags.iter()
        .map(|tag| format!("{}:{}@{}", text(tag, "type"), text(tag, "name"), text(tag, "scope")))
        .collect()
}

fn set(tags: &[&str]) -> BTreeSet<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

#[rstest]
#[case("POST")]
#[case("PATCH")]
#[actix_web::test]
async fn tags_are_put_on_a_job_once_however_often_they_are_sent(#[case] method: &str) {
    let world = World::new();
    let path = format!("/api/jobs/tag_job/{}", world.id_of(2).await);
    let body = json!([{"type": "debug", "name": "slow"}, {"type": "app", "name": "vasp", "scope": "admin"}]);
    let wanted = set(&["debug:slow@global", "app:vasp@admin"]);
    for _ in 0..2 {
        let answer = world.write(method, &path, body.to_string()).await;
        assert_eq!(answer.status, 200);
        assert_eq!((answer.json()["jobId"].as_i64(), tags_of(&answer.json())), (Some(2), wanted.clone()));
    }
    let listed = world.get("/api/jobs/?tag=debug:slow").await;
    assert_eq!(listed.job_ids(), [2]);
    assert_eq!(tags_of(&listed.json()["jobs"][0]), wanted);
}

#[rstest]
#[case(json!([{"type": "debug", "name": "slow"}, {"type": "debug", "name": "x", "scope": "galactic"}]), 403)]
#[case(json!([{"type": "debug", "name": "slow"}, {"type": "debug", "name": "x", "scope": "mona"}]), 403)]
#[case(json!([{"type": "debug", "name": "slow"}, {"type": "debug", "name": ""}]), 400)]
#[case(json!([{"type": "debug", "name": "slow"}, {"type": "", "name": "x"}]), 400)]
#[case(json!([{"type": "debug", "name": "slow"}, {"type": "debug", "name": "x", "hue": 3}]), 400)]
#[case(json!([{"type": "debug", "name": "slow"}, null]), 400)]
#[case(json!([null]), 400)]
#[case(json!([["debug", "slow", "global"]]), 400)]
#[case(json!({"type": "debug", "name": "slow"}), 400)]
#[actix_web::test]
async fn a_list_with_one_bad_tag_changes_nothing(#[case] body: Value, #[case] status: u16) {
    let world = World::new();
    let id = world.id_of(1).await;
    let path = format!("/api/jobs/tag_job/{id}");
    for method in ["POST", "PATCH", "DELETE"] {
        let answer = world.write(method, &path, body.to_string()).await;
        assert_eq!(answer.status.as_u16(), status, "{method}: {}", String::from_utf8_lossy(&answer.body));
        assert!(!answer.error().is_empty());
    }
    assert_eq!(world.write("DELETE", "/api/tags/", body.to_string()).await.status.as_u16(), status);
    let job = world.get(&format!("/api/jobs/{id}")).await.json();
    assert_eq!(tags_of(&job["Meta"]), set(&["quality:good@global"]));
}

#[rstest]
#[case("null")]
#[case("[]")]
#[actix_web::test]
async fn no_tags_are_no_change(#[case] body: &str) {
    let world = World::new();
    let path = format!("/api/jobs/tag_job/{}", world.id_of(1).await);
    for method in ["POST", "PATCH", "DELETE"] {
        let answer = world.write(method, &path, body).await;
        assert_eq!(answer.status, 200, "{method}");
        assert_eq!(tags_of(&answer.json()), set(&["quality:good@global"]), "{method}");
    }
    let answer = world.write("DELETE", "/api/tags/", body).await;
    assert_eq!(answer.body, b"Deleted Tags from DB: 0 successfull of 0 requested\n");
}

#[actix_web::test]
async fn tags_are_taken_off_one_job_or_deleted_everywhere() {
    let world = World::new();
    let [first, second] = [world.id_of(1).await, world.id_of(2).await];
    let slow = r#"[{"type": "debug", "name": "slow"}]"#;
    for id in [first, second] {
        assert_eq!(world.post(&format!("/api/jobs/tag_job/{id}"), slow).await.status, 200);
    }
    let untagged = world.write("DELETE", &format!("/api/jobs/tag_job/{first}"), slow).await;
    assert_eq!(tags_of(&untagged.json()), set(&["quality:good@global"]));
    let again = world.write("DELETE", &format!("/api/jobs/tag_job/{first}"), slow).await;
    assert_eq!(again.status, 200, "a tag that is not there is no mistake");
    assert_eq!(world.get("/api/jobs/?tag=debug:slow").await.job_ids(), [2]);

    let two = r#"[{"type": "debug", "name": "slow"}, {"type": "debug", "name": "never made"}]"#;
    let deleted = world.write("DELETE", "/api/tags/", two).await;
    assert_eq!(deleted.status, 200);
    assert_eq!(deleted.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(deleted.body, b"Deleted Tags from DB: 1 successfull of 2 requested\n");
    assert_eq!(world.get("/api/jobs/?tag=debug:slow").await.job_ids(), [0_i64; 0]);
}

#[actix_web::test]
async fn tags_of_a_job_that_is_not_there_are_refused() {
    let world = World::new();
    let slow = r#"[{"type": "debug", "name": "slow"}]"#;
    for method in ["POST", "PATCH", "DELETE"] {
        assert_eq!(world.write(method, "/api/jobs/tag_job/424242", slow).await.status, 404, "{method}");
        assert_eq!(world.write(method, "/api/jobs/tag_job/abc", slow).await.status, 400, "{method}");
    }
}

#[actix_web::test]
async fn private_tags_are_written_by_their_owner() {
    let world = World::new();
    let path = format!("/api/jobs/tag_job/{}", world.id_of(1).await);
    let root = world.admin();
    let own = r#"[{"type": "note", "name": "look", "scope": "root"}]"#;
    assert!(tags_of(&world.write_as(&root, "POST", &path, own).await.json()).contains("note:look@root"));
    assert_eq!(world.post(&path, own).await.status, 403, "robot is not root");
    let seen = world.get("/api/jobs/?tag=note:look").await.json();
    assert_eq!(seen["total"], 0, "and does not see it");
}

#[rstest]
#[case("POST")]
#[case("PATCH")]
#[actix_web::test]
async fn metadata_are_set_key_by_key(#[case] method: &str) {
    let world = World::new();
    let path = format!("/api/jobs/edit_meta/{}", world.id_of(1).await);
    let answer = world.write(method, &path, r#"{"key": "note", "value": "ran hot"}"#).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["metaData"], json!({"jobName": "wind", "note": "ran hot"}));
    let request = r#"{"jobId": 1, "cluster": "alpha", "payload": {"KEY": "note", "value": ""}}"#;
    let by_request = world.write(method, "/api/jobs/edit_meta/", request).await;
    assert_eq!(by_request.status, 200);
    assert_eq!(by_request.json()["metaData"], json!({"jobName": "wind", "note": ""}));
}

#[rstest]
#[case("{id}", r#"{"key": 3, "value": "v"}"#, 400, "key")]
#[case("{id}", r#"{"key": "", "value": "v"}"#, 400, "key")]
#[case("{id}", r#"{"value": "v"}"#, 400, "key")]
#[case("{id}", "null", 400, "key")]
#[case("{id}", r#"{"key": "k", "value": "v", "hue": 1}"#, 400, "hue")]
#[case("{id}", r#"["k", "v"]"#, 400, "list")]
#[case("abc", r#"{"key": "k", "value": "v"}"#, 400, "id")]
#[case("424242", r#"{"key": "k", "value": "v"}"#, 404, "no such job")]
#[case("", r#"{"jobId": 987654, "payload": {"key": "k", "value": "v"}}"#, 404, "no such job")]
#[case("", r#"{"jobId": 1, "cluster": "beta", "payload": {"key": "k", "value": "v"}}"#, 404, "no such job")]
#[case("", r#"{"jobId": 1, "startTime": 5, "payload": {"key": "k", "value": "v"}}"#, 404, "no such job")]
#[case("", r#"{"payload": {"key": "k", "value": "v"}}"#, 400, "jobId")]
#[case("", r#"{"jobId": 0, "payload": {"key": "k", "value": "v"}}"#, 400, "jobId")]
#[case("", r#"{"jobId": 1}"#, 400, "payload")]
#[case("", r#"{"jobId": 1, "payload": {"key": 3}}"#, 400, "payload.key")]
#[case("", r#"{"jobId": 1, "cluster": "a\u0000b", "payload": {"key": "k"}}"#, 400, "cluster")]
#[actix_web::test]
async fn a_bad_edit_of_metadata_is_refused(
    #[case] target: &str,
    #[case] body: &str,
    #[case] status: u16,
    #[case] named: &str,
) {
    let world = World::new();
    let path = format!("/api/jobs/edit_meta/{}", target.replace("{id}", &world.id_of(1).await.to_string()));
    let answer = world.write("PATCH", &path, body).await;
    assert_eq!(answer.status.as_u16(), status, "{}", String::from_utf8_lossy(&answer.body));
    assert!(answer.error().contains(named), "{}", answer.error());
    let metadata = world.get("/api/jobs/?job-id=1&with-metadata").await.json()["jobs"][0]["metaData"].clone();
    assert_eq!(metadata, json!({"jobName": "wind"}));
}

#[actix_web::test]
async fn users_label_nothing() {
    let world = World::new();
    let mona = world.token("mona", &[Role::User, Role::Api]);
    let id = world.id_of(1).await;
    let tag = r#"[{"type": "note", "name": "x", "scope": "mona"}]"#;
    assert_eq!(world.write_as(&mona, "POST", &format!("/api/jobs/tag_job/{id}"), tag).await.status, 401);
    assert_eq!(world.write_as(&mona, "DELETE", "/api/tags/", tag).await.status, 401);
}
