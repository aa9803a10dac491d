//! The queue of jobs that have ended and are not in the archive yet.

use super::archive_tasks::{labels, queue_update};
use super::columns::json_object;
use super::which::JobBrief;
use crate::connection::AnyConnection;
use crate::schema::{archiving, job};
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::prelude::*;
use flightdeck_model::{
    ArchivedResult, ArchivingOutcome, ArchivingQueue, JobDbId, JobLabels, JobState, JobToArchive,
    MissingSamples, MonitoringStatus, PortError, PortFuture, UnixTime,
};
use std::collections::{BTreeMap, BTreeSet};

/// Footprints that are written at once: starts and stops wait meanwhile.
const FOOTPRINTS_AT_ONCE: usize = 256;

/// Jobs that are queued again at once.
const REQUEUED_AT_ONCE: usize = 1000;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = archiving)]
struct QueuedRow {
    job_id: i64,
    attempts: i64,
    due: i64,
    problem: String,
}

impl From<QueuedRow> for JobToArchive {
    fn from(row: QueuedRow) -> Self {
        Self {
            id: JobDbId(row.job_id),
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            due: UnixTime(row.due),
            problem: row.problem,
        }
    }
}

/// What an archived job's row is to have.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = job, treat_none_as_null = true)]
struct ArchivedColumns {
    monitoring_status: i16,
    energy: f64,
    archive_fingerprint: i64,
    footprint: Option<String>,
    energy_footprint: Option<String>,
    statistics: Option<String>,
    missing: Option<String>,
}

impl ArchivedColumns {
    fn of(id: JobDbId, result: &ArchivedResult) -> Result<Self, DbError> {
        let encode = |what, source| DbError::Encode { what, owner: format!("the job with id {id}"), source };
        Ok(Self {
            monitoring_status: MonitoringStatus::Archived.code(),
            // SQLite stores what is no number as NULL.
            energy: if result.energy_kwh.is_finite() { result.energy_kwh } else { 0.0 },
            archive_fingerprint: result.fingerprint,
            footprint: json_object(&result.footprint).map_err(|error| encode("the footprint", error))?,
            energy_footprint: json_object(&result.energy_footprint_kwh)
                .map_err(|error| encode("the energy footprint", error))?,
            statistics: json_object(&result.statistics).map_err(|error| encode("the statistics", error))?,
            missing: json_list(&result.missing).map_err(|error| encode("what was missing", error))?,
        })
    }
}

fn json_list(missing: &[MissingSamples]) -> Result<Option<String>, serde_json::Error> {
    if missing.is_empty() { Ok(None) } else { serde_json::to_string(missing).map(Some) }
}

/// An outcome, ready to be written.
enum EncodedOutcome {
    Archived { columns: ArchivedColumns, written: JobLabels },
    Retry { due: i64, problem: String },
    GivenUp,
}

impl EncodedOutcome {
    fn new(id: JobDbId, outcome: ArchivingOutcome) -> Result<Self, DbError> {
        Ok(match outcome {
            ArchivingOutcome::Archived(result) => {
                Self::Archived { columns: ArchivedColumns::of(id, &result)?, written: result.labels }
            }
            ArchivingOutcome::Retry { due, problem } => Self::Retry { due: due.0, problem },
            ArchivingOutcome::GivenUp { .. } => Self::GivenUp,
        })
    }

    /// Writes it, if the job is in the queue.
    fn settle(&self, transaction: &mut WriteTransaction<'_>, id: i64) -> Result<bool, DbError> {
        let queued = archiving::table.filter(archiving::job_id.eq(id));
        let of_job = job::table.filter(job::id.eq(id));
        if let Self::Retry { due, problem } = self {
            let changes = (
                archiving::attempts.eq(archiving::attempts + 1),
                archiving::due.eq(due),
                archiving::problem.eq(problem),
            );
            return Ok(diesel::update(queued).set(changes).execute(transaction.connection)? > 0);
        }
        if diesel::delete(queued).execute(transaction.connection)? == 0 {
            return Ok(false);
        }
        match self {
            Self::Retry { .. } => {}
            Self::GivenUp => {
                let failed = job::monitoring_status.eq(MonitoringStatus::ArchivingFailed.code());
                diesel::update(of_job).set(failed).execute(transaction.connection)?;
            }
            Self::Archived { columns, written } => {
                diesel::update(of_job).set(columns).execute(transaction.connection)?;
                if labels(transaction.connection, id)?.is_some_and(|now| !say_the_same(&now, written)) {
                    let found: JobBrief =
                        of_job.select(JobBrief::as_select()).get_result(transaction.connection)?;
                    queue_update(transaction, &found)?;
                }
            }
        }
        Ok(true)
    }
}

/// Whether two sets of labels are the same but for the numbers and the order of the tags.
fn say_the_same(left: &JobLabels, right: &JobLabels) -> bool {
    let tags = |labels: &JobLabels| -> BTreeSet<(String, String, String)> {
        let texts = labels.tags.iter().cloned();
        texts.map(|tag| (tag.tag_type, tag.name, tag.scope)).collect()
    };
    left.meta_data == right.meta_data && tags(left) == tags(right)
}

