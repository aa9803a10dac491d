//! What the archive has to be told, in memory.

use super::{Content, MemoryJobs, StoredJob, StoredTask};
use flightdeck_model::{
    ArchiveAction, ArchiveOutcome, ArchiveTask, ArchiveWork, JobDbId, JobKey, JobLabels, PortError,
    PortFuture, Tag,
};

impl Content {
    /// What the archive should say of a job; `None` when it is gone.
    pub(super) fn labels(&self, job: JobDbId) -> Option<JobLabels> {
        let stored = self.jobs.iter().find(|stored| stored.id == job)?;
        let is_on_job = |tag: &&Tag| stored.tag_ids.contains(&tag.id);
        let tags = self.tags.iter().filter(is_on_job).cloned().collect();
        Some(JobLabels { tags, meta_data: stored.job.meta.meta_data.clone() })
    }

    /// Lets the archive follow a change of a job; `false` when the job is not in the archive.
    pub(super) fn queue_update(&mut self, job: JobDbId) -> bool {
        if !self.is_in_archive(job) {
            return false;
        }
        let update = ArchiveAction::Update { job };
        if let Some(queued) = self.archive_tasks.iter_mut().find(|queued| queued.task.action == update) {
            queued.task.version += 1;
            queued.task.attempts = 0;
            queued.task.problem.clear();
            return true;
        }
        let Some(key) = self.jobs.iter().find(|stored| stored.id == job).map(StoredJob::key) else {
            return false;
        };
        self.queue(job, update, key);
        true
    }

    pub(super) fn queue_removal(&mut self, job: &StoredJob) {
        self.queue(job.id, ArchiveAction::Remove, job.key());
    }

    fn queue(&mut self, job: JobDbId, action: ArchiveAction, key: JobKey) {
        let task =
            ArchiveTask { id: self.next_id(), action, key, version: 1, attempts: 0, problem: String::new() };
        self.archive_tasks.push(StoredTask { job, task });
    }

    pub(super) fn drop_update(&mut self, job: JobDbId) {
        self.archive_tasks.retain(|queued| queued.task.action != ArchiveAction::Update { job });
    }

    fn settle(&mut self, settled: &ArchiveTask, outcome: ArchiveOutcome) {
        let found = self
            .archive_tasks
            .iter()
            .position(|it| it.task.id == settled.id && it.task.version == settled.version);
        match outcome {
            ArchiveOutcome::Done { fingerprint } => {
                if let (ArchiveAction::Update { job }, Some(_)) = (settled.action, fingerprint) {
                    for stored in self.jobs.iter_mut().filter(|stored| stored.id == job) {
                        stored.fingerprint = fingerprint;
                    }
                }
                if let Some(place) = found {
                    self.archive_tasks.remove(place);
                }
            }
            ArchiveOutcome::Failed { problem } => {
                if let Some(failed) = found.and_then(|place| self.archive_tasks.get_mut(place)) {
                    failed.task.attempts += 1;
                    failed.task.problem = problem;
                }
            }
        }
    }
}

impl ArchiveWork for MemoryJobs {
    fn archive_tasks(&self, limit: u32) -> Result<Vec<ArchiveTask>, PortError> {
        let mut tasks: Vec<ArchiveTask> =
            self.lock().archive_tasks.iter().map(|queued| queued.task.clone()).collect();
        tasks.sort_by_key(|task| (task.attempts, task.id));
        tasks.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(tasks)
    }

    fn archive_tasks_of(&self, jobs: &[JobDbId]) -> Result<Vec<ArchiveTask>, PortError> {
        let content = self.lock();
        let is_asked = |queued: &&StoredTask| jobs.contains(&queued.job);
        Ok(content.archive_tasks.iter().filter(is_asked).map(|queued| queued.task.clone()).collect())
    }

    fn job_labels(&self, job: JobDbId) -> Result<Option<JobLabels>, PortError> {
        Ok(self.lock().labels(job))
    }

    fn settle_archive_task(
        &self,
        task: ArchiveTask,
        outcome: ArchiveOutcome,
    ) -> PortFuture<Result<(), PortError>> {
        self.write(|content| {
            content.settle(&task, outcome);
            Ok(())
        })
    }
}
