//! Deletes one job, or all old ones.

use crate::attempt::which_object;
use crate::field_rules::{check_time_limit, check_which};
use crate::permission::require_any_job;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{AuditAction, DeleteBefore, JobDbId, OmitTagged, WhichJob};
use futures_executor::block_on;

impl Services {
    /// Deletes a job, whatever its state, and tells its number. With its archive, its files are removed after that; if
    /// that fails it is tried again later.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not change any job, Invalid for a number that no job can have, `NotFound` when there
    /// is no such job, Port when the database fails.
    pub fn delete_job(
        &self,
        caller: &Caller,
        which: WhichJob,
        with_archive: bool,
    ) -> Result<JobDbId, ServiceError> {
        let attempt = self
            .attempt(caller, AuditAction::DeleteJob, which_object(&which))
            .with_detail(if with_archive { "with its archive".to_owned() } else { String::new() });
        let allowed = require_any_job(&caller.principal).and_then(|()| check_which(&which));
        if let Err(refusal) = allowed {
            return Err(attempt.refused(refusal));
        }
        let id = attempt.settle(block_on(self.changes.delete_job(which, with_archive, attempt.entry())))?;
        if with_archive {
            self.settle_archive_of(&[id]);
        }
        Ok(id)
    }

    /// Deletes the jobs that started before a time and tells how many. With their archive, their files are removed
    /// before this returns; where that fails it is tried again later.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not change any job, Invalid for what is no time, Port when the database fails: all
    /// jobs are still there then.
    pub fn delete_jobs_before(&self, caller: &Caller, which: DeleteBefore) -> Result<u64, ServiceError> {
        let object = format!("jobs before {}", which.started_before.0);
        let attempt =
            self.attempt(caller, AuditAction::DeleteJobsBefore, object).with_detail(in_words(which));
        let allowed =
            require_any_job(&caller.principal).and_then(|()| check_time_limit(which.started_before));
        if let Err(refusal) = allowed {
            return Err(attempt.refused(refusal));
        }
        let deleted = attempt.settle(block_on(self.changes.delete_jobs_before(which, attempt.entry())))?;
        if which.with_archive && deleted > 0 {
            self.settle_untried_archive_tasks(deleted);
        }
        Ok(deleted)
    }
}

fn in_words(which: DeleteBefore) -> String {
    let spared = match which.omit_tagged {
        OmitTagged::None => "",
        OmitTagged::All => "but tagged ones",
        OmitTagged::User => "but those tagged by users",
    };
    let running = if which.include_running { "running ones too" } else { "" };
    let archive = if which.with_archive { "with their archive" } else { "" };
    let words = [spared, running, archive].into_iter().filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(", ")
}
