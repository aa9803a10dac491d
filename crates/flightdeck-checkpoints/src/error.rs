//! What can go wrong with checkpoints.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why no checkpoints can be read at all.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The folder of all checkpoints cannot be listed.
    #[error("cannot list the checkpoints in {}", path.display())]
    Unlisted {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// What is wrong with a file or a folder of checkpoints, and how much of it that costs.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Reason {
    /// It cannot be read.
    #[error("cannot be read")]
    Unreadable(#[from] io::Error),
    /// The name of the folder is not UTF-8, so it is no cluster and no host.
    #[error("the name is not UTF-8")]
    NameNotUtf8,
    /// The file does not begin as its kind of file does. Nothing of a snapshot is taken then, and of a log what makes
    /// sense.
    #[error("does not begin with the mark of a {expected}")]
    WrongStart {
        /// What the file should be.
        expected: &'static str,
    },
    /// A binary snapshot makes no sense from some byte on. What came before it is taken, except the last series.
    #[error("makes no sense from byte {offset} on; {taken} series before it were taken")]
    SnapshotDamaged {
        /// Where, in bytes from 0.
        offset: usize,
        /// How many series were taken.
        taken: usize,
    },
    /// A JSON snapshot cannot be understood. Nothing of it is taken.
    #[error("is no JSON snapshot")]
    NotJson(#[from] serde_json::Error),
    /// A series of a snapshot has a timestep or times that cannot be. It is passed over.
    #[error("series {series} has a timestep or times that cannot be")]
    Times {
        /// The levels and the metric, with slashes.
        series: String,
    },
    /// The name of a level says of no part of a host what it is. The series there are passed over.
    #[error("no part of a host is called {levels}")]
    Levels {
        /// The levels, with slashes.
        levels: String,
    },
    /// A stretch of a log holds no record that is whole. What follows it is taken.
    #[error("{length} bytes from byte {offset} on hold no whole record")]
    LogDamaged {
        /// Where, in bytes from 0.
        offset: usize,
        /// How many bytes.
        length: usize,
    },
    /// A record of a log is whole but makes no sense. It is passed over.
    #[error("the record at byte {offset} makes no sense")]
    RecordMeaningless {
        /// Where, in bytes from 0.
        offset: usize,
    },
    /// There is more wrong with the file than is told one by one.
    #[error("{count} more such places")]
    More {
        /// How much more.
        count: u64,
    },
}
