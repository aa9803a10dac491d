//! Stored samples are shown, read by other servers, judged and dropped.

use crate::world::{Answer, NOW, World, with_token};
use actix_web::test::TestRequest;
use flightdeck_model::{PortErrorKind, Role};
use rstest::rstest;
use serde_json::{Value, json};

/// A minute's begin, an hour ago.
const T: i64 = (NOW - 3600) / 60 * 60;

/// A site with samples of two hosts, of sockets and of an accelerator.
async fn filled() -> World {
    let world = World::new();
    let lines = format!(
        "cpu_load,cluster=alpha,hostname=a001 value=1 {T}\n\
         cpu_load,cluster=alpha,hostname=a001 value=3 {}\n\
         cpu_load,cluster=alpha,hostname=a002 value=5 {T}\n\
         flops,cluster=alpha,hostname=a001,type=core,type-id=0 value=7 {T}\n\
         flops,cluster=alpha,hostname=a001,type=core,type-id=1 value=9 {T}\n\
         flops,cluster=alpha,hostname=a001,type=accelerator,type-id=00000000:01:00.0 value=11 {T}\n",
        T + 60
    );
    assert_eq!(world.post("/api/write", lines).await.status, 200);
    world
}

fn blocks(len: i64) -> Value {
    json!([{"start": T, "len": len, "end": T + 60 * len, "bytes": 8 * len, "saved": false}])
}

#[actix_web::test]
async fn the_content_is_shown_as_a_tree() {
    let world = filled().await;
    let shown = world.get("/api/debug").await;
    assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, "application/json"));
    let expected = json!({
        "data": {"alpha": {
            "a001": {
                "cpu_load": blocks(2),
                "accelerator00000000:01:00.0": {"flops": blocks(1)},
                "core0": {"flops": blocks(1)}, "core1": {"flops": blocks(1)}
            },
            "a002": {"cpu_load": blocks(1)}
        }},
        "items": 1000, "page": 1, "total": 5
    });
    assert_eq!(shown.json(), expected);
    assert_eq!(world.get("/api/debug/").await.json(), expected);
}

#[actix_web::test]
async fn a_part_of_the_content_is_selected() {
    let world = filled().await;
    let host = world.get("/api/debug?selector=alpha:a002").await.json();
    assert_eq!((&host["data"], &host["total"]), (&json!({"cpu_load": blocks(1)}), &json!(1)));
    let part = "/api/debug/?selector=alpha:a001&selector-part=accelerator00000000:01:00.0";
    assert_eq!(world.get(part).await.json()["data"], json!({"flops": blocks(1)}));
    let absent = world.get("/api/debug?selector=alpha:a003").await;
    assert_eq!(absent.status, 404);
    assert!(absent.error().contains("alpha:a003"), "{}", absent.error());
    assert_eq!(world.get("/api/debug?selector=alpha:").await.status, 400);
}

#[actix_web::test]
async fn an_empty_store_has_an_empty_tree() {
    let world = World::new();
    let expected = json!({"data": {}, "items": 1000, "page": 1, "total": 0});
    assert_eq!(world.get("/api/debug").await.json(), expected);
}

#[actix_web::test]
async fn the_content_comes_in_pages_of_series() {
    let world = filled().await;
    let mut seen = 0;
    for page in 1..=3 {
        let shown = world.get(&format!("/api/debug?page={page}&items-per-page=2")).await.json();
        assert_eq!((&shown["total"], &shown["page"]), (&json!(5), &json!(page)));
        seen += shown["data"].to_string().matches("\"len\"").count();
    }
    assert_eq!(seen, 5);
    assert_eq!(world.get("/api/debug?page=4&items-per-page=2").await.json()["data"], json!({}));
}

