//! Ends jobs.

use super::row::JobDetails;
use super::state_of;
use super::which::newest;
use crate::DbError;
use crate::audit_log::add_entry;
use crate::connection::AnyConnection;
use crate::direct::{EndJob, QueueArchiving, execute};
use crate::quarantine::start_kept_for;
use crate::schema::{job, refused_request};
use crate::transaction::WriteTransaction;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use flightdeck_model::{
    AuditEntry, JobChangeError, JobEnd, JobKey, JobMatch, JobRecord, JobState, JobVisibility,
    MonitoringStatus, RefusedKind, UnixTime,
};

/// Ends a running job, unless the start is kept that the stop may belong to.
pub(super) fn stop_job_unless_start_is_kept(
    transaction: &mut WriteTransaction<'_>,
    end: &JobEnd,
    audit: &AuditEntry,
) -> Result<Result<JobRecord, JobChangeError>, DbError> {
    // Before any job is ended: an older one of this number may still run.
    match start_kept_for(transaction.connection, &end.job, end.stop_time)? {
        Some(request) => Ok(Err(JobChangeError::StartKept { request })),
        None => stop_job(transaction, end, audit),
    }
}

/// That the job which a stop means has ended, if it has.
pub(crate) fn known_end(
    connection: &mut AnyConnection,
    ended: &JobMatch,
) -> Result<Option<JobChangeError>, DbError> {
    let Some(row) = newest(connection, ended, &JobVisibility::All)? else { return Ok(None) };
    let state = state_of(row.state_word())?;
    Ok((state != JobState::Running).then(|| JobChangeError::NotRunning { job: row.key(), state }))
}

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

/// Ends every running job that is past its walltime by more than the grace period, and of which no stop is kept.
pub(super) fn stop_overdue(
    transaction: &mut WriteTransaction<'_>,
    now: UnixTime,
    grace_s: i64,
    limit: u32,
    audit: &AuditEntry,
) -> Result<Vec<JobKey>, DbError> {
    // Subtracted rather than added up: a walltime may be as large as a number can be.
    let due = now.0.saturating_sub(grace_s).max(0);
    let kept_stops = refused_request::table
        .filter(refused_request::job_id.eq(job::job_id))
        .filter(refused_request::kind.eq(RefusedKind::StopJob.as_str()))
        .filter(refused_request::event_time.ge(job::start_time))
        .filter(refused_request::cluster.eq("").or(refused_request::cluster.eq(job::cluster)))
        .filter(refused_request::start_time.eq(0).or(refused_request::start_time.eq(job::start_time)));
    let overdue: Vec<(i64, String, i64, i64, i64, i16)> = job::table
        .filter(job::job_state.eq(JobState::Running.as_str()))
        .filter(job::walltime.gt(0))
        .filter(job::walltime.le(due.into_sql::<BigInt>() - job::start_time))
        .filter(not(exists(kept_stops.select(refused_request::id))))
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
