//! Pieces of statements that diesel has no words for. They know the job table's name and id alone.

use super::lookup::Driven;
use crate::connection::{AnyConnection, Backend};
use crate::schema::{job, jobtag};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Untyped};
use flightdeck_model::{JobOrder, JobState, Page, SortKey, UnixTime};

/// The ids of a job's tags as text, joined with commas; NULL when it has none.
///
/// Written out because diesel puts a LIMIT into every scalar sub-select: see [`Window`].
#[derive(Debug, Clone, Copy)]
pub(super) struct TagIds;

impl QueryFragment<Backend> for TagIds {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let (before, after) = match out.backend() {
            Backend::Sqlite(_) => ("(SELECT group_concat(", ") FROM "),
            Backend::Postgres(_) => ("(SELECT string_agg(", "::text, ',') FROM "),
        };
        out.push_sql(before);
        jobtag::tag_id.walk_ast(out.reborrow())?;
        out.push_sql(after);
        jobtag::table.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        jobtag::job_id.walk_ast(out.reborrow())?;
        out.push_sql(" = ");
        job::id.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

/// The start time of a job, which lists are mostly sorted by.
#[derive(Debug, Clone, Copy)]
pub(super) struct StartTime {
    /// Whether an index may give the order. It must not where a condition is a mere range: SQLite would walk
    /// all of the index, and look at every row for the condition.
    pub(super) by_index: bool,
}

impl QueryFragment<Backend> for StartTime {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        job::start_time.walk_ast(out.reborrow())?;
        if !self.by_index {
            out.push_sql(" + 0");
        }
        Ok(())
    }
}

/// What a list made of several sets is sorted by; each set gives it beside the id.
#[derive(Debug, Clone, Copy)]
pub(super) enum MergeBy {
    /// The start time.
    StartTime(StartTime),
    /// The number of nodes.
    NumNodes,
    /// The energy.
    Energy,
}

impl QueryFragment<Backend> for MergeBy {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        match self {
            Self::StartTime(start_time) => start_time.walk_ast(out),
            Self::NumNodes => job::num_nodes.walk_ast(out),
            Self::Energy => job::energy.walk_ast(out),
        }
    }
}

/// The condition that a job has ended, in the very words of the indices on ended jobs alone. SQLite uses such an index
/// only for a query that repeats its condition, and a bound value is not the same to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct HasEnded;

impl QueryFragment<Backend> for HasEnded {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        job::job_state.walk_ast(out.reborrow())?;
        out.push_sql(" <> 'running'");
        Ok(())
    }
}

/// The condition that a job is one of an array, in the very words of the index on such jobs.
#[derive(Debug, Clone, Copy)]
pub(super) struct IsInArray;

impl QueryFragment<Backend> for IsInArray {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        job::array_job_id.walk_ast(out.reborrow())?;
        out.push_sql(" <> 0");
        Ok(())
    }
}

/// Makes a fragment an expression of this type over the job table.
macro_rules! job_expression {
    ($name:ty, $sql_type:ty) => {
        impl QueryId for $name {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl Expression for $name {
            type SqlType = $sql_type;
        }

        impl AppearsOnTable<job::table> for $name {}
        impl SelectableExpression<job::table> for $name {}

        impl ValidGrouping<()> for $name {
            type IsAggregate = is_aggregate::No;
        }
    };
}

job_expression!(TagIds, Nullable<Text>);
job_expression!(StartTime, BigInt);
// Nobody reads the value, whatever its type: the database sorts by it.
job_expression!(MergeBy, BigInt);
job_expression!(HasEnded, Bool);
job_expression!(IsInArray, Bool);
job_expression!(SortBy, Untyped);
job_expression!(IsAmong<'_>, Bool);

/// A part of what a query finds, as numbers that SQL can take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    limit: i64,
    offset: i64,
}

impl From<Page> for Window {
    fn from(page: Page) -> Self {
        Self {
            limit: i64::try_from(page.limit).unwrap_or(i64::MAX),
            offset: i64::try_from(page.offset).unwrap_or(i64::MAX),
        }
    }
}

impl QueryFragment<Backend> for Window {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        // SQLite looks at a bare parameter of LIMIT when it plans, and hence prepares a statement anew for
        // every value bound to it. It does not look into sums.
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(" + 0 OFFSET ");
        out.push_bind_param::<BigInt, _>(&self.offset)?;
        out.push_sql(" + 0");
        Ok(())
    }
}

/// The order of a query of jobs: a value, then the id in the same direction.
#[derive(Debug, Clone)]
pub(super) struct SortBy {
    value: SortValue,
    descending: bool,
}

#[derive(Debug, Clone)]
enum SortValue {
    StartTime(StartTime),
    Duration { now: i64 },
    NumNodes,
    Energy,
    Footprint { key: String, json_path: String },
}

impl SortBy {
    /// The order of jobs as seen at `now`. The key of a footprint has to be plain.
    pub(super) fn new(order: &JobOrder, start_time: StartTime, now: UnixTime) -> Self {
        let value = match &order.key {
            SortKey::StartTime => SortValue::StartTime(start_time),
            SortKey::Duration => SortValue::Duration { now: now.0 },
            SortKey::NumNodes => SortValue::NumNodes,
            SortKey::Energy => SortValue::Energy,
            SortKey::Footprint(name) => {
                SortValue::Footprint { key: name.clone(), json_path: format!("$.{name}") }
            }
        };
        Self { value, descending: order.descending }
    }

