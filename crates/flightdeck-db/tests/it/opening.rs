use crate::store::{TestStore, options};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use flightdeck_db::{Database, DbError};
use flightdeck_model::{JobRepository, Page, PortErrorKind};
use flightdeck_testkit::{archived_job, every_job};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The files of a folder with their content.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

const REFERENCE_TABLES: &str = "CREATE TABLE schema_migrations (version uint64,dirty bool);
     INSERT INTO schema_migrations VALUES (11, 0); CREATE TABLE job (id INTEGER PRIMARY KEY);";

fn assert_refused_untouched(folder: &Path, is_expected: impl Fn(&DbError) -> bool) -> String {
    let before = content(folder);
    let error = Database::open(&folder.join("job.db"), &options()).unwrap_err();
    assert!(is_expected(&error), "{error:?}");
    assert_eq!(content(folder), before, "no file may change, come or go");
    error.to_string()
}

#[test]
fn a_database_of_the_reference_is_left_alone() {
    for journal_mode in ["DELETE", "WAL"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.db");
        let mut reference = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        reference
            .batch_execute(&format!("PRAGMA journal_mode = {journal_mode}; {REFERENCE_TABLES}"))
            .unwrap();
        drop(reference);
        let text = assert_refused_untouched(folder.path(), |error| {
            matches!(error, DbError::ReferenceDatabase { .. })
        });
        assert!(text.contains("flightdeck db import-reference") && text.contains("main.db"), "{text}");
    }
}

#[test]
fn a_database_of_the_reference_that_was_killed_early_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let running = folder.path().join("running.db");
    let mut reference = SqliteConnection::establish(running.to_str().unwrap()).unwrap();
    reference.batch_execute(&format!("PRAGMA journal_mode = WAL; {REFERENCE_TABLES}")).unwrap();
    let killed = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        let from = folder.path().join(format!("running.db{suffix}"));
        fs::copy(from, killed.path().join(format!("job.db{suffix}"))).unwrap();
    }
    assert_refused_untouched(killed.path(), |error| matches!(error, DbError::ReferenceDatabase { .. }));
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job.db");
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("CREATE TABLE recipe (name TEXT)").unwrap();
    drop(other);
    assert_refused_untouched(folder.path(), |error| matches!(error, DbError::ForeignDatabase { .. }));
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("job.db"), "{\"main\": {}}").unwrap();
    assert_refused_untouched(folder.path(), |error| matches!(error, DbError::NotSqlite { .. }));
}

#[test]
fn a_missing_folder_is_named_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let error = Database::open(&folder.path().join("var/job.db"), &options()).unwrap_err();
    assert!(matches!(&error, DbError::NoFolder { folder } if folder.ends_with("var")), "{error:?}");
    assert!(content(folder.path()).is_empty());
}

#[test]
fn any_file_name_is_only_a_file_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:x?mode=memory", "100% #1 ü.db", "sqlite:"] {
        let path = folder.path().join(name);
        let database = Database::open(&path, &options()).unwrap();
        database.import_jobs(&[archived_job(1).build()]).unwrap();
        assert!(path.is_file(), "{name}");
    }
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let store = TestStore::new();
    store.database.import_jobs(&[archived_job(1).build()]).unwrap();
    let beside = Database::open(&store.path(), &options()).unwrap();
    assert_eq!(beside.count_jobs(&every_job()).unwrap(), 1);
    beside.import_jobs(&[archived_job(2).tag("a", "b", "global").build()]).unwrap();
    let page = store.database.list_jobs(&every_job(), Page { offset: 0, limit: 25 }, false).unwrap();
    assert_eq!(page.total, 2, "what another process wrote is seen");
    assert_eq!(page.jobs[0].tags.len(), 1);
}

/// The disk was full, or the server was killed, while the log was taken over into the file: its first page tells of pages
/// that it does not have yet.
#[test]
fn a_file_that_has_taken_over_half_of_its_log_is_opened_with_the_rest() {
    let store = TestStore::new();
    let length_before = fs::metadata(store.path()).unwrap().len();
    let jobs: Vec<_> = (1..=100).map(|number| archived_job(number).build()).collect();
    store.database.import_jobs(&jobs).unwrap();
    let killed = tempfile::tempdir().unwrap();
    let path = killed.path().join("job.db");
    fs::copy(store.path().with_extension("db-wal"), killed.path().join("job.db-wal")).unwrap();
    store.execute("PRAGMA wal_checkpoint(FULL)");
    fs::copy(store.path(), &path).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    assert!(file.metadata().unwrap().len() > length_before);
    file.set_len(length_before).unwrap();

    let opened = Database::open(&path, &options()).unwrap();
    assert_eq!(opened.count_jobs(&every_job()).unwrap(), 100);
    let page = opened.list_jobs(&every_job(), Page { offset: 0, limit: 100 }, true).unwrap();
    assert_eq!(page.jobs.len(), 100);
}

#[test]
fn a_damaged_value_names_table_column_and_row() {
    let store = TestStore::new();
    store.database.import_jobs(&[archived_job(1).build()]).unwrap();
    store.execute("UPDATE job SET statistics = '{\"cpu_load\":' WHERE id = 1");
    let error = store.database.list_jobs(&every_job(), Page { offset: 0, limit: 25 }, false).unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Corrupt);
    assert_eq!(error.what, "table job holds an unusable statistics in the row of 1");
}

#[test]
fn a_lock_that_stays_makes_the_store_unavailable() {
    let store = TestStore::new();
    let impatient = flightdeck_db::DatabaseOptions { busy_timeout_ms: 10, ..options() };
    let database = Database::open(&store.path(), &impatient).unwrap();
    let mut other = store.connect();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let error = database.import_jobs(&[archived_job(1).build()]).unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unavailable);
    assert!(error.what.contains("try again"), "{}", error.what);
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(database.import_jobs(&[archived_job(1).build()]).unwrap().added, 1);
}
