//! What the log and the snapshots do alike with the files of a folder. Knows nothing of records.

use crate::disk::{Disk, FileEntry, ReadFile};
use crate::error::LogError;
use crate::file_header::{self, FILE_HEADER_BYTES, FileHeader, Magic};
use std::io;
use std::path::Path;

/// The folder, in that of the log or the snapshots, into which damaged files are moved. They are linked there as soon as
/// they are found.
pub(crate) const SET_ASIDE_FOLDER: &str = "damaged";

/// Files of one name that are kept there at most.
const SAME_NAMES_MAX: u32 = 1000;

/// Lists the files of a folder; makes it if it is missing.
pub(crate) fn list_or_create(disk: &dyn Disk, folder: &Path) -> Result<Vec<FileEntry>, LogError> {
    let listed = disk.create_folders(folder).and_then(|()| disk.list(folder));
    listed.map_err(|source| LogError::Folder { path: folder.to_owned(), source })
}

/// The number in a file's name.
pub(crate) fn number_in(name: &str, prefix: &str, suffix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
    let is_number = digits.len() >= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    // The highest number is left out, so that there is always a next one.
    digits.parse().ok().filter(|number| is_number && *number < u64::MAX)
}

/// Judges the header of a file. Gives the file back.
pub(crate) fn read_header(
    mut file: Box<dyn ReadFile>,
    magic: Magic,
) -> io::Result<(Box<dyn ReadFile>, FileHeader)> {
    let mut header = [0; FILE_HEADER_BYTES];
    let header_bytes = usize::try_from(file.bytes()).unwrap_or(usize::MAX).min(FILE_HEADER_BYTES);
    let place = header.get_mut(..header_bytes).unwrap_or_default();
    file.read_at(0, place)?;
    let judged = file_header::judge(place, magic);
    Ok((file, judged))
}

/// Removes a file, or does nothing if it is gone.
pub(crate) fn remove(disk: &dyn Disk, path: &Path) -> Result<(), LogError> {
    match disk.remove(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(LogError::Remove { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Moves a file into the folder for damaged ones.
pub(crate) fn set_aside(disk: &dyn Disk, folder: &Path, path: &Path) -> Result<(), LogError> {
    let kept = keep_aside(disk, folder, path);
    kept.map_err(|source| LogError::Rename { path: path.to_owned(), source })?;
    remove(disk, path)
}

/// Has a damaged file in the folder for damaged ones as well, so that it is there whatever becomes of the file itself, whose
/// good records are still needed.
pub(crate) fn keep_aside(disk: &dyn Disk, folder: &Path, path: &Path) -> io::Result<()> {
    let target_folder = folder.join(SET_ASIDE_FOLDER);
    disk.create_folders(&target_folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for number in 1..=SAME_NAMES_MAX {
        let suffix = if number == 1 { String::new() } else { format!(".{number}") };
        let target = target_folder.join(format!("{name}{suffix}"));
        match disk.link(path, &target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            // Another file may have had the name, before the folder began anew.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if bytes_of(disk, path) == bytes_of(disk, &target) {
                    return disk.sync_folder(&target_folder);
                }
            }
            outcome => return outcome.and_then(|()| disk.sync_folder(&target_folder)),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

/// As [`keep_aside`], but when the file is found damaged; what fails then is tried again before it is removed.
pub(crate) fn try_keep_aside(disk: &dyn Disk, folder: &Path, path: &Path) {
    if let Err(error) = keep_aside(disk, folder, path) {
        tracing::warn!(path = %path.display(), %error, "a damaged file has no copy in the folder damaged yet");
    }
}

/// How large a file is, if it can be read.
fn bytes_of(disk: &dyn Disk, path: &Path) -> Option<u64> {
    Some(disk.open(path).ok()?.bytes())
}

pub(crate) fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
