//! Jobs of the reference: those in its table of jobs, and those that wait in its cache to come there.

use super::file::ReferenceFile;
use super::tables::{ReferenceJob, job, job_cache, jobtag};
use super::tags::TagIds;
use super::{BATCH, ReferenceReport};
use crate::copy::rows::{JobNodeRow, JobRow};
use crate::direct::{QueueArchiving, execute};
use crate::schema;
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use flightdeck_model::{JobState, MonitoringStatus};
use std::collections::HashMap;

mod decode;

/// A job that can be written. Its number is given then.
struct TakenJob {
    state: JobState,
    hosts: Vec<String>,
    /// Numbers of its tags here.
    tags: Vec<i64>,
    row: JobRow,
}

/// What one transaction did.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    added: u64,
    running: u64,
    kept: u64,
}

/// Takes over the table of jobs, with the tags.
pub(super) fn take_jobs(
    file: &mut ReferenceFile,
    into: &Database,
    tag_ids: &TagIds,
    report: &mut ReferenceReport,
) -> Result<(), DbError> {
    let mut last_id = i64::MIN;
    loop {
        let rows: Vec<ReferenceJob> = file.read(|connection| {
            job::table.filter(job::id.gt(last_id)).order(job::id).limit(BATCH).load(connection)
        })?;
        let Some(last) = rows.last() else { return Ok(()) };
        let ids = last_id..=last.id;
        last_id = last.id;
        let pairs: Vec<(i64, Option<i64>)> = file.read(|connection| {
            let of_jobs = jobtag::table.filter(jobtag::job_id.between(*ids.start(), *ids.end()));
            of_jobs.order((jobtag::job_id, jobtag::tag_id)).load(connection)
        })?;
        let mut tags = tags_by_job(&pairs, tag_ids, report);
        let mut jobs = decode_all("job", rows, report);
        for (reference_id, job) in &mut jobs {
            job.tags = tags.remove(reference_id).unwrap_or_default();
        }
        write(into, jobs, report)?;
    }
}

/// Takes over the jobs that started shortly before the reference stopped, unless they are in its other table as well.
pub(super) fn take_starting_jobs(
    file: &mut ReferenceFile,
    into: &Database,
    report: &mut ReferenceReport,
) -> Result<(), DbError> {
    let mut last_id = i64::MIN;
    loop {
        let rows: Vec<ReferenceJob> = file.read(|connection| {
            let same_job = job::table
                .filter(job::job_id.eq(job_cache::job_id))
                .filter(job::cluster.eq(job_cache::cluster))
                .filter(job::start_time.eq(job_cache::start_time));
            job_cache::table
                .filter(not(exists(same_job.select(job::id))))
                .filter(job_cache::id.gt(last_id))
                .order(job_cache::id)
                .limit(BATCH)
                .load(connection)
        })?;
        let Some(last) = rows.last() else { return Ok(()) };
        last_id = last.id;
        let jobs = decode_all("job_cache", rows, report);
        write(into, jobs, report)?;
    }
}

fn tags_by_job(
    pairs: &[(i64, Option<i64>)],
    tag_ids: &TagIds,
    report: &mut ReferenceReport,
) -> HashMap<i64, Vec<i64>> {
    let mut tags: HashMap<i64, Vec<i64>> = HashMap::new();
    for (job_id, tag_id) in pairs {
        let tag_id = tag_id.unwrap_or_default();
        match tag_ids.get(&tag_id) {
            Some(id) => tags.entry(*job_id).or_default().push(*id),
            None => report.leave_out(
                "jobtag",
                &format!("{job_id}, {tag_id}"),
                &"tag_id is no tag that was taken over",
            ),
        }
    }
    tags
}

/// The jobs that keep the rules, each with its number in the file.
fn decode_all(
    table: &'static str,
    rows: Vec<ReferenceJob>,
    report: &mut ReferenceReport,
) -> Vec<(i64, TakenJob)> {
    let mut jobs = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id;
        match decode::job_of(row) {
            Ok(job) => jobs.push((id, job)),
            Err(reason) => report.leave_out(table, &id.to_string(), &reason),
        }
    }
    jobs
}

fn write(
    into: &Database,
    mut jobs: Vec<(i64, TakenJob)>,
    report: &mut ReferenceReport,
) -> Result<(), DbError> {
    let counts = into.write(move |transaction| {
        let mut counts = Counts::default();
        for (_, job) in &mut jobs {
            add_job(transaction, job, &mut counts)?;
        }
        Ok(counts)
    })?;
    report.jobs += counts.added;
    report.running_jobs += counts.running;
    report.jobs_kept += counts.kept;
    Ok(())
}

fn add_job(
    transaction: &mut WriteTransaction<'_>,
    job: &mut TakenJob,
    counts: &mut Counts,
) -> Result<(), DbError> {
    let TakenJob { state, hosts, tags, row } = job;
    let same_jobs: i64 = schema::job::table
        .filter(schema::job::job_id.eq(row.job_id))
        .filter(schema::job::cluster.eq(&row.cluster))
        .filter(schema::job::start_time.eq(row.start_time))
        .count()
        .get_result(transaction.connection)?;
    if same_jobs > 0 {
        counts.kept += 1;
        return Ok(());
    }
    row.id = transaction.next_job_id();
    diesel::insert_into(schema::job::table).values(&*row).execute(transaction.connection)?;
    for hostname in hosts.iter().cloned() {
        let host = JobNodeRow { job_id: row.id, hostname, start_time: row.start_time };
        diesel::insert_into(schema::job_node::table).values(&host).execute(transaction.connection)?;
    }
    for tag_id in tags.iter() {
        let tag = (
            schema::jobtag::job_id.eq(row.id),
            schema::jobtag::tag_id.eq(tag_id),
            schema::jobtag::start_time.eq(row.start_time),
        );
        diesel::insert_into(schema::jobtag::table).values(tag).execute(transaction.connection)?;
    }
    if state.is_final() && row.monitoring_status == MonitoringStatus::RunningOrArchiving.code() {
        execute(transaction.connection, QueueArchiving { job_id: row.id, due: 0 })?;
    }
    transaction.count_jobs(&row.cluster, *state, 1);
    counts.added += 1;
    counts.running += u64::from(*state == JobState::Running);
    Ok(())
}
