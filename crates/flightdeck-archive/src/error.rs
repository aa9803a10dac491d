//! What can go wrong with an archive as a whole, and with one file of it.

use flightdeck_model::{ClusterError, JobKey, PortError, PortErrorKind};
use std::error::Error;
use std::io;
use std::path::PathBuf;

/// An archive could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is nothing at the archive's path.
    #[error(
        "there is no folder {path}: name the folder of a job archive, or create it to start an empty one"
    )]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// What lies at the archive's path is no folder.
    #[error("{path} is not a folder: name the folder of a job archive")]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The file with the archive's version is missing.
    #[error(
        "{path} is missing, although its folder is not empty: if the folder is a job archive of version 3, \
         write 3 into that file, otherwise name the right folder"
    )]
    NoVersion {
        /// Where the file should be.
        path: PathBuf,
    },
    /// The archive has another version.
    #[error(
        "{path} holds {found:?}, but only version 3 can be read: convert the archive with the reference's \
         archive-migration, or name another folder"
    )]
    Version {
        /// The file with the version.
        path: PathBuf,
        /// What the file holds.
        found: String,
    },
    /// A folder was to be filled that has something in it.
    #[error("{path} is not empty: name a folder that is empty or does not exist")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file or folder cannot be written.
    #[error("{path} cannot be written")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The files of a job cannot be removed.
    #[error("{path} cannot be removed")]
    Remove {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A cluster or machine has a name that no file can have.
    #[error("{name:?} cannot be the name of a file or folder")]
    Name {
        /// The name.
        name: String,
    },
    /// A job is none that an archive can hold.
    #[error("the job {job} cannot be archived")]
    Unfit {
        /// The job.
        job: JobKey,
        /// What is wrong with it.
        source: FileError,
    },
    /// A folder is missing, or a link stands in its place, where jobs are to be stored.
    #[error("there is no folder {path} to store jobs in")]
    NoPlaceForJobs {
        /// The folder.
        path: PathBuf,
    },
    /// Something cannot be written as JSON.
    #[error("{path} cannot be encoded")]
    Encode {
        /// The file that was to be written.
        path: PathBuf,
        /// What the encoder says.
        source: serde_json::Error,
    },
    /// One file cannot be used.
    #[error("{path} cannot be used")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FileError,
    },
}

/// What is wrong with one file of an archive.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there.
    #[error("the file is missing")]
    Missing,
    /// It is a folder, a pipe or the like.
    #[error("not a regular file")]
    NotAFile,
    /// The system does not hand it out.
    #[error("cannot be read")]
    Read(#[source] io::Error),
    /// It is suspiciously large.
    #[error("larger than {limit_bytes} bytes")]
    TooLarge {
        /// The most that is read, after unpacking.
        limit_bytes: u64,
    },
    /// With what was to be added nobody would read it any more.
    #[error("would become larger than {limit_bytes} bytes")]
    WouldBeTooLarge {
        /// The most that is read.
        limit_bytes: u64,
    },
    /// The compression is damaged.
    #[error("cannot be unpacked")]
    Unpack(#[source] io::Error),
    /// It is not JSON, or a key has the wrong type.
    #[error("cannot be decoded")]
    Decode(#[source] serde_json::Error),
    /// It cannot be written as JSON.
    #[error("cannot be encoded")]
    Encode(#[source] serde_json::Error),
    /// It is not the configuration of a cluster.
    #[error("not a usable cluster")]
    Cluster(#[source] ClusterError),
    /// The cluster has another name than its folder.
    #[error("is the cluster {name:?}, but lies in the folder {folder:?}")]
    ClusterName {
        /// The name in the file.
        name: String,
        /// The folder's name.
        folder: String,
    },
    /// The job is another than its folder says.
    #[error("is the job {found}, but lies in the folder of {expected}")]
    WrongPlace {
        /// The job in the file.
        found: JobKey,
        /// The job that the folder is for.
        expected: JobKey,
    },
    /// A key of a job has a value that makes no sense.
    #[error("\"{key}\" {what}")]
    Senseless {
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        what: String,
    },
    /// A folder on the way to jobs cannot be listed.
    #[error("the folder cannot be listed")]
    Unlisted(#[source] io::Error),
    /// A location does not have the form of one.
    #[error("not the place of a job")]
    NoPlace,
}

impl FileError {
    /// The error with all its causes in one line.
    pub(crate) fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }

    fn kind(&self) -> PortErrorKind {
        match self {
            Self::Read(_) | Self::Unlisted(_) => PortErrorKind::Unavailable,
            Self::WouldBeTooLarge { .. } => PortErrorKind::Conflict,
            Self::Encode(_) => PortErrorKind::Internal,
            _ => PortErrorKind::Corrupt,
        }
    }
}

impl From<ArchiveError> for PortError {
    fn from(error: ArchiveError) -> Self {
        let what = error.to_string();
        match error {
            ArchiveError::File { source, .. } => Self::new(source.kind(), what, source),
            ArchiveError::Read { source, .. } => Self::new(PortErrorKind::Unavailable, what, source),
            ArchiveError::Write { source, .. } | ArchiveError::Remove { source, .. } => {
                Self::new(write_error_kind(&source), what, source)
            }
            ArchiveError::Encode { source, .. } => Self::new(PortErrorKind::Internal, what, source),
            ArchiveError::Unfit { source, .. } => Self::new(PortErrorKind::Conflict, what, source),
            ArchiveError::NoFolder { .. }
            | ArchiveError::NotAFolder { .. }
            | ArchiveError::NoPlaceForJobs { .. } => Self::plain(PortErrorKind::Unavailable, what),
            ArchiveError::NoVersion { .. }
            | ArchiveError::Version { .. }
            | ArchiveError::NotEmpty { .. }
            | ArchiveError::Name { .. } => Self::plain(PortErrorKind::Conflict, what),
        }
    }
}

/// Every refusal of the system to write is one that somebody can mend: space, rights, mounts.
fn write_error_kind(error: &io::Error) -> PortErrorKind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => PortErrorKind::NoSpace,
        _ => PortErrorKind::Unavailable,
    }
}
