//! The few things that are asked of a file system, behind a trait so that tests can make any of them fail.
//! Knows nothing of what is in the files.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

#[cfg(test)]
mod tests;

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Its name, without the folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// A file system.
pub trait Disk: Debug + Send + Sync {
    /// Creates a folder and those above it, as far as they are missing; they are on disk when this returns.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn create_folders(&self, folder: &Path) -> io::Result<()>;

    /// Brings the names in a folder to disk: those that were added, and that others were removed.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Lists the regular files of a folder whose names are UTF-8, in no order.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn list(&self, folder: &Path) -> io::Result<Vec<FileEntry>>;

    /// Creates a file for writing.
    ///
    /// # Errors
    ///
    /// When there is one already, or what the system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;

    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>>;

    /// Gives a file another name in the same file system; a file that has that name is replaced.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name, or copies it where files have but one.
    ///
    /// # Errors
    ///
    /// When there is a file of that name, or what the system says.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// A file that is written from its beginning to its end.
pub trait WriteFile: Debug + Send {
    /// Hands bytes to the system, to stand behind those that are there.
    ///
    /// # Errors
    ///
    /// What the system says; then a part of the bytes may be in the file.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Waits until all that was written is on disk.
    ///
    /// # Errors
    ///
    /// What the system says; then nobody knows what of the bytes since the last time is on disk.
    fn sync_data(&mut self) -> io::Result<()>;

    /// Cuts the file to a length.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;
}

/// A file that is read.
pub trait ReadFile: Debug + Send {
    /// How large the file was when it was opened.
    fn bytes(&self) -> u64;

    /// Fills the buffer with what the file has from an offset on.
    ///
    /// # Errors
    ///
    /// What the system says; also when the file ends before the buffer is full.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// The operating system's files.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsDisk;

impl Disk for OsDisk {
    fn create_folders(&self, folder: &Path) -> io::Result<()> {
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        let parent = folder.parent().unwrap_or(Path::new(""));
        self.create_folders(parent)?;
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.sync_folder(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<FileEntry>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let found = entry?;
            if !found.file_type()?.is_file() {
                continue;
            }
            if let Ok(name) = found.file_name().into_string() {
                files.push(FileEntry { name, bytes: found.metadata()?.len() });
            }
        }
        Ok(files)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        // Appending, so that writing goes on in the right place after the file was cut.
        Ok(Box::new(OsFile(OpenOptions::new().append(true).create_new(true).open(path)?)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Box::new(OsReader { file, bytes }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        match fs::hard_link(from, to) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
                copy(from, to)
            }
            outcome => outcome,
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// Copies a file; what became of it is removed again if that fails.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = OpenOptions::new().write(true).create_new(true).open(to)?;
    let outcome = io::copy(&mut source, &mut target).and_then(|_bytes| target.sync_all());
    if outcome.is_err() {
        // The first failure is told.
        let _ = fs::remove_file(to);
    }
    outcome
}

#[derive(Debug)]
struct OsFile(File);

impl WriteFile for OsFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }
}

#[derive(Debug)]
struct OsReader {
    file: File,
    bytes: u64,
}

impl ReadFile for OsReader {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read_exact(buffer)
    }
}
