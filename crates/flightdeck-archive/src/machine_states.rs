//! The state files of machines in a folder. Knows neither which clusters and machines there are nor what is in the
//! files.

use crate::atomic_write::{sync_folder, write_atomically};
use crate::{ArchiveError, FileError, bounded_read};
use flightdeck_model::{MachineState, MachineStates, PortError, UnixTime};
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Far more than a node has to say of itself.
const MAX_BYTES: u64 = 32 << 20;
/// Longest name of a file or folder, in bytes, on the usual file systems.
const MAX_NAME_BYTES: usize = 255;

/// State files in a folder: `<folder>/<cluster>/<host>.json`. Holds no file open and can be used from many threads
/// and processes.
///
/// Names of clusters and hosts have at most 255 bytes, with the ending `.json` in the case of hosts; they have neither
/// separators nor control characters and do not begin with a dot. Nothing is found under other names, and nothing can be
/// stored under them.
#[derive(Debug, Clone)]
pub struct FileMachineStates {
    folder: PathBuf,
}

impl FileMachineStates {
    /// Opens a folder of state files, and makes it if it is missing.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or something else has its name.
    pub fn open(folder: &Path) -> Result<Self, ArchiveError> {
        fs::create_dir_all(folder)
            .map_err(|source| ArchiveError::Write { path: folder.to_owned(), source })?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn file(&self, cluster: &str, host: &str) -> Result<PathBuf, ArchiveError> {
        let file_name = format!("{host}.json");
        for name in [cluster, &file_name] {
            if !is_plain_name(name) {
                return Err(ArchiveError::Name { name: name.to_owned() });
            }
        }
        // A host without name would be a hidden file, which the check above has refused.
        Ok(self.folder.join(cluster).join(file_name))
    }

    /// Makes the folder of a cluster, so that it is on disk before there is a file in it.
    fn make_cluster_folder(&self, cluster: &str) -> Result<(), ArchiveError> {
        let folder = self.folder.join(cluster);
        let made = match fs::create_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            other => other,
        };
        made.and_then(|()| sync_folder(&self.folder))
            .map_err(|source| ArchiveError::Write { path: folder, source })
    }
}

impl MachineStates for FileMachineStates {
    fn read(&self, cluster: &str, host: &str) -> Result<Option<MachineState>, PortError> {
        let Ok(path) = self.file(cluster, host) else { return Ok(None) };
        match bounded_read::read_with_metadata(&path, MAX_BYTES) {
            Ok((json, metadata)) => Ok(Some(MachineState { json, modified: modified(&metadata) })),
            Err(FileError::Missing) => Ok(None),
            Err(source) => Err(ArchiveError::File { path, source }.into()),
        }
    }

    fn store(&self, cluster: &str, host: &str, json: &[u8]) -> Result<(), PortError> {
        let path = self.file(cluster, host)?;
        if u64::try_from(json.len()).unwrap_or(u64::MAX) > MAX_BYTES {
            let source = FileError::WouldBeTooLarge { limit_bytes: MAX_BYTES };
            return Err(ArchiveError::File { path, source }.into());
        }
        self.make_cluster_folder(cluster)?;
        Ok(write_atomically(&path, json)?)
    }
}

/// Whether a name is one of a file that stands where it is expected, and is seen there.
fn is_plain_name(name: &str) -> bool {
    let fits = !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.starts_with('.');
    fits && !name.contains(['/', '\\']) && !name.contains(char::is_control)
}

fn modified(metadata: &Metadata) -> UnixTime {
    // A file system that keeps no times has no say in when a state was sent.
    let since_epoch = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    UnixTime(since_epoch.and_then(|duration| i64::try_from(duration.as_secs()).ok()).unwrap_or(0))
}
