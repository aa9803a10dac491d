//! The rows that every start or stop adds.
//!
//! Diesel writes out the text of an insert anew each time, name by name; here it is one constant.

use crate::jobs::JobColumns;
use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Double, HasSqlType, Integer, Nullable, SmallInt, Text};
use flightdeck_model::AuditEntry;

/// Adds a job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InsertJob<'a> {
    /// Its number in the database.
    pub(crate) id: i64,
    /// All else.
    pub(crate) columns: &'a JobColumns,
}

/// Adds the host of a job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InsertHost<'a> {
    /// The job's number in the database.
    pub(crate) job_id: i64,
    /// The host.
    pub(crate) hostname: &'a str,
    /// When the job started.
    pub(crate) start_time: i64,
}

/// Adds an entry to the audit log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InsertEntry<'a> {
    /// Its number.
    pub(crate) id: i64,
    /// What it says.
    pub(crate) entry: &'a AuditEntry,
}

/// Puts a job that has ended into the queue of those that are to be archived, unless it is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueArchiving {
    /// The job's number in the database.
    pub(crate) job_id: i64,
    /// When it is due, in Unix seconds.
    pub(crate) due: i64,
}

/// A backend that takes all that the rows are made of.
pub(crate) trait RowBackend:
    Backend
    + HasSqlType<BigInt>
    + HasSqlType<Integer>
    + HasSqlType<SmallInt>
    + HasSqlType<Double>
    + HasSqlType<Text>
{
}

impl<DB> RowBackend for DB where
    DB: Backend
        + HasSqlType<BigInt>
        + HasSqlType<Integer>
        + HasSqlType<SmallInt>
        + HasSqlType<Double>
        + HasSqlType<Text>
{
}

const INSERT_JOB: &str = "INSERT INTO job (id, job_id, submit_time, start_time, array_job_id, duration, walltime, \
     requested_memory, num_nodes, cluster, subcluster, hpc_user, project, cluster_partition, job_state, shared, \
     resources, num_hwthreads, num_acc, smt, monitoring_status, energy, archive_fingerprint, footprint, \
     energy_footprint, statistics, meta_data) VALUES (";

impl<DB: RowBackend> QueryFragment<DB> for InsertJob<'_>
where
    i64: ToSql<BigInt, DB>,
    i32: ToSql<Integer, DB>,
    i16: ToSql<SmallInt, DB>,
    f64: ToSql<Double, DB>,
    str: ToSql<Text, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
    Option<String>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let row = self.columns;
        out.push_sql(INSERT_JOB);
        out.push_bind_param::<BigInt, i64>(&self.id)?;
        for number in [
            &row.job_id,
            &row.submit_time,
            &row.start_time,
            &row.array_job_id,
            &row.duration,
            &row.walltime,
            &row.requested_memory,
            &row.num_nodes,
        ] {
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(number)?;
        }
        for text in [
            &row.cluster,
            &row.subcluster,
            &row.hpc_user,
            &row.project,
            &row.cluster_partition,
            row.job_state,
            row.shared,
            &row.resources,
        ] {
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(text)?;
        }
        for number in [&row.num_hwthreads, &row.num_acc, &row.smt] {
            out.push_sql(", ");
            out.push_bind_param::<Integer, i32>(number)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<SmallInt, i16>(&row.monitoring_status)?;
        out.push_sql(", ");
        out.push_bind_param::<Double, f64>(&row.energy)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<BigInt>, Option<i64>>(&row.archive_fingerprint)?;
        for text in [&row.footprint, &row.energy_footprint, &row.statistics, &row.meta_data] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, Option<String>>(text)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<DB: RowBackend> QueryFragment<DB> for InsertHost<'_>
where
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO job_node (job_id, start_time, hostname) VALUES (");
        out.push_bind_param::<BigInt, i64>(&self.job_id)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, i64>(&self.start_time)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, str>(self.hostname)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<DB: RowBackend> QueryFragment<DB> for QueueArchiving
where
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO archiving (job_id, due) VALUES (");
        out.push_bind_param::<BigInt, i64>(&self.job_id)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, i64>(&self.due)?;
        out.push_sql(") ON CONFLICT DO NOTHING");
        Ok(())
    }
}

const INSERT_ENTRY: &str = "INSERT INTO audit_entry (id, time_stamp, username, address, request_id, object, detail, \
     action, outcome) VALUES (";

impl<DB: RowBackend> QueryFragment<DB> for InsertEntry<'_>
where
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let AuditEntry { time, origin, action, object, outcome, detail } = self.entry;
        out.push_sql(INSERT_ENTRY);
        out.push_bind_param::<BigInt, i64>(&self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, i64>(&time.0)?;
        for text in [
            origin.username.as_str(),
            origin.address.as_str(),
            origin.request_id.as_str(),
            object.as_str(),
            detail.as_str(),
            action.as_str(),
            outcome.as_str(),
        ] {
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(text)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

statement!(InsertJob<'_>);
statement!(InsertHost<'_>);
statement!(InsertEntry<'_>);
statement!(QueueArchiving);
