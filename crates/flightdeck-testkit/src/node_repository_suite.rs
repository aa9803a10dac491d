//! What every store of node states has to do.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::store_under_test::StoreUnderTest;
use crate::wait;
use flightdeck_model::{NodeHealth, NodeHealthState, NodeReport, NodeState, NodeStatus, UnixTime};

/// Checks a [`NodeRepository`](flightdeck_model::NodeRepository); `make` makes an empty store.
///
/// # Panics
///
/// When the store does not keep a promise of the port.
pub fn node_repository_suite(make: impl Fn() -> StoreUnderTest) {
    all_of_a_report_is_kept(&make());
    the_last_report_is_current(&make());
    clusters_and_names_are_kept_apart(&make());
    every_state_is_kept(&make());
    every_health_is_kept(&make());
    odd_names_are_kept(&make());
    the_history_has_all_reports(&make());
    old_states_can_be_removed(&make());
    a_report_of_no_nodes_changes_nothing(&make());
}

fn node(hostname: &str, state: NodeState) -> NodeReport {
    NodeReport {
        hostname: hostname.to_owned(),
        subcluster: "main".to_owned(),
        state,
        cpus_allocated: 0,
        memory_allocated_mb: 0,
        gpus_allocated: 0,
        jobs_running: 0,
        health: None,
    }
}

fn health(state: NodeHealthState, health_metrics: &str) -> NodeHealth {
    NodeHealth { state, health_metrics: health_metrics.to_owned() }
}

fn report(store: &StoreUnderTest, cluster: &str, time_s: i64, nodes: &[NodeReport]) {
    wait(store.ports.report_nodes(cluster.to_owned(), UnixTime(time_s), nodes.to_vec())).unwrap();
}

fn status(cluster: &str, time_s: i64, report: NodeReport) -> NodeStatus {
    NodeStatus { cluster: cluster.to_owned(), time: UnixTime(time_s), report }
}

fn current(store: &StoreUnderTest) -> Vec<NodeStatus> {
    store.ports.current_nodes(None).unwrap()
}

fn history_times(store: &StoreUnderTest, hostname: &str, limit: u32) -> Vec<i64> {
    let history = store.ports.node_history("alpha", hostname, limit).unwrap();
    history.into_iter().map(|node| node.time.0).collect()
}

