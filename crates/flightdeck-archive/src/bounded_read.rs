//! Reads whole files into memory, but never more than is sensible, and never from anything but a file.

use crate::FileError;
use std::borrow::Cow;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// Reads a file of at most `limit_bytes`.
///
/// # Errors
///
/// [`FileError::Missing`], [`FileError::NotAFile`], [`FileError::Read`] and [`FileError::TooLarge`].
pub(crate) fn read(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, FileError> {
    read_with_metadata(path, limit_bytes).map(|(bytes, _)| bytes)
}

/// As [`read`], with what the system says of the very file that was read: another may have its name by now.
///
/// # Errors
///
/// As [`read`].
pub(crate) fn read_with_metadata(path: &Path, limit_bytes: u64) -> Result<(Vec<u8>, Metadata), FileError> {
    // Asked before opening: to open a pipe is to wait for somebody who writes to it.
    if !fs::metadata(path).map_err(missing_or_unreadable)?.is_file() {
        return Err(FileError::NotAFile);
    }
    let file = File::open(path).map_err(missing_or_unreadable)?;
    let metadata = file.metadata().map_err(FileError::Read)?;
    if metadata.len() > limit_bytes {
        return Err(FileError::TooLarge { limit_bytes });
    }
    let expected_bytes = usize::try_from(metadata.len()).unwrap_or(0);
    let bytes = read_stream(file, expected_bytes, limit_bytes, FileError::Read)?;
    Ok((bytes, metadata))
}

/// Reads a stream to its end, as long as that comes within `limit_bytes`; `read_error` says what it means when
/// the stream fails.
pub(crate) fn read_stream(
    stream: impl Read,
    expected_bytes: usize,
    limit_bytes: u64,
    read_error: fn(io::Error) -> FileError,
) -> Result<Vec<u8>, FileError> {
    // One byte more than expected, so that the end is seen without growing.
    let mut bytes = Vec::with_capacity(expected_bytes.saturating_add(1));
    stream.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(read_error)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit_bytes {
        return Err(FileError::TooLarge { limit_bytes });
    }
    Ok(bytes)
}

/// The text of a JSON file. As the writers of the field do, bytes that are not UTF-8 are replaced rather than
/// refused: a job is not worth less for a comment in Latin-1 in its script. A byte order mark is dropped.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    let content = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    // The check alone is several times faster than the replacement, and nearly always enough.
    str::from_utf8(content).map_or_else(|_| String::from_utf8_lossy(content), Cow::Borrowed)
}

fn missing_or_unreadable(error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileError::Missing,
        _ => FileError::Read(error),
    }
}
