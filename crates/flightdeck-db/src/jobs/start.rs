//! Adds a job that starts.

use super::columns::JobColumns;
use super::rows::{add_host, add_nodes, add_tags};
use crate::DbError;
use crate::audit_log::add_entry;
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
        if let Some(duplicate) = self.find_duplicate(transaction)? {
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

    fn find_duplicate(
        &self,
        transaction: &mut WriteTransaction<'_>,
    ) -> Result<Option<JobChangeError>, DbError> {
        let columns = &self.columns;
        let same_job = job::table
            .filter(job::job_id.eq(columns.job_id))
            .filter(job::cluster.eq(&columns.cluster))
            .filter(job::start_time.gt(columns.start_time.saturating_sub(SAME_JOB_S)))
            .filter(job::start_time.lt(columns.start_time.saturating_add(SAME_JOB_S)))
            .select((job::id, job::start_time));
        let found: Option<(i64, i64)> = first(transaction.connection, same_job)?;
        Ok(found.map(|(id, start_time)| JobChangeError::Duplicate {
            existing: JobKey {
                cluster: columns.cluster.clone(),
                job_id: columns.job_id,
                start_time: UnixTime(start_time),
            },
            id: JobDbId(id),
        }))
    }
}