fn all_of_a_report_is_kept(store: &StoreUnderTest) {
    let full = NodeReport {
        hostname: "a001".to_owned(),
        subcluster: "gpu".to_owned(),
        state: NodeState::Mixed,
        cpus_allocated: 72,
        memory_allocated_mb: 5_000_000_000,
        gpus_allocated: 3,
        jobs_running: 2,
        health: Some(health(NodeHealthState::Partial, r#"{"missing":["it's \"odd\""],"degraded":["load"]}"#)),
    };
    report(store, "alpha", 100, std::slice::from_ref(&full));
    let expected = [status("alpha", 100, full)];
    assert_eq!(current(store), expected);
    assert_eq!(store.ports.node_history("alpha", "a001", 10).unwrap(), expected);
}

fn the_last_report_is_current(store: &StoreUnderTest) {
    report(store, "alpha", 100, &[node("a001", NodeState::Idle), node("a002", NodeState::Idle)]);
    let busy =
        NodeReport { subcluster: "other".to_owned(), jobs_running: 1, ..node("a001", NodeState::Allocated) };
    report(store, "alpha", 160, std::slice::from_ref(&busy));
    let expected = [status("alpha", 160, busy), status("alpha", 100, node("a002", NodeState::Idle))];
    assert_eq!(current(store), expected, "a node that was not reported again stays as it was");
}

fn clusters_and_names_are_kept_apart(store: &StoreUnderTest) {
    assert!(current(store).is_empty());
    for (cluster, hostname) in
        [("beta", "n1"), ("alpha", "n2"), ("alpha", "n1"), ("alpha", "N1"), ("Alpha", "n1")]
    {
        report(store, cluster, 100, &[node(hostname, NodeState::Idle)]);
    }
    let places = |cluster: Option<&str>| -> Vec<(String, String)> {
        let nodes = store.ports.current_nodes(cluster).unwrap();
        nodes.into_iter().map(|known| (known.cluster, known.report.hostname)).collect()
    };
    let expected = [("Alpha", "n1"), ("alpha", "N1"), ("alpha", "n1"), ("alpha", "n2"), ("beta", "n1")];
    let expected = expected.map(|(cluster, hostname)| (cluster.to_owned(), hostname.to_owned()));
    assert_eq!(places(None), expected, "by cluster and name");
    assert_eq!(places(Some("alpha")).len(), 3);
    assert_eq!(places(Some("Alpha")).len(), 1);
    assert!(places(Some("gamma")).is_empty() && places(Some("")).is_empty() && places(Some("%")).is_empty());
    assert_eq!(store.ports.node_history("alpha", "n1", 10).unwrap().len(), 1);
    assert!(store.ports.node_history("gamma", "n1", 10).unwrap().is_empty());
    assert!(store.ports.node_history("alpha", "n3", 10).unwrap().is_empty());
}

fn every_state_is_kept(store: &StoreUnderTest) {
    let nodes: Vec<NodeReport> = NodeState::ALL.iter().map(|state| node(state.as_str(), *state)).collect();
    report(store, "alpha", 100, &nodes);
    for known in current(store) {
        assert_eq!(known.report.state.as_str(), known.report.hostname);
    }
    assert_eq!(current(store).len(), 6);
}

fn every_health_is_kept(store: &StoreUnderTest) {
    let metrics = r#"{"missing":[],"degraded":[]}"#;
    let mut healths = vec![None];
    for state in NodeHealthState::ALL {
        healths.extend([metrics, ""].map(|metrics| Some(health(state, metrics))));
    }
    let of =
        |health: &Option<NodeHealth>| NodeReport { health: health.clone(), ..node("a001", NodeState::Idle) };
    let mut expected = Vec::new();
    for (time_s, known) in (100..).zip(&healths) {
        report(store, "alpha", time_s, &[of(known)]);
        let now = status("alpha", time_s, of(known));
        assert_eq!(current(store), std::slice::from_ref(&now));
        expected.insert(0, now);
    }
    assert_eq!(store.ports.node_history("alpha", "a001", 100).unwrap(), expected);
    report(store, "alpha", 200, &[node("a001", NodeState::Idle)]);
    assert_eq!(current(store), [status("alpha", 200, node("a001", NodeState::Idle))], "nobody looked");
}

fn odd_names_are_kept(store: &StoreUnderTest) {
    for odd in ["o'hara", "100%_", "\"a\" \\", "\u{1f680}", "; --"] {
        let nodes = [NodeReport { subcluster: odd.to_owned(), ..node(odd, NodeState::Idle) }];
        report(store, odd, 100, &nodes);
        let [only] = nodes;
        assert_eq!(store.ports.current_nodes(Some(odd)).unwrap(), [status(odd, 100, only.clone())]);
        assert_eq!(store.ports.node_history(odd, odd, 10).unwrap(), [status(odd, 100, only)]);
    }
}

fn the_history_has_all_reports(store: &StoreUnderTest) {
    for (time_s, state) in [(100, NodeState::Idle), (160, NodeState::Allocated), (220, NodeState::Allocated)]
    {
        report(store, "alpha", time_s, &[node("a001", state), node("a002", state)]);
    }
    assert_eq!(history_times(store, "a001", 10), [220, 160, 100], "the newest first");
    assert_eq!(history_times(store, "a001", 2), [220, 160]);
    assert!(history_times(store, "a001", 0).is_empty());
    let oldest = store.ports.node_history("alpha", "a001", 10).unwrap().pop().unwrap();
    assert_eq!(oldest, status("alpha", 100, node("a001", NodeState::Idle)), "as it was then");
}

fn old_states_can_be_removed(store: &StoreUnderTest) {
    report(store, "alpha", 40, &[node("gone", NodeState::Idle)]);
    for time_s in [100, 160, 220] {
        report(store, "alpha", time_s, &[node("a001", NodeState::Idle), node("a002", NodeState::Down)]);
    }
    let remove = |time_s| wait(store.ports.remove_node_states_before(UnixTime(time_s))).unwrap();
    assert_eq!(remove(40), 0, "strictly before");
    remove(101);
    assert_eq!(history_times(store, "a001", 10), [220, 160]);
    assert_eq!(remove(160), 0, "again");
    assert_eq!(remove(161), 2, "one of each node");
    let hosts = || -> Vec<String> { current(store).into_iter().map(|known| known.report.hostname).collect() };
    assert_eq!(hosts(), ["a001", "a002", "gone"], "what a node did last stays known");
    remove(1000);
    assert_eq!(hosts(), ["a001", "a002", "gone"]);
    report(store, "alpha", 2000, &[node("gone", NodeState::Down)]);
    assert_eq!(history_times(store, "gone", 1), [2000]);
    assert_eq!(hosts().len(), 3);
}

fn a_report_of_no_nodes_changes_nothing(store: &StoreUnderTest) {
    report(store, "alpha", 100, &[]);
    assert!(current(store).is_empty());
}
