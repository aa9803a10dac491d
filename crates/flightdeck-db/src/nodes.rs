//! States of nodes in the database: the current one of each in the node's own row, and the history beside it. Knows
//! nothing of what a cluster's configuration says of its nodes.

use crate::connection::AnyConnection;
use crate::schema::{node, node_report};
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::prelude::*;
use flightdeck_model::{NodeReport, NodeRepository, NodeStatus, PortError, PortFuture, UnixTime};
use std::collections::HashMap;

/// So many states are removed in one transaction: job starts do not wait longer for it.
const STATES_PER_REMOVAL: i64 = 10_000;

/// A node that was reported before.
#[derive(Debug, Clone, Copy)]
struct KnownNode {
    id: i64,
    /// When its current state was reported.
    time: i64,
}

fn known_nodes(connection: &mut AnyConnection, cluster: &str) -> Result<HashMap<String, KnownNode>, DbError> {
    let of_cluster = node::table.filter(node::cluster.eq(cluster));
    let rows: Vec<(String, i64, i64)> =
        of_cluster.select((node::hostname, node::id, node::time_stamp)).load(connection)?;
    Ok(rows.into_iter().map(|(hostname, id, time)| (hostname, KnownNode { id, time })).collect())
}

/// Stores the report in the node's own row, unless a newer one is there. Returns the row's number.
fn store_current(
    transaction: &mut WriteTransaction<'_>,
    known: &mut HashMap<String, KnownNode>,
    cluster: &str,
    time: UnixTime,
    report: &NodeReport,
) -> Result<i64, DbError> {
    let state = (
        node::subcluster.eq(&report.subcluster),
        node::time_stamp.eq(time.0),
        node::node_state.eq(report.state.as_str()),
        node::cpus_allocated.eq(report.cpus_allocated),
        node::memory_allocated.eq(report.memory_allocated_mb),
        node::gpus_allocated.eq(report.gpus_allocated),
        node::jobs_running.eq(report.jobs_running),
    );
    match known.get_mut(&report.hostname) {
        Some(current) if current.time > time.0 => Ok(current.id),
        Some(current) => {
            let row = node::table.filter(node::id.eq(current.id));
            diesel::update(row).set(state).execute(transaction.connection)?;
            current.time = time.0;
            Ok(current.id)
        }
        None => {
            let id = transaction.next_id();
            let identity = (node::id.eq(id), node::cluster.eq(cluster), node::hostname.eq(&report.hostname));
            diesel::insert_into(node::table).values((identity, state)).execute(transaction.connection)?;
            known.insert(report.hostname.clone(), KnownNode { id, time: time.0 });
            Ok(id)
        }
    }
}

fn add_to_history(
    transaction: &mut WriteTransaction<'_>,
    node_id: i64,
    time: UnixTime,
    report: &NodeReport,
) -> Result<(), DbError> {
    let row = (
        node_report::id.eq(transaction.next_id()),
        node_report::node_id.eq(node_id),
        node_report::time_stamp.eq(time.0),
        node_report::node_state.eq(report.state.as_str()),
        node_report::cpus_allocated.eq(report.cpus_allocated),
        node_report::memory_allocated.eq(report.memory_allocated_mb),
        node_report::gpus_allocated.eq(report.gpus_allocated),
        node_report::jobs_running.eq(report.jobs_running),
    );
    diesel::insert_into(node_report::table).values(row).execute(transaction.connection)?;
    Ok(())
}

/// A state as stored, with the node's names.
#[derive(Debug, Queryable)]
struct StatusRow {
    id: i64,
    cluster: String,
    hostname: String,
    subcluster: String,
    time: i64,
    state: String,
    cpus_allocated: i64,
    memory_allocated: i64,
    gpus_allocated: i64,
    jobs_running: i64,
}

impl StatusRow {
    fn into_status(self, table: &'static str) -> Result<NodeStatus, DbError> {
        let state = self.state.parse().map_err(|error| DbError::Corrupt {
            table,
            column: "node_state",
            id: self.id.to_string(),
            source: Box::new(error),
        })?;
        let report = NodeReport {
            hostname: self.hostname,
            subcluster: self.subcluster,
            state,
            cpus_allocated: self.cpus_allocated,
            memory_allocated_mb: self.memory_allocated,
            gpus_allocated: self.gpus_allocated,
            jobs_running: self.jobs_running,
        };
        Ok(NodeStatus { cluster: self.cluster, time: UnixTime(self.time), report })
    }
}

