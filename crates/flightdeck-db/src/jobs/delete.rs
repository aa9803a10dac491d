//! Deletes jobs.

use super::archive_tasks::{drop_update, has_files, queue_removal};
use super::rows::remove_nodes;
use super::state_of;
use super::which::{JobBrief, visible};
use crate::DbError;
use crate::audit_log::add_entry;
use crate::schema::{job, jobtag, tag};
use crate::transaction::WriteTransaction;
use diesel::dsl::exists;
use diesel::prelude::*;
use flightdeck_model::{
    AuditEntry, DeleteBefore, JobChangeError, JobDbId, JobState, JobVisibility, OmitTagged, WhichJob,
};

/// Jobs that are looked up at once.
const CHUNK_JOBS: i64 = 1000;

/// Deletes one job.
pub(super) fn delete_job(
    transaction: &mut WriteTransaction<'_>,
    which: &WhichJob,
    with_archive: bool,
    audit: &AuditEntry,
) -> Result<Result<JobDbId, JobChangeError>, DbError> {
    let Some(found) = visible(transaction.connection, which, &JobVisibility::All)? else {
        return Ok(Err(JobChangeError::NotFound));
    };
    delete(transaction, &found, with_archive)?;
    add_entry(transaction, &AuditEntry { object: found.key().to_string(), ..audit.clone() })?;
    Ok(Ok(found.db_id()))
}

/// Deletes old jobs and tells how many.
pub(super) fn delete_jobs_before(
    transaction: &mut WriteTransaction<'_>,
    which: DeleteBefore,
    audit: &AuditEntry,
) -> Result<u64, DbError> {
    let mut deleted = 0;
    loop {
        let chunk = old_jobs(transaction, which)?;
        if chunk.is_empty() {
            break;
        }
        for found in &chunk {
            delete(transaction, found, which.with_archive)?;
            deleted += 1;
        }
    }
    add_entry(transaction, &AuditEntry { detail: format!("{deleted} jobs"), ..audit.clone() })?;
    Ok(deleted)
}

/// Some of the jobs that are still to be deleted.
fn old_jobs(transaction: &mut WriteTransaction<'_>, which: DeleteBefore) -> Result<Vec<JobBrief>, DbError> {
    let mut query = job::table
        .filter(job::start_time.lt(which.started_before.0))
        .select(JobBrief::as_select())
        .into_boxed();
    if !which.include_running {
        query = query.filter(job::job_state.ne(JobState::Running.as_str()));
    }
    let links = jobtag::table.filter(jobtag::job_id.eq(job::id));
    match which.omit_tagged {
        OmitTagged::None => {}
        OmitTagged::All => query = query.filter(diesel::dsl::not(exists(links.select(jobtag::tag_id)))),
        OmitTagged::User => {
            let by_programs =
                tag::table.filter(tag::tag_type.eq_any(OmitTagged::PROGRAM_TYPES)).select(tag::id);
            let by_people = links.filter(jobtag::tag_id.ne_all(by_programs)).select(jobtag::tag_id);
            query = query.filter(diesel::dsl::not(exists(by_people)));
        }
    }
    Ok(query.order(job::start_time).limit(CHUNK_JOBS).load(transaction.connection)?)
}

fn delete(
    transaction: &mut WriteTransaction<'_>,
    found: &JobBrief,
    with_archive: bool,
) -> Result<(), DbError> {
    remove_nodes(transaction.connection, found.id, found.start_time)?;
    // The rows of its tags go with it.
    diesel::delete(job::table.filter(job::id.eq(found.id))).execute(transaction.connection)?;
    transaction.count_jobs(&found.cluster, state_of(&found.job_state)?, -1);
    drop_update(transaction, found)?;
    if with_archive && has_files(found) {
        queue_removal(transaction, found)?;
    }
    Ok(())
}
