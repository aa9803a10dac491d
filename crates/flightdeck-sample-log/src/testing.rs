//! A disk for tests, on which any operation can fail and power can be lost. Not used by the program itself; it is
//! here, and public, because whoever builds on the log has to test the same things.

use crate::disk::{Disk, FileEntry, ReadFile, WriteFile};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod power_loss;

use power_loss::Unsynced;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The operation that fails, from 1 on; creating, writing, syncing, cutting, renaming, linking and removing count, also
    /// those that failed.
    pub operation: u64,
    /// How it fails.
    pub error: io::ErrorKind,
    /// Whether a write that fails leaves the first half of its bytes in the file.
    pub is_half_written: bool,
    /// Whether from then on every operation fails, reading as well, until [`FaultyDisk::restart`].
    pub is_crash: bool,
}

/// A disk that fails once, on request, and knows what a loss of power would take. As it only plays that, syncing does
/// nothing on the disk below, and is fast.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    inner: Arc<dyn Disk>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    operations: u64,
    fault: Option<Fault>,
    has_crashed: bool,
    unsynced: Unsynced,
}

/// What is to become of an operation.
enum Verdict {
    Works,
    Fails { error: io::Error, is_half_written: bool },
}

impl FaultyDisk {
    /// A disk without faults on top of another one.
    #[must_use]
    pub fn new(inner: Arc<dyn Disk>) -> Self {
        Self { inner, state: Arc::default() }
    }

    /// Sets what goes wrong; counting begins anew.
    pub fn fail(&self, fault: Fault) {
        let mut state = self.state();
        state.operations = 0;
        state.fault = Some(fault);
    }

    /// How many operations there were that count.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Whether the crash of the fault has come.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.state().has_crashed
    }

    /// The program starts again on the same machine: no more faults, and all that was written is there.
    pub fn restart(&self) {
        *self.state() = State::default();
    }

    /// The machine starts again after a loss of power: no more faults, and of what was not synced something is lost,
    /// chosen by the seed: of each file an end (or it is zeros), and of the changes of names the last ones, or a single one.
    ///
    /// # Errors
    ///
    /// When the disk below fails.
    pub fn restart_without_power(&self, seed: u64) -> io::Result<()> {
        let mut state = self.state();
        let unsynced = std::mem::take(&mut *state).unsynced;
        unsynced.lose(self.inner.as_ref(), seed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation.
    fn judge(&self) -> (MutexGuard<'_, State>, Verdict) {
        let mut state = self.state();
        state.operations += 1;
        if state.has_crashed {
            return (state, Verdict::Fails { error: crashed(), is_half_written: false });
        }
        match state.fault {
            Some(fault) if fault.operation == state.operations => {
                state.has_crashed = fault.is_crash;
                let error = io::Error::from(fault.error);
                (state, Verdict::Fails { error, is_half_written: fault.is_half_written })
            }
            _ => (state, Verdict::Works),
        }
    }

    /// Counts an operation that either works or does nothing.
    fn pass(&self) -> io::Result<MutexGuard<'_, State>> {
        match self.judge() {
            (state, Verdict::Works) => Ok(state),
            (_, Verdict::Fails { error, .. }) => Err(error),
        }
    }

    fn pass_uncounted(&self) -> io::Result<()> {
        if self.state().has_crashed { Err(crashed()) } else { Ok(()) }
    }
}

fn crashed() -> io::Error {
    io::Error::other("the machine has crashed")
}

impl Disk for FaultyDisk {
    fn create_folders(&self, folder: &Path) -> io::Result<()> {
        self.pass_uncounted()?;
        self.inner.create_folders(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.pass()?;
        state.unsynced.sync_folder(folder);
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<FileEntry>> {
        self.pass_uncounted()?;
        self.inner.list(folder)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let mut state = self.pass()?;
        let inner = self.inner.create(path)?;
        let number = state.unsynced.create(path);
        Ok(Box::new(FaultyFile { disk: self.clone(), inner, number, path: path.to_owned() }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        self.pass_uncounted()?;
        self.inner.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.pass()?;
        self.inner.rename(from, to)?;
        state.unsynced.rename(from, to);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.pass()?;
        self.inner.link(from, to)?;
        state.unsynced.link(to);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.pass()?;
        let content = power_loss::read_all(self.inner.as_ref(), path)?;
        self.inner.remove(path)?;
        state.unsynced.remove(path, content);
        Ok(())
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    inner: Box<dyn WriteFile>,
    number: usize,
    path: PathBuf,
}

impl WriteFile for FaultyFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut state, verdict) = self.disk.judge();
        let (written, outcome) = match verdict {
            Verdict::Works => (bytes, Ok(())),
            Verdict::Fails { error, is_half_written: true } => {
                (bytes.get(..bytes.len() / 2).unwrap_or_default(), Err(error))
            }
            Verdict::Fails { error, .. } => return Err(error),
        };
        self.inner.write_all(written)?;
        let file_bytes = self.disk.inner.open(&self.path).map_or(0, |file| file.bytes());
        state.unsynced.write(self.number, file_bytes);
        outcome
    }

    fn sync_data(&mut self) -> io::Result<()> {
        match self.disk.judge() {
            (mut state, Verdict::Works) => {
                state.unsynced.sync_data(self.number);
                Ok(())
            }
            (mut state, Verdict::Fails { error, .. }) => {
                state.unsynced.fail_to_sync(self.number);
                Err(error)
            }
        }
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        let mut state = self.disk.pass()?;
        self.inner.truncate(bytes)?;
        state.unsynced.write(self.number, bytes);
        Ok(())
    }
}
