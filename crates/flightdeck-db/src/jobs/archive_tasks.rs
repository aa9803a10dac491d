//! The queue of what the archive has to be told.

use super::labels::metadata_of;
use super::which::JobBrief;
use crate::connection::AnyConnection;
use crate::schema::{archive_task, job, jobtag, tag};
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::prelude::*;
use flightdeck_model::{
    ArchiveAction, ArchiveOutcome, ArchiveTask, ArchiveWork, JobDbId, JobKey, JobLabels, JobState,
    MonitoringStatus, PortError, PortFuture, Tag, UnixTime,
};

/// The word for [`ArchiveAction::Update`].
pub(super) const UPDATE: &str = "update";
const REMOVE: &str = "remove";

/// Whether the job has a meta.json that has to say what the database says.
pub(super) fn is_archived(found: &JobBrief) -> bool {
    found.job_state != JobState::Running.as_str()
        && found.monitoring_status == MonitoringStatus::Archived.code()
}

/// Whether there may be files of the job in the archive: also of one that waits to be archived, as an attempt may have
/// written them and failed after that.
pub(super) fn has_files(found: &JobBrief) -> bool {
    found.job_state != JobState::Running.as_str()
        && found.monitoring_status != MonitoringStatus::Disabled.code()
}

/// Notes that the job's meta.json is behind.
pub(super) fn queue_update(transaction: &mut WriteTransaction<'_>, found: &JobBrief) -> Result<(), DbError> {
    let known = archive_task::table
        .filter(archive_task::task_kind.eq(UPDATE))
        .filter(archive_task::job_db_id.eq(found.id));
    let noted = diesel::update(known)
        .set((
            archive_task::version.eq(archive_task::version + 1),
            archive_task::attempts.eq(0),
            archive_task::problem.eq(""),
        ))
        .execute(transaction.connection)?;
    if noted == 0 { add(transaction, UPDATE, found) } else { Ok(()) }
}

/// Notes that the files of a deleted job are to be removed.
pub(super) fn queue_removal(transaction: &mut WriteTransaction<'_>, found: &JobBrief) -> Result<(), DbError> {
    add(transaction, REMOVE, found)
}

/// Forgets that the meta.json of a job that is deleted is behind.
pub(super) fn drop_update(transaction: &mut WriteTransaction<'_>, found: &JobBrief) -> Result<(), DbError> {
    let known = archive_task::table
        .filter(archive_task::task_kind.eq(UPDATE))
        .filter(archive_task::job_db_id.eq(found.id));
    diesel::delete(known).execute(transaction.connection)?;
    Ok(())
}

fn add(transaction: &mut WriteTransaction<'_>, kind: &'static str, found: &JobBrief) -> Result<(), DbError> {
    let id = transaction.next_id();
    let row = (
        archive_task::id.eq(id),
        archive_task::task_kind.eq(kind),
        archive_task::job_db_id.eq(found.id),
        archive_task::cluster.eq(&found.cluster),
        archive_task::job_id.eq(found.job_id),
        archive_task::start_time.eq(found.start_time),
        archive_task::version.eq(1),
        archive_task::attempts.eq(0),
        archive_task::problem.eq(""),
    );
    diesel::insert_into(archive_task::table).values(row).execute(transaction.connection)?;
    Ok(())
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = archive_task)]
struct TaskRow {
    id: i64,
    task_kind: String,
    job_db_id: i64,
    cluster: String,
    job_id: i64,
    start_time: i64,
    version: i64,
    attempts: i64,
    problem: String,
}

impl From<TaskRow> for ArchiveTask {
    fn from(row: TaskRow) -> Self {
        let is_update = row.task_kind == UPDATE;
        Self {
            id: row.id,
            action: if is_update {
                ArchiveAction::Update { job: JobDbId(row.job_db_id) }
            } else {
                ArchiveAction::Remove
            },
            key: JobKey { cluster: row.cluster, job_id: row.job_id, start_time: UnixTime(row.start_time) },
            version: row.version,
            attempts: row.attempts,
            problem: row.problem,
        }
    }
}

