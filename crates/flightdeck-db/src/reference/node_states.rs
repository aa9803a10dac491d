//! States of nodes of the reference, oldest first. Nodes that never had one are not taken over.

use super::file::ReferenceFile;
use super::tables::{ReferenceNodeState, node, node_state};
use super::values::{
    BrokenRule, Cell, EVENT_TIMES, LARGE_COUNTS, cluster_name, integer, json, name, optional_text, word,
};
use super::{BATCH, ReferenceReport};
use crate::copy::rows::NodeReportRow;
use crate::schema::{node as our_node, node_report};
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::prelude::*;
use flightdeck_model::NodeState;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;

/// A node's names.
#[derive(Debug)]
struct NodeNames {
    cluster: String,
    hostname: String,
    subcluster: String,
}

/// A state and whose it is. The numbers of state and node are given when it is written.
struct TakenState {
    node: Arc<NodeNames>,
    report: NodeReportRow,
}

/// What one transaction added.
#[derive(Debug, Default, Clone, Copy)]
struct Added {
    nodes: u64,
    states: u64,
}

/// Takes over the states.
pub(super) fn take_node_states(
    file: &mut ReferenceFile,
    into: &Database,
    report: &mut ReferenceReport,
) -> Result<(), DbError> {
    let nodes = read_nodes(file, report)?;
    let mut last_id = i64::MIN;
    loop {
        let rows: Vec<ReferenceNodeState> = file.read(|connection| {
            let following = node_state::table.filter(node_state::id.gt(last_id));
            following.order(node_state::id).limit(BATCH).load(connection)
        })?;
        let Some(last) = rows.last() else { return Ok(()) };
        last_id = last.id;
        let mut states = Vec::new();
        for row in rows {
            let id = row.id;
            match state_of(row, &nodes) {
                Ok(state) => states.push(state),
                Err(reason) => report.leave_out("node_state", &id.to_string(), &reason),
            }
        }
        let added = into.write(move |transaction| {
            let mut added = Added::default();
            for state in &mut states {
                add_state(transaction, state, &mut added)?;
            }
            Ok(added)
        })?;
        report.nodes += added.nodes;
        report.node_states += added.states;
    }
}

fn read_nodes(
    file: &mut ReferenceFile,
    report: &mut ReferenceReport,
) -> Result<HashMap<i64, Arc<NodeNames>>, DbError> {
    let rows: Vec<(i64, Cell, Cell, Cell)> =
        file.read(|connection| node::table.order(node::id).load(connection))?;
    let mut nodes = HashMap::new();
    for (id, hostname, cluster, subcluster) in rows {
        match names_of(hostname, cluster, subcluster) {
            Ok(names) => drop(nodes.insert(id, Arc::new(names))),
            Err(reason) => report.leave_out("node", &id.to_string(), &reason),
        }
    }
    Ok(nodes)
}

fn names_of(hostname: Cell, cluster: Cell, subcluster: Cell) -> Result<NodeNames, BrokenRule> {
    Ok(NodeNames {
        cluster: cluster_name(cluster)?,
        hostname: word("hostname", hostname)?,
        subcluster: name("subcluster", subcluster)?,
    })
}

fn state_of(row: ReferenceNodeState, nodes: &HashMap<i64, Arc<NodeNames>>) -> Result<TakenState, BrokenRule> {
    let node_id = row.node_id.unwrap_or_default();
    let no_node = || BrokenRule::new("node_id", format_args!("{node_id} is no node that was taken over"));
    let node = Arc::clone(nodes.get(&node_id).ok_or_else(no_node)?);
    let state: NodeState =
        name("node_state", row.state)?.parse().map_err(|error| BrokenRule::new("node_state", error))?;
    let metrics: Option<Box<RawValue>> = json("health_metrics", row.health_metrics)?;
    let report = NodeReportRow {
        id: 0,
        node_id: 0,
        time_stamp: integer("time_stamp", row.time_stamp, EVENT_TIMES)?,
        node_state: state.as_str().to_owned(),
        cpus_allocated: integer("cpus_allocated", row.cpus_allocated, LARGE_COUNTS)?,
        memory_allocated: integer("memory_allocated", row.memory_allocated, LARGE_COUNTS)?,
        gpus_allocated: integer("gpus_allocated", row.gpus_allocated, LARGE_COUNTS)?,
        jobs_running: integer("jobs_running", row.jobs_running, LARGE_COUNTS)?,
        health_state: health_state_of(row.health_state)?,
        health_metrics: metrics.map(|json| json.get().to_owned()),
    };
    Ok(TakenState { node, report })
}

