//! A database file of the reference, opened so that neither it nor what lies beside it changes. Knows of its tables
//! only whose, and of which version, they are.

use super::tables::{schema_migrations, sqlite_schema};
use crate::connection::file_uri;
use crate::{DatabaseLocation, DbError};
use diesel::prelude::*;
use diesel::r2d2::Error as SetupError;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::TempDir;

#[cfg(test)]
mod tests;

/// What every SQLite file begins with: <https://www.sqlite.org/fileformat.html#magic_header_string>.
const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The version of the reference's tables that is known here.
const KNOWN_VERSION: &str = "11";

/// The logs that SQLite keeps beside a file: with either of them, the file alone is not the whole database.
const LOG_SUFFIXES: [&str; 2] = ["-wal", "-journal"];

/// The file and its logs, as far as they show that somebody writes: length and time of the last change.
type Traces = Vec<Option<(u64, Option<SystemTime>)>>;

/// An open file of the reference.
pub(super) struct ReferenceFile {
    /// As the caller named it.
    path: PathBuf,
    connection: SqliteConnection,
    /// Where the file really is, and how it and its logs were.
    real_path: PathBuf,
    traces: Traces,
    /// Holds the copy, if there is one, until the connection is closed.
    _copy: Option<TempDir>,
}

impl ReferenceFile {
    /// Opens the file, and checks whose it is.
    pub(super) fn open(path: &Path) -> Result<Self, DbError> {
        let unreadable = |source| DbError::Unreadable { path: path.to_owned(), source };
        // SQLite looks for the logs beside the file that a link leads to.
        let real_path = path.canonicalize().map_err(unreadable)?;
        check_magic(path, &real_path)?;
        let traces = traces_of(&real_path).map_err(unreadable)?;
        let has_log = traces.iter().skip(1).flatten().any(|(length, _)| *length > 0);
        let copy = if has_log { Some(copy_aside(path, &real_path)?) } else { None };
        let uri = match &copy {
            Some(folder) => file_uri(&copied_path(folder)),
            None => format!("{}?mode=ro&immutable=1", file_uri(&real_path)),
        };
        let open_error =
            |source| DbError::Open { location: DatabaseLocation::Sqlite(path.to_owned()), source };
        let connection = SqliteConnection::establish(&uri)
            .map_err(|error| open_error(SetupError::ConnectionError(error)))?;
        let mut file = Self { path: path.to_owned(), connection, real_path, traces, _copy: copy };
        // What was copied while somebody wrote is no database.
        file.check_unchanged()?;
        file.check_version()?;
        Ok(file)
    }

    /// Runs a query on the file.
    pub(super) fn read<T>(
        &mut self,
        query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
    ) -> Result<T, DbError> {
        query(&mut self.connection)
            .map_err(|source| DbError::ReferenceRead { path: self.path.clone(), source })
    }

    /// Whether all that was read so far is of one state of the file.
    pub(super) fn check_unchanged(&self) -> Result<(), DbError> {
        let traces = traces_of(&self.real_path)
            .map_err(|source| DbError::Unreadable { path: self.path.clone(), source })?;
        if traces == self.traces {
            Ok(())
        } else {
            Err(DbError::ReferenceChanged { path: self.path.clone() })
        }
    }

    fn check_version(&mut self) -> Result<(), DbError> {
        let tables: Vec<String> = self.read(|connection| {
            let tables = sqlite_schema::table.filter(sqlite_schema::type_.eq("table"));
            tables.select(sqlite_schema::name).load(connection)
        })?;
        let has = |wanted: &str| tables.iter().any(|name| name == wanted);
        if !has("schema_migrations") || !has("hpc_user") || !has("job") {
            return Err(DbError::NotReference { path: self.path.clone() });
        }
        let versions: Vec<(Vec<u8>, i64)> = self.read(|connection| {
            let row = (schema_migrations::version, schema_migrations::dirty);
            schema_migrations::table.select(row).load(connection)
        })?;
        let path = self.path.clone();
        match versions.as_slice() {
            [(version, _)] if version != KNOWN_VERSION.as_bytes() => {
                let version = String::from_utf8_lossy(version).into_owned();
                Err(DbError::ReferenceVersion { path, version })
            }
            [(_, 0)] => Ok(()),
            [_] => Err(DbError::ReferenceDirty { path }),
            _ => Err(DbError::NotReference { path }),
        }
    }
}

fn check_magic(path: &Path, real_path: &Path) -> Result<(), DbError> {
    let mut start = [0; SQLITE_MAGIC.len()];
    let read = File::open(real_path).and_then(|mut file| io::Read::read_exact(&mut file, &mut start));
    match read {
        Ok(()) if start == *SQLITE_MAGIC => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Err(DbError::Unreadable { path: path.to_owned(), source: error })
        }
        _ => Err(DbError::NotReference { path: path.to_owned() }),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn traces_of(real_path: &Path) -> io::Result<Traces> {
    let trace = |suffix| match std::fs::metadata(with_suffix(real_path, suffix)) {
        Ok(metadata) => Ok(Some((metadata.len(), metadata.modified().ok()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    [""].into_iter().chain(LOG_SUFFIXES).map(trace).collect()
}

/// Where the copy is in its folder.
fn copied_path(folder: &TempDir) -> PathBuf {
    folder.path().join("reference.db")
}

/// Copies the file with its logs to a folder that goes with the result. The copies can be written, whatever the
/// originals allow: SQLite takes the log over into the file.
fn copy_aside(path: &Path, real_path: &Path) -> Result<TempDir, DbError> {
    let copy = || {
        let folder = tempfile::tempdir()?;
        for suffix in [""].into_iter().chain(LOG_SUFFIXES) {
            let mut original = match File::open(with_suffix(real_path, suffix)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            io::copy(&mut original, &mut File::create(with_suffix(&copied_path(&folder), suffix))?)?;
        }
        Ok(folder)
    };
    copy().map_err(|source| DbError::ReferenceAside { path: path.to_owned(), source })
}
