//! Rows that go with a job: its hosts and tags. Shared by all that add jobs or tag them.

use crate::DbError;
use crate::connection::{AnyConnection, Backend};
use crate::direct::{InsertHost, execute};
use crate::ignoring::Ignoring;
use crate::schema::{jobtag, tag};
use crate::transaction::WriteTransaction;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};
use flightdeck_model::Tag;
use std::collections::HashMap;

/// Adds the hosts of a job, each once, in one statement. `resources` is the job's nodes, as the column of that name
/// has them.
pub(super) fn add_nodes(
    connection: &mut AnyConnection,
    id: i64,
    start_time: i64,
    resources: &str,
) -> Result<(), DbError> {
    AddNodes { id, start_time, resources }.execute(connection)?;
    Ok(())
}

/// Adds the host of a job that has only one: unpacking a list costs more than that.
pub(super) fn add_host(
    connection: &mut AnyConnection,
    id: i64,
    start_time: i64,
    host: &str,
) -> Result<(), DbError> {
    execute(connection, InsertHost { job_id: id, hostname: host, start_time })?;
    Ok(())
}

#[derive(Debug, Clone, Copy)]
struct AddNodes<'a> {
    id: i64,
    start_time: i64,
    resources: &'a str,
}

impl QueryFragment<Backend> for AddNodes<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("INSERT INTO job_node (job_id, hostname, start_time) SELECT ");
        out.push_bind_param::<BigInt, _>(&self.id)?;
        let (hostname, list_begins, list_ends) = match out.backend() {
            Backend::Sqlite(_) => (", json_extract(value, '$.hostname'), ", " FROM json_each(", ")"),
            Backend::Postgres(_) => (", value ->> 'hostname', ", " FROM json_array_elements(", "::json)"),
        };
        out.push_sql(hostname);
        out.push_bind_param::<BigInt, _>(&self.start_time)?;
        out.push_sql(list_begins);
        out.push_bind_param::<Text, _>(self.resources)?;
        out.push_sql(list_ends);
        // Without a condition, SQLite would take ON for that of a join.
        out.push_sql(" WHERE true ON CONFLICT DO NOTHING");
        Ok(())
    }
}

impl QueryId for AddNodes<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<AnyConnection> for AddNodes<'_> {}

/// Removes the hosts of a job, as its row has them: to be called before that changes.
pub(super) fn remove_nodes(connection: &mut AnyConnection, id: i64, start_time: i64) -> Result<(), DbError> {
    RemoveNodes { id, start_time }.execute(connection)?;
    Ok(())
}

/// The table's key begins with the host, so that its rows need no second index; those of a job are found by the hosts
/// that the job's row names.
#[derive(Debug, Clone, Copy)]
struct RemoveNodes {
    id: i64,
    start_time: i64,
}

impl QueryFragment<Backend> for RemoveNodes {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("DELETE FROM job_node WHERE job_id = ");
        out.push_bind_param::<BigInt, _>(&self.id)?;
        out.push_sql(" AND start_time = ");
        out.push_bind_param::<BigInt, _>(&self.start_time)?;
        let hostnames = match out.backend() {
            Backend::Sqlite(_) => "json_extract(value, '$.hostname') FROM job, json_each(job.resources)",
            Backend::Postgres(_) => "value ->> 'hostname' FROM job, json_array_elements(job.resources::json)",
        };
        out.push_sql(" AND hostname IN (SELECT ");
        out.push_sql(hostnames);
        out.push_sql(" WHERE job.id = ");
        out.push_bind_param::<BigInt, _>(&self.id)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for RemoveNodes {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<AnyConnection> for RemoveNodes {}

/// Puts tags on a job that it may have already. The map spares looking up a tag again.
pub(super) fn add_tags<'a>(
    transaction: &mut WriteTransaction<'_>,
    id: i64,
    start_time: i64,
    tags: &'a [Tag],
    tag_ids: &mut HashMap<&'a Tag, i64>,
) -> Result<(), DbError> {
    for wanted in tags {
        let tag_id = match tag_ids.get(wanted) {
            Some(known) => *known,
            None => find_or_add_tag(transaction, wanted)?,
        };
        tag_ids.insert(wanted, tag_id);
        let row = (jobtag::job_id.eq(id), jobtag::tag_id.eq(tag_id), jobtag::start_time.eq(start_time));
        Ignoring(diesel::insert_into(jobtag::table).values(row)).execute(transaction.connection)?;
    }
    Ok(())
}

/// The number of a tag, if it is there.
pub(super) fn find_tag(connection: &mut AnyConnection, wanted: &Tag) -> Result<Option<i64>, DbError> {
    let of_name = tag::table
        .filter(tag::tag_type.eq(&wanted.tag_type))
        .filter(tag::tag_name.eq(&wanted.name))
        .filter(tag::tag_scope.eq(&wanted.scope));
    Ok(of_name.select(tag::id).get_result(connection).optional()?)
}

fn find_or_add_tag(transaction: &mut WriteTransaction<'_>, wanted: &Tag) -> Result<i64, DbError> {
    if let Some(id) = find_tag(transaction.connection, wanted)? {
        return Ok(id);
    }
    let id = transaction.next_id();
    let row = (
        tag::id.eq(id),
        tag::tag_type.eq(&wanted.tag_type),
        tag::tag_name.eq(&wanted.name),
        tag::tag_scope.eq(&wanted.scope),
    );
    diesel::insert_into(tag::table).values(row).execute(transaction.connection)?;
    transaction.tags_changed();
    Ok(id)
}
