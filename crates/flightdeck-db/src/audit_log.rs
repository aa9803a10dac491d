//! The audit log in the database. Its table lets nobody change or remove an entry.

use crate::connection::{AnyConnection, Backend};
use crate::direct::{InsertEntry, execute};
use crate::paging::Bounds;
use crate::schema::audit_entry;
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::prelude::*;
use flightdeck_model::{
    AuditAction, AuditEntry, AuditFilter, AuditLog, AuditOutcome, AuditPage, Origin, Page, PortError,
    PortFuture, RecordedEntry, UnixTime,
};

/// Adds an entry in the transaction of the change that it speaks of.
pub(crate) fn add_entry(transaction: &mut WriteTransaction<'_>, entry: &AuditEntry) -> Result<(), DbError> {
    let id = transaction.next_id();
    execute(transaction.connection, InsertEntry { id, entry })?;
    Ok(())
}

/// An entry as stored.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = audit_entry)]
struct EntryRow {
    id: i64,
    time_stamp: i64,
    username: String,
    address: String,
    request_id: String,
    action: String,
    object: String,
    outcome: String,
    detail: String,
}

impl TryFrom<EntryRow> for RecordedEntry {
    type Error = DbError;

    fn try_from(row: EntryRow) -> Result<Self, DbError> {
        let action = row.action.parse().map_err(|error| corrupt(row.id, "action", error))?;
        let outcome = row.outcome.parse().map_err(|error| corrupt(row.id, "outcome", error))?;
        let entry = AuditEntry {
            time: UnixTime(row.time_stamp),
            origin: Origin { username: row.username, address: row.address, request_id: row.request_id },
            action,
            object: row.object,
            outcome,
            detail: row.detail,
        };
        Ok(Self { id: row.id, entry })
    }
}

fn corrupt(
    id: i64,
    column: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> DbError {
    DbError::Corrupt { table: "audit_entry", column, id: id.to_string(), source: source.into() }
}

type Entries<'a> = audit_entry::BoxedQuery<'a, Backend>;

fn fitting(filter: &AuditFilter) -> Entries<'_> {
    let mut entries = audit_entry::table.into_boxed();
    if let Some(username) = &filter.username {
        entries = entries.filter(audit_entry::username.eq(username));
    }
    if !filter.actions.is_empty() {
        let names = filter.actions.iter().copied().map(AuditAction::as_str);
        entries = entries.filter(audit_entry::action.eq_any(names));
    }
    if !filter.outcomes.is_empty() {
        let names = filter.outcomes.iter().copied().map(AuditOutcome::as_str);
        entries = entries.filter(audit_entry::outcome.eq_any(names));
    }
    if let Some(object) = &filter.object {
        entries = entries.filter(audit_entry::object.eq(object));
    }
    if let Some(from) = filter.time.and_then(|range| range.from) {
        entries = entries.filter(audit_entry::time_stamp.ge(from));
    }
    if let Some(to) = filter.time.and_then(|range| range.to) {
        entries = entries.filter(audit_entry::time_stamp.le(to));
    }
    entries
}

fn list(connection: &mut AnyConnection, filter: &AuditFilter, page: Page) -> Result<AuditPage, DbError> {
    let bounds = Bounds::from(page);
    // Numbers are given in the order of commits.
    let newest_first = fitting(filter).order(audit_entry::id.desc());
    let on_page = newest_first.limit(bounds.limit).offset(bounds.offset);
    let rows: Vec<EntryRow> = on_page.select(EntryRow::as_select()).load(connection)?;
    let entries = rows.into_iter().map(RecordedEntry::try_from).collect::<Result<_, _>>()?;
    let total: i64 = fitting(filter).count().get_result(connection)?;
    Ok(AuditPage { entries, total: u64::try_from(total).unwrap_or_default() })
}

impl AuditLog for Database {
    fn record(&self, entry: AuditEntry) -> PortFuture<Result<(), PortError>> {
        self.submit(move |transaction| {
            add_entry(transaction, &entry)?;
            Ok(Ok(()))
        })
    }

    fn list_entries(&self, filter: &AuditFilter, page: Page) -> Result<AuditPage, PortError> {
        Ok(self.read_snapshot(|connection, _| list(connection, filter, page))?)
    }
}
