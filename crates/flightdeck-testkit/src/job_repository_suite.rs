//! What every store of jobs has to do.

use crate::every_job;
use flightdeck_model::{ArchivedJob, JobRecord, JobRepository, JobSelection, Page};
use std::fmt;
use std::sync::Arc;

mod filters;
mod imports;
mod orders;
mod visibility;

/// A store of jobs that a suite checks.
pub struct JobStoreUnderTest {
    /// The store, empty.
    pub repository: Arc<dyn JobRepository>,
    /// Lets the jobs with this batch system number run, as if they had not ended yet.
    pub start_again: Box<dyn Fn(i64)>,
}

impl fmt::Debug for JobStoreUnderTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobStoreUnderTest").field("repository", &self.repository).finish_non_exhaustive()
    }
}

/// Checks a job repository; `make` makes an empty one.
///
/// # Panics
///
/// When the repository does not keep a promise of the port.
pub fn job_repository_suite(make: impl Fn() -> JobStoreUnderTest) {
    filters::check(&make);
    orders::check(&make);
    visibility::check(&make);
    imports::check(&make);
}

const ALL: Page = Page { offset: 0, limit: 1000 };

impl JobStoreUnderTest {
    #[expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]
    fn with(self, jobs: impl IntoIterator<Item = ArchivedJob>) -> Self {
        let archived: Vec<ArchivedJob> = jobs.into_iter().collect();
        self.repository.import_jobs(&archived).unwrap();
        self
    }

    /// The batch system numbers of the jobs that a selection lists. All ways to ask have to agree.
    #[expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]
    #[track_caller]
    fn listed(&self, selection: &JobSelection) -> Vec<i64> {
        let page = self.repository.list_jobs(selection, ALL, false).unwrap();
        let total = page.jobs.len() as u64;
        assert_eq!(page.total, total, "the total of the list");
        assert_eq!(self.repository.count_jobs(selection).unwrap(), total, "the count");
        assert_eq!(self.repository.list_jobs(selection, ALL, false).unwrap().total, total, "asked again");
        let nothing = Page { offset: 0, limit: 0 };
        assert_eq!(self.repository.list_jobs(selection, nothing, false).unwrap().total, total, "no page");
        let ids = self.repository.list_job_ids(selection, ALL).unwrap();
        let listed_ids: Vec<_> = page.jobs.iter().map(|job| job.id).collect();
        assert_eq!(ids, listed_ids, "the ids");
        let loaded = self.repository.jobs_with_ids(selection, &ids, false).unwrap();
        assert_eq!(numbers(&loaded), numbers(&page.jobs), "the jobs of the ids");
        numbers(&page.jobs)
    }

    /// The one job of the store with this number, as those see it who see all.
    #[expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]
    #[track_caller]
    fn job(&self, job_id: i64) -> JobRecord {
        let mut selection = every_job();
        selection.filter.job_id = Some(job_id);
        let listed = self.repository.list_jobs(&selection, ALL, false).unwrap().jobs.pop().unwrap();
        let found =
            self.repository.find_job(listed.id, &selection.visibility, &selection.tags, selection.now);
        found.unwrap().unwrap()
    }
}

fn numbers(jobs: &[JobRecord]) -> Vec<i64> {
    jobs.iter().map(|job| job.key.job_id).collect()
}
