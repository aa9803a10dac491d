//! Shows one job.

use crate::{ServiceError, Services};
use flightdeck_model::{JobDbId, JobRecord, Principal};

impl Services {
    /// Finds a job that the principal may see.
    ///
    /// # Errors
    ///
    /// Forbidden when the roles allow no job at all, `NotFound` also for a job that the principal may not see,
    /// Port when the database fails.
    pub fn show_job(&self, principal: &Principal, id: JobDbId) -> Result<JobRecord, ServiceError> {
        let visibility = principal.job_visibility()?;
        let found = self.jobs.find_job(id, &visibility, &principal.tag_visibility(), self.clock.now())?;
        found.ok_or_else(|| ServiceError::NotFound(format!("there is no job with the database id {id}")))
    }
}
