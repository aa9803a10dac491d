//! Jobs and their tags in the database. What a row means is in `row`, how a selection becomes SQL in `search`.

use crate::connection::AnyConnection;
use crate::database::StateNumbers;
use crate::schema::{job, job_node};
use crate::{Database, DbError};
use diesel::connection::SimpleConnection;
use diesel::dsl::{case_when, count_star};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use flightdeck_model::{
    ArchivedJob, ImportCounts, JobDbId, JobPage, JobRecord, JobRepository, JobSelection, JobState,
    JobVisibility, MonitoringStatus, Page, PortError, TagVisibility, UnixTime,
};
use row::{JobDetails, JobRow};
use search::{Condition, Search, clusters_to_split_by, visibility_condition};
use statement::{IsAmong, SortBy, Statement, TagIds, Window};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

mod archive_tasks;
mod archiving;
mod changes;
mod columns;
mod delete;
mod import;
mod labels;
mod lookup;
mod row;
mod rows;
mod search;
mod start;
mod statement;
mod stop;
mod tags;
mod totals;
mod which;

pub(crate) use columns::JobColumns;
pub(crate) use start::known_start;
pub(crate) use stop::known_end;
pub(crate) use tags::TagTable;
use totals::KeptTotals;
pub(crate) use totals::Totals;

/// Most ids that one query takes; SQLite allows 32766 parameters.
const MOST_IDS: usize = 1000;

/// A row, the ids of its tags, and its details if they were asked for.
type FoundRow = (JobRow, Option<String>, JobDetails);

/// Which rows are wanted, and what of them.
struct RowQuery<'a> {
    conditions: Vec<Condition<'a>>,
    sort: Option<SortBy>,
    window: Option<Window>,
    with_metadata: bool,
    kept: bool,
}

impl RowQuery<'_> {
    fn load(self, connection: &mut AnyConnection) -> Result<Vec<FoundRow>, DbError> {
        let all = if self.with_metadata {
            job::table.select((JobRow::as_select(), TagIds, (job::meta_data, job::missing))).into_boxed()
        } else {
            let nothing = || None::<String>.into_sql::<Nullable<Text>>();
            job::table.select((JobRow::as_select(), TagIds, (nothing(), nothing()))).into_boxed()
        };
        let fitting = self.conditions.into_iter().fold(all, QueryDsl::filter);
        let query = match self.sort {
            Some(sort) => fitting.order(sort),
            None => fitting,
        };
        Ok(Statement { query, window: self.window, kept: self.kept }.load(connection)?)
    }
}

impl Database {
    /// Runs queries that all see the same state of the database, the tags included.
    fn read_with_tags<T>(
        &self,
        query: impl FnOnce(&mut AnyConnection, StateNumbers, &TagTable) -> Result<T, DbError>,
    ) -> Result<(T, Arc<TagTable>), DbError> {
        self.read_snapshot(|connection, numbers| {
            let tags = self.tags_at(connection, numbers.tags)?;
            let answer = query(connection, numbers, &tags)?;
            Ok((answer, tags))
        })
    }

    fn current_tags(&self) -> Result<Arc<TagTable>, DbError> {
        let ((), tags) = self.read_with_tags(|_, _, _| Ok(()))?;
        Ok(tags)
    }

    fn tags_at(&self, connection: &mut AnyConnection, tag_number: i64) -> Result<Arc<TagTable>, DbError> {
        let known = Arc::clone(&self.tag_table().read().unwrap_or_else(PoisonError::into_inner));
        if known.is_of(tag_number) {
            return Ok(known);
        }
        let current = Arc::new(TagTable::load(connection, tag_number)?);
        *self.tag_table().write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&current);
        Ok(current)
    }

    fn count_in(
        &self,
        connection: &mut AnyConnection,
        search: &Search<'_>,
        selection: &JobSelection,
        change_number: i64,
    ) -> Result<u64, DbError> {
        if let Some(kept) = KeptTotals::of(selection) {
            return kept.load(connection);
        }
        if let Some(total) = self.totals().find(selection, change_number) {
            return Ok(total);
        }
        let total = search.count(connection)?;
        self.totals().remember(selection, change_number, total);
        Ok(total)
    }

    fn load_page(
        &self,
        selection: &JobSelection,
        page: Page,
        with_metadata: bool,
    ) -> Result<JobPage, DbError> {
        let ((rows, total), tags) = self.read_with_tags(|connection, numbers, tags| {
            let clusters = clusters_to_split_by(connection, selection)?;
            let Some(search) = Search::new(selection, tags, &clusters)? else {
                return Ok((Vec::new(), 0));
            };
            let rows = page_rows(connection, &search, page, with_metadata)?;
            let total = self.count_in(connection, &search, selection, numbers.change)?;
            Ok((rows, total))
        })?;
        let jobs = into_records(rows, &tags, &selection.tags, selection.now)?;
        Ok(JobPage { jobs, total })
    }
}

