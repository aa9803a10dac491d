//! Rows of many nodes in one statement: a report names all nodes of a cluster, and other processes wait for it. Knows
//! the two tables of nodes.

use crate::connection::{AnyConnection, Backend};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text};
use flightdeck_model::{NodeReport, UnixTime};

/// Nodes in one statement at most; each has twelve values, of which SQLite takes 32766.
pub(super) const MOST_ROWS: usize = 500;

/// One state of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct StateRow<'a> {
    /// A number for a new row.
    pub(super) id: i64,
    pub(super) time: UnixTime,
    pub(super) report: &'a NodeReport,
    health_state: Option<&'a str>,
    /// NULL rather than empty, as in databases that were taken over.
    health_metrics: Option<&'a str>,
}

impl<'a> StateRow<'a> {
    pub(super) fn new(id: i64, time: UnixTime, report: &'a NodeReport) -> Self {
        let health = report.health.as_ref();
        let metrics = health.map(|health| health.health_metrics.as_str());
        Self {
            id,
            time,
            report,
            health_state: health.map(|health| health.state.as_str()),
            health_metrics: metrics.filter(|json| !json.is_empty()),
        }
    }
}

/// Writes states of nodes of a cluster as their current ones, unless newer ones are there. No node may be named
/// twice.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoreCurrent<'a> {
    pub(super) cluster: &'a str,
    pub(super) rows: &'a [StateRow<'a>],
}

impl QueryFragment<Backend> for StoreCurrent<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql(
            "INSERT INTO node (id, time_stamp, node_state, cpus_allocated, memory_allocated, gpus_allocated, \
             jobs_running, health_state, health_metrics, cluster, hostname, subcluster) VALUES ",
        );
        for (index, row) in self.rows.iter().enumerate() {
            push_state(&mut out, index, row)?;
            for name in [self.cluster, &row.report.hostname, &row.report.subcluster] {
                out.push_sql(", ");
                out.push_bind_param::<Text, str>(name)?;
            }
            out.push_sql(")");
        }
        out.push_sql(
            " ON CONFLICT (cluster, hostname) DO UPDATE SET time_stamp = excluded.time_stamp, \
             node_state = excluded.node_state, cpus_allocated = excluded.cpus_allocated, \
             memory_allocated = excluded.memory_allocated, gpus_allocated = excluded.gpus_allocated, \
             jobs_running = excluded.jobs_running, health_state = excluded.health_state, \
             health_metrics = excluded.health_metrics, subcluster = excluded.subcluster \
             WHERE excluded.time_stamp >= node.time_stamp",
        );
        Ok(())
    }
}

impl QueryId for StoreCurrent<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<AnyConnection> for StoreCurrent<'_> {}

/// Adds states to the history.
#[derive(Debug, Clone, Copy)]
pub(super) struct AddToHistory<'a> {
    /// Each with the number of its node.
    pub(super) rows: &'a [(StateRow<'a>, i64)],
}

impl QueryFragment<Backend> for AddToHistory<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql(
            "INSERT INTO node_report (id, time_stamp, node_state, cpus_allocated, memory_allocated, \
             gpus_allocated, jobs_running, health_state, health_metrics, node_id) VALUES ",
        );
        for (index, (row, node_id)) in self.rows.iter().enumerate() {
            push_state(&mut out, index, row)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(node_id)?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl QueryId for AddToHistory<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<AnyConnection> for AddToHistory<'_> {}

/// Begins a row with what both tables have.
fn push_state<'b>(
    out: &mut AstPass<'_, 'b, Backend>,
    index: usize,
    row: &'b StateRow<'_>,
) -> QueryResult<()> {
    out.push_sql(if index == 0 { "(" } else { ", (" });
    out.push_bind_param::<BigInt, _>(&row.id)?;
    out.push_sql(", ");
    out.push_bind_param::<BigInt, _>(&row.time.0)?;
    out.push_sql(", ");
    out.push_bind_param::<Text, str>(row.report.state.as_str())?;
    let NodeReport { cpus_allocated, memory_allocated_mb, gpus_allocated, jobs_running, .. } = row.report;
    for number in [cpus_allocated, memory_allocated_mb, gpus_allocated, jobs_running] {
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(number)?;
    }
    for text in [&row.health_state, &row.health_metrics] {
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, Option<&str>>(text)?;
    }
    Ok(())
}
