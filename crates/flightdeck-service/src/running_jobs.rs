//! Goes through the running jobs, for work that the server does by itself.

use crate::Services;
use flightdeck_model::{
    JobDbId, JobFilter, JobOrder, JobRecord, JobSelection, JobState, JobVisibility, Page, PortError, SortKey,
    TagVisibility,
};

/// Jobs that are loaded at once.
const CHUNK_JOBS: usize = 500;

impl Services {
    /// Hands over all running jobs, the oldest first, a few at a time.
    pub(crate) fn for_running_jobs(
        &self,
        mut take: impl FnMut(Vec<JobRecord>) -> Result<(), PortError>,
    ) -> Result<(), PortError> {
        let running = JobFilter { states: vec![JobState::Running], ..JobFilter::default() };
        let selection = self.own_selection(running);
        let everything = Page { offset: 0, limit: u64::from(u32::MAX) };
        let ids = self.jobs.list_job_ids(&selection, everything)?;
        for chunk in ids.chunks(CHUNK_JOBS) {
            take(self.jobs.jobs_with_ids(&selection, chunk, false)?)?;
        }
        Ok(())
    }

    /// The jobs with these numbers that are still there.
    pub(crate) fn jobs_of_queue(&self, ids: &[JobDbId]) -> Result<Vec<JobRecord>, PortError> {
        let selection = self.own_selection(JobFilter::default());
        let mut jobs = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK_JOBS) {
            jobs.extend(self.jobs.jobs_with_ids(&selection, chunk, false)?);
        }
        Ok(jobs)
    }

    /// What the server itself may see: every job, but no private tag, as it needs none.
    fn own_selection(&self, filter: JobFilter) -> JobSelection {
        JobSelection {
            visibility: JobVisibility::All,
            tags: TagVisibility { admin_tags: false, username: String::new() },
            filter,
            order: JobOrder { key: SortKey::StartTime, descending: false },
            now: self.clock.now(),
        }
    }
}
