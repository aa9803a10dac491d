//! Brings the jobs of the archive into the database.
//!
//! Files are read and decoded by several threads; one writes, some thousand jobs a transaction. What was
//! written stays when the import is interrupted, and the next one passes over it quickly.

use crate::{ServiceError, Services};
use flightdeck_model::{
    ArchiveEntry, ArchiveProblem, ArchivedJob, ImportCounts, JobMeta, PortError, job_energy, job_footprint,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Jobs of one transaction: larger ones sort better into the indices, smaller ones lose less when interrupted.
const BATCH_JOBS: usize = 1500;
/// Jobs that a reading thread takes at once.
const CLAIM_JOBS: usize = 64;

/// How to import.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    /// Remove what an earlier import brought first. Running jobs and those not yet archived stay.
    pub rebuild: bool,
    /// Number of reading threads; at least 1.
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

/// A job that was read, or why it was not.
type ReadJob = Result<Box<ArchivedJob>, ArchiveProblem>;

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
        let mut report = ImportReport::default();
        if options.rebuild {
            report.removed = self.jobs.remove_archived_jobs()?;
        }
        report.clusters_left_out = self.archive.load_clusters()?.problems;
        let locations = self.archive.list_jobs()?;
        progress.begins(u64::try_from(locations.len()).unwrap_or(u64::MAX));
        self.read_and_write(&locations, options.readers.max(1), progress, &mut report)?;
        let changed = report.counts.added + report.counts.updated + report.removed;
        if changed > 0 {
            self.jobs.optimize()?;
        }
        report.skipped.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(report)
    }

    fn read_and_write(
        &self,
        locations: &[String],
        readers: usize,
        progress: &dyn ImportProgress,
        report: &mut ImportReport,
    ) -> Result<(), PortError> {
        let next = AtomicUsize::new(0);
        let stopped = AtomicBool::new(false);
        let (sender, receiver) = sync_channel::<Vec<ReadJob>>(4 * readers);
        std::thread::scope(|scope| {
            let (next, stopped) = (&next, &stopped);
            for _ in 0..readers {
                let sender = sender.clone();
                scope.spawn(move || self.read_claims(locations, next, stopped, &sender));
            }
            drop(sender);
            let written = self.write_batches(&receiver, progress, report);
            // Readers that wait for room in the channel see it closed and end.
            stopped.store(true, Ordering::Relaxed);
            drop(receiver);
            written
        })
    }

    fn read_claims(
        &self,
        locations: &[String],
        next: &AtomicUsize,
        stopped: &AtomicBool,
        sender: &SyncSender<Vec<ReadJob>>,
    ) {
        while !stopped.load(Ordering::Relaxed) {
            let from = next.fetch_add(CLAIM_JOBS, Ordering::Relaxed);
            let claimed = locations.iter().skip(from).take(CLAIM_JOBS);
            let jobs: Vec<ReadJob> = claimed.map(|location| self.read_job(location)).collect();
            if jobs.is_empty() || sender.send(jobs).is_err() {
                return;
            }
        }
    }

    fn write_batches(
        &self,
        receiver: &Receiver<Vec<ReadJob>>,
        progress: &dyn ImportProgress,
        report: &mut ImportReport,
    ) -> Result<(), PortError> {
        let mut batch = Vec::with_capacity(BATCH_JOBS + CLAIM_JOBS);
        for jobs in receiver {
            for job in jobs {
                match job {
                    Ok(job) => batch.push(*job),
                    Err(problem) => {
                        report.skipped.push(problem);
                        progress.advances(1);
                    }
                }
            }
            if batch.len() >= BATCH_JOBS {
                self.write_batch(&mut batch, progress, report)?;
            }
        }
        self.write_batch(&mut batch, progress, report)
    }

    fn write_batch(
        &self,
        batch: &mut Vec<ArchivedJob>,
        progress: &dyn ImportProgress,
        report: &mut ImportReport,
    ) -> Result<(), PortError> {
        if batch.is_empty() {
            return Ok(());
        }
        let counts = self.jobs.import_jobs(batch)?;
        report.counts.added += counts.added;
        report.counts.updated += counts.updated;
        report.counts.unchanged += counts.unchanged;
        report.counts.running += counts.running;
        progress.advances(u64::try_from(batch.len()).unwrap_or(u64::MAX));
        batch.clear();
        Ok(())
    }

    fn read_job(&self, location: &str) -> ReadJob {
        match self.archive.read_meta(location) {
            ArchiveEntry::Problem(problem) => Err(problem),
            ArchiveEntry::Job { meta, fingerprint, path } => self
                .enrich(*meta, fingerprint)
                .map(Box::new)
                .map_err(|reason| ArchiveProblem { path, reason }),
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
