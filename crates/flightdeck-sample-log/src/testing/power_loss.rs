//! What is not on disk yet, and how it gets lost.

use crate::disk::Disk;
use std::io;
use std::path::{Path, PathBuf};

/// What was done and not synced.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    /// By the number that [`create`](Self::create) gives.
    files: Vec<File>,
    /// In their order.
    names: Vec<NameChange>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    bytes: u64,
    synced_bytes: u64,
    /// After a failed sync a kernel may take the bytes for written, and later syncs work without them.
    has_failed: bool,
}

#[derive(Debug)]
enum NameChange {
    Created(PathBuf),
    Renamed { from: PathBuf, to: PathBuf },
    Removed { path: PathBuf, content: Vec<u8> },
}

impl NameChange {
    fn is_in(&self, folder: &Path) -> bool {
        let (Self::Created(path) | Self::Renamed { to: path, .. } | Self::Removed { path, .. }) = self;
        path.parent() == Some(folder)
    }

    fn undo(self, disk: &dyn Disk) -> io::Result<()> {
        match self {
            Self::Created(path) => disk.remove(&path),
            Self::Renamed { from, to } => disk.rename(&to, &from),
            Self::Removed { path, content } => disk.create(&path)?.write_all(&content),
        }
    }

    /// Undoes a change, unless a later one that stays has overtaken it.
    fn undo_if_possible(self, disk: &dyn Disk) -> io::Result<()> {
        match self.undo(disk) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => {
                Ok(())
            }
            outcome => outcome,
        }
    }
}

impl Unsynced {
    pub(super) fn create(&mut self, path: &Path) -> usize {
        self.names.push(NameChange::Created(path.to_owned()));
        self.files.push(File { path: path.to_owned(), bytes: 0, synced_bytes: 0, has_failed: false });
        self.files.len() - 1
    }

    /// A file has a new length.
    pub(super) fn write(&mut self, number: usize, bytes: u64) {
        if let Some(file) = self.files.get_mut(number) {
            file.bytes = bytes;
            file.synced_bytes = file.synced_bytes.min(bytes);
        }
    }

    pub(super) fn sync_data(&mut self, number: usize) {
        if let Some(file) = self.files.get_mut(number).filter(|file| !file.has_failed) {
            file.synced_bytes = file.bytes;
        }
    }

    pub(super) fn fail_to_sync(&mut self, number: usize) {
        if let Some(file) = self.files.get_mut(number) {
            file.has_failed = true;
        }
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) {
        for file in self.files.iter_mut().filter(|file| file.path == from) {
            to.clone_into(&mut file.path);
        }
        self.names.push(NameChange::Renamed { from: from.to_owned(), to: to.to_owned() });
    }

    /// A file that was there has a second name.
    pub(super) fn link(&mut self, path: &Path) {
        self.names.push(NameChange::Created(path.to_owned()));
    }

    pub(super) fn remove(&mut self, path: &Path, content: Vec<u8>) {
        // If it comes back, then with all that it had.
        self.files
            .iter_mut()
            .filter(|file| file.path == path)
            .for_each(|file| file.synced_bytes = file.bytes);
        self.names.push(NameChange::Removed { path: path.to_owned(), content });
    }

    pub(super) fn sync_folder(&mut self, folder: &Path) {
        self.names.retain(|change| !change.is_in(folder));
    }

    /// Takes from the disk what a loss of power would.
    pub(super) fn lose(self, disk: &dyn Disk, seed: u64) -> io::Result<()> {
        let mut dice = Dice(seed);
        for file in self.files.iter().filter(|file| file.synced_bytes < file.bytes) {
            let kept_bytes = file.synced_bytes + dice.below(file.bytes - file.synced_bytes + 1);
            let is_zeroed = dice.below(4) == 0;
            lose_end(disk, file, kept_bytes, is_zeroed)?;
        }
        let changes = self.names.len();
        let first_lost = dice.index_below(changes + 1);
        // Most file systems keep the order of changes, but none has to.
        let only_lost = (dice.below(2) == 0).then(|| dice.index_below(changes + 1));
        for (position, change) in self.names.into_iter().enumerate().rev() {
            if only_lost.map_or(position >= first_lost, |only| position == only) {
                change.undo_if_possible(disk)?;
            }
        }
        Ok(())
    }
}

/// Cuts a file, and puts zeros in place of what of it was not synced if asked to.
fn lose_end(disk: &dyn Disk, file: &File, kept_bytes: u64, is_zeroed: bool) -> io::Result<()> {
    let mut content = match read_all(disk, &file.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read?,
    };
    content.truncate(usize::try_from(kept_bytes).unwrap_or(usize::MAX));
    if is_zeroed {
        let synced_bytes = usize::try_from(file.synced_bytes).unwrap_or(usize::MAX);
        content.get_mut(synced_bytes..).unwrap_or_default().fill(0);
    }
    disk.remove(&file.path)?;
    disk.create(&file.path)?.write_all(&content)
}

pub(super) fn read_all(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    let mut file = disk.open(path)?;
    let mut content = vec![0; usize::try_from(file.bytes()).unwrap_or(usize::MAX)];
    file.read_at(0, &mut content)?;
    Ok(content)
}

/// Numbers that look like chance (xorshift64*; G. Marsaglia 2003, S. Vigna 2016).
struct Dice(u64);

impl Dice {
    fn index_below(&mut self, limit: usize) -> usize {
        let index = self.below(u64::try_from(limit).unwrap_or(u64::MAX));
        usize::try_from(index).unwrap_or_default()
    }

    fn below(&mut self, limit: u64) -> u64 {
        // The generator stays at zero if it is there.
        let mut state = self.0 | 1 << 63;
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        self.0 = state;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) % limit
    }
}
