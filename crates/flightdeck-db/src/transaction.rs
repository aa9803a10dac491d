//! One transaction of the writer: ids, totals, and that it was. Knows the tables of its own bookkeeping alone.

use crate::DbError;
use crate::connection::AnyConnection;
use crate::direct::{AddToTotal, SetNumbers};
use crate::schema::{job_total, store_state};
use diesel::prelude::*;
use flightdeck_model::JobState;
use std::collections::BTreeMap;

/// What the changes of a group are made in. All of them share the transaction, and come to disk together.
pub(crate) struct WriteTransaction<'a> {
    pub(crate) connection: &'a mut AnyConnection,
    state: StoreState,
    /// By how many jobs the totals of a cluster and state have changed.
    totals: BTreeMap<(String, &'static str), i64>,
}

#[derive(Debug, Clone, Copy, Queryable)]
struct StoreState {
    change_number: i64,
    tag_number: i64,
    last_job_id: i64,
    last_id: i64,
}

impl<'a> WriteTransaction<'a> {
    /// Begins within a transaction of the connection. On a server, other processes wait from here on until this
    /// one's commit, so that what is looked up stays true.
    pub(crate) fn begin(connection: &'a mut AnyConnection) -> Result<Self, DbError> {
        let columns = (
            store_state::change_number,
            store_state::tag_number,
            store_state::last_job_id,
            store_state::last_id,
        );
        let row = store_state::table.filter(store_state::id.eq(1)).select(columns);
        let state = match connection {
            // The file's lock was taken when the transaction began.
            AnyConnection::Sqlite(sqlite) => row.get_result(sqlite)?,
            AnyConnection::Postgres(postgres) => row.for_update().get_result(postgres)?,
        };
        Ok(Self { connection, state, totals: BTreeMap::new() })
    }

    /// A number for a new job; it was never used before.
    pub(crate) fn next_job_id(&mut self) -> i64 {
        self.state.last_job_id += 1;
        self.state.last_job_id
    }

    /// A number for a new row of any other table.
    pub(crate) fn next_id(&mut self) -> i64 {
        self.state.last_id += 1;
        self.state.last_id
    }

    /// Says that the table of tags has changed.
    pub(crate) fn tags_changed(&mut self) {
        self.state.tag_number += 1;
    }

    /// Says that a cluster has more, or fewer, jobs in a state.
    pub(crate) fn count_jobs(&mut self, cluster: &str, state: JobState, by: i64) {
        *self.totals.entry((cluster.to_owned(), state.as_str())).or_default() += by;
    }

    /// Writes the bookkeeping. The commit follows.
    pub(crate) fn end(self) -> Result<(), DbError> {
        for ((cluster, state), by) in self.totals.iter().filter(|(_, by)| **by != 0) {
            let addition = AddToTotal { cluster, state, by: *by };
            let updated = addition.execute(self.connection)?;
            if updated == 0 {
                let row = (
                    job_total::cluster.eq(cluster.as_str()),
                    job_total::job_state.eq(*state),
                    job_total::jobs.eq(*by),
                );
                diesel::insert_into(job_total::table).values(row).execute(self.connection)?;
            }
        }
        let numbers = SetNumbers {
            change_number: self.state.change_number + 1,
            tag_number: self.state.tag_number,
            last_job_id: self.state.last_job_id,
            last_id: self.state.last_id,
        };
        numbers.execute(self.connection)?;
        Ok(())
    }
}
