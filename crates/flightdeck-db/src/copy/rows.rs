//! The rows of all tables but the bookkeeping, with all their columns. Knows nothing of what they mean.

use crate::connection::AnyConnection;
use crate::schema::{
    archive_task, archiving, audit_entry, configuration, hpc_user, job, job_node, job_total, jobtag, node,
    node_report, refused_request, tag, task_run,
};
use diesel::prelude::*;
use serde::Serialize;

/// Rows that are read, and written, at once.
const BATCH: i64 = 1000;

/// A row as it goes from one database to another.
pub(crate) trait WholeRow: Sized + Send + Serialize + 'static {
    /// The table's name.
    const TABLE: &'static str;

    /// How many the table has.
    fn count(connection: &mut AnyConnection) -> QueryResult<i64>;

    /// Loads the next rows in the order of keys, from the first one on or after the last one that was loaded.
    fn load_after(connection: &mut AnyConnection, last: Option<&Self>) -> QueryResult<Vec<Self>>;

    /// Adds the row as it is.
    fn insert(&self, connection: &mut AnyConnection) -> QueryResult<()>;

    /// The key as text.
    fn key(&self) -> String;
}

/// What the rows of all tables do alike, but for the names: `table, row type, columns of the key`.
macro_rules! whole_row {
    ($table:ident, $row:ty, $first:ident $(, $second:ident $(, $third:ident)?)?) => {
        impl WholeRow for $row {
            const TABLE: &'static str = stringify!($table);

            fn count(connection: &mut AnyConnection) -> QueryResult<i64> {
                $table::table.count().get_result(connection)
            }

            fn load_after(connection: &mut AnyConnection, last: Option<&Self>) -> QueryResult<Vec<Self>> {
                let in_order = $table::table.order($table::$first)
                    $(.then_order_by($table::$second)$(.then_order_by($table::$third))?)?;
                let batch = in_order.limit(BATCH).select(Self::as_select());
                match last {
                    None => batch.load(connection),
                    Some(row) => batch.filter(whole_row!(after row, $table, $first $(, $second $(, $third)?)?)).load(connection),
                }
            }

            fn insert(&self, connection: &mut AnyConnection) -> QueryResult<()> {
                diesel::insert_into($table::table).values(self).execute(connection)?;
                Ok(())
            }

            fn key(&self) -> String {
                whole_row!(key self, $first $(, $second $(, $third)?)?)
            }
        }
    };
    (after $row:ident, $table:ident, $only:ident) => {
        $table::$only.gt(&$row.$only)
    };
    // The first condition is what an index is searched by.
    (after $row:ident, $table:ident, $first:ident, $second:ident) => {
        $table::$first
            .ge(&$row.$first)
            .and($table::$first.gt(&$row.$first).or($table::$second.gt(&$row.$second)))
    };
    (after $row:ident, $table:ident, $first:ident, $second:ident, $third:ident) => {
        $table::$first.ge(&$row.$first).and(
            $table::$first.gt(&$row.$first).or($table::$second
                .gt(&$row.$second)
                .or($table::$second.eq(&$row.$second).and($table::$third.gt(&$row.$third)))),
        )
    };
    (key $row:ident, $only:ident) => {
        $row.$only.to_string()
    };
    (key $row:ident, $first:ident, $second:ident) => {
        format!("{}, {}", $row.$first, $row.$second)
    };
    (key $row:ident, $first:ident, $second:ident, $third:ident) => {
        format!("{}, {}, {}", $row.$first, $row.$second, $row.$third)
    };
}

whole_row!(job, JobRow, id);
whole_row!(job_node, JobNodeRow, hostname, start_time, job_id);
whole_row!(tag, TagRow, id);
whole_row!(jobtag, JobTagRow, job_id, tag_id);
whole_row!(job_total, JobTotalRow, cluster, job_state);
whole_row!(archive_task, ArchiveTaskRow, id);
whole_row!(archiving, ArchivingRow, job_id);
whole_row!(audit_entry, AuditEntryRow, id);
whole_row!(node, NodeRow, id);
whole_row!(node_report, NodeReportRow, id);
whole_row!(refused_request, RefusedRequestRow, id);
whole_row!(task_run, TaskRunRow, name);
whole_row!(configuration, ConfigurationRow, username, confkey);
whole_row!(hpc_user, UserRow, username);

/// A job.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = job, treat_none_as_default_value = false)]
pub(crate) struct JobRow {
    pub(crate) id: i64,
    pub(crate) job_id: i64,
    pub(crate) cluster: String,
    pub(crate) subcluster: String,
    pub(crate) submit_time: i64,
    pub(crate) start_time: i64,
    pub(crate) hpc_user: String,
    pub(crate) project: String,
    pub(crate) cluster_partition: String,
    pub(crate) array_job_id: i64,
    pub(crate) duration: i64,
    pub(crate) walltime: i64,
    pub(crate) requested_memory: i64,
    pub(crate) job_state: String,
    pub(crate) num_nodes: i64,
    pub(crate) num_hwthreads: i32,
    pub(crate) num_acc: i32,
    pub(crate) smt: i32,
    pub(crate) shared: String,
    pub(crate) monitoring_status: i16,
    pub(crate) energy: f64,
    pub(crate) archive_fingerprint: Option<i64>,
    pub(crate) footprint: Option<String>,
    pub(crate) energy_footprint: Option<String>,
    pub(crate) resources: String,
    pub(crate) statistics: Option<String>,
    pub(crate) meta_data: Option<String>,
    pub(crate) missing: Option<String>,
}

