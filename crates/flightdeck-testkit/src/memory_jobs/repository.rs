//! Reading and importing jobs in memory.

use super::{Content, MemoryJobs, StoredJob};
use flightdeck_model::{
    ArchivedJob, ImportCounts, JobDbId, JobPage, JobRecord, JobRepository, JobSelection, JobVisibility,
    MonitoringStatus, Page, PortError, TagVisibility, UnixTime,
};
use std::collections::{BTreeMap, BTreeSet};

impl Content {
    fn import(&mut self, job: &ArchivedJob, counts: &mut ImportCounts) {
        let tag_ids: BTreeSet<i64> = job.meta.tags.iter().map(|tag| self.tag_id(tag)).collect();
        let key = job.meta.key();
        let Some(stored) = self.jobs.iter_mut().find(|stored| stored.key() == key) else {
            let id = self.next_job_id();
            self.jobs.push(StoredJob::archived(id, job, tag_ids));
            counts.added += 1;
            return;
        };
        if stored.is_running() {
            counts.running += 1;
        } else if stored.fingerprint == Some(job.fingerprint) {
            counts.unchanged += 1;
        } else {
            let all_tag_ids = stored.tag_ids.union(&tag_ids).copied().collect();
            let id = stored.id;
            let edited = std::mem::take(&mut stored.job.meta.meta_data);
            *stored = StoredJob::archived(id, job, all_tag_ids);
            // Of a job that was to be archived, the database knows best what was edited.
            if self.to_archive.remove(&id).is_some() && !edited.is_empty() && edited != job.meta.meta_data {
                stored.job.meta.meta_data = edited;
                self.queue_update(id);
            }
            counts.updated += 1;
        }
    }

    pub(super) fn next_job_id(&mut self) -> JobDbId {
        self.last_job += 1;
        JobDbId(self.last_job)
    }

    fn listed_record(
        &self,
        stored: &StoredJob,
        selection: &JobSelection,
        with_metadata: bool,
    ) -> Result<JobRecord, PortError> {
        stored.record(self.visible_tags(stored, &selection.tags), selection.now, with_metadata)
    }
}

impl JobRepository for MemoryJobs {
    fn find_job(
        &self,
        id: JobDbId,
        visibility: &JobVisibility,
        tags: &TagVisibility,
        now: UnixTime,
    ) -> Result<Option<JobRecord>, PortError> {
        let content = self.lock();
        let is_it = |stored: &&StoredJob| {
            stored.id == id && visibility.allows(&stored.job.meta.user, &stored.job.meta.project)
        };
        let Some(found) = content.jobs.iter().find(is_it) else { return Ok(None) };
        found.record(content.visible_tags(found, tags), now, true).map(Some)
    }

    fn list_jobs(
        &self,
        selection: &JobSelection,
        page: Page,
        with_metadata: bool,
    ) -> Result<JobPage, PortError> {
        let content = self.lock();
        let total = content.in_order(selection).len() as u64;
        let listed = content.page(selection, page);
        let records = listed.into_iter().map(|job| content.listed_record(job, selection, with_metadata));
        Ok(JobPage { jobs: records.collect::<Result<_, _>>()?, total })
    }

    fn list_job_ids(&self, selection: &JobSelection, page: Page) -> Result<Vec<JobDbId>, PortError> {
        Ok(self.lock().page(selection, page).into_iter().map(|stored| stored.id).collect())
    }

    fn jobs_with_ids(
        &self,
        selection: &JobSelection,
        ids: &[JobDbId],
        with_metadata: bool,
    ) -> Result<Vec<JobRecord>, PortError> {
        let content = self.lock();
        let find = |id: &JobDbId| {
            content.jobs.iter().find(|stored| stored.id == *id && content.fits(stored, selection))
        };
        let record = |stored| content.listed_record(stored, selection, with_metadata);
        ids.iter().filter_map(find).map(record).collect()
    }

    fn count_jobs(&self, selection: &JobSelection) -> Result<u64, PortError> {
        Ok(self.lock().in_order(selection).len() as u64)
    }

    fn used_nodes(&self, started_before: UnixTime) -> Result<BTreeMap<String, Vec<String>>, PortError> {
        let content = self.lock();
        let mut hosts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for stored in content.jobs.iter().filter(|stored| stored.is_running()) {
            let meta = &stored.job.meta;
            if meta.start_time < started_before {
                let names = meta.resources.iter().map(|node| node.hostname.clone());
                hosts.entry(meta.cluster.clone()).or_default().extend(names);
            }
        }
        let used = hosts.into_iter().filter(|(_, names)| !names.is_empty());
        Ok(used.map(|(cluster, names)| (cluster, names.into_iter().collect())).collect())
    }

    fn import_jobs(&self, jobs: &[ArchivedJob]) -> Result<ImportCounts, PortError> {
        let mut content = self.lock();
        let mut counts = ImportCounts::default();
        for job in jobs {
            content.import(job, &mut counts);
        }
        Ok(counts)
    }

    fn remove_archived_jobs(&self) -> Result<u64, PortError> {
        let mut content = self.lock();
        let is_archived =
            |job: &StoredJob| job.monitoring_status == MonitoringStatus::Archived && !job.is_running();
        Ok(content.delete_jobs(is_archived, false))
    }

    fn optimize(&self) -> Result<(), PortError> {
        Ok(())
    }
}
