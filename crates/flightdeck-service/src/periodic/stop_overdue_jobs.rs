//! Ends jobs that ran on past their walltime: their stop was lost.

use crate::{Caller, ServiceError, Services};
use flightdeck_model::AuditAction;
use futures_executor::block_on;

pub(super) const NAME: &str = "stop-overdue-jobs";

/// Jobs that are ended in one transaction at most.
const BATCH_JOBS: u32 = 1000;

pub(super) fn run(services: &Services) -> Result<String, ServiceError> {
    let Some(grace_s) = services.settings.stop_overdue_grace_s else {
        return Ok("not configured".to_owned());
    };
    let caller = Caller::server();
    let attempt = services
        .attempt(&caller, AuditAction::StopJob, "overdue jobs".to_owned())
        .with_detail(format!("more than {grace_s} s past their walltime"));
    let now = services.clock.now();
    let mut stopped = 0;
    loop {
        let jobs = block_on(services.changes.stop_overdue(now, grace_s, BATCH_JOBS, attempt.entry()))?;
        for job in &jobs {
            tracing::info!(%job, "a job ran past its walltime and is taken for ended");
        }
        if !jobs.is_empty() {
            services.archiving_signal.raise();
        }
        stopped += jobs.len();
        if u32::try_from(jobs.len()).is_ok_and(|count| count < BATCH_JOBS) {
            return Ok(format!("stopped {stopped} jobs"));
        }
    }
}