/// The tags and metadata of a job; `None` when it is gone.
pub(super) fn labels(connection: &mut AnyConnection, id: i64) -> Result<Option<JobLabels>, DbError> {
    let stored: Option<Option<String>> =
        job::table.filter(job::id.eq(id)).select(job::meta_data).get_result(connection).optional()?;
    let Some(metadata) = stored else { return Ok(None) };
    let rows: Vec<(i64, String, String, String)> = jobtag::table
        .inner_join(tag::table.on(tag::id.eq(jobtag::tag_id)))
        .filter(jobtag::job_id.eq(id))
        .select((tag::id, tag::tag_type, tag::tag_name, tag::tag_scope))
        .order(tag::id)
        .load(connection)?;
    let tags = rows.into_iter().map(|(id, tag_type, name, scope)| Tag { id, tag_type, name, scope });
    Ok(Some(JobLabels { tags: tags.collect(), meta_data: metadata_of(id, metadata.as_deref())? }))
}

/// Removes the task, unless the job was changed since it was taken up; or counts the failure.
fn settle(
    transaction: &mut WriteTransaction<'_>,
    task: &ArchiveTask,
    outcome: &ArchiveOutcome,
) -> Result<(), DbError> {
    let same_state = archive_task::table
        .filter(archive_task::id.eq(task.id))
        .filter(archive_task::version.eq(task.version));
    match outcome {
        ArchiveOutcome::Failed { problem } => {
            diesel::update(same_state)
                .set((
                    archive_task::attempts.eq(archive_task::attempts + 1),
                    archive_task::problem.eq(problem),
                ))
                .execute(transaction.connection)?;
        }
        ArchiveOutcome::Done { fingerprint } => {
            diesel::delete(same_state).execute(transaction.connection)?;
            if let (ArchiveAction::Update { job: id }, Some(_)) = (task.action, fingerprint) {
                diesel::update(job::table.filter(job::id.eq(id.0)))
                    .set(job::archive_fingerprint.eq(fingerprint))
                    .execute(transaction.connection)?;
            }
        }
    }
    Ok(())
}

impl ArchiveWork for Database {
    fn archive_tasks(&self, limit: u32) -> Result<Vec<ArchiveTask>, PortError> {
        let rows: Vec<TaskRow> = self.read(|connection| {
            Ok(archive_task::table
                .select(TaskRow::as_select())
                .order((archive_task::attempts, archive_task::id))
                .limit(i64::from(limit))
                .load(connection)?)
        })?;
        Ok(rows.into_iter().map(ArchiveTask::from).collect())
    }

    fn archive_tasks_of(&self, jobs: &[JobDbId]) -> Result<Vec<ArchiveTask>, PortError> {
        let mut tasks = Vec::new();
        for some in jobs.chunks(super::MOST_IDS) {
            let ids: Vec<i64> = some.iter().map(|id| id.0).collect();
            let rows: Vec<TaskRow> = self.read(|connection| {
                Ok(archive_task::table
                    .filter(archive_task::task_kind.eq_any([UPDATE, REMOVE]))
                    .filter(archive_task::job_db_id.eq_any(ids))
                    .select(TaskRow::as_select())
                    .order(archive_task::id)
                    .load(connection)?)
            })?;
            tasks.extend(rows.into_iter().map(ArchiveTask::from));
        }
        Ok(tasks)
    }

    fn job_labels(&self, job: JobDbId) -> Result<Option<JobLabels>, PortError> {
        Ok(self.read(|connection| connection.transaction(|snapshot| labels(snapshot, job.0)))?)
    }

    fn settle_archive_task(
        &self,
        task: ArchiveTask,
        outcome: ArchiveOutcome,
    ) -> PortFuture<Result<(), PortError>> {
        self.submit(move |transaction| settle(transaction, &task, &outcome).map(Ok))
    }
}
