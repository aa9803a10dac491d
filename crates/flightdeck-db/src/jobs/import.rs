//! Takes finished jobs of the archive into the tables. Knows nothing of files.

use super::archive_tasks::{UPDATE, queue_update};
use super::columns::JobColumns;
use super::rows::{add_nodes, add_tags, remove_nodes};
use super::which::JobBrief;
use crate::DbError;
use crate::connection::AnyConnection;
use crate::direct::{InsertJob, execute, first};
use crate::schema::{archive_task, archiving, job};
use crate::transaction::WriteTransaction;
use diesel::dsl::exists;
use diesel::prelude::*;
use flightdeck_model::{ArchivedJob, ImportCounts, JobState, Tag};
use std::collections::HashMap;

/// A job with its columns, ready to be written.
pub(super) struct EncodedJob {
    state: JobState,
    tags: Vec<Tag>,
    row: JobColumns,
}

/// Encodes the jobs. Takes about as long as writing them, and needs no connection.
pub(super) fn encode_jobs(jobs: &[ArchivedJob]) -> Result<Vec<EncodedJob>, DbError> {
    let encode = |archived: &ArchivedJob| {
        let row = JobColumns::of_archived(archived)?;
        Ok(EncodedJob { state: archived.meta.job_state, tags: archived.meta.tags.clone(), row })
    };
    jobs.iter().map(encode).collect()
}

/// Takes over the jobs within a transaction.
pub(super) fn import_jobs(
    transaction: &mut WriteTransaction<'_>,
    jobs: &[EncodedJob],
) -> Result<ImportCounts, DbError> {
    let mut counts = ImportCounts::default();
    let mut tag_ids = HashMap::new();
    for job in jobs {
        import_job(transaction, job, &mut tag_ids, &mut counts)?;
    }
    Ok(counts)
}

fn import_job<'a>(
    transaction: &mut WriteTransaction<'_>,
    encoded: &'a EncodedJob,
    tag_ids: &mut HashMap<&'a Tag, i64>,
    counts: &mut ImportCounts,
) -> Result<(), DbError> {
    let EncodedJob { state, tags, row } = encoded;
    let same_job = job::table
        .filter(job::job_id.eq(row.job_id))
        .filter(job::cluster.eq(row.cluster.as_str()))
        .filter(job::start_time.eq(row.start_time))
        .select((job::id, job::job_state, job::archive_fingerprint));
    let stored: Option<(i64, String, Option<i64>)> = first(transaction.connection, same_job)?;
    let id = match stored {
        Some((_, stored_state, _)) if stored_state == JobState::Running.as_str() => {
            counts.running += 1;
            return Ok(());
        }
        Some((_, _, Some(fingerprint))) if Some(fingerprint) == row.archive_fingerprint => {
            counts.unchanged += 1;
            return Ok(());
        }
        Some((id, stored_state, _)) => {
            update_job(transaction, id, row)?;
            transaction.count_jobs(&row.cluster, super::state_of(&stored_state)?, -1);
            counts.updated += 1;
            id
        }
        None => {
            counts.added += 1;
            let id = transaction.next_job_id();
            execute(transaction.connection, InsertJob { id, columns: row })?;
            id
        }
    };
    transaction.count_jobs(&row.cluster, *state, 1);
    add_nodes(transaction.connection, id, row.start_time, &row.resources)?;
    add_tags(transaction, id, row.start_time, tags, tag_ids)
}

/// Puts what the archive says in the place of what is stored.
fn update_job(transaction: &mut WriteTransaction<'_>, id: i64, row: &JobColumns) -> Result<(), DbError> {
    let of_job = job::table.filter(job::id.eq(id));
    let queued = archiving::table.filter(archiving::job_id.eq(id));
    let was_to_be_archived = diesel::delete(queued).execute(transaction.connection)? > 0;
    let edited: Option<String> = if was_to_be_archived {
        of_job.select(job::meta_data).get_result(transaction.connection)?
    } else {
        metadata_ahead_of_archive(transaction.connection, id)?
    };
    remove_nodes(transaction.connection, id, row.start_time)?;
    let nothing_missing = job::missing.eq(None::<String>);
    diesel::update(of_job).set((row, nothing_missing)).execute(transaction.connection)?;
    if edited.is_some() {
        let is_behind = was_to_be_archived && edited != row.meta_data;
        diesel::update(of_job).set(job::meta_data.eq(edited)).execute(transaction.connection)?;
        if is_behind {
            let found: JobBrief = of_job.select(JobBrief::as_select()).get_result(transaction.connection)?;
            queue_update(transaction, &found)?;
        }
    }
    Ok(())
}

/// The metadata of a job whose meta.json is behind: what somebody edited must not be overwritten by what the file
/// said before. The archive is brought up to date with it later.
fn metadata_ahead_of_archive(connection: &mut AnyConnection, id: i64) -> Result<Option<String>, DbError> {
    let behind = archive_task::table
        .filter(archive_task::task_kind.eq(UPDATE))
        .filter(archive_task::job_db_id.eq(id))
        .select(archive_task::id);
    let edited = job::table.filter(job::id.eq(id)).filter(exists(behind)).select(job::meta_data);
    let metadata: Option<Option<String>> = edited.get_result(connection).optional()?;
    Ok(metadata.flatten())
}
