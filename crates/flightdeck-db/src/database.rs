//! Opening a database file, and the door to its connections. Knows of tables only whose they are.

use crate::DbError;
use crate::connection::{AnyConnection, Opener, Readers, file_uri};
use crate::copy::refuse_unfinished;
use crate::jobs::{TagTable, Totals};
use crate::location::DatabaseLocation;
use crate::schema::store_state;
use crate::transaction::WriteTransaction;
use crate::writer::{ChangeSize, Writer};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::Error as SetupError;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use flightdeck_model::{PortError, PortFuture};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, RwLock};

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Held while the tables of a server's database are brought up to date: several processes may start at once.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(7205759403792793)";
const MIGRATION_UNLOCK: &str = "SELECT pg_advisory_unlock(7205759403792793)";

/// What every SQLite file begins with: <https://www.sqlite.org/fileformat.html#magic_header_string>.
const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// How a database is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseOptions {
    /// Number of connections that read, at least 1.
    pub readers: u32,
    /// Page cache of each reading connection in KiB.
    pub reader_cache_kib: u32,
    /// Page cache of the writing connection in KiB.
    pub writer_cache_kib: u32,
    /// How long to wait for a lock, or for a free connection, in milliseconds.
    pub busy_timeout_ms: u32,
    /// How many changes may wait to be written; more are refused at once.
    pub write_queue: usize,
}

impl Default for DatabaseOptions {
    /// 4 readers with 4 MiB each, a writer with 16 MiB, 10 s, 16,384 changes.
    fn default() -> Self {
        Self {
            readers: 4,
            reader_cache_kib: 4096,
            writer_cache_kib: 16_384,
            busy_timeout_ms: 10_000,
            write_queue: 16_384,
        }
    }
}

/// An open database. Clones share the connections.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    location: DatabaseLocation,
    readers: Readers,
    writer: Writer,
    tags: RwLock<Arc<TagTable>>,
    totals: Totals,
    user_changes: AtomicU64,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("location", &self.inner.location).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens the database file, makes it if it is not there, and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// When the folder is not there, when the file is no database of flightdeck (it is left as it is then), when a
    /// copy to it broke off, and when it cannot be opened or migrated.
    pub fn open(path: &Path, options: &DatabaseOptions) -> Result<Self, DbError> {
        Self::open_at(&DatabaseLocation::Sqlite(path.to_owned()), options)
    }

    /// Opens the database, makes it if it is a file that is not there, and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); a server's database has to be there.
    pub fn open_at(location: &DatabaseLocation, options: &DatabaseOptions) -> Result<Self, DbError> {
        match location {
            DatabaseLocation::Sqlite(path) => {
                check_folder(path)?;
                check_origin(path)?;
            }
            DatabaseLocation::Postgres(url) => {
                url.check().map_err(|source| DbError::Url { location: location.clone(), source })?;
            }
        }
        let opener = Opener::new(location.clone(), options.clone());
        let open_error = |source| DbError::Open { location: location.clone(), source };
        let mut connection = opener.writer().map_err(open_error)?;
        migrate(&mut connection, location)?;
        refuse_unfinished(&mut connection, location)?;
        let readers = opener.readers()?;
        let writer =
            Writer::start(connection, opener, options.write_queue.max(1)).map_err(DbError::Thread)?;
        let inner = Inner {
            location: location.clone(),
            readers,
            writer,
            tags: RwLock::default(),
            totals: Totals::default(),
            user_changes: AtomicU64::new(0),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(crate) fn totals(&self) -> &Totals {
        &self.inner.totals
    }

    pub(crate) fn user_changes(&self) -> &AtomicU64 {
        &self.inner.user_changes
    }

    pub(crate) fn tag_table(&self) -> &RwLock<Arc<TagTable>> {
        &self.inner.tags
    }

    /// Runs queries on a reading connection.
    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&mut AnyConnection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let mut connection = self.inner.readers.get()?;
        query(&mut connection)
    }

    /// Runs queries on a reading connection that all see the same state of the database.
    pub(crate) fn read_snapshot<T>(
        &self,
        query: impl FnOnce(&mut AnyConnection, StateNumbers) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.read(|connection| {
            connection.transaction(|snapshot| {
                let (change, tags) = store_state::table
                    .select((store_state::change_number, store_state::tag_number))
                    .get_result(snapshot)?;
                query(snapshot, StateNumbers { change, tags })
            })
        })
    }

    /// Makes a change in a transaction of its own and waits until it is on disk. It may be begun anew, see
    /// [`writer`](crate::writer).
    pub(crate) fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        self.inner.writer.write(change)
    }

    /// Queues a change; the future tells when it is on disk. It may be begun anew, see [`writer`](crate::writer).
    pub(crate) fn submit<T, E>(
        &self,
        change: impl FnMut(&mut WriteTransaction<'_>) -> Result<Result<T, E>, DbError> + Send + 'static,
    ) -> PortFuture<Result<T, E>>
    where
        T: Send + 'static,
        E: From<PortError> + Send + 'static,
    {
        self.submit_sized(ChangeSize::Small, change)
    }

    /// As [`submit`](Self::submit), for a change that may write very many rows.
    pub(crate) fn submit_large<T, E>(
        &self,
        change: impl FnMut(&mut WriteTransaction<'_>) -> Result<Result<T, E>, DbError> + Send + 'static,
    ) -> PortFuture<Result<T, E>>
    where
        T: Send + 'static,
        E: From<PortError> + Send + 'static,
    {
        self.submit_sized(ChangeSize::Large, change)
    }

    fn submit_sized<T, E>(
        &self,
        size: ChangeSize,
        change: impl FnMut(&mut WriteTransaction<'_>) -> Result<Result<T, E>, DbError> + Send + 'static,
    ) -> PortFuture<Result<T, E>>
    where
        T: Send + 'static,
        E: From<PortError> + Send + 'static,
    {
        let receiver = self.inner.writer.submit(size, change);
        Box::pin(async move {
            let made = receiver.await.unwrap_or(Err(DbError::WriterLost));
            made.map_err(PortError::from)?
        })
    }

    /// Runs statements on the writing connection, outside of any transaction, and waits for them.
    pub(crate) fn with_writer<T: Send + 'static>(
        &self,
        statements: impl FnOnce(&mut AnyConnection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        self.inner.writer.outside(statements)
    }
}

/// Which state of the database a query saw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StateNumbers {
    /// Grows with every write transaction.
    pub(crate) change: i64,
    /// Grows when the table of tags changes.
    pub(crate) tags: i64,
}

fn check_folder(path: &Path) -> Result<(), DbError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if folder.is_dir() { Ok(()) } else { Err(DbError::NoFolder { folder: folder.to_owned() }) }
}

