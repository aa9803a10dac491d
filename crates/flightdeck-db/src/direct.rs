//! The statements that every start and stop makes, without the detours of diesel's builder.
//!
//! Over [`AnyConnection`], diesel writes out a statement's text each time to find it among the prepared ones. On a
//! connection of one backend it knows most of them by their type. Updates it prepares anew each time, because what
//! they set may differ; those here always set the same.

/// Makes a fragment a statement that can be run on any connection.
macro_rules! statement {
    ($name:ty) => {
        impl QueryId for $name {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl<Connection> RunQueryDsl<Connection> for $name {}
    };
}

mod inserts;

pub(crate) use inserts::{InsertEntry, InsertHost, InsertJob, QueueArchiving};

use crate::connection::{AnyConnection, Backend};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::methods::{ExecuteDsl, LoadQuery};
use diesel::sql_types::{BigInt, Text};

/// Runs a statement and tells how many rows it changed.
pub(crate) fn execute<S>(connection: &mut AnyConnection, statement: S) -> QueryResult<usize>
where
    S: ExecuteDsl<SqliteConnection> + ExecuteDsl<PgConnection>,
{
    match connection {
        AnyConnection::Sqlite(sqlite) => ExecuteDsl::execute(statement, sqlite),
        AnyConnection::Postgres(postgres) => ExecuteDsl::execute(statement, postgres),
    }
}

/// Runs a query and gives its first row, if there is one.
pub(crate) fn first<'query, Q, Row>(connection: &mut AnyConnection, query: Q) -> QueryResult<Option<Row>>
where
    Q: LoadQuery<'query, SqliteConnection, Row> + LoadQuery<'query, PgConnection, Row>,
{
    let mut rows: Vec<Row> = match connection {
        AnyConnection::Sqlite(sqlite) => query.internal_load(sqlite)?.collect::<QueryResult<_>>()?,
        AnyConnection::Postgres(postgres) => query.internal_load(postgres)?.collect::<QueryResult<_>>()?,
    };
    Ok(if rows.is_empty() { None } else { Some(rows.swap_remove(0)) })
}

/// Gives a job its final state and duration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndJob {
    /// The job's number in the database.
    pub(crate) id: i64,
    /// The word for the state.
    pub(crate) state: &'static str,
    /// How long the job ran.
    pub(crate) duration_s: i64,
}

impl QueryFragment<Backend> for EndJob {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("UPDATE job SET job_state = ");
        out.push_bind_param::<Text, _>(self.state)?;
        out.push_sql(", duration = ");
        out.push_bind_param::<BigInt, _>(&self.duration_s)?;
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<BigInt, _>(&self.id)
    }
}

/// Adds to the number of jobs that a cluster has in a state; changes nothing when there is no such number yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddToTotal<'a> {
    /// The cluster.
    pub(crate) cluster: &'a str,
    /// The word for the state.
    pub(crate) state: &'static str,
    /// How many jobs more; negative: fewer.
    pub(crate) by: i64,
}

impl QueryFragment<Backend> for AddToTotal<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("UPDATE job_total SET jobs = jobs + ");
        out.push_bind_param::<BigInt, _>(&self.by)?;
        out.push_sql(" WHERE cluster = ");
        out.push_bind_param::<Text, _>(self.cluster)?;
        out.push_sql(" AND job_state = ");
        out.push_bind_param::<Text, _>(self.state)
    }
}

/// Writes the numbers of the store's state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetNumbers {
    /// Number of the change.
    pub(crate) change_number: i64,
    /// Number of the tag table's change.
    pub(crate) tag_number: i64,
    /// The job id that was given out last.
    pub(crate) last_job_id: i64,
    /// The other id that was given out last.
    pub(crate) last_id: i64,
}

impl QueryFragment<Backend> for SetNumbers {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let columns = [
            ("UPDATE store_state SET change_number = ", &self.change_number),
            (", tag_number = ", &self.tag_number),
            (", last_job_id = ", &self.last_job_id),
            (", last_id = ", &self.last_id),
        ];
        for (text, number) in columns {
            out.push_sql(text);
            out.push_bind_param::<BigInt, _>(number)?;
        }
        out.push_sql(" WHERE id = 1");
        Ok(())
    }
}

statement!(EndJob);
statement!(AddToTotal<'_>);
statement!(SetNumbers);
