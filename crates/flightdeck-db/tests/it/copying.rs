//! A copy has everything that the original has, or is no database.

use crate::server::Server;
use crate::store::{Place, TestStore, options};
use diesel::deserialize::QueryableByName;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use flightdeck_db::{
    CopyProgress, CopyReport, Database, DatabaseLocation, DbError, copy_database, import_reference,
};
use flightdeck_model::{JobRepository, Page};
use flightdeck_testkit::{archived_job, every_job};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Rows in all tables, more than one batch in some.
fn filled(place: Place) -> TestStore {
    let store = TestStore::at(place);
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference-job.db");
    import_reference(&reference, &store.database).unwrap();
    let jobs: Vec<_> = (1..2101)
        .map(|id| {
            let hosts = [format!("n{}", id % 7), format!("n{}", id % 7 + 1)];
            let job = archived_job(id).start(1_600_000_000 + id).hosts(&[&hosts[0], &hosts[1]]);
            job.energy(1.0 / 3.0).tag("all", "jobs", "global").metadata("jobName", "ü'\"\\ \u{1F600}").build()
        })
        .collect();
    store.database.import_jobs(&jobs).unwrap();
    store.execute(
        "DELETE FROM job WHERE id = 2131;
         INSERT INTO archive_task VALUES (500, 'remove', 7, 'x', 8, 9, 1, 2, 'no room');
         INSERT INTO audit_entry VALUES (501, 1, 'mona', 'here', 'r', 'start_job', 'x', 'done', '');
         INSERT INTO refused_request VALUES (502, 'start_job', 'x', 1, 2, 3, 4, 'mona', 'why', '{}', 1);
         INSERT INTO task_run VALUES ('clean', 1, 2, 'ok', NULL);
         UPDATE job_total SET jobs = jobs - 1 WHERE cluster = (SELECT cluster FROM job WHERE id = 2130)
             AND job_state = 'completed';
         UPDATE store_state SET last_id = 502",
    );
    store
}

/// Asks a database beside the crate.
pub(crate) fn query<R>(place: &Place, statement: &str) -> Vec<R>
where
    R: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
{
    let all = diesel::sql_query(statement);
    match place {
        Place::Folder(_) => all.load(&mut place.connect_to_file()).unwrap(),
        Place::Server(database) => all.load(&mut database.connect()).unwrap(),
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(place: &Place, statement: &str) -> Vec<String> {
    let rows: Vec<Line> = query(place, statement);
    rows.into_iter().map(|row| row.line).collect()
}

fn tables_of_file(place: &Place) -> Vec<String> {
    let all = "SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
               AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY name";
    lines(place, all)
}

/// All rows of all tables of a file but the change number, in a form that keeps every bit.
fn dump(place: &Place) -> BTreeMap<String, Vec<String>> {
    let dump_of = |table: String| {
        let columns = lines(place, &format!("SELECT name AS line FROM pragma_table_info('{table}')"));
        let kept = columns.iter().filter(|column| *column != "change_number");
        let quoted: Vec<_> = kept.map(|column| format!("quote(\"{column}\")")).collect();
        let whole = format!("SELECT {} AS line FROM {table} ORDER BY 1", quoted.join(" || ', ' || "));
        let rows = lines(place, &whole);
        (table, rows)
    };
    tables_of_file(place).into_iter().map(dump_of).collect()
}

fn copy(from: &Place, to: &Place) -> Result<CopyReport, DbError> {
    copy_database(&from.location(), &to.location(), &options(), &())
}

/// Checks that lists of two databases are alike, and that new jobs have the same new numbers.
fn assert_alike(left: &Database, right: &Database) {
    let listed = |database: &Database| {
        let page = database.list_jobs(&every_job(), Page { offset: 0, limit: 5000 }, true).unwrap();
        (page.total, serde_json::to_string(&page.jobs).unwrap())
    };
    assert_eq!(listed(left), listed(right));
    let last = every_id(left).into_iter().max().unwrap();
    let new = [archived_job(77_777).tag("new", "tag", "global").build()];
    for database in [left, right] {
        database.import_jobs(&new).unwrap();
        assert!(every_id(database).into_iter().max().unwrap() > last);
    }
    assert_eq!(listed(left), listed(right));
}

fn every_id(database: &Database) -> Vec<i64> {
    let ids = database.list_job_ids(&every_job(), Page { offset: 0, limit: 5000 }).unwrap();
    ids.into_iter().map(|id| id.0).collect()
}

#[test]
fn all_rows_of_all_tables_arrive() {
    let store = filled(Place::in_file());
    let target = Place::in_file();
    let report = copy(&store.place, &target).unwrap();
    assert_eq!(dump(&target), dump(&store.place));
    let mut named: Vec<_> = report.tables.iter().map(|(table, _)| table.clone()).collect();
    named.push("store_state".to_owned());
    named.sort_unstable();
    assert_eq!(named, tables_of_file(&target), "no table is forgotten");
    for (table, rows) in &report.tables {
        assert!(*rows > 0, "{table} should have rows in this test");
        assert_eq!(*rows, dump(&target)[table].len() as u64);
    }
    assert_alike(&store.database, &target.open());
}

#[test]
fn a_database_goes_to_a_server_and_back() {
    let Some(server) = Server::of_environment() else { return };
    let store = filled(Place::in_file());
    let (on_server, second_server) = (Place::on_server(&server), Place::on_server(&server));
    let back = Place::in_file();
    let there = copy(&store.place, &on_server).unwrap();
    assert_eq!(copy(&on_server, &second_server).unwrap(), there);
    assert_eq!(copy(&second_server, &back).unwrap(), there);
    assert_eq!(dump(&back), dump(&store.place));
    assert_alike(&on_server.open(), &back.open());
    assert_alike(&store.database, &second_server.open());
}

/// Does something when a table is begun, and adds up what it is told.
struct Watcher<'a> {
    at_table: &'a dyn Fn(&str),
    announced: RefCell<u64>,
    arrived: RefCell<u64>,
}

impl<'a> Watcher<'a> {
    fn new(at_table: &'a dyn Fn(&str)) -> Self {
        Self { at_table, announced: RefCell::default(), arrived: RefCell::default() }
    }
}

impl CopyProgress for Watcher<'_> {
    fn begin_table(&self, table: &str, rows: u64) {
        (self.at_table)(table);
        *self.announced.borrow_mut() += rows;
    }

    fn add_rows(&self, rows: u64) {
        *self.arrived.borrow_mut() += rows;
    }
}