    /// What SQL says after a column to get this order, if it is that of start times.
    pub(super) fn direction_by_start_time(&self) -> Option<&'static str> {
        matches!(self.value, SortValue::StartTime(_)).then(|| self.direction())
    }

    const fn direction(&self) -> &'static str {
        if self.descending { " DESC" } else { "" }
    }
}

impl QueryFragment<Backend> for SortBy {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        match &self.value {
            SortValue::StartTime(start_time) => start_time.walk_ast(out.reborrow())?,
            SortValue::NumNodes => job::num_nodes.walk_ast(out.reborrow())?,
            SortValue::Energy => job::energy.walk_ast(out.reborrow())?,
            SortValue::Duration { now } => {
                out.push_sql("CASE WHEN ");
                job::job_state.walk_ast(out.reborrow())?;
                out.push_sql(" = ");
                out.push_bind_param::<Text, _>(JobState::Running.as_str())?;
                out.push_sql(" THEN ");
                out.push_bind_param::<BigInt, _>(now)?;
                out.push_sql(" - ");
                job::start_time.walk_ast(out.reborrow())?;
                out.push_sql(" ELSE ");
                job::duration.walk_ast(out.reborrow())?;
                out.push_sql(" END");
            }
            SortValue::Footprint { key, json_path } => {
                push_footprint(&mut out, key, json_path)?;
                // Jobs without it come last, however the others are ordered.
                out.push_sql(" IS NULL, ");
                push_footprint(&mut out, key, json_path)?;
            }
        }
        let direction = self.direction();
        out.push_sql(direction);
        out.push_sql(", ");
        job::id.walk_ast(out.reborrow())?;
        out.push_sql(direction);
        Ok(())
    }
}

fn push_footprint<'b>(
    out: &mut AstPass<'_, 'b, Backend>,
    key: &'b str,
    json_path: &'b str,
) -> QueryResult<()> {
    match out.backend() {
        Backend::Sqlite(_) => {
            out.push_sql("json_extract(");
            job::footprint.walk_ast(out.reborrow())?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(json_path)?;
            out.push_sql(")");
        }
        Backend::Postgres(_) => {
            out.push_sql("(");
            job::footprint.walk_ast(out.reborrow())?;
            out.push_sql("::json ->> ");
            out.push_bind_param::<Text, _>(key)?;
            out.push_sql(")::double precision");
        }
    }
    Ok(())
}

/// A query with its window, and whether its prepared statement is worth keeping.
#[derive(Debug)]
pub(super) struct Statement<Q> {
    pub(super) query: Q,
    pub(super) window: Option<Window>,
    /// Kept statements are never given up, so only the usual ones may be kept.
    pub(super) kept: bool,
}

impl<Q: QueryFragment<Backend>> QueryFragment<Backend> for Statement<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        if !self.kept {
            out.unsafe_to_cache_prepared();
        }
        self.query.walk_ast(out.reborrow())?;
        match &self.window {
            Some(window) => window.walk_ast(out),
            None => Ok(()),
        }
    }
}

impl<Q> QueryId for Statement<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Statement<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<AnyConnection> for Statement<Q> {}

/// The ids of one of several sets of jobs that have no job in common, with what they are sorted by.
pub(super) type MergedIds<'a> =
    diesel::dsl::IntoBoxed<'a, diesel::dsl::Select<job::table, (job::id, MergeBy)>, Backend>;

/// Ids of jobs in order.
pub(super) type OrderedIds<'a> =
    diesel::dsl::IntoBoxed<'a, diesel::dsl::Select<job::table, job::id>, Backend>;

/// A query for the ids of jobs, in order.
pub(super) enum JobIds<'a> {
    /// Of one set.
    Of(OrderedIds<'a>),
    /// Of several sets without a common job. SQLite reads each in the order of an index and merges them, so it stops
    /// after as many jobs as are wanted.
    Merged { sets: Vec<MergedIds<'a>>, descending: bool },
    /// Of the jobs of a host or tag.
    Driven(Driven<'a>),
}

impl QueryFragment<Backend> for JobIds<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let (sets, descending) = match self {
            Self::Of(query) => return QueryFragment::<Backend>::walk_ast(query, out),
            Self::Driven(query) => return query.walk_ast(out),
            Self::Merged { sets, descending } => (sets, *descending),
        };
        for (index, set) in sets.iter().enumerate() {
            if index > 0 {
                out.push_sql(" UNION ALL ");
            }
            QueryFragment::<Backend>::walk_ast(set, out.reborrow())?;
        }
        out.push_sql(if descending { " ORDER BY 2 DESC, 1 DESC" } else { " ORDER BY 2, 1" });
        Ok(())
    }
}

impl QueryId for JobIds<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// The id comes first; the value after it serves the order alone.
impl Query for JobIds<'_> {
    type SqlType = BigInt;
}

/// The condition that a job is in a window of some ids.
pub(super) struct IsAmong<'a>(pub(super) Statement<JobIds<'a>>);

impl QueryFragment<Backend> for IsAmong<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_identifier("job")?;
        out.push_sql(".");
        out.push_identifier("id")?;
        out.push_sql(" IN (SELECT id FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS page)");
        Ok(())
    }
}
