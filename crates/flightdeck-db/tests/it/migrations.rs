//! Migrations go there and back, also when there are data.

use crate::schema::{Schema, schema_of};
use crate::store::{Place, TestStore};
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use flightdeck_model::{
    AuditAction, AuditLog, JobChanges, JobRepository, JobState, NodeReport, NodeRepository, NodeState,
    TaskLog, TaskRun, UnixTime,
};
use flightdeck_testkit::{archived_job, audit_entry, every_job, wait};

pub(crate) fn migrations(backend: &str) -> FileBasedMigrations {
    let folder = format!("{}/../../migrations/{backend}", env!("CARGO_MANIFEST_DIR"));
    FileBasedMigrations::from_path(folder).unwrap()
}

/// A row in the tables that others refer to, and in those.
fn fill(store: &TestStore) {
    let finished = archived_job(1).tag("t", "finished", "global").metadata("k", "v").build();
    store.database.import_jobs(&[finished]).unwrap();
    let started = archived_job(2).tag("t", "started", "global").as_started();
    wait(store.database.start_job(started, audit_entry(AuditAction::StartJob, "alpha/2"))).unwrap();
    crate::archiving::stop(store, 3);
    let report = NodeReport {
        hostname: "a001".to_owned(),
        subcluster: "main".to_owned(),
        state: NodeState::Mixed,
        cpus_allocated: 1,
        memory_allocated_mb: 1,
        gpus_allocated: 1,
        jobs_running: 1,
        health: None,
    };
    wait(store.database.report_nodes("alpha".to_owned(), UnixTime(1), vec![report])).unwrap();
    let run = TaskRun {
        name: "retention".to_owned(),
        started: UnixTime(1),
        duration_ms: 1,
        result: String::new(),
        error: None,
    };
    wait(store.database.record_run(run)).unwrap();
    wait(store.database.record(audit_entry(AuditAction::StopJob, "alpha/2"))).unwrap();
    store.execute(
        "INSERT INTO hpc_user (username) VALUES ('mona');
         INSERT INTO configuration (username, confkey, value) VALUES ('mona', 'k', '1')",
    );
}

/// Takes all migrations back, one by one, and makes them again; `None` when there is nothing left of them.
fn back_and_there<C>(connection: &mut C, backend: &str, schema: impl Fn() -> Schema)
where
    C: MigrationHarness<C::Backend> + diesel::connection::LoadConnection,
{
    let source = migrations(backend);
    let complete = schema();
    assert!(!complete.is_empty());
    let mut all: Vec<Box<dyn Migration<C::Backend>>> = source.migrations().unwrap();
    all.sort_by_key(|migration| migration.name().version().as_owned());
    assert!(!all.is_empty());
    let mut later = Vec::new();
    for migration in all.iter().rev() {
        let name = migration.name().to_string();
        later.push((name.clone(), schema()));
        connection.revert_migration(migration.as_ref()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(schema(), Schema::new(), "no table is left");
    for (migration, (name, then)) in all.iter().zip(later.into_iter().rev()) {
        connection.run_migration(migration.as_ref()).unwrap();
        assert_eq!(schema(), then, "{name} makes the same again");
    }
    assert_eq!(schema(), complete);
}

/// Checks all migrations of the place's backend, on tables that have rows.
pub(crate) fn can_be_taken_back(place: Place) {
    let store = TestStore::at(place);
    fill(&store);
    let TestStore { database, place } = store;
    drop(database);
    match &place {
        Place::Folder(_) => {
            let mut connection = place.connect_to_file();
            back_and_there(&mut connection, "sqlite", || schema_of(&place));
            connection.revert_all_migrations(migrations("sqlite")).unwrap();
        }
        Place::Server(database) => {
            let mut connection = database.connect();
            back_and_there(&mut connection, "postgres", || schema_of(&place));
            connection.revert_all_migrations(migrations("postgres")).unwrap();
            let left: i64 = server_functions::table
                .filter(server_functions::pronamespace.eq(namespace_of_public()))
                .count()
                .get_result(&mut connection)
                .unwrap();
            assert_eq!(left, 0, "no function is left");
        }
    }
    let store = TestStore::at(place);
    assert_eq!(store.database.count_jobs(&every_job()).unwrap(), 0, "it can be opened again, and is empty");
}

diesel::table! {
    #[sql_name = "pg_proc"]
    server_functions (oid) {
        oid -> Oid,
        pronamespace -> Oid,
    }
}

fn namespace_of_public() -> diesel::expression::SqlLiteral<diesel::sql_types::Oid> {
    diesel::dsl::sql("'public'::regnamespace")
}

#[test]
fn migrations_of_a_file_can_be_taken_back() {
    can_be_taken_back(Place::in_file());
}

#[test]
fn a_file_of_the_first_version_keeps_its_jobs_and_their_numbers() {
    let place = Place::in_file();
    let mut connection = place.connect_to_file();
    for expected in ["20261123000001", "20261123000002"] {
        let version = connection.run_next_migration(migrations("sqlite")).unwrap();
        assert_eq!(version.to_string(), expected);
    }
    drop(connection);
    let job = "INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, job_state, \
               num_nodes, shared, monitoring_status, resources) VALUES";
    let of = |number: u8| {
        format!("{job} ({number}, 'alpha', 'main', 1, 'mona', '', 1, 'completed', 1, 'none', 2, '[]')")
    };
    let statements = format!(
        "{}; {}; {}; DELETE FROM job WHERE job_id = 3; INSERT INTO tag (tag_type, tag_name) VALUES ('t', 'n');",
        of(1),
        of(2),
        of(3)
    );
    place.try_execute(&statements).unwrap();
    let store = TestStore::at(place);
    assert_eq!(store.database.count_jobs(&every_job()).unwrap(), 2);
    let mut running = every_job();
    running.filter.states = vec![JobState::Running];
    assert_eq!(store.database.count_jobs(&running).unwrap(), 0);
    let job = archived_job(4).tag("t", "new", "global").as_started();
    let id = wait(store.database.start_job(job, audit_entry(AuditAction::StartJob, ""))).unwrap();
    assert_eq!(id.0, 4, "the number of a job that was deleted is not used again");
    assert_eq!(store.database.count_jobs(&running).unwrap(), 1);
}