fn a_server_may_go_on_writing(store: &TestStore, target: &Place) {
    let number = store.database.count_jobs(&every_job()).unwrap();
    let write = |table: &str| {
        if table == "job_node" {
            store.database.import_jobs(&[archived_job(55_555).build()]).unwrap();
        }
    };
    let watcher = Watcher::new(&write);
    copy_database(&store.place.location(), &target.location(), &options(), &watcher).unwrap();
    assert_eq!(store.database.count_jobs(&every_job()).unwrap(), number + 1);
    assert_eq!(target.open().count_jobs(&every_job()).unwrap(), number);
    assert_eq!(watcher.announced, watcher.arrived);
}

#[test]
fn a_copy_is_of_one_moment() {
    a_server_may_go_on_writing(&filled(Place::in_file()), &Place::in_file());
    let Some(server) = Server::of_environment() else { return };
    a_server_may_go_on_writing(&filled(Place::on_server(&server)), &Place::in_file());
}

fn is_unfinished(error: &DbError) -> bool {
    matches!(error, DbError::UnfinishedCopy { .. })
}

fn what_broke_off_is_no_database(target: &Place) {
    let store = filled(Place::in_file());
    let break_off = |table: &str| assert_ne!(table, "tag", "the copy breaks off here");
    let watcher = Watcher::new(&break_off);
    let broken_off = catch_unwind(AssertUnwindSafe(|| {
        copy_database(&store.place.location(), &target.location(), &options(), &watcher)
    }));
    assert!(broken_off.is_err());
    assert!(is_unfinished(&Database::open_at(&target.location(), &options()).unwrap_err()));
    assert!(is_unfinished(&copy(&store.place, target).unwrap_err()), "nor can it be filled");
    assert!(is_unfinished(&copy(target, &Place::in_file()).unwrap_err()), "nor be copied");
}

#[test]
fn a_copy_that_broke_off_is_no_database() {
    what_broke_off_is_no_database(&Place::in_file());
    let Some(server) = Server::of_environment() else { return };
    what_broke_off_is_no_database(&Place::on_server(&server));
}

fn a_database_in_use_is_no_target(target: Place) {
    let store = filled(Place::in_file());
    let used = TestStore::at(target);
    used.database.import_jobs(&[archived_job(1).build()]).unwrap();
    let error = copy(&store.place, &used.place).unwrap_err();
    assert!(matches!(error, DbError::CopyTargetInUse { table: "job", .. }), "{error:?}");
    assert_eq!(used.place.open().count_jobs(&every_job()).unwrap(), 1, "it is as it was");
    assert!(matches!(copy(&used.place, &used.place).unwrap_err(), DbError::CopyTargetInUse { .. }));
}

#[test]
fn a_database_with_rows_is_no_target() {
    a_database_in_use_is_no_target(Place::in_file());
    let Some(server) = Server::of_environment() else { return };
    a_database_in_use_is_no_target(Place::on_server(&server));
}

#[test]
fn a_missing_source_is_named_and_not_made() {
    let (source, target) = (Place::in_file(), Place::in_file());
    let error = copy(&source, &target).unwrap_err();
    assert!(matches!(error, DbError::NoDatabase { .. }), "{error:?}");
    for place in [source, target] {
        let DatabaseLocation::Sqlite(path) = place.location() else { unreachable!("in a file") };
        assert!(!path.exists());
    }
    let Some(server) = Server::of_environment() else { return };
    let error = copy(&Place::on_server(&server), &Place::in_file()).unwrap_err();
    assert!(matches!(error, DbError::NoDatabase { .. }), "{error:?}");
}

#[test]
fn a_text_that_a_server_does_not_take_is_named() {
    let Some(server) = Server::of_environment() else { return };
    let store = filled(Place::in_file());
    store.execute("UPDATE job SET meta_data = '{\"a\":\"' || char(0) || '\"}' WHERE id = 1500");
    let error = copy(&store.place, &Place::on_server(&server)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "table job holds a NUL character in meta_data of the row of 1500: PostgreSQL stores no such text"
    );
    let beside = Place::in_file();
    copy(&store.place, &beside).unwrap();
    assert_eq!(dump(&beside), dump(&store.place));
}