fn current(connection: &mut AnyConnection, cluster: Option<&str>) -> Result<Vec<NodeStatus>, DbError> {
    let columns = (
        node::id,
        node::cluster,
        node::hostname,
        node::subcluster,
        node::time_stamp,
        node::node_state,
        node::cpus_allocated,
        node::memory_allocated,
        node::gpus_allocated,
        node::jobs_running,
    );
    let in_order = node::table.select(columns).order((node::cluster, node::hostname));
    let rows: Vec<StatusRow> = match cluster {
        Some(name) => in_order.filter(node::cluster.eq(name)).load(connection)?,
        None => in_order.load(connection)?,
    };
    rows.into_iter().map(|row| row.into_status("node")).collect()
}

fn history(
    connection: &mut AnyConnection,
    cluster: &str,
    hostname: &str,
    limit: u32,
) -> Result<Vec<NodeStatus>, DbError> {
    let columns = (
        node_report::id,
        node::cluster,
        node::hostname,
        node::subcluster,
        node_report::time_stamp,
        node_report::node_state,
        node_report::cpus_allocated,
        node_report::memory_allocated,
        node_report::gpus_allocated,
        node_report::jobs_running,
    );
    let of_node = node_report::table
        .inner_join(node::table)
        .filter(node::cluster.eq(cluster))
        .filter(node::hostname.eq(hostname));
    let newest_first = of_node.order((node_report::time_stamp.desc(), node_report::id.desc()));
    let rows: Vec<StatusRow> = newest_first.select(columns).limit(i64::from(limit)).load(connection)?;
    rows.into_iter().map(|row| row.into_status("node_report")).collect()
}

impl Database {
    /// Removes the oldest of the states before the time; fewer than [`STATES_PER_REMOVAL`] are the last.
    fn remove_some_states_before(&self, time: UnixTime) -> PortFuture<Result<usize, PortError>> {
        self.submit(move |transaction| {
            let oldest = node_report::table
                .filter(node_report::time_stamp.lt(time.0))
                .order(node_report::time_stamp)
                .limit(STATES_PER_REMOVAL)
                .select(node_report::id);
            let ids: Vec<i64> = oldest.load(transaction.connection)?;
            for id in &ids {
                let row = node_report::table.filter(node_report::id.eq(id));
                diesel::delete(row).execute(transaction.connection)?;
            }
            Ok(Ok(ids.len()))
        })
    }
}

impl NodeRepository for Database {
    fn report_nodes(
        &self,
        cluster: String,
        time: UnixTime,
        nodes: Vec<NodeReport>,
    ) -> PortFuture<Result<(), PortError>> {
        self.submit(move |transaction| {
            let mut known = known_nodes(transaction.connection, &cluster)?;
            for report in &nodes {
                let node_id = store_current(transaction, &mut known, &cluster, time, report)?;
                add_to_history(transaction, node_id, time, report)?;
            }
            Ok(Ok(()))
        })
    }

    fn current_nodes(&self, cluster: Option<&str>) -> Result<Vec<NodeStatus>, PortError> {
        Ok(self.read(|connection| current(connection, cluster))?)
    }

    fn node_history(&self, cluster: &str, hostname: &str, limit: u32) -> Result<Vec<NodeStatus>, PortError> {
        Ok(self.read(|connection| history(connection, cluster, hostname, limit))?)
    }

    fn remove_node_states_before(&self, time: UnixTime) -> PortFuture<Result<u64, PortError>> {
        let database = self.clone();
        // Dropped early, the rest is left for the next time; what remains is a state of its own right.
        let mut next = self.remove_some_states_before(time);
        Box::pin(async move {
            let mut all = 0;
            loop {
                let removed = next.await?;
                all += removed as u64;
                if i64::try_from(removed).is_ok_and(|count| count < STATES_PER_REMOVAL) {
                    return Ok(all);
                }
                next = database.remove_some_states_before(time);
            }
        })
    }
}