/// The jobs that have ended and were given up: this one, or all. There is no index of them, for there are few.
fn given_up(connection: &mut AnyConnection, id: Option<JobDbId>) -> Result<Vec<i64>, DbError> {
    let failed = MonitoringStatus::ArchivingFailed.code();
    let given_up = job::table
        .filter(job::monitoring_status.eq(failed).and(job::job_state.eq_any(ended_states())))
        .select(job::id);
    Ok(match id {
        Some(id) => given_up.filter(job::id.eq(id.0)).load(connection)?,
        None => given_up.order(job::id).load(connection)?,
    })
}

fn ended_states() -> Vec<&'static str> {
    JobState::ALL.into_iter().filter(|state| state.is_final()).map(JobState::as_str).collect()
}

/// Queues those of the jobs that are still given up, and tells how many.
fn queue_again(transaction: &mut WriteTransaction<'_>, ids: &[i64]) -> Result<u64, DbError> {
    let failed = job::monitoring_status.eq(MonitoringStatus::ArchivingFailed.code());
    let meant = || job::table.filter(job::id.eq_any(ids)).filter(failed);
    let found: Vec<i64> = meant().select(job::id).load(transaction.connection)?;
    for id in &found {
        let row = (archiving::job_id.eq(id), archiving::due.eq(0));
        diesel::insert_into(archiving::table).values(row).execute(transaction.connection)?;
    }
    let waiting = job::monitoring_status.eq(MonitoringStatus::RunningOrArchiving.code());
    diesel::update(meant()).set(waiting).execute(transaction.connection)?;
    Ok(found.len() as u64)
}

/// Gives running jobs their footprints, as JSON.
fn write_footprints(
    transaction: &mut WriteTransaction<'_>,
    footprints: &[(i64, Option<String>)],
) -> Result<(), DbError> {
    for (id, json) in footprints {
        let running = job::table.filter(job::id.eq(id)).filter(job::job_state.eq(JobState::Running.as_str()));
        diesel::update(running).set(job::footprint.eq(json)).execute(transaction.connection)?;
    }
    Ok(())
}

fn encode_footprints(
    footprints: &[(JobDbId, BTreeMap<String, f64>)],
) -> Result<Vec<(i64, Option<String>)>, DbError> {
    let encode = |(id, footprint): &(JobDbId, BTreeMap<String, f64>)| {
        let json = json_object(footprint).map_err(|source| DbError::Encode {
            what: "the footprint",
            owner: format!("the job with id {id}"),
            source,
        })?;
        Ok((id.0, json))
    };
    footprints.iter().map(encode).collect()
}

impl ArchivingQueue for Database {
    fn jobs_to_archive(&self, due: UnixTime, limit: u32) -> Result<Vec<JobToArchive>, PortError> {
        let rows: Vec<QueuedRow> = self.read(|connection| {
            Ok(archiving::table
                .filter(archiving::due.le(due.0))
                .select(QueuedRow::as_select())
                .order((archiving::due, archiving::job_id))
                .limit(i64::from(limit))
                .load(connection)?)
        })?;
        Ok(rows.into_iter().map(JobToArchive::from).collect())
    }

    fn settle_archiving(
        &self,
        job: JobDbId,
        outcome: ArchivingOutcome,
    ) -> PortFuture<Result<bool, PortError>> {
        match EncodedOutcome::new(job, outcome) {
            Ok(encoded) => self.submit(move |transaction| encoded.settle(transaction, job.0).map(Ok)),
            Err(error) => Box::pin(std::future::ready(Err(error.into()))),
        }
    }

    fn requeue(&self, job: Option<JobDbId>) -> PortFuture<Result<u64, PortError>> {
        let ids = match self.read(|connection| given_up(connection, job)) {
            Ok(ids) => ids,
            Err(error) => return Box::pin(std::future::ready(Err(error.into()))),
        };
        let parts: Vec<PortFuture<Result<u64, PortError>>> = ids
            .chunks(REQUEUED_AT_ONCE)
            .map(|some| {
                let part = some.to_vec();
                self.submit_large(move |transaction| queue_again(transaction, &part).map(Ok))
            })
            .collect();
        Box::pin(async move {
            let mut queued = 0;
            for part in parts {
                queued += part.await?;
            }
            Ok(queued)
        })
    }

    fn set_footprints(
        &self,
        footprints: Vec<(JobDbId, BTreeMap<String, f64>)>,
    ) -> PortFuture<Result<(), PortError>> {
        let encoded = match encode_footprints(&footprints) {
            Ok(encoded) => encoded,
            Err(error) => return Box::pin(std::future::ready(Err(error.into()))),
        };
        let parts: Vec<PortFuture<Result<(), PortError>>> = encoded
            .chunks(FOOTPRINTS_AT_ONCE)
            .map(|some| {
                let part = some.to_vec();
                self.submit_large(move |transaction| write_footprints(transaction, &part).map(Ok))
            })
            .collect();
        Box::pin(async move {
            for part in parts {
                part.await?;
            }
            Ok(())
        })
    }
}
