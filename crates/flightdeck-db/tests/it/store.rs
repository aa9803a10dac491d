//! A database of its own for a test, and a second way into it.

use crate::server::{Server, ServerDatabase};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use flightdeck_db::{Database, DatabaseLocation, DatabaseOptions};
use flightdeck_testkit::StoreUnderTest;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// Makes an empty store; tests that hold on every backend take one of these.
pub(crate) type Maker<'a> = &'a (dyn Fn() -> TestStore + Sync);

/// Where the data are. They go when this is dropped.
#[derive(Debug)]
pub(crate) enum Place {
    Folder(TempDir),
    Server(ServerDatabase),
}

impl Place {
    pub(crate) fn in_file() -> Self {
        Self::Folder(tempfile::tempdir().unwrap())
    }

    pub(crate) fn on_server(server: &Server) -> Self {
        Self::Server(server.make_database("ENCODING 'UTF8'"))
    }

    pub(crate) fn location(&self) -> DatabaseLocation {
        match self {
            Self::Folder(folder) => DatabaseLocation::Sqlite(folder.path().join("jobs.db")),
            Self::Server(database) => database.location(),
        }
    }

    pub(crate) fn open(&self) -> Database {
        Database::open_at(&self.location(), &options()).unwrap()
    }

    pub(crate) fn connect_to_file(&self) -> SqliteConnection {
        let Self::Folder(folder) = self else { panic!("not a file: {self:?}") };
        let path = folder.path().join("jobs.db");
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON").unwrap();
        connection
    }

    /// Runs statements beside the database.
    pub(crate) fn try_execute(&self, statements: &str) -> QueryResult<()> {
        match self {
            Self::Folder(_) => self.connect_to_file().batch_execute(statements),
            Self::Server(database) => database.connect().batch_execute(statements),
        }
    }
}

#[derive(Debug)]
pub(crate) struct TestStore {
    pub(crate) database: Database,
    // Goes after the database.
    pub(crate) place: Place,
}

impl TestStore {
    /// In a file.
    pub(crate) fn new() -> Self {
        Self::at(Place::in_file())
    }

    pub(crate) fn on(server: &Server) -> Self {
        Self::at(Place::on_server(server))
    }

    pub(crate) fn at(place: Place) -> Self {
        Self { database: place.open(), place }
    }

    pub(crate) fn path(&self) -> PathBuf {
        match self.place.location() {
            DatabaseLocation::Sqlite(path) => path,
            DatabaseLocation::Postgres(url) => panic!("not a file: {url}"),
        }
    }

    /// A connection beside the database's own, as another process has it.
    pub(crate) fn connect(&self) -> SqliteConnection {
        self.place.connect_to_file()
    }

    /// Runs statements beside the database, and tells it that something changed.
    pub(crate) fn execute(&self, statements: &str) {
        let all = format!("{statements}; UPDATE store_state SET change_number = change_number + 1");
        self.place.try_execute(&all).unwrap();
    }

    /// The store as the suites of the testkit take it.
    pub(crate) fn under_test(self) -> StoreUnderTest {
        let database = self.database.clone();
        StoreUnderTest::new(Arc::new(database)).keeping(self)
    }
}

pub(crate) fn options() -> DatabaseOptions {
    DatabaseOptions { readers: 2, ..DatabaseOptions::default() }
}
