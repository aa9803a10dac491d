//! Tags and metadata of jobs in memory.

use super::{Content, StoredJob};
use flightdeck_model::{
    ChangedJob, DeletedTags, JobChangeError, JobDbId, JobVisibility, MonitoringStatus, Tag, WhichJob,
};
use std::collections::BTreeSet;

/// How many tags a job can have.
pub(crate) const MOST_TAGS_OF_A_JOB: usize = 256;

/// How many bytes the keys and values of a job's metadata can have together.
pub(crate) const MOST_METADATA_BYTES: usize = 4 * 1024 * 1024;

pub(super) fn is_same(left: &Tag, right: &Tag) -> bool {
    (&left.tag_type, &left.name, &left.scope) == (&right.tag_type, &right.name, &right.scope)
}

impl Content {
    /// The number of a tag, which is made when it is new.
    pub(super) fn tag_id(&mut self, wanted: &Tag) -> i64 {
        if let Some(known) = self.known_tag_id(wanted) {
            return known;
        }
        let id = self.next_id();
        self.tags.push(Tag { id, ..wanted.clone() });
        id
    }

    fn known_tag_id(&self, wanted: &Tag) -> Option<i64> {
        self.tags.iter().find(|tag| is_same(tag, wanted)).map(|tag| tag.id)
    }

    fn visible_job(
        &mut self,
        which: &WhichJob,
        visibility: &JobVisibility,
    ) -> Result<&mut StoredJob, JobChangeError> {
        let is_visible = |job: &StoredJob| visibility.allows(&job.job.meta.user, &job.job.meta.project);
        self.newest(which, is_visible).ok_or(JobChangeError::NotFound)
    }

    fn changed(&mut self, id: JobDbId, has_changed: bool) -> ChangedJob {
        ChangedJob { id, archive_is_behind: has_changed && self.queue_update(id) }
    }

    pub(super) fn add_tags(
        &mut self,
        id: JobDbId,
        visibility: &JobVisibility,
        tags: &[Tag],
    ) -> Result<ChangedJob, JobChangeError> {
        let known: BTreeSet<i64> = self.visible_job(&WhichJob::Id(id), visibility)?.tag_ids.clone();
        let mut missing: Vec<&Tag> = Vec::new();
        for tag in tags {
            let is_known = self.known_tag_id(tag).is_some_and(|number| known.contains(&number));
            if !is_known && !missing.iter().any(|other| is_same(other, tag)) {
                missing.push(tag);
            }
        }
        if missing.is_empty() {
            return Ok(self.changed(id, false));
        }
        if known.len() + missing.len() > MOST_TAGS_OF_A_JOB {
            return Err(JobChangeError::TooManyTags { most: MOST_TAGS_OF_A_JOB });
        }
        let added: Vec<i64> = missing.into_iter().map(|tag| self.tag_id(tag)).collect();
        self.visible_job(&WhichJob::Id(id), visibility)?.tag_ids.extend(added);
        Ok(self.changed(id, true))
    }

    pub(super) fn remove_tags(
        &mut self,
        id: JobDbId,
        visibility: &JobVisibility,
        tags: &[Tag],
    ) -> Result<ChangedJob, JobChangeError> {
        let removed: Vec<i64> = tags.iter().filter_map(|tag| self.known_tag_id(tag)).collect();
        let job = self.visible_job(&WhichJob::Id(id), visibility)?;
        let before = job.tag_ids.len();
        job.tag_ids.retain(|tag| !removed.contains(tag));
        let has_changed = job.tag_ids.len() != before;
        Ok(self.changed(id, has_changed))
    }

    pub(super) fn delete_tags(&mut self, tags: &[Tag]) -> DeletedTags {
        let gone: BTreeSet<i64> = tags.iter().filter_map(|tag| self.known_tag_id(tag)).collect();
        self.tags.retain(|tag| !gone.contains(&tag.id));
        let mut changed = Vec::new();
        for job in self.jobs.iter_mut().filter(|job| !job.tag_ids.is_disjoint(&gone)) {
            job.tag_ids.retain(|tag| !gone.contains(tag));
            changed.push(job.id);
        }
        let jobs_behind = changed.into_iter().filter(|job| self.queue_update(*job)).collect();
        DeletedTags { deleted: gone.len() as u64, jobs_behind }
    }

    pub(super) fn set_metadata(
        &mut self,
        which: &WhichJob,
        visibility: &JobVisibility,
        key: String,
        value: String,
    ) -> Result<ChangedJob, JobChangeError> {
        let job = self.visible_job(which, visibility)?;
        let mut meta_data = job.job.meta.meta_data.clone();
        meta_data.insert(key, value);
        let bytes: usize = meta_data.iter().map(|(name, text)| name.len() + text.len()).sum();
        if bytes > MOST_METADATA_BYTES {
            return Err(JobChangeError::MetadataTooLarge { most_bytes: MOST_METADATA_BYTES });
        }
        let has_changed = meta_data != job.job.meta.meta_data;
        job.job.meta.meta_data = meta_data;
        let id = job.id;
        Ok(self.changed(id, has_changed))
    }

    /// Whether the job is in the archive, so that its files have to follow the change.
    pub(super) fn is_in_archive(&self, id: JobDbId) -> bool {
        self.jobs.iter().any(|job| {
            job.id == id && !job.is_running() && job.monitoring_status == MonitoringStatus::Archived
        })
    }
}
