//! Deleting jobs in memory.

use super::{Content, StoredJob};
use flightdeck_model::{DeleteBefore, JobChangeError, JobDbId, OmitTagged, Tag, WhichJob};

impl Content {
    /// Deletes all jobs of which this holds, and tells how many.
    pub(super) fn delete_jobs(&mut self, is_meant: impl Fn(&StoredJob) -> bool, with_archive: bool) -> u64 {
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.jobs).into_iter().partition(is_meant);
        self.jobs = kept;
        for job in &gone {
            self.drop_update(job.id);
            self.to_archive.remove(&job.id);
            if with_archive && job.has_files() {
                self.queue_removal(job);
            }
        }
        gone.len() as u64
    }

    pub(super) fn delete_job(
        &mut self,
        which: &WhichJob,
        with_archive: bool,
    ) -> Result<JobDbId, JobChangeError> {
        let id = self.newest(which, |_| true).ok_or(JobChangeError::NotFound)?.id;
        self.delete_jobs(|job| job.id == id, with_archive);
        Ok(id)
    }

    pub(super) fn delete_jobs_before(&mut self, which: DeleteBefore) -> u64 {
        let sparing: Vec<i64> =
            self.tags.iter().filter(|tag| spares(which.omit_tagged, tag)).map(|tag| tag.id).collect();
        let is_meant = |job: &StoredJob| {
            job.job.meta.start_time < which.started_before
                && (which.include_running || !job.is_running())
                && !sparing.iter().any(|tag| job.tag_ids.contains(tag))
        };
        self.delete_jobs(is_meant, which.with_archive)
    }
}

/// Whether a job with this tag stays.
fn spares(omit_tagged: OmitTagged, tag: &Tag) -> bool {
    match omit_tagged {
        OmitTagged::None => false,
        OmitTagged::All => true,
        OmitTagged::User => !OmitTagged::PROGRAM_TYPES.contains(&tag.tag_type.as_str()),
    }
}
