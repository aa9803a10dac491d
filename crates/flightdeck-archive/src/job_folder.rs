//! The folder of a job as a whole: whether it is there, its making and its removal. Does not know what the files in it say.

use crate::ArchiveError;
use crate::atomic_write::sync_folder;
use crate::layout::{JobPath, Layout};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// How often a folder is emptied that somebody else keeps filling.
const MAX_ATTEMPTS: usize = 8;

/// Makes the folder of a job and those above it, as far as they are missing; the cluster's has to be there, since no
/// reader can do with a cluster without configuration. They are on disk when this returns.
///
/// # Errors
///
/// When a folder cannot be made, a link or file has the name of one, or the whole archive or the cluster is not there.
pub(crate) fn make(layout: &Layout, job: &JobPath) -> Result<(), ArchiveError> {
    check_archive_is_there(layout)?;
    let folders = layout.folders_to(job);
    for _ in 0..MAX_ATTEMPTS {
        let there = folders_there(&folders)?.len();
        let (Some(parent), Some(missing)) = (folders.get(there.wrapping_sub(1)), folders.get(there)) else {
            break;
        };
        match fs::create_dir(missing) {
            // The one above was removed with the last job in it.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            // Another job is being stored next to this one.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_folder(missing) => {}
            other => other.map_err(|source| ArchiveError::Write { path: missing.clone(), source })?,
        }
        ignore_missing(sync_folder(parent))
            .map_err(|source| ArchiveError::Write { path: missing.clone(), source })?;
    }
    match folders.get(folders_there(&folders)?.len()) {
        None => Ok(()),
        Some(missing) => Err(ArchiveError::NoPlaceForJobs { path: missing.clone() }),
    }
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Whether a job has a folder in the archive. What is reached over a link is none: nothing is changed there.
///
/// # Errors
///
/// When the folders on the way to it cannot be looked at.
pub(crate) fn is_there(layout: &Layout, job: &JobPath) -> Result<bool, ArchiveError> {
    let folders = layout.folders_to(job);
    Ok(folders_there(&folders)?.len() == folders.len())
}

/// Removes the folder of a job with all that is in it, and the folders above it that are empty then, up to the
/// cluster's, which stays. Returns whether the job had a folder.
///
/// The meta.json goes first: what an interruption leaves behind is no job to anybody, and to call this again
/// removes it.
///
/// # Errors
///
/// When the folder is there and cannot be removed, or the whole archive is not there.
pub(crate) fn remove(layout: &Layout, job: &JobPath) -> Result<bool, ArchiveError> {
    let folders = layout.folders_to(job);
    let mut left = folders_there(&folders)?;
    let is_there = left.len() == folders.len();
    if !is_there {
        check_archive_is_there(layout)?;
    }
    if is_there && let Some(own) = left.pop() {
        remove_file(&layout.meta_file(job))?;
        remove_folder(own).map_err(|source| ArchiveError::Remove { path: own.to_owned(), source })?;
    }

    let mut is_changed = is_there;
    // A folder that is not empty cannot be removed this way; nor is one that stays for another reason worth a word.
    while left.len() > 1 && left.last().is_some_and(|folder| fs::remove_dir(folder).is_ok()) {
        left.pop();
        is_changed = true;
    }
    if is_changed && let Some(lowest) = left.last() {
        ignore_missing(sync_folder(lowest))
            .map_err(|source| ArchiveError::Remove { path: layout.job_folder(job), source })?;
    }
    Ok(is_there)
}

/// An archive that is not mounted has no job at all, and must not pass for one without this job.
fn check_archive_is_there(layout: &Layout) -> Result<(), ArchiveError> {
    let path = layout.version_file();
    match fs::metadata(&path) {
        Ok(_) => Ok(()),
        Err(source) => Err(ArchiveError::Read { path, source }),
    }
}

/// Those of the folders, each in the one before, that are there and are no links: as far as the first that is not.
fn folders_there(folders: &[PathBuf]) -> Result<Vec<&Path>, ArchiveError> {
    let mut there = Vec::new();
    for folder in folders {
        match fs::symlink_metadata(folder) {
            Ok(metadata) if metadata.is_dir() => there.push(folder.as_path()),
            Ok(_) => break,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => break,
            Err(source) => return Err(ArchiveError::Read { path: folder.clone(), source }),
        }
    }
    Ok(there)
}

fn remove_file(path: &Path) -> Result<(), ArchiveError> {
    match fs::remove_file(path) {
        // A folder in the file's place is no meta.json either, and goes with the rest.
        Err(error) if error.kind() == ErrorKind::IsADirectory => Ok(()),
        other => {
            ignore_missing(other).map_err(|source| ArchiveError::Remove { path: path.to_owned(), source })
        }
    }
}

/// Removes a folder and what is in it; links in it are removed and not followed.
fn remove_folder(folder: &Path) -> io::Result<()> {
    let mut result = fs::remove_dir_all(folder);
    for _ in 1..MAX_ATTEMPTS {
        match &result {
            // Another process wrote a file between the last one's removal and the folder's.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => result = fs::remove_dir_all(folder),
            _ => break,
        }
    }
    ignore_missing(result)
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}
