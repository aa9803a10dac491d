//! States of nodes and machines.

use crate::world::{NOW, World};
use flightdeck_model::SeriesName;
use flightdeck_service::{MetricSources, Settings};
use rstest::rstest;
use serde_json::json;

const NODES: &str = "/api/nodestate/";

#[rstest]
#[case("POST")]
#[case("PUT")]
#[actix_web::test]
async fn nodes_are_reported_and_shown(#[case] method: &str) {
    let world = World::new();
    let load = SeriesName { cluster: "alpha", host: "a001", metric: "cpu_load", ..SeriesName::default() };
    world.samples.put(load, NOW, 1.0);
    let report = json!({"cluster": "alpha", "Nodes": [
        {"hostname": "a002", "states": ["IDLE"]},
        {"hostname": "a001", "States": ["allocated"], "cpusAllocated": 4, "memoryAllocated": 1000, "gpusAllocated": 0, "jobsRunning": 1},
        {"hostname": "a003", "states": null}, {"hostname": "z9", "states": ["down"]}
    ]});
    let answer = world.write(method, NODES, report.to_string()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["unknown"], json!(["z9"]));
    assert!(answer.json()["msg"].as_str().unwrap().contains('3'), "{}", answer.json()["msg"]);
    let shown = world.get("/api/nodestate/?cluster=alpha").await.json();
    let first = json!({
        "cluster": "alpha", "hostname": "a001", "subCluster": "main", "state": "allocated", "cpusAllocated": 4,
        "memoryAllocated": 1000, "gpusAllocated": 0, "jobsRunning": 1, "time": NOW, "health": "partial",
        "healthMetrics": {"missing": ["cpu_user", "flops", "mem_used"], "degraded": []}
    });
    assert_eq!(shown["nodes"][0], first);
    let silent = &shown["nodes"][1];
    assert_eq!((&silent["health"], silent.get("healthMetrics")), (&json!("failed"), None));
    let states: Vec<_> = shown["nodes"].as_array().unwrap().iter().map(|node| &node["state"]).collect();
    assert_eq!(states, ["allocated", "idle", "unknown"]);
    assert_eq!(world.get(NODES).await.json(), shown, "without a cluster, all");
}

#[actix_web::test]
async fn nothing_is_said_of_the_health_of_nodes_whose_metrics_are_not_kept() {
    let world =
        World::with_parts(Settings::default(), |_| {}, |parts| parts.metrics = MetricSources::default());
    world.post(NODES, r#"{"cluster": "alpha", "nodes": [{"hostname": "a001"}]}"#).await;
    let shown = world.get(NODES).await.json();
    let node = shown["nodes"][0].as_object().unwrap();
    assert!(!node.contains_key("health") && !node.contains_key("healthMetrics"), "{shown}");
}

#[actix_web::test]
async fn a_report_of_an_unknown_cluster_is_told_and_harms_nobody() {
    let world = World::new();
    let report = r#"{"cluster": "nowhere", "nodes": [{"hostname": "a001", "states": ["idle"]}]}"#;
    let answer = world.post(NODES, report).await;
    assert_eq!(answer.status, 200);
    assert_ne!(answer.json()["unknown"], json!([]));
    assert_eq!(world.get(NODES).await.json(), json!({"nodes": []}));
}

#[actix_web::test]
async fn an_odd_entry_is_named_and_the_others_are_stored() {
    let world = World::new();
    let report = r#"{"cluster": "alpha", "nodes": [{"HostName": "a001", "states": ["idle"]}, {"hostname": "a002", "states": [null]}]}"#;
    let answer = world.post(NODES, report).await;
    assert_eq!(answer.status, 400);
    let error = answer.error();
    assert!(
        error.starts_with("nodes[1].states: ") && error.ends_with("odd entries: 1, stored: 1"),
        "{error}"
    );
    let shown = world.get(NODES).await.json();
    assert_eq!((&shown["nodes"][0]["state"], shown["nodes"].get(1)), (&json!("idle"), None));
}

#[rstest]
#[case("up")]
#[case("")]
#[case(r#"{"cluster": "alpha", "hue": 1}"#)]
#[case(r#"{"cluster": "alpha", "nodes": {"hostname": "a001"}}"#)]
#[case(r#"{"cluster": "alpha", "nodes": [{"hostname": 1}]}"#)]
#[case(r#"{"cluster": "alpha", "nodes": [["a001"]]}"#)]
#[actix_web::test]
async fn a_report_that_cannot_be_read_is_refused(#[case] body: &str) {
    let world = World::new();
    assert_eq!(world.post(NODES, body).await.status, 400);
}

#[rstest]
#[case("PUT")]
#[case("POST")]
#[actix_web::test]
async fn the_state_of_a_machine_is_given_back_as_it_was_sent(#[case] method: &str) {
    let world = World::new();
    let path = "/api/machine_state/alpha/a001";
    let absent = world.get(path).await;
    assert_eq!(absent.status, 404);
    assert!(!absent.error().is_empty());
    let sent = "{\"b\": 1.50,\n \"a\": [null]} ";
    let stored = world.write(method, path, sent).await;
    assert_eq!((stored.status.as_u16(), stored.body.len()), (201, 0));
    let shown = world.get(path).await;
    assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, "application/json"));
    assert_eq!(shown.body, sent.as_bytes());
    assert_eq!(shown.header("last-modified"), "Thu, 16 Nov 2023 02:00:00 GMT");
    assert_eq!(world.get("/api/machine_state/alpha/a002").await.status, 404);
}

#[rstest]
#[case("/api/machine_state/alpha/a001", "not json")]
#[case("/api/machine_state/alpha/a001", "")]
#[case("/api/machine_state/alpha/a001", "{} {}")]
#[case("/api/machine_state/..%2f..%2fetc/passwd", "{}")]
#[case("/api/machine_state/alpha/..%5c..", "{}")]
#[case("/api/machine_state/alpha/%00", "{}")]
#[actix_web::test]
async fn what_is_no_state_of_a_machine_is_not_stored(#[case] path: &str, #[case] body: &str) {
    let world = World::new();
    let answer = world.write("PUT", path, body).await;
    assert!(matches!(answer.status.as_u16(), 400 | 404), "{}", answer.status);
    assert!(matches!(world.get(path).await.status.as_u16(), 400 | 404));
}

#[actix_web::test]
async fn without_a_folder_there_are_no_states_of_machines() {
    let world = World::with_parts(Settings::default(), |_| {}, |parts| parts.machine_states = None);
    let path = "/api/machine_state/alpha/a001";
    for method in ["GET", "PUT", "POST"] {
        assert_eq!(world.write(method, path, "{}").await.status, 404, "{method}");
    }
}
