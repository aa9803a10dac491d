//! What holds of a database on a server: all that holds of a file, and what only a server can do to it. Left out
//! where the environment names no server.

use crate::server::Server;
use crate::store::{Place, TestStore, options};
use crate::{archiving, audit_log, migrations, nodes, properties, schema, suites, two_processes};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use flightdeck_db::{Database, DatabaseLocation, DatabaseOptions, DbError};
use flightdeck_model::{AuditAction, JobChanges, JobRepository, PortErrorKind};
use flightdeck_testkit::{archived_job, audit_entry, every_job, wait};
use std::error::Error;
use std::fmt::Write;

#[test]
fn postgres_passes_all_suites() {
    let Some(server) = Server::of_environment() else { return };
    suites::pass(&|| TestStore::on(&server));
}

#[test]
fn postgres_answers_as_memory_does() {
    let Some(server) = Server::of_environment() else { return };
    properties::answers_as_memory(&|| TestStore::on(&server), 24);
}

#[test]
fn entries_of_the_audit_log_stay() {
    let Some(server) = Server::of_environment() else { return };
    let statements = [
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET username = 'somebody else'",
        "TRUNCATE audit_entry",
        "INSERT INTO audit_entry SELECT * FROM audit_entry ON CONFLICT (id) DO UPDATE SET username = ''",
    ];
    audit_log::entries_stay(&|| TestStore::on(&server), &statements);
}

#[test]
fn a_long_history_of_nodes_goes_in_parts() {
    let Some(server) = Server::of_environment() else { return };
    nodes::a_long_history_goes_in_parts(&|| TestStore::on(&server));
}

#[test]
fn only_the_newest_report_of_a_node_is_current() {
    let Some(server) = Server::of_environment() else { return };
    nodes::only_the_newest_is_current(&|| TestStore::on(&server));
}

#[test]
fn many_jobs_are_queued_again() {
    let Some(server) = Server::of_environment() else { return };
    archiving::many_jobs_are_queued_again(&|| TestStore::on(&server));
}

#[test]
fn migrations_can_be_taken_back() {
    let Some(server) = Server::of_environment() else { return };
    migrations::can_be_taken_back(Place::on_server(&server));
}

#[test]
fn the_schema_is_that_of_a_file() {
    let Some(server) = Server::of_environment() else { return };
    schema::is_that_of_a_file(&server);
}

#[test]
fn one_of_many_requests_to_two_processes_wins() {
    let Some(server) = Server::of_environment() else { return };
    two_processes::one_of_many_wins(&|| TestStore::on(&server));
}

#[test]
fn one_of_many_requests_wins_whatever_the_isolation_that_the_server_prefers() {
    let Some(server) = Server::of_environment() else { return };
    two_processes::one_of_many_wins(&|| {
        let place = Place::on_server(&server);
        let Place::Server(database) = &place else { unreachable!("made on a server") };
        let prefer =
            format!("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'", database.name());
        place.try_execute(&prefer).unwrap();
        TestStore::at(place)
    });
}

#[test]
fn several_processes_may_open_an_empty_database_at_once() {
    let Some(server) = Server::of_environment() else { return };
    let place = Place::on_server(&server);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| place.open());
        }
    });
    assert_eq!(TestStore::at(place).database.count_jobs(&every_job()).unwrap(), 0);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let Some(server) = Server::of_environment() else { return };
    let place = Place::on_server(&server);
    place.try_execute("CREATE TABLE recipe (name TEXT)").unwrap();
    let error = Database::open_at(&place.location(), &options()).unwrap_err();
    assert!(matches!(error, DbError::ForeignDatabase { .. }), "{error:?}");
    let Place::Server(database) = &place else { unreachable!("made on a server") };
    let tables: Vec<String> = tables::table
        .filter(tables::schemaname.eq("public"))
        .select(tables::tablename)
        .load(&mut database.connect())
        .unwrap();
    assert_eq!(tables, ["recipe"]);
}

diesel::table! {
    #[sql_name = "pg_tables"]
    tables (tablename) {
        tablename -> Text,
        schemaname -> Text,
    }
}

#[test]
fn a_schema_of_its_own_may_be_beside_another_program() {
    let Some(server) = Server::of_environment() else { return };
    let place = Place::on_server(&server);
    place.try_execute("CREATE TABLE recipe (name TEXT); CREATE SCHEMA flightdeck").unwrap();
    let Place::Server(database) = &place else { unreachable!("made on a server") };
    let separator = if database.url().ends_with('?') { "" } else { "&" };
    let url = format!("{}{separator}options=-csearch_path%3Dflightdeck", database.url());
    let location = DatabaseLocation::parse(&url);
    for _ in 0..2 {
        let opened = Database::open_at(&location, &options()).unwrap();
        assert_eq!(opened.count_jobs(&every_job()).unwrap(), 0);
    }
}

