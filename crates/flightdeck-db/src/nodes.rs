//! States of nodes in the database: the current one of each in the node's own row, and the history beside it. Knows
//! nothing of what a cluster's configuration says of its nodes.

use crate::connection::AnyConnection;
use crate::schema::{node, node_report};
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::prelude::*;
use flightdeck_model::{NodeHealth, NodeReport, NodeRepository, NodeStatus, PortError, PortFuture, UnixTime};
use rows::{AddToHistory, MOST_ROWS, StateRow, StoreCurrent};
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::str::FromStr;

mod rows;

/// So many states are removed in one transaction: job starts do not wait longer for it. SQLite takes 32766 ids.
const STATES_PER_REMOVAL: i64 = 5000;

/// The numbers of the nodes of a cluster that were reported before, by name.
fn known_nodes(connection: &mut AnyConnection, cluster: &str) -> Result<HashMap<String, i64>, DbError> {
    let of_cluster = node::table.filter(node::cluster.eq(cluster));
    let rows: Vec<(String, i64)> = of_cluster.select((node::hostname, node::id)).load(connection)?;
    Ok(rows.into_iter().collect())
}

fn store_report(
    transaction: &mut WriteTransaction<'_>,
    cluster: &str,
    time: UnixTime,
    nodes: &[NodeReport],
) -> Result<(), DbError> {
    let mut node_ids = known_nodes(transaction.connection, cluster)?;
    let mut current: BTreeMap<&str, StateRow<'_>> = BTreeMap::new();
    let mut history = Vec::with_capacity(nodes.len());
    for report in nodes {
        // What is said last of a node holds; a node that is there keeps its own number.
        let id = current.get(report.hostname.as_str()).map_or_else(|| transaction.next_id(), |row| row.id);
        current.insert(&report.hostname, StateRow::new(id, time, report));
        let node_id = *node_ids.entry(report.hostname.clone()).or_insert(id);
        history.push((StateRow::new(transaction.next_id(), time, report), node_id));
    }
    let current: Vec<StateRow<'_>> = current.into_values().collect();
    for rows in current.chunks(MOST_ROWS) {
        StoreCurrent { cluster, rows }.execute(transaction.connection)?;
    }
    for rows in history.chunks(MOST_ROWS) {
        AddToHistory { rows }.execute(transaction.connection)?;
    }
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
    health_state: Option<String>,
    health_metrics: Option<String>,
}

/// A word that ought to be one of a few.
fn parsed<T>(word: &str, (table, column): (&'static str, &'static str), id: i64) -> Result<T, DbError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    let corrupt = |error| DbError::Corrupt { table, column, id: id.to_string(), source: Box::new(error) };
    word.parse().map_err(corrupt)
}

impl StatusRow {
    fn into_status(self, table: &'static str) -> Result<NodeStatus, DbError> {
        let state = parsed(&self.state, (table, "node_state"), self.id)?;
        let health_state =
            self.health_state.map(|word| parsed(&word, (table, "health_state"), self.id)).transpose()?;
        let health_metrics = self.health_metrics.unwrap_or_default();
        let report = NodeReport {
            hostname: self.hostname,
            subcluster: self.subcluster,
            state,
            cpus_allocated: self.cpus_allocated,
            memory_allocated_mb: self.memory_allocated,
            gpus_allocated: self.gpus_allocated,
            jobs_running: self.jobs_running,
            health: health_state.map(|state| NodeHealth { state, health_metrics }),
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
        node::health_state,
        node::health_metrics,
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
        node_report::health_state,
        node_report::health_metrics,
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
            let rows = node_report::table.filter(node_report::id.eq_any(ids));
            Ok(Ok(diesel::delete(rows).execute(transaction.connection)?))
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
            store_report(transaction, &cluster, time, &nodes)?;
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