fn health_state_of(cell: Cell) -> Result<Option<String>, BrokenRule> {
    let word = optional_text("health_state", cell)?.filter(|word| !word.is_empty());
    match word.as_deref() {
        None | Some("full" | "partial" | "failed") => Ok(word),
        Some(other) => Err(BrokenRule::new(
            "health_state",
            format_args!("\"{}\" is none of full, partial and failed", other.escape_debug()),
        )),
    }
}

fn add_state(
    transaction: &mut WriteTransaction<'_>,
    state: &mut TakenState,
    added: &mut Added,
) -> Result<(), DbError> {
    let TakenState { node, report } = state;
    let known: Option<(i64, i64)> = our_node::table
        .filter(our_node::cluster.eq(&node.cluster))
        .filter(our_node::hostname.eq(&node.hostname))
        .select((our_node::id, our_node::time_stamp))
        .get_result(transaction.connection)
        .optional()?;
    report.node_id = match known {
        Some((id, _)) if is_known(transaction, id, report)? => return Ok(()),
        Some((id, time)) if time > report.time_stamp => id,
        Some((id, _)) => {
            let row = our_node::table.filter(our_node::id.eq(id));
            diesel::update(row).set(current_columns(node, report)).execute(transaction.connection)?;
            id
        }
        None => {
            added.nodes += 1;
            let id = transaction.next_id();
            let identity = (
                our_node::id.eq(id),
                our_node::cluster.eq(&node.cluster),
                our_node::hostname.eq(&node.hostname),
            );
            let row = (identity, current_columns(node, report));
            diesel::insert_into(our_node::table).values(row).execute(transaction.connection)?;
            id
        }
    };
    report.id = transaction.next_id();
    diesel::insert_into(node_report::table).values(&*report).execute(transaction.connection)?;
    added.states += 1;
    Ok(())
}

/// Whether the node is known to have been in just that state at that time.
fn is_known(
    transaction: &mut WriteTransaction<'_>,
    node_id: i64,
    report: &NodeReportRow,
) -> Result<bool, DbError> {
    let same: i64 = node_report::table
        .filter(node_report::node_id.eq(node_id))
        .filter(node_report::time_stamp.eq(report.time_stamp))
        .filter(node_report::node_state.eq(&report.node_state))
        .filter(node_report::cpus_allocated.eq(report.cpus_allocated))
        .filter(node_report::memory_allocated.eq(report.memory_allocated))
        .filter(node_report::gpus_allocated.eq(report.gpus_allocated))
        .filter(node_report::jobs_running.eq(report.jobs_running))
        .count()
        .get_result(transaction.connection)?;
    Ok(same > 0)
}

type CurrentColumns<'a> = (
    diesel::dsl::Eq<our_node::subcluster, &'a str>,
    diesel::dsl::Eq<our_node::time_stamp, i64>,
    diesel::dsl::Eq<our_node::node_state, &'a str>,
    diesel::dsl::Eq<our_node::cpus_allocated, i64>,
    diesel::dsl::Eq<our_node::memory_allocated, i64>,
    diesel::dsl::Eq<our_node::gpus_allocated, i64>,
    diesel::dsl::Eq<our_node::jobs_running, i64>,
    diesel::dsl::Eq<our_node::health_state, Option<&'a str>>,
    diesel::dsl::Eq<our_node::health_metrics, Option<&'a str>>,
);

fn current_columns<'a>(node: &'a NodeNames, report: &'a NodeReportRow) -> CurrentColumns<'a> {
    (
        our_node::subcluster.eq(node.subcluster.as_str()),
        our_node::time_stamp.eq(report.time_stamp),
        our_node::node_state.eq(report.node_state.as_str()),
        our_node::cpus_allocated.eq(report.cpus_allocated),
        our_node::memory_allocated.eq(report.memory_allocated),
        our_node::gpus_allocated.eq(report.gpus_allocated),
        our_node::jobs_running.eq(report.jobs_running),
        our_node::health_state.eq(report.health_state.as_deref()),
        our_node::health_metrics.eq(report.health_metrics.as_deref()),
    )
}