/// Refuses files that are not flightdeck's, without changing or making any file.
fn check_origin(path: &Path) -> Result<(), DbError> {
    let unreadable = |source| DbError::Unreadable { path: path.to_owned(), source };
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut start = Vec::with_capacity(SQLITE_MAGIC.len());
    file.by_ref().take(SQLITE_MAGIC.len() as u64).read_to_end(&mut start).map_err(unreadable)?;
    drop(file);
    if start.is_empty() {
        return check_log(path);
    }
    if start != SQLITE_MAGIC {
        return Err(DbError::NotSqlite { path: path.to_owned() });
    }
    let tables = tables_in_main_file(path)?;
    let has = |table: &str| tables.iter().any(|name| name == table);
    if has("store_state") {
        return Ok(());
    }
    if has("schema_migrations") {
        return Err(DbError::ReferenceDatabase { path: path.to_owned() });
    }
    if tables.iter().any(|name| name != "__diesel_schema_migrations") {
        return Err(DbError::ForeignDatabase { location: DatabaseLocation::Sqlite(path.to_owned()) });
    }
    check_log(path)
}

/// Lists the tables of the file itself; `immutable` keeps SQLite from making its side files.
fn tables_in_main_file(path: &Path) -> Result<Vec<String>, DbError> {
    let uri = format!("{}?mode=ro&immutable=1", file_uri(path));
    let open_error = |source| DbError::Open { location: DatabaseLocation::Sqlite(path.to_owned()), source };
    let mut connection =
        SqliteConnection::establish(&uri).map_err(|error| open_error(SetupError::ConnectionError(error)))?;
    // A server that ended while it took its log over into the file leaves that shorter than its first page says. The log
    // has the rest, but is not read here; with this, SQLite does not take such a file for damaged.
    connection
        .batch_execute("PRAGMA writable_schema = ON")
        .map_err(|error| open_error(SetupError::QueryError(error)))?;
    let tables: Vec<String> = sqlite_schema::table
        .filter(sqlite_schema::type_.eq("table"))
        .select(sqlite_schema::name)
        .load(&mut connection)
        .map_err(|error| open_error(SetupError::QueryError(error)))?;
    Ok(tables.into_iter().filter(|name| !name.starts_with("sqlite_")).collect())
}