#[rstest]
#[case("/api/free")]
#[case("/api/free/")]
#[actix_web::test]
async fn blocks_that_end_before_a_time_are_dropped(#[case] path: &str) {
    let world = filled().await;
    let none = world.post(&format!("{path}?to={}", T + 59), "[[]]").await;
    assert_eq!(none.body, b"buffers freed: 0\n");
    let freed = world.post(&format!("{path}?to={}", T + 60), r#"[["alpha", "a001"], ["beta"]]"#).await;
    assert_eq!((freed.status.as_u16(), freed.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert_eq!(freed.body, b"buffers freed: 3\n");
    assert_eq!(world.get("/api/debug").await.json()["total"], 2);
    assert_eq!(world.post(&format!("{path}?to={NOW}"), "[]").await.body, b"buffers freed: 0\n");
    assert_eq!(world.post(&format!("{path}?to={NOW}"), "[[]]").await.body, b"buffers freed: 2\n");
}

#[actix_web::test]
async fn who_dropped_samples_is_written_down() {
    let world = filled().await;
    assert_eq!(world.post(&format!("/api/free?to={NOW}"), "[[]]").await.status, 200);
    let list = world.get_as("/api/audit/?action=free_samples", &world.admin()).await.json();
    assert_eq!((&list["total"], &list["entries"][0]["user"]), (&json!(1), &json!("robot")));
    assert_eq!(list["entries"][0]["outcome"], "done");
}

#[rstest]
#[case("", "[[]]", "to")]
#[case("?to=", "[[]]", "to")]
#[case("?to=noon", "[[]]", "to")]
#[case("?to=1.5", "[[]]", "to")]
#[case("?to=1&to=2", "[[]]", "to")]
#[case("?to=1800000000&cluster=beta", "[[]]", "cluster")]
#[case("?to=1800000000", "", "body")]
#[case("?to=1800000000", "null", "body")]
#[case("?to=1800000000", "[\"alpha\"]", "body")]
#[case("?to=1800000000", "[[\"alpha\", 1]]", "body")]
#[case("?to=1800000000", "[[]] [[]]", "body")]
#[case("?to=1800000000", "{}", "body")]
#[actix_web::test]
async fn what_cannot_be_understood_drops_nothing(
    #[case] query: &str,
    #[case] body: &str,
    #[case] field: &str,
) {
    let world = filled().await;
    let answer = world.post(&format!("/api/free{query}"), body).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error().contains(field), "{}", answer.error());
    assert_eq!(world.get("/api/debug").await.json()["total"], 5);
}

#[actix_web::test]
async fn dropping_that_could_not_be_written_down_failed() {
    let world = filled().await;
    world.samples.fail_writes(Some(PortErrorKind::NoSpace));
    assert_eq!(world.post("/api/free?to=1800000000", "[[]]").await.status, 507);
}

fn health_of(nodes: &[&str], metrics: &[&str]) -> String {
    json!({"cluster": "alpha", "nodes": nodes, "metric-names": metrics}).to_string()
}

#[rstest]
#[case("GET", "/api/healthcheck")]
#[case("GET", "/api/healthcheck/")]
#[case("POST", "/api/healthcheck")]
#[case("POST", "/api/healthcheck/")]
#[actix_web::test]
async fn the_health_of_nodes_is_told_by_name(#[case] method: &str, #[case] path: &str) {
    let world = World::new();
    let lines = format!(
        "cpu_load,cluster=alpha,hostname=a001 value=1 {NOW}\nmem_used,cluster=alpha,hostname=a001 value=1 {NOW}\n\
         cpu_load,cluster=alpha,hostname=a002 value=1 {NOW}\n"
    );
    assert_eq!(world.post("/api/write", lines).await.status, 200);
    let answer =
        world.write(method, path, health_of(&["a001", "a002", "z9"], &["cpu_load", "mem_used"])).await;
    assert_eq!(answer.status, 200);
    let expected = json!({
        "a001": {"State": "full", "HealthMetrics": "{\"missing\":[],\"degraded\":[]}"},
        "a002": {"State": "partial", "HealthMetrics": "{\"missing\":[\"mem_used\"],\"degraded\":[]}"},
        "z9": {"State": "failed", "HealthMetrics": ""}
    });
    assert_eq!(answer.json(), expected);
}

#[rstest]
#[case(r#"{"cluster": "alpha", "nodes": null, "metric-names": ["cpu_load"]}"#, &json!({}))]
#[case(r#"{"cluster": "alpha", "metric-names": []}"#, &json!({}))]
#[case(r#"{"cluster": "alpha", "nodes": ["z9"], "metric-names": null}"#, &json!({"z9": {"State": "failed", "HealthMetrics": ""}}))]
#[case(r#"{"cluster": "alpha", "nodes": ["z9"]}"#, &json!({"z9": {"State": "failed", "HealthMetrics": ""}}))]
#[actix_web::test]
async fn what_is_left_out_of_a_health_question_is_empty(#[case] body: &str, #[case] expected: &Value) {
    let world = World::new();
    for method in ["GET", "POST"] {
        let answer = world.write(method, "/api/healthcheck", body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()), (200, expected), "{method}");
    }
}

#[rstest]
#[case("/api/healthcheck")]
#[case("/api/healthcheck/")]
#[actix_web::test]
async fn a_posted_report_of_node_states_is_stored(#[case] path: &str) {
    let world = World::new();
    let report = r#"{"cluster": "alpha", "nodes": [{"hostname": "a001", "states": ["down"]}]}"#;
    let answer = world.post(path, report).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["unknown"]), (200, &json!([])));
    assert_eq!(world.get("/api/nodestate/").await.json()["nodes"][0]["state"], "down");
    let got = world.write("GET", path, report).await;
    assert_eq!(got.status, 400, "reading stores nothing");
}

