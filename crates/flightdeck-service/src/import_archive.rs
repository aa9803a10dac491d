//! Brings the jobs of the archive into the database.
//!
//! Several threads read and decode files, about a thousand jobs at a time, and hand them to the repository in one
//! transaction. What was written stays when the import is interrupted, and the next one passes over it quickly.

use crate::{ServiceError, Services};
use flightdeck_model::{
    ArchiveEntry, ArchiveProblem, ArchivedJob, ImportCounts, JobMeta, PortError, job_energy, job_footprint,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Jobs of one transaction: larger ones sort better into the indices, smaller ones lose less when interrupted.
const BATCH_JOBS: usize = 1000;

/// How to import.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    /// Remove what an earlier import brought first. Running jobs and those not yet archived stay.
    pub rebuild: bool,
    /// Number of threads; at least 1.
    pub readers: usize,
}

/// Is told how far an import is.
pub trait ImportProgress: Sync {
    /// Told once, when it is known how many jobs the archive has.
    fn begins(&self, jobs: u64);
    /// Told after every transaction: how many more jobs are done.
    fn advances(&self, jobs: u64);
}

/// What an import did.
#[derive(Debug, Clone, Default)]
pub struct ImportReport {
    /// What became of the jobs that could be read.
    pub counts: ImportCounts,
    /// How many jobs `rebuild` removed first.
    pub removed: u64,
    /// The jobs that were skipped, each with its reason.
    pub skipped: Vec<ArchiveProblem>,
    /// The clusters that were left out with all their jobs, each with its reason.
    pub clusters_left_out: Vec<ArchiveProblem>,
}

/// Takes a lock. What it guards is whole even if another thread panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Services {
    /// Imports all jobs of the archive. Done twice it changes nothing more. One damaged job is skipped and
    /// reported, the others are imported.
    ///
    /// # Errors
    ///
    /// Port when the archive as a whole cannot be read, or the database cannot be written; what was written
    /// until then stays.
    pub fn import_archive(
        &self,
        options: ImportOptions,
        progress: &dyn ImportProgress,
    ) -> Result<ImportReport, ServiceError> {
        let clusters_left_out = self.archive.load_clusters()?.problems;
        let locations = self.archive.list_jobs()?;
        let mut report = ImportReport { clusters_left_out, ..ImportReport::default() };
        // Only now: an archive that cannot be read must not cost the jobs that are there.
        if options.rebuild {
            report.removed = self.jobs.remove_archived_jobs()?;
        }
        progress.begins(u64::try_from(locations.len()).unwrap_or(u64::MAX));
        self.read_and_write(&locations, options.readers.max(1), progress, &mut report)?;
        let changed = report.counts.added + report.counts.updated + report.removed;
        if changed > 0 {
            self.jobs.optimize()?;
        }
        report.skipped.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(report)
    }

    /// Several threads read jobs and hand them to the repository, which writes one batch at a time.
    fn read_and_write(
        &self,
        locations: &[String],
        threads: usize,
        progress: &dyn ImportProgress,
        report: &mut ImportReport,
    ) -> Result<(), PortError> {
        let claims = Mutex::new(locations.chunks(BATCH_JOBS));
        let shared_report = Mutex::new(report);
        let work = || {
            loop {
                // On a line of its own, so that the lock is given back before the claim is worked on.
                let next = lock(&claims).next();
                let Some(claim) = next else { return Ok(()) };
                let outcome = self.import_claim(claim);
                if outcome.is_err() {
                    // Nobody takes another claim; what is under way still ends.
                    *lock(&claims) = [].chunks(BATCH_JOBS);
                }
                let (counts, skipped) = outcome?;
                let mut report = lock(&shared_report);
                report.counts += counts;
                report.skipped.extend(skipped);
                progress.advances(u64::try_from(claim.len()).unwrap_or(u64::MAX));
            }
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let own = work();
            let theirs = others.into_iter().map(|thread| match thread.join() {
                Ok(outcome) => outcome,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            theirs.fold(own, Result::and)
        })
    }

    fn import_claim(&self, claim: &[String]) -> Result<(ImportCounts, Vec<ArchiveProblem>), PortError> {
        let mut batch = Vec::with_capacity(claim.len());
        let mut skipped = Vec::new();
        for location in claim {
            match self.read_job(location) {
                Ok(job) => batch.push(job),
                Err(problem) => skipped.push(problem),
            }
        }
        let counts =
            if batch.is_empty() { ImportCounts::default() } else { self.jobs.import_jobs(&batch)? };
        Ok((counts, skipped))
    }

    fn read_job(&self, location: &str) -> Result<ArchivedJob, ArchiveProblem> {
        match self.archive.read_meta(location) {
            ArchiveEntry::Problem(problem) => Err(problem),
            ArchiveEntry::Job { meta, fingerprint, path } => {
                self.enrich(*meta, fingerprint).map_err(|reason| ArchiveProblem { path, reason })
            }
        }
    }

    /// Works out what the archive does not have: subcluster if absent, footprint, energy.
    fn enrich(&self, mut meta: JobMeta, fingerprint: i64) -> Result<ArchivedJob, String> {
        let cluster = self
            .clusters
            .get(&meta.cluster)
            .ok_or_else(|| format!("cluster \"{}\" is not configured", meta.cluster))?;
        let subcluster = if meta.sub_cluster.is_empty() {
            let host = meta.resources.first().map(|resource| resource.hostname.as_str()).unwrap_or_default();
            cluster.subcluster_of_host(host).ok_or_else(|| {
                format!("no subcluster is given, and none of \"{}\" has host \"{host}\"", cluster.name)
            })?
        } else {
            cluster.subcluster(&meta.sub_cluster).ok_or_else(|| {
                format!("cluster \"{}\" has no subcluster \"{}\"", cluster.name, meta.sub_cluster)
            })?
        };
        let footprint = job_footprint(subcluster, &meta.statistics);
        let energy = job_energy(subcluster, &meta.statistics, meta.num_nodes, i64::from(meta.duration));
        meta.sub_cluster.clone_from(&subcluster.name);
        Ok(ArchivedJob {
            meta,
            fingerprint,
            energy_kwh: energy.total_kwh,
            energy_footprint_kwh: energy.by_metric_kwh,
            footprint,
        })
    }
}
