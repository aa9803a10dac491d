//! States of nodes.

use crate::broker::{Broker, until};
use crate::site::{START, Site, line};
use flightdeck_model::{NodeRepository, NodeState};
use flightdeck_nats::{NatsListener, NatsOptions};
use serde_json::json;

#[tokio::test]
async fn the_last_report_of_a_node_counts() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("nodes");
    let options = NatsOptions { node_state_subject: Some(subject.clone()), ..broker.options() };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    broker.wait_for_listener(&listener, &[&subject]).await;

    for round in 0..100 {
        let state = if round == 99 { "DOWN" } else { "ALLOCATED" };
        let report = json!({"cluster": "alpha", "nodes": [
            {"hostname": "a0001", "states": [state, "DRAIN"], "cpusAllocated": round, "memoryAllocated": 0,
             "gpusAllocated": 0, "jobsRunning": 0},
            {"hostname": "elsewhere", "states": null},
        ]});
        broker.publish(&subject, line("nodestate", &report, START)).await;
    }
    until("all reports are stored", || listener.counts().stored_events == 100).await;
    listener.stop().await;
    let nodes = site.jobs.current_nodes(Some("alpha")).unwrap();
    assert_eq!(nodes.len(), 1);
    assert_eq!(nodes[0].report.state, NodeState::Down);
}

#[tokio::test]
async fn an_entry_that_makes_no_sense_costs_itself_alone() {
    let Some(broker) = Broker::of_environment().await else { return };
    let site = Site::new();
    let subject = broker.subject("nodes");
    let options = NatsOptions { node_state_subject: Some(subject.clone()), ..broker.options() };
    let listener = NatsListener::start(options, site.services.clone()).unwrap();
    broker.wait_for_listener(&listener, &[&subject]).await;
    let report = json!({"cluster": "alpha", "nodes": [
        {"hostname": "a0001", "states": [null]},
        {"hostname": "a0002", "states": ["IDLE"]},
    ]});
    broker.publish(&subject, line("nodestate", &report, START)).await;
    until("the report is stored", || listener.counts().stored_events == 1).await;
    let counts = listener.counts();
    listener.stop().await;
    assert_eq!((counts.bad_lines, counts.refused_events), (1, 0));
    let nodes = site.jobs.current_nodes(Some("alpha")).unwrap();
    assert_eq!(nodes.iter().map(|node| node.report.hostname.as_str()).collect::<Vec<_>>(), ["a0002"]);
}
