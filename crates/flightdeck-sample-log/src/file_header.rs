//! The beginning of every file: which kind it is, in which version, with which number.
//!
//! 24 bytes: eight that name the kind, the version (u32), the file's number (u64), a CRC32C over these twenty (u32).
//! Numbers are little endian. A file with a damaged header is read all the same: its records stand for themselves.

/// The version of both file formats that is written, and the newest that is read.
pub const FORMAT_VERSION: u32 = 1;

/// The length of a header.
pub(crate) const FILE_HEADER_BYTES: usize = 24;

const SUMMED_BYTES: usize = 20;

/// The kind of a file, as it stands in its header.
pub(crate) type Magic = [u8; 8];

/// What the beginning of a file turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileHeader {
    /// As it should be: what follows it is in a known format.
    Good,
    /// The file ends within its header, as a crash leaves it.
    Torn,
    /// It is something else.
    Damaged,
    /// A later program wrote the file.
    Newer {
        /// The format's version.
        version: u32,
    },
}

/// The header of a file.
pub(crate) fn encode(magic: Magic, number: u64) -> Vec<u8> {
    let mut header = Vec::with_capacity(FILE_HEADER_BYTES);
    header.extend_from_slice(&magic);
    header.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    header.extend_from_slice(&number.to_le_bytes());
    let checksum = crc32c::crc32c(&header);
    header.extend_from_slice(&checksum.to_le_bytes());
    header
}

/// Judges the first [`FILE_HEADER_BYTES`] of a file, or all that it has.
pub(crate) fn judge(bytes: &[u8], magic: Magic) -> FileHeader {
    if bytes.len() < FILE_HEADER_BYTES {
        let is_beginning = bytes.iter().zip(&magic).all(|(found, due)| found == due);
        let is_torn = is_beginning || bytes.iter().all(|byte| *byte == 0);
        return if is_torn { FileHeader::Torn } else { FileHeader::Damaged };
    }
    let version = bytes.get(8..).and_then(|rest| rest.first_chunk()).copied().map(u32::from_le_bytes);
    let checksum = bytes.get(SUMMED_BYTES..).and_then(|rest| rest.first_chunk()).copied();
    let summed = bytes.get(..SUMMED_BYTES).map(crc32c::crc32c);
    if !bytes.starts_with(&magic) || summed != checksum.map(u32::from_le_bytes) {
        return FileHeader::Damaged;
    }
    match version {
        Some(FORMAT_VERSION) => FileHeader::Good,
        Some(version) => FileHeader::Newer { version },
        None => FileHeader::Damaged,
    }
}
