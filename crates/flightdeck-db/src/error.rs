//! What can go wrong with the database, and what that means to a caller of the ports.

use diesel::result::{DatabaseErrorKind, Error as QueryError};
use flightdeck_model::{PortError, PortErrorKind};
use std::path::PathBuf;

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
        "{} is a database of cc-backend and was left as it is: a coming version takes it over with \
         `flightdeck db import-reference`; until then, main.db has to name another file",
        path.display()
    )]
    ReferenceDatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database of some other program. It was not touched.
    #[error("{} is a database of another program and was left as it is", path.display())]
    ForeignDatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be opened as a database.
    #[error("the database {} cannot be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: diesel::r2d2::Error,
    },
    /// The tables could not be brought up to date.
    #[error("the tables of the database {} cannot be brought up to date", path.display())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No connection became free in time.
    #[error("no connection to the database is free")]
    Pool(#[from] diesel::r2d2::PoolError),
    /// The thread that wrote before panicked, so what the connection is in the middle of is unknown.
    #[error("the database cannot be written since an earlier write broke off")]
    WriterLost,
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
}

impl DbError {
    fn kind(&self) -> PortErrorKind {
        match self {
            Self::Pool(_) | Self::Locked(_) => PortErrorKind::Unavailable,
            Self::Corrupt { .. } => PortErrorKind::Corrupt,
            Self::Query(error) => query_error_kind(error),
            Self::NoFolder { .. }
            | Self::Unreadable { .. }
            | Self::NotSqlite { .. }
            | Self::ReferenceDatabase { .. }
            | Self::ForeignDatabase { .. }
            | Self::Open { .. }
            | Self::Migrate { .. }
            | Self::WriterLost
            | Self::Encode { .. }
            | Self::FootprintKey { .. }
            | Self::TooManyIds { .. } => PortErrorKind::Internal,
        }
    }
}

impl From<QueryError> for DbError {
    fn from(error: QueryError) -> Self {
        match &error {
            QueryError::DatabaseError(_, information)
                if matches!(information.message(), "database is locked" | "database table is locked") =>
            {
                Self::Locked(error)
            }
            _ => Self::Query(error),
        }
    }
}

/// SQLite says only in words that the file is damaged or that it was busy: diesel passes on the text alone.
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
            DbError::Query(source) | DbError::Locked(source) => Self::new(kind, what, source),
            DbError::Pool(source) => Self::new(kind, what, source),
            DbError::Open { source, .. } => Self::new(kind, what, source),
            DbError::Unreadable { source, .. } => Self::new(kind, what, source),
            DbError::Encode { source, .. } => Self::new(kind, what, source),
            DbError::NoFolder { .. }
            | DbError::NotSqlite { .. }
            | DbError::ReferenceDatabase { .. }
            | DbError::ForeignDatabase { .. }
            | DbError::WriterLost
            | DbError::FootprintKey { .. }
            | DbError::TooManyIds { .. } => Self::plain(kind, what),
        }
    }
}
