//! Queues jobs again whose archiving was given up, after the cause was mended.

use crate::permission::require;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{AuditAction, JobDbId, Role};
use futures_executor::block_on;

impl Services {
    /// Queues a job whose archiving was given up, or all such jobs, to be tried anew from now on. Tells how many.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `admin`, `NotFound` when the one job is not there or was not given up, Port when the
    /// database fails; some of many jobs may be queued then.
    pub fn archive_again(&self, caller: &Caller, job: Option<JobDbId>) -> Result<u64, ServiceError> {
        let object =
            job.map_or_else(|| "all jobs that were given up".to_owned(), |id| format!("job id {id}"));
        let attempt = self.attempt(caller, AuditAction::ArchiveAgain, object);
        match require(&caller.principal, Role::Admin).and_then(|()| self.requeue(job)) {
            Ok(queued) => {
                block_on(attempt.with_detail(format!("{queued} queued")).made())?;
                self.archiving_signal.raise();
                Ok(queued)
            }
            Err(error) => Err(attempt.refused(error)),
        }
    }

    fn requeue(&self, job: Option<JobDbId>) -> Result<u64, ServiceError> {
        let queued = block_on(self.archiving.requeue(job))?;
        match job {
            Some(id) if queued == 0 => {
                Err(ServiceError::NotFound(format!("there is no job with the id {id} that was given up")))
            }
            _ => Ok(queued),
        }
    }
}
