//! Writes files so that they appear whole or not at all. Knows nothing of what is in them.

use crate::ArchiveError;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// Writes a file that is on disk when this returns: through a temporary file in the same folder, which takes
/// the place of what was there before.
///
/// # Errors
///
/// When the folder is missing or cannot be written; what was there before is then still there.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    write(path, bytes, true).map_err(|source| ArchiveError::Write { path: path.to_owned(), source })
}

/// As [`write_atomically`], but leaves it to the system when the file comes to disk: for files that can be made
/// again, in great number.
///
/// # Errors
///
/// As [`write_atomically`].
pub(crate) fn write_atomically_unsynced(path: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    write(path, bytes, false).map_err(|source| ArchiveError::Write { path: path.to_owned(), source })
}

fn write(path: &Path, bytes: &[u8], sync: bool) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = temporary_file(folder)?;
    temporary.write_all(bytes)?;
    if sync {
        temporary.as_file().sync_all()?;
    }
    temporary.persist(path).map_err(|error| error.error)?;
    // Only then is the new name on disk as well.
    if sync { File::open(folder)?.sync_all() } else { Ok(()) }
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
