//! Writes files so that they appear whole or not at all. Knows nothing of what is in them.

use crate::ArchiveError;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use tempfile::NamedTempFile;

#[cfg(test)]
mod tests;

/// Writes a file that is on disk when this returns: through a temporary file in the same folder, which takes
/// the place, and the permissions, of what was there before.
///
/// # Errors
///
/// When the folder is missing or cannot be written; what was there before is then still there.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    let fill = |file: &mut File| file.write_all(bytes);
    write(path, true, fill).map_err(|source| ArchiveError::Write { path: path.to_owned(), source })
}

/// As [`write_atomically`], but leaves it to the system when the file comes to disk: for files that can be made
/// again, in great number.
///
/// # Errors
///
/// As [`write_atomically`].
pub(crate) fn write_atomically_unsynced(path: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    let fill = |file: &mut File| file.write_all(bytes);
    write(path, false, fill).map_err(|source| ArchiveError::Write { path: path.to_owned(), source })
}

/// Brings the names in a folder to disk: those that were added, and that others were removed.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn write(path: &Path, sync: bool, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = temporary_file(folder)?;
    keep_permissions(path, temporary.as_file())?;
    fill(temporary.as_file_mut())?;
    if sync {
        temporary.as_file().sync_all()?;
    }
    temporary.persist(path).map_err(|error| error.error)?;
    // Only then is the new name on disk as well.
    if sync { sync_folder(folder) } else { Ok(()) }
}

/// Gives a file the permissions of the one that it will replace, if that has other ones.
fn keep_permissions(replaced: &Path, file: &File) -> io::Result<()> {
    let Ok(metadata) = fs::metadata(replaced) else { return Ok(()) };
    let wanted = metadata.permissions();
    // Some network file systems refuse every such change, also one that changes nothing.
    if wanted == file.metadata()?.permissions() { Ok(()) } else { file.set_permissions(wanted) }
}

/// The name begins with a dot, so that readers pass over what a crash leaves behind.
#[cfg(unix)]
fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    // Archives are read by other accounts; the default of the crate is a file for its owner alone.
    tempfile::Builder::new().prefix(".new-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder)
}

#[cfg(not(unix))]
fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".new-").tempfile_in(folder)
}
