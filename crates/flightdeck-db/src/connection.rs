//! The connection over all backends, and how one to an SQLite file is set up. Knows no table.

use crate::DatabaseOptions;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as SetupError, Pool};
use std::path::Path;
use std::time::Duration;

/// A connection to any of the databases this crate knows; `PostgreSQL` becomes a variant of it.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    /// A connection to a file of the embedded database.
    Sqlite(SqliteConnection),
}

/// What queries are written for: whatever backend the connection at hand has.
pub(crate) type Backend = <AnyConnection as Connection>::Backend;

/// A request that waits longer than this for a connection is better told to come again.
const LONGEST_WAIT_FOR_A_READER: Duration = Duration::from_secs(10);

pub(crate) type Readers = Pool<ConnectionManager<AnyConnection>>;

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

/// Opens the connection that writes. An acknowledged write is on disk: `synchronous=FULL`.
///
/// The log is taken over into the file every 32 MiB: an import writes the same index pages again and again, and
/// they are copied once that way.
pub(crate) fn open_writer(path: &Path, options: &DatabaseOptions) -> Result<AnyConnection, SetupError> {
    let mut connection = AnyConnection::establish(&file_uri(path)).map_err(SetupError::ConnectionError)?;
    let pragmas = format!(
        "PRAGMA busy_timeout = {};
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA journal_size_limit = 16777216;
         PRAGMA wal_autocheckpoint = 8192;
         PRAGMA cache_size = -{};",
        options.busy_timeout_ms, options.writer_cache_kib
    );
    connection.batch_execute(&pragmas).map_err(SetupError::QueryError)?;
    Ok(connection)
}

/// Makes the pool of connections that read. They are opened as they are needed, and stay.
pub(crate) fn open_readers(
    path: &Path,
    options: &DatabaseOptions,
) -> Result<Readers, diesel::r2d2::PoolError> {
    let busy_timeout = Duration::from_millis(u64::from(options.busy_timeout_ms.max(1)));
    Pool::builder()
        .max_size(options.readers.max(1))
        .min_idle(Some(1))
        .idle_timeout(None)
        .max_lifetime(None)
        // The check is a query of its own, and a file does not hang up.
        .test_on_check_out(false)
        .connection_timeout(LONGEST_WAIT_FOR_A_READER.min(busy_timeout))
        .connection_customizer(Box::new(ReaderSetup { options: options.clone() }))
        .build(ConnectionManager::new(file_uri(path)))
}

#[derive(Debug)]
struct ReaderSetup {
    options: DatabaseOptions,
}

impl CustomizeConnection<AnyConnection, SetupError> for ReaderSetup {
    fn on_acquire(&self, connection: &mut AnyConnection) -> Result<(), SetupError> {
        let pragmas = format!(
            "PRAGMA busy_timeout = {};
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -{};
             PRAGMA query_only = ON;",
            self.options.busy_timeout_ms, self.options.reader_cache_kib
        );
        connection.batch_execute(&pragmas).map_err(SetupError::QueryError)
    }
}