/// Looks into the log beside a file that has no tables yet: a server that was killed early leaves all there.
fn check_log(path: &Path) -> Result<(), DbError> {
    let mut log_path = path.as_os_str().to_owned();
    log_path.push("-wal");
    let log = match std::fs::read(&log_path) {
        Ok(log) => log,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(DbError::Unreadable { path: PathBuf::from(log_path), source }),
    };
    let reference_mark = b"CREATE TABLE schema_migrations";
    if log.windows(reference_mark.len()).any(|window| window == reference_mark) {
        return Err(DbError::ReferenceDatabase { path: path.to_owned() });
    }
    Ok(())
}

fn migrate(connection: &mut AnyConnection, location: &DatabaseLocation) -> Result<(), DbError> {
    let failed = |source| DbError::Migrate { location: location.clone(), source };
    let applied = match connection {
        AnyConnection::Sqlite(_) => run_migrations(connection, SQLITE_MIGRATIONS).map_err(failed)?,
        AnyConnection::Postgres(_) => {
            connection.batch_execute(MIGRATION_LOCK).map_err(|error| failed(Box::new(error)))?;
            check_encoding(connection, location)?;
            check_postgres_origin(connection, location)?;
            let applied = run_migrations(connection, POSTGRES_MIGRATIONS).map_err(failed)?;
            connection.batch_execute(MIGRATION_UNLOCK).map_err(|error| failed(Box::new(error)))?;
            applied
        }
    };
    for version in &applied {
        tracing::info!(version, database = %location, "migrated the database");
    }
    if applied.is_empty() || matches!(connection, AnyConnection::Postgres(_)) {
        return Ok(());
    }
    // So that the file itself tells whose it is, however early the server is killed.
    let checkpoint = connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)");
    checkpoint.map_err(|error| failed(Box::new(error)))
}

fn run_migrations(
    connection: &mut AnyConnection,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    let applied = connection.run_pending_migrations(migrations)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// Whether a server's database was ever opened as one of flightdeck's.
pub(crate) fn has_tables_of_ours(connection: &mut AnyConnection) -> Result<bool, DbError> {
    Ok(has_store_state(&tables_on_server(connection)?))
}

fn has_store_state(tables: &[String]) -> bool {
    tables.iter().any(|name| name == "store_state")
}

fn tables_on_server(connection: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let public = server_tables::table.filter(server_tables::schemaname.nullable().eq(current_schema()));
    public.select(server_tables::tablename).load(connection)
}

/// Refuses a database that cannot hold every text.
fn check_encoding(connection: &mut AnyConnection, location: &DatabaseLocation) -> Result<(), DbError> {
    let of_database = server_settings::table.filter(server_settings::name.eq("server_encoding"));
    let encoding: String = of_database.select(server_settings::setting).get_result(connection)?;
    if encoding == "UTF8" { Ok(()) } else { Err(DbError::Encoding { location: location.clone(), encoding }) }
}

/// Refuses the database of another program; one that has a schema for each program may be shared.
fn check_postgres_origin(connection: &mut AnyConnection, location: &DatabaseLocation) -> Result<(), DbError> {
    let tables = tables_on_server(connection)?;
    let is_ours = has_store_state(&tables);
    let is_empty = tables.iter().all(|name| name == "__diesel_schema_migrations");
    if is_ours || is_empty {
        return Ok(());
    }
    Err(DbError::ForeignDatabase { location: location.clone() })
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// The schema in which tables are made.
    fn current_schema() -> Nullable<Text>;
}

diesel::table! {
    /// What is set on the server.
    #[sql_name = "pg_settings"]
    server_settings (name) {
        /// What it is called.
        name -> Text,
        /// Its value.
        setting -> Text,
    }
}

diesel::table! {
    /// The server's own list of tables.
    #[sql_name = "pg_tables"]
    server_tables (tablename) {
        /// What it is called.
        tablename -> Text,
        /// Where it is.
        schemaname -> Text,
    }
}

diesel::table! {
    /// SQLite's own list of what is in a file.
    sqlite_schema (name) {
        /// What it is: table, index, …
        #[sql_name = "type"]
        type_ -> Text,
        /// What it is called.
        name -> Text,
    }
}
