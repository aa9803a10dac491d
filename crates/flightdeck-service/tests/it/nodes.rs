//! States of nodes: what is stored, and that unknown ones are told and cost the others nothing.

use crate::live_metrics::with_external;
use crate::world::{World, robot, robot_call};
use flightdeck_model::{NodeHealth, NodeHealthState, NodeState, NodeStatesBody};
use flightdeck_service::{MetricSources, NodesReported, Parts, ServiceError, Services};
use futures_executor::block_on;
use rstest::rstest;
use serde_json::{Value, json};

fn report(world: &World, body: Value) -> Result<NodesReported, ServiceError> {
    let body: NodeStatesBody = serde_json::from_value(body).unwrap();
    block_on(world.services.report_nodes(&robot_call(), body))
}

#[test]
fn known_nodes_are_stored_and_unknown_ones_told() {
    let world = World::new();
    let nodes = json!([
        {"hostname": "g02", "states": ["MIXED", "DRAIN"], "cpusAllocated": 3, "memoryAllocated": 7, "gpusAllocated": 1, "jobsRunning": 2},
        {"hostname": "z9", "states": ["IDLE"]},
        {"hostname": "a001", "states": null},
        {"hostname": "z9", "states": ["DOWN"]},
        {"hostname": "g02", "states": ["DOWN"]},
    ]);
    let reported = report(&world, json!({"cluster": "alpha", "nodes": nodes})).unwrap();
    let expected = NodesReported {
        stored: 2,
        unknown: vec!["z9".into()],
        cluster_is_known: true,
        ..NodesReported::default()
    };
    assert_eq!(reported, expected);
    let nodes = world.services.current_nodes(&robot(), Some("alpha")).unwrap();
    let states: Vec<_> = nodes
        .iter()
        .map(|node| (node.report.hostname.as_str(), node.report.subcluster.as_str(), node.report.state))
        .collect();
    assert_eq!(states, [("a001", "main", NodeState::Unknown), ("g02", "gpu", NodeState::Down)]);
    assert_eq!(world.audit_lines(), ["report_nodes nodes of alpha done"]);
}

/// The health of a001 to a004 after a report, of which a004 is down; by these services.
fn healths(world: &World, services: &Services) -> Vec<Option<NodeHealth>> {
    let node = |number: i64, state: &str| json!({"hostname": format!("a00{number}"), "states": [state]});
    let nodes = [node(1, "idle"), node(2, "idle"), node(3, "idle"), node(4, "down")];
    let body = serde_json::from_value(json!({"cluster": "alpha", "nodes": nodes})).unwrap();
    block_on(services.report_nodes(&robot_call(), body)).unwrap();
    let shown = world.services.current_nodes(&robot(), Some("alpha")).unwrap();
    shown.into_iter().map(|node| node.report.health).collect()
}

fn with_samples() -> World {
    let world = World::new();
    for metric in ["cpu_load", "mem_used", "node_power", "flops"] {
        world.put(metric, "a001", ("", ""), 60, &[1.0]);
    }
    world.put("cpu_load", "a002", ("", ""), 60, &[1.0]);
    world.put("flops", "a002", ("core", "0"), 600, &[1.0]);
    world
}

#[test]
fn a_report_says_how_the_nodes_metrics_are_doing() {
    let world = with_samples();
    let health = |state, metrics: &str| Some(NodeHealth { state, health_metrics: metrics.to_owned() });
    let partial = r#"{"missing":["mem_used","node_power"],"degraded":["flops"]}"#;
    let expected = [
        health(NodeHealthState::Full, r#"{"missing":[],"degraded":[]}"#),
        health(NodeHealthState::Partial, partial),
        health(NodeHealthState::Failed, ""),
        health(NodeHealthState::Full, ""),
    ];
    assert_eq!(healths(&world, &world.services), expected, "nobody expects samples of a node that is down");
}

#[test]
fn nothing_is_said_of_metrics_that_are_kept_elsewhere() {
    let world = with_samples();
    let elsewhere = with_external(&world, "alpha-main", world.metrics.clone());
    let nowhere = Services::new(Parts { metrics: MetricSources::default(), ..world.parts() });
    for services in [elsewhere, nowhere] {
        assert_eq!(healths(&world, &services), [None, None, None, None]);
    }
}

#[test]
fn an_unknown_cluster_is_told() {
    let world = World::new();
    let body = json!({"cluster": "nowhere", "nodes": [{"hostname": "a001"}, {"hostname": "a001"}]});
    let reported = report(&world, body).unwrap();
    assert_eq!(reported, NodesReported { unknown: vec!["a001".into()], ..NodesReported::default() });
    assert!(world.services.current_nodes(&robot(), None).unwrap().is_empty());
    let refused = world.services.current_nodes(&robot(), Some("nowhere")).unwrap_err();
    assert!(matches!(refused, ServiceError::Invalid { field, .. } if field == "cluster"));
}

#[rstest]
#[case::no_host(json!({"states": ["IDLE"]}), "nodes[1].hostname")]
#[case::nul(json!({"hostname": "\u{0}"}), "nodes[1].hostname")]
#[case::negative(json!({"hostname": "a002", "gpusAllocated": -1}), "nodes[1].gpusAllocated")]
#[case::null_among_states(json!({"hostname": "a002", "states": [null]}), "nodes[1].states")]
#[case::text_for_a_number(json!({"hostname": "a002", "jobsRunning": "3"}), "nodes[1].jobsRunning")]
#[case::unknown_field(json!({"hostname": "a002", "hue": 3}), "nodes[1].hue")]
#[case::no_object(json!("a002"), "nodes[1]")]
#[case::null(json!(null), "nodes[1]")]
fn an_odd_entry_costs_itself_alone_and_is_named(#[case] odd: Value, #[case] name: &str) {
    let world = World::new();
    let good = |host: &str| json!({"hostname": host, "states": ["IDLE"]});
    let nodes = json!([good("a001"), odd, good("a003"), odd]);
    let reported = report(&world, json!({"cluster": "alpha", "nodes": nodes})).unwrap();
    assert_eq!((reported.stored, reported.odd), (2, 2));
    assert_eq!(reported.first_odd.unwrap().0, name);
    let hosts = world.services.current_nodes(&robot(), None).unwrap().into_iter();
    assert_eq!(hosts.map(|node| node.report.hostname).collect::<Vec<_>>(), ["a001", "a003"]);
    assert_eq!(world.audit_lines(), ["report_nodes nodes of alpha done"]);
}

#[test]
fn a_report_of_odd_entries_alone_is_a_refusal() {
    let world = World::new();
    let reported = report(&world, json!({"cluster": "alpha", "nodes": [{"hostname": ""}]})).unwrap();
    assert_eq!((reported.stored, reported.odd), (0, 1));
    assert!(
        world.audit_lines()[0].starts_with("report_nodes nodes of alpha refused"),
        "{:?}",
        world.audit_lines()
    );
}
