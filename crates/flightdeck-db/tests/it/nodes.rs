use crate::store::{Maker, TestStore};
use flightdeck_model::{NodeReport, NodeRepository, NodeState, NodeStatus, UnixTime};
use flightdeck_testkit::wait;

fn report(number: usize) -> NodeReport {
    NodeReport {
        hostname: format!("a{number:05}"),
        subcluster: "main".to_owned(),
        state: NodeState::Idle,
        cpus_allocated: 1,
        memory_allocated_mb: 2,
        gpus_allocated: 3,
        jobs_running: 4,
        health: None,
    }
}

/// Checks that a history that is longer than one removal takes goes as a whole.
pub(crate) fn a_long_history_goes_in_parts(make: Maker<'_>) {
    let store = make();
    let database = &store.database;
    let all: Vec<NodeReport> = (0..7001).map(report).collect();
    for time in [100, 200, 300] {
        wait(database.report_nodes("alpha".to_owned(), UnixTime(time), all.clone())).unwrap();
    }
    assert_eq!(wait(database.remove_node_states_before(UnixTime(300))).unwrap(), 14_002);
    assert_eq!(wait(database.remove_node_states_before(UnixTime(300))).unwrap(), 0);
    assert_eq!(database.node_history("alpha", "a00000", 9).unwrap().len(), 1);
    assert_eq!(database.current_nodes(Some("alpha")).unwrap().len(), 7001);
}

#[test]
fn a_long_history_goes_in_parts_from_sqlite() {
    a_long_history_goes_in_parts(&TestStore::new);
}

/// Checks that what comes late does not count as current, and that of a node named twice the last word counts.
pub(crate) fn only_the_newest_is_current(make: Maker<'_>) {
    let store = make();
    let database = &store.database;
    let running = |jobs_running| NodeReport { jobs_running, ..report(1) };
    for (time, reports) in [(200, vec![running(1), running(2)]), (100, vec![running(3)])] {
        wait(database.report_nodes("alpha".to_owned(), UnixTime(time), reports)).unwrap();
    }
    let jobs = |states: Vec<NodeStatus>| -> Vec<(i64, i64)> {
        states.iter().map(|state| (state.time.0, state.report.jobs_running)).collect()
    };
    assert_eq!(jobs(database.current_nodes(None).unwrap()), [(200, 2)]);
    let history = database.node_history("alpha", "a00001", 9).unwrap();
    assert_eq!(jobs(history), [(200, 2), (200, 1), (100, 3)]);
    wait(database.report_nodes("alpha".to_owned(), UnixTime(200), vec![running(4)])).unwrap();
    assert_eq!(jobs(database.current_nodes(None).unwrap()), [(200, 4)], "the same second");
}

#[test]
fn only_the_newest_is_current_in_sqlite() {
    only_the_newest_is_current(&TestStore::new);
}