#[test]
fn texts_that_the_database_cannot_hold_are_no_surprise_later() {
    let Some(server) = Server::of_environment() else { return };
    let database = server.make_database("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
    let error = Database::open_at(&database.location(), &options()).unwrap_err();
    assert!(matches!(&error, DbError::Encoding { encoding, .. } if encoding == "LATIN1"), "{error:?}");
}

#[test]
fn a_server_that_hung_up_is_asked_again() {
    let Some(server) = Server::of_environment() else { return };
    let store = TestStore::on(&server);
    let Place::Server(on_server) = &store.place else { unreachable!("made on a server") };
    let start = |job_id| {
        let job = archived_job(job_id).as_started();
        wait(store.database.start_job(job, audit_entry(AuditAction::StartJob, "")))
    };
    start(1).unwrap();
    for job_id in 2..5 {
        on_server.hang_up();
        start(job_id).unwrap();
        assert_eq!(store.database.count_jobs(&every_job()).unwrap(), job_id.unsigned_abs());
    }
}

#[test]
fn a_lock_that_stays_makes_the_store_unavailable() {
    let Some(server) = Server::of_environment() else { return };
    let store = TestStore::on(&server);
    let impatient = DatabaseOptions { busy_timeout_ms: 50, ..options() };
    let database = Database::open_at(&store.place.location(), &impatient).unwrap();
    let Place::Server(on_server) = &store.place else { unreachable!("made on a server") };
    let mut other = on_server.connect();
    other.batch_execute("BEGIN; SELECT 1 FROM store_state FOR UPDATE").unwrap();
    let error = database.import_jobs(&[archived_job(1).build()]).unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unavailable);
    assert!(error.what.contains("try again"), "{}", error.what);
    assert_eq!(database.count_jobs(&every_job()).unwrap(), 0, "reading goes on");
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(database.import_jobs(&[archived_job(1).build()]).unwrap().added, 1);
}

/// An error with all of its causes, in both forms in which it may come into a log.
fn all_of(error: &DbError) -> String {
    let mut text = format!("{error:?}");
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(here) = cause {
        write!(text, " | {here}").unwrap();
        cause = here.source();
    }
    text
}

#[test]
fn a_password_is_in_no_error() {
    // No server is needed: nobody listens there, or the URL cannot be understood.
    for url in [
        "postgres://mona:topsecret@127.0.0.1:1/jobs",
        "postgres://mona:top%zzsecret@127.0.0.1:1/jobs",
        "postgres://mona:top%secret@127.0.0.1:1/jobs",
        "postgres://mona:top@secret@127.0.0.1:1/jobs",
        "postgres://mona:top/secret@127.0.0.1:1/jobs",
        "postgres://mona:top?secret@127.0.0.1:1/jobs",
        "postgres://mona:top#secret@127.0.0.1:1/jobs",
        "postgres://mona:top:secret@127.0.0.1:1/jobs",
        "postgres://mona:topsecret@[::1/jobs",
        "postgres://mona:topsecret@[::1]x/jobs",
        "postgres://mona:topsecret@127.0.0.1:port/jobs",
        "postgres://mona:topsecret",
        "postgres://127.0.0.1:1/jobs?user=mona&password=topsecret",
        "postgres://127.0.0.1:1/jobs?user=mona&password=top%secret",
        "postgres://127.0.0.1:1/jobs?user=mona&password=top&secret",
        "postgres://127.0.0.1:1/jobs?user=mona&password=top=secret",
        "postgres://127.0.0.1:1/jobs?user=mona&password=top@secret",
        "postgres://127.0.0.1:1/jobs?user=mona&passwort=topsecret",
    ] {
        let location = DatabaseLocation::parse(url);
        let error = Database::open_at(&location, &options()).unwrap_err();
        let text = format!("{} {location} {location:?}", all_of(&error));
        assert!(!text.contains("secret") && !text.contains("top"), "{url}: {text}");
    }
}

#[test]
fn a_password_is_in_no_error_of_the_server() {
    let Some(server) = Server::of_environment() else { return };
    let database = server.make_database("ENCODING 'UTF8'");
    let url = database.url();
    let (_, place) = url.rsplit_once('@').unwrap_or_else(|| url.split_once("://").unwrap());
    for url in [
        format!("postgres://nobody:topsecret@{place}"),
        format!("postgres://postgres:topsecret@{}", place.replacen("flightdeck_test", "no_such", 1)),
    ] {
        let location = DatabaseLocation::parse(&url);
        let error = Database::open_at(&location, &options()).unwrap_err();
        let text = format!("{} {location} {location:?}", all_of(&error));
        assert!(!text.contains("topsecret"), "{text}");
    }
}
