//! A database in a folder of its own, and a second way into its file.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use flightdeck_db::{Database, DatabaseOptions};
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) struct TestStore {
    folder: TempDir,
    pub(crate) database: Database,
}

impl TestStore {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("jobs.db"), &options()).unwrap();
        Self { folder, database }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("jobs.db")
    }

    /// A connection beside the database's own, as another process has it.
    pub(crate) fn connect(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(self.path().to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        connection
    }

    /// Runs statements beside the database, and tells it that something changed.
    pub(crate) fn execute(&self, statements: &str) {
        let all = format!("{statements}; UPDATE store_state SET change_number = change_number + 1");
        self.connect().batch_execute(&all).unwrap();
    }

    pub(crate) fn start_again(&self, job_id: i64) {
        self.execute(&format!(
            "UPDATE job SET job_state = 'running', monitoring_status = 1, duration = 0 WHERE job_id = {job_id}"
        ));
    }
}

pub(crate) fn options() -> DatabaseOptions {
    DatabaseOptions { readers: 2, ..DatabaseOptions::default() }
}
