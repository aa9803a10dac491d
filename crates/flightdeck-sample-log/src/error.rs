//! What can go wrong with the log and the snapshots as a whole.

use std::io;
use std::path::PathBuf;

/// Something could not be made durable, or files are not for this program.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The folder cannot be made or listed.
    #[error("the folder {path} cannot be used")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be created.
    #[error("{path} cannot be created")]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What was written to a file, or a folder's names, may not be on disk.
    #[error("{path} cannot be synced")]
    Sync {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot get its final name, or not be set aside.
    #[error("{path} cannot be renamed")]
    Rename {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be removed.
    #[error("{path} cannot be removed")]
    Remove {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A later program wrote a file; this one cannot tell what is in it.
    #[error(
        "{path} has version {version} of its format, but only versions up to 1 can be read: start the program that wrote it"
    )]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// A record or block is empty, or larger than any reader takes.
    #[error("a record of {bytes} bytes cannot be written")]
    UnfitSize {
        /// Its size.
        bytes: usize,
    },
}

impl LogError {
    /// Whether there is no space left on the disk, or none for this user.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Folder { source, .. }
            | Self::Create { source, .. }
            | Self::Write { source, .. }
            | Self::Sync { source, .. }
            | Self::Rename { source, .. }
            | Self::Remove { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::NewerVersion { .. } | Self::UnfitSize { .. } => false,
        }
    }
}