/// A host of a job.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = job_node, treat_none_as_default_value = false)]
pub(crate) struct JobNodeRow {
    pub(crate) job_id: i64,
    pub(crate) hostname: String,
    pub(crate) start_time: i64,
}

/// A tag.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = tag, treat_none_as_default_value = false)]
pub(crate) struct TagRow {
    pub(crate) id: i64,
    pub(crate) tag_type: String,
    pub(crate) tag_name: String,
    pub(crate) tag_scope: String,
    pub(crate) insert_ts: String,
}

/// A tag on a job.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = jobtag, treat_none_as_default_value = false)]
pub(crate) struct JobTagRow {
    pub(crate) job_id: i64,
    pub(crate) tag_id: i64,
    pub(crate) start_time: i64,
    pub(crate) insert_ts: String,
}

/// How many jobs a cluster has in a state.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = job_total, treat_none_as_default_value = false)]
pub(crate) struct JobTotalRow {
    pub(crate) cluster: String,
    pub(crate) job_state: String,
    pub(crate) jobs: i64,
}

/// Something that the archive has to be told.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = archive_task, treat_none_as_default_value = false)]
pub(crate) struct ArchiveTaskRow {
    pub(crate) id: i64,
    pub(crate) task_kind: String,
    pub(crate) job_db_id: i64,
    pub(crate) cluster: String,
    pub(crate) job_id: i64,
    pub(crate) start_time: i64,
    pub(crate) version: i64,
    pub(crate) attempts: i64,
    pub(crate) problem: String,
}

/// Who changed something.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_entry, treat_none_as_default_value = false)]
pub(crate) struct AuditEntryRow {
    pub(crate) id: i64,
    pub(crate) time_stamp: i64,
    pub(crate) username: String,
    pub(crate) address: String,
    pub(crate) request_id: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) outcome: String,
    pub(crate) detail: String,
}

/// A node with its current state.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = node, treat_none_as_default_value = false)]
pub(crate) struct NodeRow {
    pub(crate) id: i64,
    pub(crate) cluster: String,
    pub(crate) hostname: String,
    pub(crate) subcluster: String,
    pub(crate) time_stamp: i64,
    pub(crate) node_state: String,
    pub(crate) cpus_allocated: i64,
    pub(crate) memory_allocated: i64,
    pub(crate) gpus_allocated: i64,
    pub(crate) jobs_running: i64,
    pub(crate) health_state: Option<String>,
    pub(crate) health_metrics: Option<String>,
}

/// What a node was doing at a time.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = node_report, treat_none_as_default_value = false)]
pub(crate) struct NodeReportRow {
    pub(crate) id: i64,
    pub(crate) node_id: i64,
    pub(crate) time_stamp: i64,
    pub(crate) node_state: String,
    pub(crate) cpus_allocated: i64,
    pub(crate) memory_allocated: i64,
    pub(crate) gpus_allocated: i64,
    pub(crate) jobs_running: i64,
    pub(crate) health_state: Option<String>,
    pub(crate) health_metrics: Option<String>,
}

/// A start or stop that a rule refused.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = refused_request, treat_none_as_default_value = false)]
pub(crate) struct RefusedRequestRow {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) cluster: String,
    pub(crate) job_id: i64,
    pub(crate) start_time: i64,
    pub(crate) event_time: i64,
    pub(crate) received: i64,
    pub(crate) username: String,
    pub(crate) reason: String,
    pub(crate) body: String,
    pub(crate) body_kib: i32,
}

/// The last run of a periodic task.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = task_run, treat_none_as_default_value = false)]
pub(crate) struct TaskRunRow {
    pub(crate) name: String,
    pub(crate) started: i64,
    pub(crate) duration_ms: i64,
    pub(crate) result: String,
    pub(crate) error: Option<String>,
}

/// A setting of a user.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = configuration, treat_none_as_default_value = false)]
pub(crate) struct ConfigurationRow {
    pub(crate) username: String,
    pub(crate) confkey: String,
    pub(crate) value: String,
}

/// A job that is to be archived.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = archiving, treat_none_as_default_value = false)]
pub(crate) struct ArchivingRow {
    pub(crate) job_id: i64,
    pub(crate) attempts: i64,
    pub(crate) due: i64,
    pub(crate) problem: String,
}

/// An account.
#[derive(Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = hpc_user, treat_none_as_default_value = false)]
pub(crate) struct UserRow {
    pub(crate) username: String,
    pub(crate) password: Option<String>,
    pub(crate) ldap: i16,
    pub(crate) name: Option<String>,
    pub(crate) roles: String,
    pub(crate) email: Option<String>,
    pub(crate) projects: String,
}
