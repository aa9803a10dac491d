//! Hosts and tags that jobs must have: tables of their own, which know the start times of their jobs, so that
//! they can lead to the jobs in the order of lists.

use super::search::Condition;
use super::statement::SortBy;
use crate::connection::{AnyConnection, Backend};
use crate::schema::{job, job_node, jobtag};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};
use flightdeck_model::Range;

/// A host or tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// The host with this name.
    Host(&'a str),
    /// The tag with this id.
    Tag(i64),
}

impl<'a> Key<'a> {
    /// The condition that a job has it.
    pub(super) fn condition(self) -> Condition<'a> {
        match self {
            Self::Host(host) => {
                let on_host = job_node::table.filter(job_node::hostname.eq(host));
                let of_job = on_host
                    .filter(job_node::start_time.eq(job::start_time))
                    .filter(job_node::job_id.eq(job::id));
                Box::new(exists(of_job.select(job_node::job_id)))
            }
            Self::Tag(id) => {
                let of_job = jobtag::table.filter(jobtag::job_id.eq(job::id));
                Box::new(exists(of_job.filter(jobtag::tag_id.eq(id)).select(jobtag::job_id)))
            }
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Host(_) => "job_node",
            Self::Tag(_) => "jobtag",
        }
    }

    fn push_equality<'b>(&'b self, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        match self {
            Self::Host(host) => {
                out.push_sql("job_node.hostname = ");
                out.push_bind_param::<Text, str>(host)
            }
            Self::Tag(id) => {
                out.push_sql("jobtag.tag_id = ");
                out.push_bind_param::<BigInt, _>(id)
            }
        }
    }
}

/// The condition that a job has one of the tags.
pub(super) fn has_any_tag<'a>(tag_ids: &[i64]) -> Condition<'a> {
    let tagged = jobtag::table.filter(jobtag::tag_id.eq_any(tag_ids.to_vec())).select(jobtag::job_id);
    Box::new(job::id.eq_any(tagged))
}

/// A query for the jobs of a host or tag: their ids in an order, or without one, their number.
pub(super) struct Driven<'a> {
    pub(super) key: Key<'a>,
    pub(super) start_time: Option<Range<i64>>,
    /// What else must hold of the jobs.
    pub(super) conditions: Vec<Condition<'a>>,
    pub(super) sort: Option<SortBy>,
}

impl Driven<'_> {
    fn push_range<'b>(&'b self, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let Some(range) = &self.start_time else {
            return Ok(());
        };
        for (comparison, bound) in [(" >= ", &range.from), (" <= ", &range.to)] {
            if let Some(unix_s) = bound {
                out.push_sql(" AND ");
                out.push_sql(self.key.table());
                out.push_sql(".start_time");
                out.push_sql(comparison);
                out.push_bind_param::<BigInt, _>(unix_s)?;
            }
        }
        Ok(())
    }

    fn push_sort<'b>(&'b self, sort: &'b SortBy, out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let mut out = out;
        let table = self.key.table();
        let Some(direction) = sort.direction_by_start_time() else {
            out.push_sql(" ORDER BY ");
            return sort.walk_ast(out);
        };
        for (separator, column) in [(" ORDER BY ", ".start_time"), (", ", ".job_id")] {
            out.push_sql(separator);
            out.push_sql(table);
            out.push_sql(column);
            out.push_sql(direction);
        }
        Ok(())
    }

    fn needs_jobs(&self) -> bool {
        let is_sorted_by_job =
            self.sort.as_ref().is_some_and(|sort| sort.direction_by_start_time().is_none());
        is_sorted_by_job || !self.conditions.is_empty()
    }
}

impl QueryFragment<Backend> for Driven<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let table = self.key.table();
        out.push_sql("SELECT ");
        if self.sort.is_some() {
            out.push_sql(table);
            out.push_sql(".job_id AS id");
        } else {
            out.push_sql("count(*)");
        }
        out.push_sql(" FROM ");
        out.push_sql(table);
        if self.needs_jobs() {
            // SQLite never changes the order of a CROSS JOIN.
            out.push_sql(" CROSS JOIN job WHERE job.id = ");
            out.push_sql(table);
            out.push_sql(".job_id AND ");
        } else {
            out.push_sql(" WHERE ");
        }
        self.key.push_equality(&mut out)?;
        self.push_range(&mut out)?;
        for condition in &self.conditions {
            out.push_sql(" AND (");
            condition.walk_ast(out.reborrow())?;
            out.push_sql(")");
        }
        match &self.sort {
            Some(sort) => self.push_sort(sort, out),
            None => Ok(()),
        }
    }
}

impl QueryId for Driven<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Driven<'_> {
    type SqlType = BigInt;
}

impl RunQueryDsl<AnyConnection> for Driven<'_> {}