/// The state of a word that the table's own check has let pass.
fn state_of(word: &str) -> Result<JobState, DbError> {
    word.parse().map_err(|error| DbError::Corrupt {
        table: "job",
        column: "job_state",
        id: word.to_owned(),
        source: Box::new(error),
    })
}

fn page_rows(
    connection: &mut AnyConnection,
    search: &Search<'_>,
    page: Page,
    with_metadata: bool,
) -> Result<Vec<FoundRow>, DbError> {
    if page.limit == 0 {
        return Ok(Vec::new());
    }
    let sort = Some(search.sort());
    let query = if search.is_direct() {
        let conditions = search.conditions();
        let kept = search.is_usual(conditions.len());
        RowQuery { conditions, sort, window: Some(Window::from(page)), with_metadata, kept }
    } else {
        let ids = search.ids(page);
        let kept = ids.kept;
        RowQuery { conditions: vec![Box::new(IsAmong(ids))], sort, window: None, with_metadata, kept }
    };
    query.load(connection)
}

fn into_records(
    rows: Vec<FoundRow>,
    tags: &TagTable,
    visibility: &TagVisibility,
    now: UnixTime,
) -> Result<Vec<JobRecord>, DbError> {
    let into_record = |(row, tag_ids, details): FoundRow| {
        let visible_tags = tag_ids.map(|ids| tags.visible(&ids, visibility)).unwrap_or_default();
        row.into_record(visible_tags, details, now)
    };
    rows.into_iter().map(into_record).collect()
}

