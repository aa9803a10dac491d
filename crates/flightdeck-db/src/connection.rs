//! The connection over all backends, and how one to an SQLite file is set up. Knows no table.

use crate::{DatabaseLocation, DatabaseOptions};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{Error as SetupError, ManageConnection, Pool};
use std::path::Path;
use std::time::Duration;

/// A connection to any of the databases this crate knows.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    /// A connection to a file of the embedded database.
    Sqlite(SqliteConnection),
    /// A connection to a server.
    Postgres(PgConnection),
}

/// What queries are written for: whatever backend the connection at hand has.
pub(crate) type Backend = <AnyConnection as Connection>::Backend;

/// A request that waits longer than this for a connection is better told to come again.
const LONGEST_WAIT_FOR_A_READER: Duration = Duration::from_secs(10);

pub(crate) type Readers = Pool<ReaderManager>;

/// The file's name as a URI, so that none of its characters means anything to SQLite.
pub(crate) fn file_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    // Two slashes at the start would begin a host name.
    let bytes = path.as_os_str().as_encoded_bytes();
    let surplus_slashes = bytes.iter().take_while(|byte| **byte == b'/').count().saturating_sub(1);
    for byte in bytes.iter().skip(surplus_slashes) {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
    }
    uri
}

fn hex_digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0')
}

/// How to open connections to one database.
#[derive(Debug, Clone)]
pub(crate) struct Opener {
    location: DatabaseLocation,
    options: DatabaseOptions,
}

impl Opener {
    pub(crate) fn new(location: DatabaseLocation, options: DatabaseOptions) -> Self {
        Self { location, options }
    }

    pub(crate) fn location(&self) -> &DatabaseLocation {
        &self.location
    }

    /// Opens the connection that writes.
    pub(crate) fn writer(&self) -> Result<AnyConnection, SetupError> {
        let mut connection = self.establish()?;
        let setup = match &self.location {
            DatabaseLocation::Sqlite(_) => sqlite_writer_setup(&self.options),
            DatabaseLocation::Postgres(_) => postgres_writer_setup(&self.options),
        };
        connection.batch_execute(&setup).map_err(SetupError::QueryError)?;
        Ok(connection)
    }

    /// Makes the pool of connections that read. They are opened as they are needed, and stay.
    pub(crate) fn readers(&self) -> Result<Readers, diesel::r2d2::PoolError> {
        let busy_timeout = Duration::from_millis(u64::from(self.options.busy_timeout_ms.max(1)));
        // The check is a query of its own. A server may hang up; a file does not.
        let may_hang_up = matches!(self.location, DatabaseLocation::Postgres(_));
        Pool::builder()
            .max_size(self.options.readers.max(1))
            .min_idle(Some(1))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(may_hang_up)
            .connection_timeout(LONGEST_WAIT_FOR_A_READER.min(busy_timeout))
            .build(ReaderManager(self.clone()))
    }

    fn establish(&self) -> Result<AnyConnection, SetupError> {
        let connection = match &self.location {
            DatabaseLocation::Sqlite(path) => {
                SqliteConnection::establish(&file_uri(path)).map(AnyConnection::Sqlite)
            }
            DatabaseLocation::Postgres(url) => {
                PgConnection::establish(url.reveal()).map(AnyConnection::Postgres)
            }
        };
        connection.map_err(SetupError::ConnectionError)
    }
}

/// An acknowledged write is on disk: `synchronous=FULL`.
///
/// The log is taken over into the file every 32 MiB: an import writes the same index pages again and again, and
/// they are copied once that way.
fn sqlite_writer_setup(options: &DatabaseOptions) -> String {
    format!(
        "PRAGMA busy_timeout = {};
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA wal_autocheckpoint = 8192;
         PRAGMA cache_size = -{};",
        options.busy_timeout_ms, options.writer_cache_kib
    )
}

fn sqlite_reader_setup(options: &DatabaseOptions) -> String {
    format!(
        "PRAGMA busy_timeout = {};
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{};
         PRAGMA query_only = ON;",
        options.busy_timeout_ms, options.reader_cache_kib
    )
}

/// Whatever the server's defaults are: an acknowledged write is on its disk, and a lock is not waited for for ever.
fn postgres_writer_setup(options: &DatabaseOptions) -> String {
    format!(
        "SET client_min_messages = warning;
         SET synchronous_commit = on;
         SET lock_timeout = {};
         SET idle_in_transaction_session_timeout = '60s';",
        options.busy_timeout_ms.max(1)
    )
}

/// The queries of one transaction all see the same state.
const POSTGRES_READER_SETUP: &str = "SET client_min_messages = warning;
     SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;";

/// Opens and checks the connections that read.
#[derive(Debug)]
pub(crate) struct ReaderManager(Opener);

impl ManageConnection for ReaderManager {
    type Connection = AnyConnection;
    type Error = SetupError;

    fn connect(&self) -> Result<AnyConnection, SetupError> {
        let mut connection = self.0.establish()?;
        let setup = match &self.0.location {
            DatabaseLocation::Sqlite(_) => &sqlite_reader_setup(&self.0.options),
            DatabaseLocation::Postgres(_) => POSTGRES_READER_SETUP,
        };
        connection.batch_execute(setup).map_err(SetupError::QueryError)?;
        Ok(connection)
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), SetupError> {
        connection.batch_execute("SELECT 1").map_err(SetupError::QueryError)
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        std::thread::panicking() || is_in_transaction(connection)
    }
}

/// Whether a query left its transaction open: what the connection is in the middle of is unknown then.
fn is_in_transaction(connection: &mut AnyConnection) -> bool {
    use diesel::connection::{AnsiTransactionManager, TransactionManager};
    let status = match connection {
        AnyConnection::Sqlite(sqlite) => AnsiTransactionManager::transaction_manager_status_mut(sqlite),
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::transaction_manager_status_mut(postgres),
    };
    !matches!(status.transaction_depth(), Ok(None))
}
