use crate::store::{Maker, TestStore};
use flightdeck_model::{NodeReport, NodeRepository, NodeState, UnixTime};
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
