//! Looks whether a database is whole, and whether its own bookkeeping agrees with its rows.

use crate::connection::AnyConnection;
use crate::schema::{archiving, job, job_node, job_total, store_state};
use crate::{Database, DbError};
use diesel::dsl::{count_star, exists, max, not};
use diesel::prelude::*;
use flightdeck_model::{JobState, MonitoringStatus};
use std::collections::BTreeMap;

diesel::table! {
    /// SQLite's own look through the file: `ok`, or a line for each thing that is wrong.
    pragma_integrity_check (integrity_check) {
        integrity_check -> Text,
    }
}

diesel::table! {
    /// SQLite's list of rows that refer to rows that are not there.
    pragma_foreign_key_check (of_table) {
        #[sql_name = "table"]
        of_table -> Text,
        parent -> Text,
    }
}

impl Database {
    /// Looks through the whole database and returns what is wrong, a line each. Takes seconds for a million jobs;
    /// reading and writing go on meanwhile.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn check(&self) -> Result<Vec<String>, DbError> {
        self.read_snapshot(|connection, _| {
            let mut problems = match connection {
                AnyConnection::Sqlite(_) => check_file(connection)?,
                // A server looks after its own pages and references.
                AnyConnection::Postgres(_) => Vec::new(),
            };
            problems.extend(check_hosts(connection)?);
            problems.extend(check_totals(connection)?);
            problems.extend(check_numbers(connection)?);
            problems.extend(check_archiving(connection)?);
            Ok(problems)
        })
    }
}

fn check_file(connection: &mut AnyConnection) -> Result<Vec<String>, DbError> {
    let lines: Vec<String> =
        pragma_integrity_check::table.select(pragma_integrity_check::integrity_check).load(connection)?;
    let mut problems: Vec<String> = lines.into_iter().filter(|line| line != "ok").collect();
    let orphans: Vec<(String, String)> = pragma_foreign_key_check::table
        .select((pragma_foreign_key_check::of_table, pragma_foreign_key_check::parent))
        .load(connection)?;
    let orphan = |(table, parent)| format!("a row of {table} refers to one of {parent} that is not there");
    problems.extend(orphans.into_iter().map(orphan));
    Ok(problems)
}

/// The hosts of a job go with it; no reference makes the database see to that.
fn check_hosts(connection: &mut AnyConnection) -> Result<Vec<String>, DbError> {
    let of_job =
        job::table.filter(job::id.eq(job_node::job_id)).filter(job::start_time.eq(job_node::start_time));
    let orphans: i64 =
        job_node::table.filter(not(exists(of_job.select(job::id)))).count().get_result(connection)?;
    Ok(if orphans > 0 {
        vec![format!("{orphans} hosts are those of jobs that are not there")]
    } else {
        Vec::new()
    })
}

fn check_totals(connection: &mut AnyConnection) -> Result<Vec<String>, DbError> {
    let counted: Vec<(String, String, i64)> = job::table
        .group_by((job::cluster, job::job_state))
        .select((job::cluster, job::job_state, count_star()))
        .load(connection)?;
    let kept: Vec<(String, String, i64)> = job_total::table
        .select((job_total::cluster, job_total::job_state, job_total::jobs))
        .load(connection)?;
    let mut totals: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for (cluster, state, jobs) in counted {
        totals.entry((cluster, state)).or_default().0 = jobs;
    }
    for (cluster, state, jobs) in kept {
        totals.entry((cluster, state)).or_default().1 = jobs;
    }
    let wrong = totals.into_iter().filter(|(_, (counted, kept))| counted != kept);
    let line = |((cluster, state), (counted, kept))| {
        format!("{cluster} has {counted} jobs of state {state}, and its total says {kept}")
    };
    Ok(wrong.map(line).collect())
}

fn check_numbers(connection: &mut AnyConnection) -> Result<Vec<String>, DbError> {
    let highest: Option<i64> = job::table.select(max(job::id)).get_result(connection)?;
    let last: i64 = store_state::table.select(store_state::last_job_id).get_result(connection)?;
    let is_wrong = highest.is_some_and(|highest| highest > last);
    Ok(if is_wrong {
        vec![format!("a job has an id above {last}, the last one given out")]
    } else {
        Vec::new()
    })
}

/// Every job that has ended with its data in the metric store waits to be archived, and no other job does.
fn check_archiving(connection: &mut AnyConnection) -> Result<Vec<String>, DbError> {
    let not_ended: Vec<&str> =
        JobState::ALL.into_iter().filter(|state| !state.is_final()).map(JobState::as_str).collect();
    let to_archive = || {
        job::monitoring_status
            .eq(MonitoringStatus::RunningOrArchiving.code())
            .and(job::job_state.ne_all(not_ended.clone()))
    };
    let queued = || exists(archiving::table.filter(archiving::job_id.eq(job::id)).select(archiving::job_id));
    let forgotten: i64 =
        job::table.filter(to_archive()).filter(not(queued())).count().get_result(connection)?;
    let unwanted: i64 =
        job::table.filter(not(to_archive())).filter(queued()).count().get_result(connection)?;
    let mut problems = Vec::new();
    if forgotten > 0 {
        problems.push(format!("{forgotten} jobs are to be archived and are not in the queue for it"));
    }
    if unwanted > 0 {
        problems.push(format!("{unwanted} jobs are in the queue to be archived and need not be"));
    }
    Ok(problems)
}