/// A condition that SQLite only checks, on rows that it finds otherwise.
fn only_checked(condition: Condition<'_>) -> Condition<'_> {
    Box::new(case_when(condition, true.into_sql::<Bool>()).otherwise(false.into_sql::<Bool>()))
}

impl JobRepository for Database {
    fn find_job(
        &self,
        id: JobDbId,
        visibility: &JobVisibility,
        tags: &TagVisibility,
        now: UnixTime,
    ) -> Result<Option<JobRecord>, PortError> {
        let mut conditions: Vec<Condition<'_>> = vec![Box::new(job::id.eq(id.0))];
        conditions.extend(visibility_condition(visibility));
        let query = RowQuery { conditions, sort: None, window: None, with_metadata: true, kept: true };
        let rows = self.read(|connection| query.load(connection))?;
        // Most jobs have no tags, and are found with this one statement. A tag that is removed before its name
        // is looked up is gone from the job as well.
        let has_tags = rows.iter().any(|(_, tag_ids, _)| tag_ids.is_some());
        let tag_table = if has_tags { self.current_tags()? } else { Arc::default() };
        Ok(into_records(rows, &tag_table, tags, now)?.pop())
    }

    fn list_jobs(
        &self,
        selection: &JobSelection,
        page: Page,
        with_metadata: bool,
    ) -> Result<JobPage, PortError> {
        Ok(self.load_page(selection, page, with_metadata)?)
    }

    fn list_job_ids(&self, selection: &JobSelection, page: Page) -> Result<Vec<JobDbId>, PortError> {
        let (ids, _) = self.read_with_tags(|connection, _, tags| {
            let clusters = clusters_to_split_by(connection, selection)?;
            let Some(search) = Search::new(selection, tags, &clusters)? else {
                return Ok(Vec::new());
            };
            let ids: Vec<i64> = search.ids(page).load(connection)?;
            Ok(ids)
        })?;
        Ok(ids.into_iter().map(JobDbId).collect())
    }

    fn jobs_with_ids(
        &self,
        selection: &JobSelection,
        ids: &[JobDbId],
        with_metadata: bool,
    ) -> Result<Vec<JobRecord>, PortError> {
        if ids.len() > MOST_IDS {
            return Err(DbError::TooManyIds { count: ids.len(), most: MOST_IDS }.into());
        }
        let (rows, tag_table) = self.read_with_tags(|connection, _, tags| {
            let clusters = clusters_to_split_by(connection, selection)?;
            let Some(search) = Search::new(selection, tags, &clusters)? else {
                return Ok(Vec::new());
            };
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
            let mut conditions: Vec<Condition<'_>> = vec![Box::new(job::id.eq_any(numbers))];
            conditions.extend(search.conditions().into_iter().map(only_checked));
            RowQuery { conditions, sort: None, window: None, with_metadata, kept: false }.load(connection)
        })?;
        let mut rows_by_id: HashMap<i64, FoundRow> = rows.into_iter().map(|row| (row.0.id(), row)).collect();
        let in_order = ids.iter().filter_map(|id| rows_by_id.remove(&id.0)).collect();
        Ok(into_records(in_order, &tag_table, &selection.tags, selection.now)?)
    }

    fn count_jobs(&self, selection: &JobSelection) -> Result<u64, PortError> {
        let (total, _) = self.read_with_tags(|connection, numbers, tags| {
            let clusters = clusters_to_split_by(connection, selection)?;
            match Search::new(selection, tags, &clusters)? {
                Some(search) => self.count_in(connection, &search, selection, numbers.change),
                None => Ok(0),
            }
        })?;
        Ok(total)
    }

    fn used_nodes(&self, started_before: UnixTime) -> Result<BTreeMap<String, Vec<String>>, PortError> {
        let running: Vec<(i64, String, String)> = self.read(|connection| {
            let of_running = job::table
                .filter(job::job_state.eq(JobState::Running.as_str()))
                .filter(job::start_time.lt(started_before.0))
                .select((job::id, job::cluster, job::resources));
            Ok(of_running.load(connection)?)
        })?;
        let mut hosts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (id, cluster, resources) in running {
            hosts.entry(cluster).or_default().extend(row::hostnames(id, &resources)?);
        }
        Ok(hosts.into_iter().map(|(cluster, names)| (cluster, names.into_iter().collect())).collect())
    }

    fn import_jobs(&self, jobs: &[ArchivedJob]) -> Result<ImportCounts, PortError> {
        // Encoded before the one writer is taken: meanwhile another caller's jobs are written.
        let encoded = import::encode_jobs(jobs)?;
        Ok(self.write(move |transaction| import::import_jobs(transaction, &encoded))?)
    }

    fn remove_archived_jobs(&self) -> Result<u64, PortError> {
        let removed = self.write(|transaction| {
            let archived = || {
                job::table
                    .filter(job::monitoring_status.eq(MonitoringStatus::Archived.code()))
                    .filter(job::job_state.ne(JobState::Running.as_str()))
            };
            let totals: Vec<(String, String, i64)> = archived()
                .group_by((job::cluster, job::job_state))
                .select((job::cluster, job::job_state, count_star()))
                .load(transaction.connection)?;
            for (cluster, state, jobs) in totals {
                transaction.count_jobs(&cluster, state_of(&state)?, -jobs);
            }
            let ids = archived().select(job::id);
            diesel::delete(job_node::table.filter(job_node::job_id.eq_any(ids)))
                .execute(transaction.connection)?;
            Ok(diesel::delete(archived()).execute(transaction.connection)?)
        })?;
        Ok(u64::try_from(removed).unwrap_or(u64::MAX))
    }

    fn optimize(&self) -> Result<(), PortError> {
        Ok(self.with_writer(|connection| {
            let statements = match connection {
                // With a limit SQLite gathers averages alone. Its samples of values would make it plan anew for
                // every value that is bound.
                AnyConnection::Sqlite(_) => {
                    "PRAGMA analysis_limit = 1000; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA shrink_memory;"
                }
                AnyConnection::Postgres(_) => "ANALYZE",
            };
            Ok(connection.batch_execute(statements)?)
        })?)
    }
}
