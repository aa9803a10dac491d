//! Ends jobs.

use super::row::JobDetails;
use super::state_of;
use super::which::newest;
use crate::DbError;
use crate::audit_log::add_entry;
use crate::direct::{EndJob, QueueArchiving, execute};
use crate::schema::job;
use crate::transaction::WriteTransaction;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use flightdeck_model::{
    AuditEntry, JobChangeError, JobEnd, JobKey, JobRecord, JobState, JobVisibility, MonitoringStatus,
    UnixTime,
};

/// Ends a running job.
pub(super) fn stop_job(
    transaction: &mut WriteTransaction<'_>,
    end: &JobEnd,
    audit: &AuditEntry,
) -> Result<Result<JobRecord, JobChangeError>, DbError> {
    let Some(row) = newest(transaction.connection, &end.job, &JobVisibility::All)? else {
        return Ok(Err(JobChangeError::NotFound));
    };
    let key = row.key();
    let state = state_of(row.state_word())?;
    if state != JobState::Running {
        return Ok(Err(JobChangeError::NotRunning { job: key, state }));
    }
    let duration_s = end.stop_time.0.saturating_sub(key.start_time.0);
    if duration_s < 0 {
        return Ok(Err(JobChangeError::StopBeforeStart { job: key, stop_time: end.stop_time.0 }));
    }
    write_end(transaction, row.id(), &key, end.state, duration_s)?;
    if row.is_monitored() {
        execute(transaction.connection, QueueArchiving { job_id: row.id(), due: audit.time.0 })?;
    }
    add_entry(transaction, &AuditEntry { object: key.to_string(), ..audit.clone() })?;
    Ok(Ok(row.ended(end.state, duration_s).into_record(Vec::new(), JobDetails::default(), end.stop_time)?))
}

/// Ends every running job that is past its walltime by more than the grace period.
pub(super) fn stop_overdue(
    transaction: &mut WriteTransaction<'_>,
    now: UnixTime,
    grace_s: i64,
    limit: u32,
    audit: &AuditEntry,
) -> Result<Vec<JobKey>, DbError> {
    // Subtracted rather than added up: a walltime may be as large as a number can be.
    let due = now.0.saturating_sub(grace_s).max(0);
    let overdue: Vec<(i64, String, i64, i64, i64, i16)> = job::table
        .filter(job::job_state.eq(JobState::Running.as_str()))
        .filter(job::walltime.gt(0))
        .filter(job::walltime.le(due.into_sql::<BigInt>() - job::start_time))
        .select((job::id, job::cluster, job::job_id, job::start_time, job::walltime, job::monitoring_status))
        .order(job::id)
        .limit(i64::from(limit))
        .load(transaction.connection)?;
    let mut ended = Vec::with_capacity(overdue.len());
    for (id, cluster, job_id, start_time, walltime_s, status) in overdue {
        let key = JobKey { cluster, job_id, start_time: UnixTime(start_time) };
        write_end(transaction, id, &key, JobState::Timeout, walltime_s)?;
        if status == MonitoringStatus::RunningOrArchiving.code() {
            execute(transaction.connection, QueueArchiving { job_id: id, due: now.0 })?;
        }
        add_entry(transaction, &AuditEntry { object: key.to_string(), ..audit.clone() })?;
        ended.push(key);
    }
    Ok(ended)
}

fn write_end(
    transaction: &mut WriteTransaction<'_>,
    id: i64,
    key: &JobKey,
    state: JobState,
    duration_s: i64,
) -> Result<(), DbError> {
    EndJob { id, state: state.as_str(), duration_s }.execute(transaction.connection)?;
    transaction.count_jobs(&key.cluster, JobState::Running, -1);
    transaction.count_jobs(&key.cluster, state, 1);
    Ok(())
}
