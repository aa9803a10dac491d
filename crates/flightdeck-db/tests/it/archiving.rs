//! The queue of jobs to be archived beyond what the port promises: how it is searched, filled and looked after.

use crate::plans::{note_statements, plan, statements_of};
use crate::server::Server;
use crate::store::{Maker, Place, TestStore};
use flightdeck_model::{
    ArchivingQueue, AuditAction, JobChanges, JobDbId, JobEnd, JobMatch, JobState, JobToArchive, UnixTime,
};
use flightdeck_testkit::{PRESENT, archived_job, audit_entry, wait};

fn queued(store: &TestStore) -> Vec<JobToArchive> {
    store.database.jobs_to_archive(UnixTime(i64::MAX), 1000).unwrap()
}

/// Starts and stops the job with this number.
pub(crate) fn stop(store: &TestStore, job_id: i64) -> JobDbId {
    let start = audit_entry(AuditAction::StartJob, "");
    let id = wait(store.database.start_job(archived_job(job_id).as_started(), start)).unwrap();
    let job = JobMatch { job_id, cluster: None, start_time: None };
    let end = JobEnd { job, state: JobState::Completed, stop_time: UnixTime(PRESENT) };
    wait(store.database.stop_job(end, audit_entry(AuditAction::StopJob, ""))).unwrap();
    id
}

#[test]
fn due_jobs_are_searched_in_their_order() {
    note_statements();
    let store = TestStore::new();
    for job_id in 1..=200 {
        stop(&store, job_id);
    }
    store.execute("ANALYZE");
    let statements = statements_of(|| drop(store.database.jobs_to_archive(UnixTime(PRESENT), 10).unwrap()));
    let select = statements.iter().find(|statement| statement.contains("archiving")).unwrap();
    let steps = plan(&mut store.connect(), select);
    assert!(steps.iter().any(|step| step.contains("archiving_by_due")), "{steps:?}");
    assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:?}");
}

/// Rows of jobs in all states that matter here, and those that have to be archived.
const INSERT_JOBS: &str = "INSERT INTO job (id, job_id, cluster, subcluster, start_time, hpc_user, project, duration, \
     num_nodes, shared, resources, job_state, monitoring_status) VALUES ";

fn every_kind_of_job() -> (String, Vec<JobDbId>) {
    let mut values = Vec::new();
    let mut expected = Vec::new();
    let mut id = 0;
    for state in JobState::ALL {
        for status in 0..=3 {
            id += 1;
            values.push(format!(
                "({id}, {id}, 'a', '', {id}, 'm', '', 1, 1, 'none', '[]', '{state}', {status})"
            ));
            if state.is_final() && status == 1 {
                expected.push(JobDbId(id));
            }
        }
    }
    (format!("{INSERT_JOBS} {}; UPDATE store_state SET last_job_id = {id}", values.join(", ")), expected)
}

/// Checks that more jobs than one transaction takes are queued again.
pub(crate) fn many_jobs_are_queued_again(make: Maker<'_>) {
    let store = make();
    let given_up: Vec<String> = (1..=2001)
        .map(|id| format!("({id}, {id}, 'a', '', {id}, 'm', '', 1, 1, 'none', '[]', 'completed', 2)"))
        .collect();
    store.execute(&format!("{INSERT_JOBS} {}", given_up.join(", ")));
    assert_eq!(wait(store.database.requeue(None)).unwrap(), 2001);
    assert_eq!(store.database.jobs_to_archive(UnixTime(0), 3000).unwrap().len(), 2001);
    assert_eq!(wait(store.database.requeue(None)).unwrap(), 0);
}

#[test]
fn many_jobs_are_queued_again_in_sqlite() {
    many_jobs_are_queued_again(&TestStore::new);
}

#[test]
fn jobs_of_an_older_file_are_queued() {
    use diesel_migrations::MigrationHarness;
    let place = Place::in_file();
    let (jobs, expected) = every_kind_of_job();
    let older = ["20261123000001", "20261123000002", "20261123000003"];
    let mut connection = place.connect_to_file();
    for version in older {
        let applied = connection.run_next_migration(crate::migrations::migrations("sqlite")).unwrap();
        assert_eq!(applied.to_string(), version);
    }
    drop(connection);
    place.try_execute(&jobs).unwrap();
    let store = TestStore::at(place);
    let entries = queued(&store);
    assert_eq!(entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), expected);
    assert!(entries.iter().all(|entry| entry.attempts == 0 && entry.problem.is_empty()));
    assert_eq!(store.database.jobs_to_archive(UnixTime(0), 1000).unwrap(), entries, "they are due at once");
}

fn wrong_queues_are_noticed(make: Maker<'_>) {
    let store = make();
    stop(&store, 1);
    stop(&store, 2);
    let queue_problems = || {
        let problems = store.database.check().unwrap();
        problems.into_iter().filter(|problem| problem.contains("queue")).collect::<Vec<_>>()
    };
    assert_eq!(store.database.check().unwrap(), Vec::<String>::new());
    store.execute("DELETE FROM archiving WHERE job_id = 1");
    let forgotten = "1 jobs are to be archived and are not in the queue for it";
    assert_eq!(queue_problems(), [forgotten]);
    store.execute("UPDATE job SET job_state = 'running' WHERE id = 2");
    let unwanted = "1 jobs are in the queue to be archived and need not be";
    assert_eq!(queue_problems(), [forgotten, unwanted]);
}

#[test]
fn a_check_notices_wrong_queues() {
    wrong_queues_are_noticed(&TestStore::new);
    let Some(server) = Server::of_environment() else { return };
    wrong_queues_are_noticed(&|| TestStore::on(&server));
}

#[test]
fn the_queue_outlives_the_server() {
    let store = TestStore::new();
    let id = stop(&store, 1);
    let before = queued(&store);
    let TestStore { database, place } = store;
    drop(database);
    let store = TestStore::at(place);
    assert_eq!(queued(&store), before);
    assert_eq!(before.first().unwrap().id, id);
}
