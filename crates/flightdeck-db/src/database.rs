//! Opening a database file, and the door to its connections. Knows of tables only whose they are.

use crate::DbError;
use crate::connection::{AnyConnection, Readers, file_uri, open_readers, open_writer};
use crate::jobs::{TagTable, Totals};
use crate::schema::store_state;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::Error as SetupError;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

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
}

impl Default for DatabaseOptions {
    /// 4 readers with 4 MiB each, a writer with 16 MiB, 10 s.
    fn default() -> Self {
        Self { readers: 4, reader_cache_kib: 4096, writer_cache_kib: 16_384, busy_timeout_ms: 10_000 }
    }
}

/// An open database. Clones share the connections.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    readers: Readers,
    writer: Mutex<AnyConnection>,
    tags: RwLock<Arc<TagTable>>,
    totals: Totals,
    user_changes: AtomicU64,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens the database file, makes it if it is not there, and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// When the folder is not there, when the file is no database of flightdeck (it is left as it is then),
    /// and when it cannot be opened or migrated.
    pub fn open(path: &Path, options: &DatabaseOptions) -> Result<Self, DbError> {
        check_folder(path)?;
        check_origin(path)?;
        let open_error = |source| DbError::Open { path: path.to_owned(), source };
        let mut writer = open_writer(path, options).map_err(open_error)?;
        migrate(&mut writer, path)?;
        let readers = open_readers(path, options)?;
        let inner = Inner {
            path: path.to_owned(),
            readers,
            writer: Mutex::new(writer),
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
        query: impl FnOnce(&mut AnyConnection, i64) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.read(|connection| {
            connection.transaction(|snapshot| {
                let change_number =
                    store_state::table.select(store_state::change_number).get_result(snapshot)?;
                query(snapshot, change_number)
            })
        })
    }

    /// Runs a write transaction. The writer's lock is taken at its start, so that it never has to be run again.
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&mut SqliteConnection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.with_writer(|connection| {
            connection.immediate_transaction(|transaction| {
                let answer = change(transaction)?;
                diesel::update(store_state::table)
                    .set(store_state::change_number.eq(store_state::change_number + 1))
                    .execute(transaction)?;
                Ok(answer)
            })
        })
    }

    /// Runs statements on the writing connection.
    pub(crate) fn with_writer<T>(
        &self,
        statements: impl FnOnce(&mut SqliteConnection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let Ok(mut writer) = self.inner.writer.lock() else {
            return Err(DbError::WriterLost);
        };
        match &mut *writer {
            AnyConnection::Sqlite(connection) => statements(connection),
        }
    }
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
        return Err(DbError::ForeignDatabase { path: path.to_owned() });
    }
    check_log(path)
}

/// Lists the tables of the file itself; `immutable` keeps SQLite from making its side files.
fn tables_in_main_file(path: &Path) -> Result<Vec<String>, DbError> {
    let uri = format!("{}?mode=ro&immutable=1", file_uri(path));
    let open_error = |source| DbError::Open { path: path.to_owned(), source };
    let mut connection =
        SqliteConnection::establish(&uri).map_err(|error| open_error(SetupError::ConnectionError(error)))?;
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

fn migrate(writer: &mut AnyConnection, path: &Path) -> Result<(), DbError> {
    let applied = writer
        .run_pending_migrations(MIGRATIONS)
        .map_err(|source| DbError::Migrate { path: path.to_owned(), source })?;
    for version in &applied {
        tracing::info!(%version, path = %path.display(), "migrated the database");
    }
    if applied.is_empty() {
        return Ok(());
    }
    // So that the file itself tells whose it is, however early the server is killed.
    writer
        .batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
        .map_err(|error| DbError::Migrate { path: path.to_owned(), source: Box::new(error) })
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
