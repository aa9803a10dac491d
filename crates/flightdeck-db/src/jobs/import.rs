//! Takes finished jobs of the archive into the tables. Knows nothing of files.

use crate::DbError;
use crate::schema::{job, job_node, jobtag, tag};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use flightdeck_model::{ArchivedJob, ImportCounts, JobMeta, JobState, MonitoringStatus, Tag};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

#[diesel::declare_sql_function]
extern "SQL" {
    /// The number of the row that the connection inserted last.
    fn last_insert_rowid() -> diesel::sql_types::BigInt;
}

/// A job with its columns, ready to be written.
pub(super) struct EncodedJob<'a> {
    archived: &'a ArchivedJob,
    row: ArchivedRow<'a>,
}

/// Encodes the jobs. Takes about as long as writing them, and needs no connection.
pub(super) fn encode_jobs(jobs: &[ArchivedJob]) -> Result<Vec<EncodedJob<'_>>, DbError> {
    jobs.iter().map(|archived| Ok(EncodedJob { archived, row: row_of(archived)? })).collect()
}

/// What the archive says of a job, as the table's columns.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = job, treat_none_as_default_value = false, treat_none_as_null = true)]
struct ArchivedRow<'a> {
    job_id: i64,
    cluster: &'a str,
    subcluster: &'a str,
    submit_time: i64,
    start_time: i64,
    hpc_user: &'a str,
    project: &'a str,
    cluster_partition: &'a str,
    array_job_id: i64,
    duration: i64,
    walltime: i64,
    requested_memory: i64,
    job_state: &'static str,
    num_nodes: i64,
    num_hwthreads: i32,
    num_acc: i32,
    smt: i32,
    shared: &'static str,
    monitoring_status: i16,
    energy: f64,
    archive_fingerprint: i64,
    footprint: Option<String>,
    energy_footprint: Option<String>,
    resources: String,
    statistics: Option<String>,
    meta_data: Option<String>,
}

/// Takes over the jobs within a transaction.
pub(super) fn import_jobs(
    connection: &mut SqliteConnection,
    jobs: &[EncodedJob<'_>],
) -> Result<ImportCounts, DbError> {
    let mut counts = ImportCounts::default();
    let mut tag_ids = HashMap::new();
    for job in jobs {
        import_job(connection, job, &mut tag_ids, &mut counts)?;
    }
    Ok(counts)
}

fn import_job<'a>(
    connection: &mut SqliteConnection,
    job: &EncodedJob<'a>,
    tag_ids: &mut HashMap<&'a Tag, i64>,
    counts: &mut ImportCounts,
) -> Result<(), DbError> {
    let EncodedJob { archived, row } = job;
    let meta = &archived.meta;
    let stored: Option<(i64, String, Option<i64>)> = job::table
        .filter(job::job_id.eq(meta.job_id))
        .filter(job::cluster.eq(meta.cluster.as_str()))
        .filter(job::start_time.eq(meta.start_time.0))
        .select((job::id, job::job_state, job::archive_fingerprint))
        .get_result(connection)
        .optional()?;
    let id = match stored {
        Some((_, state, _)) if state == JobState::Running.as_str() => {
            counts.running += 1;
            return Ok(());
        }
        Some((_, _, Some(fingerprint))) if fingerprint == archived.fingerprint => {
            counts.unchanged += 1;
            return Ok(());
        }
        Some((id, _, _)) => {
            diesel::update(job::table.filter(job::id.eq(id))).set(row).execute(connection)?;
            diesel::delete(job_node::table.filter(job_node::job_id.eq(id))).execute(connection)?;
            counts.updated += 1;
            id
        }
        None => {
            counts.added += 1;
            // With RETURNING, SQLite would keep a copy of every page that the row and its indices touch; an
            // insert that only conflicts would use up an id.
            diesel::insert_into(job::table).values(row).execute(connection)?;
            diesel::select(last_insert_rowid()).get_result(connection)?
        }
    };
    add_nodes(connection, id, meta.start_time.0, &row.resources)?;
    add_tags(connection, id, meta, tag_ids)
}

fn add_nodes(
    connection: &mut SqliteConnection,
    id: i64,
    start_time: i64,
    resources: &str,
) -> Result<(), DbError> {
    AddNodes { id, start_time, resources }.execute(connection)?;
    Ok(())
}

