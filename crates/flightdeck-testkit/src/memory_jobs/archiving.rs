//! The jobs that wait to be archived, in memory.

use super::labels::is_same;
use super::{Content, MemoryJobs, StoredJob};
use flightdeck_model::{
    ArchivedResult, ArchivingOutcome, ArchivingQueue, JobDbId, JobLabels, JobToArchive, MonitoringStatus,
    PortError, PortFuture, UnixTime,
};
use std::collections::BTreeMap;

impl Content {
    /// Puts a job that has just ended into the queue, if there is anything to archive of it.
    pub(super) fn queue_archiving(&mut self, id: JobDbId, due: UnixTime) {
        let is_waiting =
            |job: &StoredJob| job.id == id && job.monitoring_status == MonitoringStatus::RunningOrArchiving;
        if self.jobs.iter().any(is_waiting) {
            let entry = JobToArchive { id, attempts: 0, due, problem: String::new() };
            self.to_archive.insert(id, entry);
        }
    }

    fn settle_archiving(&mut self, id: JobDbId, outcome: ArchivingOutcome) -> bool {
        let Some(entry) = self.to_archive.get_mut(&id) else { return false };
        match outcome {
            ArchivingOutcome::Retry { due, problem } => {
                entry.attempts += 1;
                entry.due = due;
                entry.problem = problem;
                return true;
            }
            ArchivingOutcome::GivenUp { .. } => {
                for job in self.jobs.iter_mut().filter(|job| job.id == id) {
                    job.monitoring_status = MonitoringStatus::ArchivingFailed;
                }
            }
            ArchivingOutcome::Archived(result) => self.set_archived(id, *result),
        }
        self.to_archive.remove(&id);
        true
    }

    fn requeue(&mut self, wanted: Option<JobDbId>) -> u64 {
        let is_given_up = |job: &StoredJob| {
            job.monitoring_status == MonitoringStatus::ArchivingFailed
                && job.state.is_final()
                && wanted.is_none_or(|id| id == job.id)
        };
        let given_up: Vec<JobDbId> =
            self.jobs.iter().filter(|job| is_given_up(job)).map(|job| job.id).collect();
        for id in &given_up {
            for job in self.jobs.iter_mut().filter(|job| job.id == *id) {
                job.monitoring_status = MonitoringStatus::RunningOrArchiving;
            }
            self.queue_archiving(*id, UnixTime(0));
        }
        given_up.len() as u64
    }

    fn set_archived(&mut self, id: JobDbId, result: ArchivedResult) {
        let labels_now = self.labels(id);
        let Some(stored) = self.jobs.iter_mut().find(|stored| stored.id == id) else { return };
        stored.monitoring_status = MonitoringStatus::Archived;
        stored.fingerprint = Some(result.fingerprint);
        stored.job.meta.statistics = result.statistics;
        stored.job.footprint = result.footprint;
        stored.job.energy_kwh = result.energy_kwh;
        stored.job.energy_footprint_kwh = result.energy_footprint_kwh;
        stored.missing = result.missing;
        if labels_now.is_some_and(|now| !say_the_same(&now, &result.labels)) {
            self.queue_update(id);
        }
    }
}

/// Whether two sets of labels are the same but for the numbers and the order of the tags.
fn say_the_same(left: &JobLabels, right: &JobLabels) -> bool {
    let has_all = |some: &JobLabels, other: &JobLabels| {
        some.tags.iter().all(|tag| other.tags.iter().any(|same| is_same(tag, same)))
    };
    left.meta_data == right.meta_data && has_all(left, right) && has_all(right, left)
}

impl ArchivingQueue for MemoryJobs {
    fn jobs_to_archive(&self, due: UnixTime, limit: u32) -> Result<Vec<JobToArchive>, PortError> {
        let content = self.lock();
        let is_due = |entry: &&JobToArchive| entry.due <= due;
        let mut entries: Vec<JobToArchive> = content.to_archive.values().filter(is_due).cloned().collect();
        entries.sort_by_key(|entry| (entry.due, entry.id));
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(entries)
    }

    fn settle_archiving(
        &self,
        job: JobDbId,
        outcome: ArchivingOutcome,
    ) -> PortFuture<Result<bool, PortError>> {
        self.write(|content| Ok(content.settle_archiving(job, outcome)))
    }

    fn requeue(&self, job: Option<JobDbId>) -> PortFuture<Result<u64, PortError>> {
        self.write(|content| Ok(content.requeue(job)))
    }

    fn set_footprints(
        &self,
        footprints: Vec<(JobDbId, BTreeMap<String, f64>)>,
    ) -> PortFuture<Result<(), PortError>> {
        self.write(|content| {
            for (id, footprint) in footprints {
                let is_meant = |job: &&mut StoredJob| job.id == id && job.is_running();
                if let Some(job) = content.jobs.iter_mut().find(is_meant) {
                    job.job.footprint = footprint;
                }
            }
            Ok(())
        })
    }
}
