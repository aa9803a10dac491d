//! Tells the archive what it was not told when a job was changed.

use crate::archive_tasks::PAGE_TASKS;
use crate::{ServiceError, Services};
use flightdeck_model::UnixTime;
use std::sync::PoisonError;

pub(super) const NAME: &str = "settle-archive";

/// How often a task is tried at every run; later only once in a while.
const PROMPT_ATTEMPTS: i64 = 10;

/// Seconds between two runs that try every task.
const THOROUGH_INTERVAL_S: i64 = 3600;

pub(super) fn run(services: &Services) -> Result<String, ServiceError> {
    let is_thorough = claim_thorough_run(services);
    let mut tasks = services.archive_work.archive_tasks(PAGE_TASKS)?;
    let listed = tasks.len();
    if !is_thorough {
        tasks.retain(|task| task.attempts < PROMPT_ATTEMPTS);
    }
    let put_off = listed - tasks.len();
    let settled = services.settle_archive_tasks(tasks);
    Ok(format!("{} done, {} failed, {put_off} put off", settled.done, settled.failed))
}

/// Whether this run tries every task; the first does.
fn claim_thorough_run(services: &Services) -> bool {
    let UnixTime(now) = services.clock.now();
    let mut last = services.repair.last_thorough.lock().unwrap_or_else(PoisonError::into_inner);
    // A clock that was set back does not put it off for longer.
    let is_due = last.is_none_or(|UnixTime(time)| !(time..time + THOROUGH_INTERVAL_S).contains(&now));
    if is_due {
        *last = Some(UnixTime(now));
    }
    is_due
}
