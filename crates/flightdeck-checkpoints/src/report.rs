//! What was found in checkpoints.

use crate::error::Reason;
use std::path::{Path, PathBuf};

/// So many problems of one file are told one by one: a log can be damaged everywhere.
const PROBLEMS_PER_FILE_MAX: u64 = 16;

/// Something that could not be taken over.
#[derive(Debug)]
pub struct Problem {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What was found in checkpoints.
#[derive(Debug, Default)]
pub struct Report {
    /// Folders of clusters.
    pub clusters: u64,
    /// Folders of hosts.
    pub hosts: u64,
    /// Snapshots and logs.
    pub files: u64,
    /// Samples that were handed out; holes do not count.
    pub samples: u64,
    /// Files and folders that are no checkpoints by their place or name, and were left alone.
    pub passed_over: u64,
    /// Values that are infinite, because they did not fit 32 bits when they were written. They were handed out as holes
    /// or not at all.
    pub infinite: u64,
    /// What could not be taken over.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Adds what was found elsewhere, as by another thread.
    pub fn add(&mut self, other: Self) {
        self.clusters += other.clusters;
        self.hosts += other.hosts;
        self.files += other.files;
        self.samples += other.samples;
        self.passed_over += other.passed_over;
        self.infinite += other.infinite;
        self.problems.extend(other.problems);
    }

    pub(crate) fn tell(&mut self, path: &Path, reason: Reason) {
        self.problems.push(Problem { path: path.to_owned(), reason });
    }
}

/// Tells the problems of one file, and the rest of them as a number when there are too many.
#[derive(Debug)]
pub(crate) struct FileProblems<'a> {
    report: &'a mut Report,
    path: &'a Path,
    count: u64,
}

impl<'a> FileProblems<'a> {
    pub(crate) const fn new(report: &'a mut Report, path: &'a Path) -> Self {
        Self { report, path, count: 0 }
    }

    pub(crate) const fn report(&mut self) -> &mut Report {
        self.report
    }

    pub(crate) fn tell(&mut self, reason: Reason) {
        self.count += 1;
        if self.count <= PROBLEMS_PER_FILE_MAX {
            self.report.tell(self.path, reason);
        }
    }
}

impl Drop for FileProblems<'_> {
    fn drop(&mut self) {
        let count = self.count.saturating_sub(PROBLEMS_PER_FILE_MAX);
        if count > 0 {
            self.report.tell(self.path, Reason::More { count });
        }
    }
}
