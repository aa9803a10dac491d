//! Adds a job that starts.

use super::columns::JobColumns;
use super::rows::{add_host, add_nodes, add_tags};
use crate::DbError;
use crate::audit_log::add_entry;
use crate::connection::AnyConnection;
use crate::direct::{InsertJob, execute, first};
use crate::schema::job;
use crate::transaction::WriteTransaction;
use diesel::prelude::*;
use flightdeck_model::{
    AuditEntry, JobChangeError, JobDbId, JobKey, JobState, NewJob, SAME_JOB_S, Tag, UnixTime,
};
use std::collections::HashMap;

/// A job with its columns, ready to be written.
pub(super) struct EncodedStart {
    columns: JobColumns,
    /// The one host of most jobs.
    only_host: Option<String>,
    tags: Vec<Tag>,
    audit: AuditEntry,
}

impl EncodedStart {
    /// Encodes the job; needs no connection.
    pub(super) fn new(new: NewJob, audit: AuditEntry) -> Result<Self, DbError> {
        let columns = JobColumns::of_started(&new)?;
        let only_host = match new.resources.as_slice() {
            [only] => Some(only.hostname.clone()),
            _ => None,
        };
        Ok(Self { columns, only_host, tags: new.tags, audit })
    }

    /// Adds the job, unless there is such a job.
    pub(super) fn add(
        &self,
        transaction: &mut WriteTransaction<'_>,
    ) -> Result<Result<JobDbId, JobChangeError>, DbError> {
        let columns = &self.columns;
        let start_time = UnixTime(columns.start_time);
        if let Some(duplicate) =
            known_start(transaction.connection, &columns.cluster, columns.job_id, start_time)?
        {
            return Ok(Err(duplicate));
        }
        let id = transaction.next_job_id();
        execute(transaction.connection, InsertJob { id, columns })?;
        match &self.only_host {
            Some(host) => add_host(transaction.connection, id, columns.start_time, host)?,
            None => add_nodes(transaction.connection, id, columns.start_time, &columns.resources)?,
        }
        add_tags(transaction, id, columns.start_time, &self.tags, &mut HashMap::new())?;
        transaction.count_jobs(&columns.cluster, JobState::Running, 1);
        add_entry(transaction, &self.audit)?;
        Ok(Ok(JobDbId(id)))
    }
}

/// The job that a start would be a repetition of.
pub(crate) fn known_start(
    connection: &mut AnyConnection,
    cluster: &str,
    job_id: i64,
    start_time: UnixTime,
) -> Result<Option<JobChangeError>, DbError> {
    let same_job = job::table
        .filter(job::job_id.eq(job_id))
        .filter(job::cluster.eq(cluster))
        .filter(job::start_time.gt(start_time.0.saturating_sub(SAME_JOB_S)))
        .filter(job::start_time.lt(start_time.0.saturating_add(SAME_JOB_S)))
        .select((job::id, job::start_time));
    let found: Option<(i64, i64)> = first(connection, same_job)?;
    Ok(found.map(|(id, start_time)| JobChangeError::Duplicate {
        existing: JobKey { cluster: cluster.to_owned(), job_id, start_time: UnixTime(start_time) },
        id: JobDbId(id),
    }))
}
