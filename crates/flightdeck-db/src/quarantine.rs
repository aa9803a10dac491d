//! Refused requests in the database. Knows nothing of the rules that refused them.

use crate::audit_log::add_entry;
use crate::connection::AnyConnection;
use crate::paging::Bounds;
use crate::schema::refused_request;
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::dsl::count_star;
use diesel::prelude::*;
use flightdeck_model::{
    AuditEntry, JobMatch, NewRefusedRequest, Page, PortError, PortFuture, Quarantine, QuarantinePage,
    RefusedRequest, UnixTime,
};

/// A request as stored: a cluster or start time that it does not name is empty or 0.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = refused_request)]
struct RequestRow {
    id: i64,
    kind: String,
    cluster: String,
    job_id: i64,
    start_time: i64,
    event_time: i64,
    received: i64,
    username: String,
    reason: String,
    body: String,
}

impl TryFrom<RequestRow> for RefusedRequest {
    type Error = DbError;

    fn try_from(row: RequestRow) -> Result<Self, DbError> {
        let kind = row.kind.parse().map_err(|error| DbError::Corrupt {
            table: "refused_request",
            column: "kind",
            id: row.id.to_string(),
            source: Box::new(error),
        })?;
        let job = JobMatch {
            job_id: row.job_id,
            cluster: Some(row.cluster).filter(|name| !name.is_empty()),
            start_time: Some(row.start_time).filter(|unix_s| *unix_s != 0).map(UnixTime),
        };
        let request = NewRefusedRequest {
            kind,
            job,
            event_time: UnixTime(row.event_time),
            received: UnixTime(row.received),
            username: row.username,
            reason: row.reason,
            body: row.body,
        };
        Ok(Self { id: row.id, request })
    }
}

fn requests(rows: Vec<RequestRow>) -> Result<Vec<RefusedRequest>, DbError> {
    rows.into_iter().map(RefusedRequest::try_from).collect()
}

fn count(connection: &mut AnyConnection) -> Result<u64, DbError> {
    let number: i64 = refused_request::table.select(count_star()).get_result(connection)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

fn is_known(connection: &mut AnyConnection, request: &NewRefusedRequest) -> Result<bool, DbError> {
    let alike = refused_request::table
        .filter(refused_request::job_id.eq(request.job.job_id))
        .filter(refused_request::cluster.eq(request.job.cluster.as_deref().unwrap_or_default()))
        .filter(refused_request::kind.eq(request.kind.as_str()))
        .filter(refused_request::event_time.eq(request.event_time.0));
    let known: Option<i64> = alike.select(refused_request::id).get_result(connection).optional()?;
    Ok(known.is_some())
}

fn add(transaction: &mut WriteTransaction<'_>, request: &NewRefusedRequest) -> Result<(), DbError> {
    let row = (
        refused_request::id.eq(transaction.next_id()),
        refused_request::kind.eq(request.kind.as_str()),
        refused_request::cluster.eq(request.job.cluster.as_deref().unwrap_or_default()),
        refused_request::job_id.eq(request.job.job_id),
        refused_request::start_time.eq(request.job.start_time.map_or(0, |time| time.0)),
        refused_request::event_time.eq(request.event_time.0),
        refused_request::received.eq(request.received.0),
        refused_request::username.eq(&request.username),
        refused_request::reason.eq(&request.reason),
        refused_request::body.eq(&request.body),
    );
    diesel::insert_into(refused_request::table).values(row).execute(transaction.connection)?;
    Ok(())
}

impl Quarantine for Database {
    fn keep(
        &self,
        request: NewRefusedRequest,
        most: u64,
        audit: AuditEntry,
    ) -> PortFuture<Result<bool, PortError>> {
        self.submit(move |transaction| {
            if is_known(transaction.connection, &request)? {
                return Ok(Ok(true));
            }
            if count(transaction.connection)? >= most {
                return Ok(Ok(false));
            }
            add(transaction, &request)?;
            add_entry(transaction, &audit)?;
            Ok(Ok(true))
        })
    }

    fn list_refused(&self, page: Page) -> Result<QuarantinePage, PortError> {
        let bounds = Bounds::from(page);
        let listed = self.read_snapshot(|connection, _| {
            let oldest_first = refused_request::table.order(refused_request::id);
            let on_page = oldest_first.limit(bounds.limit).offset(bounds.offset);
            let rows = on_page.select(RequestRow::as_select()).load(connection)?;
            Ok(QuarantinePage { requests: requests(rows)?, total: count(connection)? })
        })?;
        Ok(listed)
    }

    fn find_refused(&self, id: i64) -> Result<Option<RefusedRequest>, PortError> {
        let row = self.read(|connection| {
            let of_id = refused_request::table.filter(refused_request::id.eq(id));
            Ok(of_id.select(RequestRow::as_select()).get_result(connection).optional()?)
        })?;
        Ok(row.map(RefusedRequest::try_from).transpose()?)
    }

    fn refused_of_job(&self, cluster: Option<&str>, job_id: i64) -> Result<Vec<RefusedRequest>, PortError> {
        let rows = self.read(|connection| {
            let starts_first = refused_request::table
                .filter(refused_request::job_id.eq(job_id))
                .order((refused_request::kind, refused_request::id))
                .select(RequestRow::as_select());
            Ok(match cluster {
                Some(name) => starts_first.filter(refused_request::cluster.eq(name)).load(connection)?,
                None => starts_first.load(connection)?,
            })
        })?;
        Ok(requests(rows)?)
    }

    fn remove_refused(&self, id: i64, audit: AuditEntry) -> PortFuture<Result<bool, PortError>> {
        self.submit(move |transaction| {
            let of_id = refused_request::table.filter(refused_request::id.eq(id));
            let removed = diesel::delete(of_id).execute(transaction.connection)?;
            if removed == 0 {
                return Ok(Ok(false));
            }
            add_entry(transaction, &audit)?;
            Ok(Ok(true))
        })
    }
}