/// Adds the hosts of a job, each once, in one statement: most of an import's statements would be these.
#[derive(Debug, Clone, Copy)]
struct AddNodes<'a> {
    id: i64,
    start_time: i64,
    /// The job's nodes, as the column `resources` has them.
    resources: &'a str,
}

impl QueryFragment<Sqlite> for AddNodes<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT INTO job_node (job_id, hostname, start_time) SELECT ");
        out.push_bind_param::<BigInt, _>(&self.id)?;
        out.push_sql(", json_extract(value, '$.hostname'), ");
        out.push_bind_param::<BigInt, _>(&self.start_time)?;
        out.push_sql(" FROM json_each(");
        out.push_bind_param::<Text, _>(self.resources)?;
        // Without a condition, SQLite would take ON for that of a join.
        out.push_sql(") WHERE true ON CONFLICT DO NOTHING");
        Ok(())
    }
}

impl QueryId for AddNodes<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for AddNodes<'_> {}

fn add_tags<'a>(
    connection: &mut SqliteConnection,
    id: i64,
    meta: &'a JobMeta,
    tag_ids: &mut HashMap<&'a Tag, i64>,
) -> Result<(), DbError> {
    for wanted in &meta.tags {
        let tag_id = match tag_ids.get(wanted) {
            Some(known) => *known,
            None => find_or_add_tag(connection, wanted)?,
        };
        tag_ids.insert(wanted, tag_id);
        diesel::insert_or_ignore_into(jobtag::table)
            .values((
                jobtag::job_id.eq(id),
                jobtag::tag_id.eq(tag_id),
                jobtag::start_time.eq(meta.start_time.0),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn find_or_add_tag(connection: &mut SqliteConnection, wanted: &Tag) -> Result<i64, DbError> {
    let known = tag::table
        .filter(tag::tag_type.eq(&wanted.tag_type))
        .filter(tag::tag_name.eq(&wanted.name))
        .filter(tag::tag_scope.eq(&wanted.scope))
        .select(tag::id)
        .get_result(connection)
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let new_tag = (
        tag::tag_type.eq(&wanted.tag_type),
        tag::tag_name.eq(&wanted.name),
        tag::tag_scope.eq(&wanted.scope),
    );
    Ok(diesel::insert_into(tag::table).values(new_tag).returning(tag::id).get_result(connection)?)
}

fn row_of(archived: &ArchivedJob) -> Result<ArchivedRow<'_>, DbError> {
    let meta = &archived.meta;
    let encode = |what, source| DbError::Encode { what, owner: format!("job {}", meta.key()), source };
    Ok(ArchivedRow {
        job_id: meta.job_id,
        cluster: &meta.cluster,
        subcluster: &meta.sub_cluster,
        submit_time: meta.submit_time.0,
        start_time: meta.start_time.0,
        hpc_user: &meta.user,
        project: &meta.project,
        cluster_partition: &meta.partition,
        array_job_id: meta.array_job_id,
        duration: i64::from(meta.duration),
        walltime: meta.walltime,
        requested_memory: meta.requested_memory,
        job_state: meta.job_state.as_str(),
        num_nodes: i64::from(meta.num_nodes),
        num_hwthreads: meta.num_hwthreads,
        num_acc: meta.num_acc,
        smt: meta.smt,
        shared: meta.shared.as_str(),
        monitoring_status: MonitoringStatus::Archived.code(),
        // SQLite stores what is no number as NULL.
        energy: if archived.energy_kwh.is_finite() { archived.energy_kwh } else { 0.0 },
        archive_fingerprint: archived.fingerprint,
        footprint: json_object(&archived.footprint).map_err(|error| encode("the footprint", error))?,
        energy_footprint: json_object(&archived.energy_footprint_kwh)
            .map_err(|error| encode("the energy footprint", error))?,
        resources: serde_json::to_string(&meta.resources).map_err(|error| encode("the nodes", error))?,
        statistics: json_object(&meta.statistics).map_err(|error| encode("the statistics", error))?,
        meta_data: json_object(&meta.meta_data).map_err(|error| encode("the metadata", error))?,
    })
}

/// The map as JSON; nothing when it is empty.
fn json_object<V: Serialize>(map: &BTreeMap<String, V>) -> Result<Option<String>, serde_json::Error> {
    if map.is_empty() { Ok(None) } else { serde_json::to_string(map).map(Some) }
}