#[rstest]
#[case("")]
#[case("[]")]
#[case(r#"{"cluster": null, "nodes": ["a001"]}"#)]
#[case(r#"{"cluster": "alpha", "nodes": ["a001", {"hostname": "a002"}], "metric-names": []}"#)]
#[case(r#"{"cluster": "alpha", "nodes": ["a001"], "metric-names": ["cpu_load"], "hue": 1}"#)]
#[actix_web::test]
async fn a_health_question_that_cannot_be_read_is_refused(#[case] body: &str) {
    let world = World::new();
    for method in ["GET", "POST"] {
        let answer = world.write(method, "/api/healthcheck", body).await;
        assert_eq!(answer.status, 400, "{method} {body}");
        assert!(!answer.error().is_empty());
    }
}

fn question() -> Value {
    json!({
        "cluster": "alpha", "from": T, "to": T + 120, "with-stats": true, "with-data": true, "with-padding": true,
        "for-all-nodes": null, "unknown": 1,
        "queries": [
            {"metric": "cpu_load", "host": "a001", "resolution": 0, "aggreg": false},
            {"metric": "flops", "host": "a001", "resolution": 0, "aggreg": true, "type": "core", "type-ids": ["0", "1"]},
            {"metric": "cpu_load", "host": "z9", "resolution": 0, "aggreg": false}
        ]
    })
}

async fn asked(world: &World, method: &str, path: &str, body: &Value) -> Answer {
    world.write(method, path, body.to_string()).await
}

#[rstest]
#[case("GET", "/api/query?version=v2")]
#[case("GET", "/api/query/?version=v2")]
#[case("GET", "/api/query?version=v1")]
#[case("POST", "/api/query")]
#[case("POST", "/api/query/")]
#[actix_web::test]
async fn another_server_reads_samples_in_the_order_of_its_queries(#[case] method: &str, #[case] path: &str) {
    let world = filled().await;
    let answer = asked(&world, method, path, &question()).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let results = &answer.json()["results"];
    assert_eq!(results[0][0]["data"], json!([1.0, 3.0]));
    assert_eq!((&results[0][0]["from"], &results[0][0]["resolution"]), (&json!(T), &json!(60)));
    assert_eq!((&results[0][0]["avg"], &results[0][0]["max"]), (&json!(2.0), &json!(3.0)));
    assert_eq!(results[1][0]["data"], json!([16.0]), "summed by the metric's rule");
    assert_eq!(results[2], json!([]));
}

#[rstest]
#[case("?version=")]
#[case("?version=v2x")]
#[actix_web::test]
async fn another_version_of_the_question_is_refused(#[case] query: &str) {
    let world = filled().await;
    let answer = asked(&world, "GET", &format!("/api/query{query}"), &question()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error().contains("v2"), "{}", answer.error());
}

#[rstest]
#[case("")]
#[case("null")]
#[case("[]")]
#[case(r#"{"cluster": "alpha", "queries": []}"#)]
#[case(r#"{"cluster": "alpha", "from": 0, "to": 60, "queries": [["cpu_load"]]}"#)]
#[case(r#"{"cluster": "alpha", "from": 0, "to": 60, "queries": [{"metric": "cpu_load"}]}"#)]
#[actix_web::test]
async fn a_question_that_cannot_be_read_is_refused(#[case] body: &str) {
    let world = World::new();
    let answer = world.post("/api/query", body).await;
    assert_eq!(answer.status, 400);
    assert!(!answer.error().is_empty());
}

#[actix_web::test]
async fn a_store_that_cannot_be_read_is_said_to_be_busy() {
    let world = filled().await;
    world.samples.fail_reads(Some(PortErrorKind::Unavailable));
    let answer = asked(&world, "POST", "/api/query", &question()).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
}

/// The metrics of a job that runs come from the store.
#[actix_web::test]
async fn a_running_job_is_shown_with_what_was_written_so_far() {
    let world = World::new();
    let id = world.start(700).await;
    let started = crate::world::STARTED;
    let lines = format!(
        "cpu_load,cluster=alpha,hostname=a001 value=1.5 {started}\n\
         cpu_load,cluster=alpha,hostname=a001 value=2.5 {}\n",
        started + 120
    );
    assert_eq!(world.post("/api/write", lines).await.status, 200);
    let list = world.get(&format!("/api/jobs/metrics/{id}?metric=cpu_load")).await;
    assert_eq!(list.status, 200);
    let metrics = &list.json()["data"]["jobMetrics"];
    assert_eq!(metrics[0]["metric"]["series"][0]["data"], json!([1.5, null, 2.5]));
    let whole = world.get(&format!("/api/jobs/{id}?all-metrics=true")).await.json();
    assert_eq!(whole["Data"]["cpu_load"]["node"]["series"][0]["hostname"], "a001");
    let posted = world.post(&format!("/api/jobs/{id}"), r#"["cpu_load"]"#).await.json();
    assert_eq!(posted["Data"][0]["name"], "cpu_load");
    let mona = world.token("mona", &[Role::User, Role::Api]);
    let own = with_token(TestRequest::get().uri(&format!("/userapi/jobs/metrics/{id}")), &mona);
    assert_eq!(world.send(own).await.status, 200);
}
