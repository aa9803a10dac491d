//! What can go wrong with the database, and what that means to a caller of the ports.

use crate::{DatabaseLocation, UrlProblem};
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use flightdeck_model::{PortError, PortErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

/// The database could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The folder of the database file is not there.
    #[error("the folder {} of the database does not exist: make it, or set main.db", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The file could not be looked at.
    #[error("the database file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no SQLite database.
    #[error("{} is not an SQLite database", path.display())]
    NotSqlite {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database of the server that flightdeck replaces. It was not touched.
    #[error(
        "{} is a database of cc-backend and was left as it is: name another file as main.db, and take this one over \
         with `flightdeck db import-reference {}`",
        path.display(),
        path.display()
    )]
    ReferenceDatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database of some other program. It was not touched.
    #[error("{location} is a database of another program and was left as it is")]
    ForeignDatabase {
        /// Where it is.
        location: DatabaseLocation,
    },
    /// The URL of the database cannot be understood.
    #[error("the URL {location} of the database cannot be understood")]
    Url {
        /// The URL.
        location: DatabaseLocation,
        /// Why.
        source: UrlProblem,
    },
    /// The database cannot hold all texts.
    #[error("the database {location} has the encoding {encoding}: make one with ENCODING 'UTF8'")]
    Encoding {
        /// Where it is.
        location: DatabaseLocation,
        /// Which encoding it has.
        encoding: String,
    },
    /// The database could not be opened.
    #[error("the database {location} cannot be opened")]
    Open {
        /// Where it is.
        location: DatabaseLocation,
        /// Why.
        source: diesel::r2d2::Error,
    },
    /// The tables could not be brought up to date.
    #[error("the tables of the database {location} cannot be brought up to date")]
    Migrate {
        /// Where it is.
        location: DatabaseLocation,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No connection became free in time.
    #[error("no connection to the database is free")]
    Pool(#[from] diesel::r2d2::PoolError),
    /// The thread that writes could not be started.
    #[error("the thread that writes to the database cannot be started")]
    Thread(#[source] std::io::Error),
    /// The thread that writes has ended.
    #[error("the database is being closed")]
    WriterLost,
    /// Too many changes wait to be written.
    #[error("too many changes wait to be written to the database")]
    QueueFull,
    /// A change panicked. Nothing of it was written.
    #[error("a change of the database broke off: {0}")]
    ChangePanicked(String),
    /// The connection that writes was lost, and cannot be opened anew yet.
    #[error("the database cannot be opened anew")]
    Reopen {
        /// Why.
        source: diesel::r2d2::Error,
    },
    /// The transaction that the change was made in failed as a whole.
    #[error(transparent)]
    Shared(Arc<DbError>),
    /// There is no room on the disk.
    #[error("there is no room for the database on its disk")]
    NoSpace(#[source] QueryError),
    /// The database cannot be reached or written at the moment.
    #[error("the database cannot be written")]
    Unavailable(#[source] QueryError),
    /// Another process held the database for longer than this one waits.
    #[error("another process is writing to the database: try again when it has finished")]
    Locked(#[source] QueryError),
    /// A query failed.
    #[error("the database query failed")]
    Query(#[source] QueryError),
    /// A stored value cannot be understood.
    #[error("table {table} holds an unusable {column} in the row of {id}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        id: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value cannot be written as JSON.
    #[error("{what} of {owner} cannot be stored as JSON")]
    Encode {
        /// Which value.
        what: &'static str,
        /// The job or user.
        owner: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A footprint key has characters that no metric name has.
    #[error("\"{key}\" is not a footprint key: letters, digits and _ are allowed")]
    FootprintKey {
        /// The key.
        key: String,
    },
    /// More jobs were asked for by id than one query takes.
    #[error("{count} jobs were asked for by id at once, the most is {most}")]
    TooManyIds {
        /// How many.
        count: usize,
        /// How many are allowed.
        most: usize,
    },
    /// There is no database to copy.
    #[error("there is no database of flightdeck at {location}")]
    NoDatabase {
        /// Where it was looked for.
        location: DatabaseLocation,
    },
    /// The database that was to be filled has something in it. It was not touched.
    #[error("{location} has rows in its table {table}: name a database that is new or empty")]
    CopyTargetInUse {
        /// Where it is.
        location: DatabaseLocation,
        /// A table with rows.
        table: &'static str,
    },
    /// The database was being filled by a copy that broke off.
    #[error("a copy to {location} was begun and not finished: remove that database and copy again")]
    UnfinishedCopy {
        /// Where it is.
        location: DatabaseLocation,
    },
    /// A copy has not as many rows as what was copied.
    #[error("table {table} has {source_rows} rows, its copy has {target_rows}")]
    CopyDiffers {
        /// The table.
        table: &'static str,
        /// How many the original has.
        source_rows: u64,
        /// How many the copy has.
        target_rows: u64,
    },
    /// A text has a NUL character, which `PostgreSQL` does not take.
    #[error(
        "table {table} holds a NUL character in {column} of the row of {id}: PostgreSQL stores no such text"
    )]
    TextWithNul {
        /// The table.
        table: &'static str,
        /// The column.
        column: String,
        /// The row's key.
        id: String,
    },
    /// The file is no database of the server that flightdeck replaces.
    #[error("{} is not a database of cc-backend", path.display())]
    NotReference {
        /// The file.
        path: PathBuf,
    },
    /// The file is of a version of that server whose tables are not known.
    #[error("{} has version {version} of cc-backend's tables: only version 11 can be taken over", path.display())]
    ReferenceVersion {
        /// The file.
        path: PathBuf,
        /// Its version, as it stands there.
        version: String,
    },
    /// That server's tables were not brought up to date completely.
    #[error("the tables of {} are half migrated: let cc-backend repair them first", path.display())]
    ReferenceDirty {
        /// The file.
        path: PathBuf,
    },
    /// That server is writing to the file.
    #[error("{} changed while it was read: stop cc-backend, then take it over again", path.display())]
    ReferenceChanged {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be copied to where it may be written.
    #[error("{} cannot be copied to a temporary folder, together with its log", path.display())]
    ReferenceAside {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The tables of the file could not be read.
    #[error("the tables of {} cannot be read", path.display())]
    ReferenceRead {
        /// The file.
        path: PathBuf,
        /// Why.
        source: QueryError,
    },
}

impl DbError {
    fn kind(&self) -> PortErrorKind {
        match self {
            Self::Pool(_)
            | Self::Locked(_)
            | Self::WriterLost
            | Self::QueueFull
            | Self::Reopen { .. }
            | Self::Unavailable(_) => PortErrorKind::Unavailable,
            Self::NoSpace(_) => PortErrorKind::NoSpace,
            Self::Corrupt { .. } => PortErrorKind::Corrupt,
            Self::Shared(error) => error.kind(),
            Self::Query(error) => query_error_kind(error),
            Self::NoFolder { .. }
            | Self::Unreadable { .. }
            | Self::NotSqlite { .. }
            | Self::ReferenceDatabase { .. }
            | Self::ForeignDatabase { .. }
            | Self::Url { .. }
            | Self::Encoding { .. }
            | Self::Open { .. }
            | Self::Migrate { .. }
            | Self::Thread(_)
            | Self::ChangePanicked(_)
            | Self::Encode { .. }
            | Self::FootprintKey { .. }
            | Self::NoDatabase { .. }
            | Self::CopyTargetInUse { .. }
            | Self::UnfinishedCopy { .. }
            | Self::CopyDiffers { .. }
            | Self::TextWithNul { .. }
            | Self::NotReference { .. }
            | Self::ReferenceVersion { .. }
            | Self::ReferenceDirty { .. }
            | Self::ReferenceChanged { .. }
            | Self::ReferenceAside { .. }
            | Self::ReferenceRead { .. }
            | Self::TooManyIds { .. } => PortErrorKind::Internal,
        }
    }

    /// Whether it is the database that fails, rather than what was asked of it: whatever else is asked will fail as
    /// well.
    pub(crate) fn concerns_the_database(&self) -> bool {
        matches!(self.kind(), PortErrorKind::Unavailable | PortErrorKind::NoSpace)
    }
}

/// Diesel passes on the words of the database alone; these say that it is busy, full, or gone.
const LOCKED: [&str; 4] =
    ["database is locked", "database table is locked", "lock timeout", "deadlock detected"];
const NO_SPACE: [&str; 3] = ["database or disk is full", "No space left on device", "Disk quota exceeded"];
const UNAVAILABLE: [&str; 10] = [
    "attempt to write a readonly database",
    "disk I/O error",
    "unable to open database file",
    "server closed the connection",
    "connection has been closed",
    "could not receive data from server",
    "could not send data to server",
    "no connection to the server",
    "terminating connection",
    "the database system is",
];

impl From<QueryError> for DbError {
    fn from(error: QueryError) -> Self {
        let words = match &error {
            QueryError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::ReadOnlyTransaction,
                _,
            ) => return Self::Unavailable(error),
            QueryError::DatabaseError(_, information) => information.message(),
            _ => return Self::Query(error),
        };
        let says = |texts: &[&str]| texts.iter().any(|text| words.contains(text));
        match () {
            () if says(&LOCKED) => Self::Locked(error),
            () if says(&NO_SPACE) => Self::NoSpace(error),
            () if says(&UNAVAILABLE) => Self::Unavailable(error),
            () => Self::Query(error),
        }
    }
}

/// SQLite says only in words that the file is damaged.
fn query_error_kind(error: &QueryError) -> PortErrorKind {
    match error {
        QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => PortErrorKind::Conflict,
        QueryError::DatabaseError(_, information) => match information.message() {
            "database disk image is malformed" | "file is not a database" => PortErrorKind::Corrupt,
            _ => PortErrorKind::Internal,
        },
        QueryError::DeserializationError(_) => PortErrorKind::Corrupt,
        _ => PortErrorKind::Internal,
    }
}

impl From<DbError> for PortError {
    fn from(error: DbError) -> Self {
        let kind = error.kind();
        let what = error.to_string();
        match error {
            DbError::Corrupt { source, .. } | DbError::Migrate { source, .. } => {
                Self::new(kind, what, source)
            }
            DbError::Query(source)
            | DbError::Locked(source)
            | DbError::NoSpace(source)
            | DbError::Unavailable(source)
            | DbError::ReferenceRead { source, .. } => Self::new(kind, what, source),
            DbError::Shared(source) => match std::error::Error::source(&*source) {
                // Many callers are told of one failure.
                Some(cause) => Self::new(kind, what, cause.to_string()),
                None => Self::plain(kind, what),
            },
            DbError::Url { source, .. } => Self::new(kind, what, source),
            DbError::Thread(source) => Self::new(kind, what, source),
            DbError::Pool(source) => Self::new(kind, what, source),
            DbError::Open { source, .. } | DbError::Reopen { source } => Self::new(kind, what, source),
            DbError::Unreadable { source, .. } | DbError::ReferenceAside { source, .. } => {
                Self::new(kind, what, source)
            }
            DbError::Encode { source, .. } => Self::new(kind, what, source),
            DbError::NoFolder { .. }
            | DbError::NotSqlite { .. }
            | DbError::ReferenceDatabase { .. }
            | DbError::ForeignDatabase { .. }
            | DbError::Encoding { .. }
            | DbError::WriterLost
            | DbError::QueueFull
            | DbError::ChangePanicked(_)
            | DbError::FootprintKey { .. }
            | DbError::NoDatabase { .. }
            | DbError::CopyTargetInUse { .. }
            | DbError::UnfinishedCopy { .. }
            | DbError::CopyDiffers { .. }
            | DbError::TextWithNul { .. }
            | DbError::NotReference { .. }
            | DbError::ReferenceVersion { .. }
            | DbError::ReferenceDirty { .. }
            | DbError::ReferenceChanged { .. }
            | DbError::TooManyIds { .. } => Self::plain(kind, what),
        }
    }
}
