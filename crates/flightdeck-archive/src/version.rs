//! The version of an archive: what `version.txt` has to say before anything else is read.

use crate::layout::Layout;
use crate::{ArchiveError, FileError, bounded_read};
use std::fs;
use std::io;

/// The version of the format that is read and written.
pub(crate) const VERSION: &str = "3";
const MAX_BYTES: u64 = 64;

/// Checks that the root is an archive of this version, or a folder where one may begin.
pub(crate) fn check(layout: &Layout) -> Result<(), ArchiveError> {
    let root = layout.root();
    let metadata = match fs::metadata(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ArchiveError::NoFolder { path: root.to_owned() });
        }
        other => other.map_err(|source| ArchiveError::Read { path: root.to_owned(), source })?,
    };
    if !metadata.is_dir() {
        return Err(ArchiveError::NotAFolder { path: root.to_owned() });
    }

    let path = layout.version_file();
    match bounded_read::read(&path, MAX_BYTES) {
        Ok(bytes) => {
            let text = bounded_read::text(&bytes);
            let found = text.strip_suffix('\n').unwrap_or(&text);
            if found == VERSION {
                Ok(())
            } else {
                Err(ArchiveError::Version { path, found: found.to_owned() })
            }
        }
        Err(FileError::Missing) if is_empty(layout)? => Ok(()),
        Err(FileError::Missing) => Err(ArchiveError::NoVersion { path }),
        Err(source) => Err(ArchiveError::File { path, source }),
    }
}

/// Whether the root has nothing but names that begin with a dot.
pub(crate) fn is_empty(layout: &Layout) -> Result<bool, ArchiveError> {
    let unreadable = |source| ArchiveError::Read { path: layout.root().to_owned(), source };
    for entry in fs::read_dir(layout.root()).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if !name.as_encoded_bytes().starts_with(b".") {
            return Ok(false);
        }
    }
    Ok(true)
}
