//! Moves a whole database to another place, or from one kind of database to the other.
//!
//! The target carries a mark while it is filled, in its change number, and no database with that mark is opened: a
//! copy that broke off is never taken for a whole one.

use crate::connection::{AnyConnection, Opener};
use crate::database::has_tables_of_ours;
use crate::schema::store_state;
use crate::{Database, DatabaseLocation, DatabaseOptions, DbError};
use diesel::prelude::*;
use flightdeck_model::JobRepository;
use rows::{
    ArchiveTaskRow, ArchivingRow, AuditEntryRow, ConfigurationRow, JobNodeRow, JobRow, JobTagRow,
    JobTotalRow, NodeReportRow, NodeRow, RefusedRequestRow, TagRow, TaskRunRow, UserRow, WholeRow,
};
use serde_json::Value;

pub(crate) mod rows;

/// What a copy tells while it runs. The unit type tells nobody.
pub trait CopyProgress {
    /// A table is next; it has so many rows.
    fn begin_table(&self, table: &str, rows: u64);
    /// So many more of its rows are in the target.
    fn add_rows(&self, rows: u64);
}

impl CopyProgress for () {
    fn begin_table(&self, _table: &str, _rows: u64) {}
    fn add_rows(&self, _rows: u64) {}
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyReport {
    /// The tables in the order they were filled, with their numbers of rows; both databases agree on them.
    pub tables: Vec<(String, u64)>,
}

/// One table of all that are copied.
struct CopiedTable {
    name: &'static str,
    count: fn(&mut AnyConnection) -> QueryResult<i64>,
    copy: fn(&mut AnyConnection, &Database, &dyn CopyProgress) -> Result<(), DbError>,
}

impl CopiedTable {
    const fn of<R: WholeRow>() -> Self {
        Self { name: R::TABLE, count: R::count, copy: copy_rows::<R> }
    }
}

/// All tables but the bookkeeping, each after those that its rows refer to.
const TABLES: [CopiedTable; 14] = [
    CopiedTable::of::<UserRow>(),
    CopiedTable::of::<ConfigurationRow>(),
    CopiedTable::of::<JobRow>(),
    CopiedTable::of::<JobNodeRow>(),
    CopiedTable::of::<TagRow>(),
    CopiedTable::of::<JobTagRow>(),
    CopiedTable::of::<JobTotalRow>(),
    CopiedTable::of::<ArchiveTaskRow>(),
    CopiedTable::of::<ArchivingRow>(),
    CopiedTable::of::<NodeRow>(),
    CopiedTable::of::<NodeReportRow>(),
    CopiedTable::of::<RefusedRequestRow>(),
    CopiedTable::of::<AuditEntryRow>(),
    CopiedTable::of::<TaskRunRow>(),
];

/// What stands in the place of the change number, which is never negative, while a database is filled.
const UNFINISHED: i64 = i64::MIN;

type StateRow = (i64, i64, i64, i64);

const STATE_COLUMNS: (
    store_state::change_number,
    store_state::tag_number,
    store_state::last_job_id,
    store_state::last_id,
) = (store_state::change_number, store_state::tag_number, store_state::last_job_id, store_state::last_id);

/// Copies everything that is in a database into an empty one. All rows keep their ids, and new ones go on after them.
///
/// The source is read in the state that it has when the copy begins, also while a server writes to it; its tables
/// are brought up to date first. The target is made if it is a file that is not there; a server's database has to
/// be there. At the end the rows of every table are counted on both sides.
///
/// A target whose copy broke off cannot be opened any more, by this function or a server: remove it (the file with
/// those beside it, or the server's database) and copy again.
///
/// # Errors
///
/// [`DbError::NoDatabase`] when there is nothing at the source, [`DbError::CopyTargetInUse`] when the target has rows,
/// [`DbError::UnfinishedCopy`] when it is left from a copy that broke off, [`DbError::TextWithNul`] when a text cannot
/// be in `PostgreSQL`, [`DbError::CopyDiffers`] when the counts differ at the end, and whatever goes wrong with reading
/// the one or writing the other.
pub fn copy_database(
    from: &DatabaseLocation,
    to: &DatabaseLocation,
    options: &DatabaseOptions,
    progress: &dyn CopyProgress,
) -> Result<CopyReport, DbError> {
    check_source(from, options)?;
    let source = Database::open_at(from, options)?;
    let target = Database::open_at(to, options)?;
    let report = source.read_snapshot(|snapshot, _| {
        let state: StateRow = store_state::table.select(STATE_COLUMNS).get_result(snapshot)?;
        begin(&target, to)?;
        let tables = TABLES.iter().map(|table| copy_table(table, snapshot, &target, progress));
        let report = CopyReport { tables: tables.collect::<Result<_, _>>()? };
        finish(&target, state)?;
        Ok(report)
    })?;
    if let Err(error) = target.optimize() {
        tracing::warn!(database = %to, %error, "the copy is complete, but how its queries are best made is not known yet");
    }
    Ok(report)
}

/// Opening would make a database where there is none.
fn check_source(from: &DatabaseLocation, options: &DatabaseOptions) -> Result<(), DbError> {
    let missing = || DbError::NoDatabase { location: from.clone() };
    match from {
        DatabaseLocation::Sqlite(path) => match std::fs::metadata(path) {
            Ok(file) if file.len() > 0 => Ok(()),
            Ok(_) => Err(missing()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(missing()),
            Err(source) => Err(DbError::Unreadable { path: path.clone(), source }),
        },
        DatabaseLocation::Postgres(_) => {
            let opened = Opener::new(from.clone(), options.clone()).writer();
            let mut connection = opened.map_err(|source| DbError::Open { location: from.clone(), source })?;
            if has_tables_of_ours(&mut connection)? { Ok(()) } else { Err(missing()) }
        }
    }
}

/// Refuses to open a database that a copy was not finished to.
pub(crate) fn refuse_unfinished(
    connection: &mut AnyConnection,
    location: &DatabaseLocation,
) -> Result<(), DbError> {
    let change_number: i64 = store_state::table.select(store_state::change_number).get_result(connection)?;
    if change_number < 0 { Err(DbError::UnfinishedCopy { location: location.clone() }) } else { Ok(()) }
}

/// Marks the target, if it is empty. The mark comes first: it keeps other writers out until the transaction ends.
fn begin(target: &Database, to: &DatabaseLocation) -> Result<(), DbError> {
    let location = to.clone();
    target.with_writer(move |connection| {
        connection.transaction(|transaction| {
            let unmarked = store_state::table.filter(store_state::change_number.ge(0));
            let marked = diesel::update(unmarked)
                .set(store_state::change_number.eq(UNFINISHED))
                .execute(transaction)?;
            if marked == 0 {
                return Err(DbError::UnfinishedCopy { location });
            }
            for table in &TABLES {
                if (table.count)(transaction)? > 0 {
                    return Err(DbError::CopyTargetInUse { location, table: table.name });
                }
            }
            Ok(())
        })
    })
}

fn copy_table(
    table: &CopiedTable,
    snapshot: &mut AnyConnection,
    target: &Database,
    progress: &dyn CopyProgress,
) -> Result<(String, u64), DbError> {
    let source_rows = unsigned((table.count)(snapshot)?);
    progress.begin_table(table.name, source_rows);
    (table.copy)(snapshot, target, progress)?;
    let target_rows = unsigned(target.read(|connection| Ok((table.count)(connection)?))?);
    if source_rows != target_rows {
        return Err(DbError::CopyDiffers { table: table.name, source_rows, target_rows });
    }
    Ok((table.name.to_owned(), source_rows))
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

fn copy_rows<R: WholeRow>(
    snapshot: &mut AnyConnection,
    target: &Database,
    progress: &dyn CopyProgress,
) -> Result<(), DbError> {
    let mut rows = R::load_after(snapshot, None)?;
    while !rows.is_empty() {
        let number = rows.len();
        let written = target.with_writer(move |connection| {
            connection.transaction(|transaction| rows.iter().try_for_each(|row| add(transaction, row)))?;
            Ok(rows)
        })?;
        progress.add_rows(number as u64);
        rows = R::load_after(snapshot, written.last())?;
    }
    Ok(())
}

fn add<R: WholeRow>(connection: &mut AnyConnection, row: &R) -> Result<(), DbError> {
    row.insert(connection).map_err(|error| {
        let with_nul = match connection {
            AnyConnection::Postgres(_) => column_with_nul(row),
            AnyConnection::Sqlite(_) => None,
        };
        match with_nul {
            Some(column) => DbError::TextWithNul { table: R::TABLE, column, id: row.key() },
            None => error.into(),
        }
    })
}

/// Names a column whose text `PostgreSQL` does not take. Asked only when it did not.
fn column_with_nul<R: WholeRow>(row: &R) -> Option<String> {
    let Ok(Value::Object(columns)) = serde_json::to_value(row) else { return None };
    let has_nul = |value: &Value| value.as_str().is_some_and(|text| text.contains('\0'));
    columns.into_iter().find(|(_, value)| has_nul(value)).map(|(column, _)| column)
}

/// Takes over the numbers that were given out, and the mark away with them.
fn finish(target: &Database, state: StateRow) -> Result<(), DbError> {
    let (change_number, tag_number, last_job_id, last_id) = state;
    target.with_writer(move |connection| {
        diesel::update(store_state::table)
            .set((
                store_state::change_number.eq(change_number),
                store_state::tag_number.eq(tag_number),
                store_state::last_job_id.eq(last_job_id),
                store_state::last_id.eq(last_id),
            ))
            .execute(connection)?;
        Ok(())
    })
}
