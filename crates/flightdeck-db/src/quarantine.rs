//! Refused requests in the database. Knows nothing of the rules that refused them.
//!
//! Bodies may be long, and many. What only has to be found is looked up without them.

use crate::audit_log::add_entry;
use crate::connection::AnyConnection;
use crate::jobs::{known_end, known_start};
use crate::paging::Bounds;
use crate::schema::{job, refused_request};
use crate::transaction::WriteTransaction;
use crate::{Database, DbError};
use diesel::dsl::{case_when, count_star, exists, sum};
use diesel::prelude::*;
use diesel::sql_types::Text;
use flightdeck_model::{
    AuditEntry, JobChangeError, JobMatch, JobState, Keeping, KeptRequest, LISTED_BODY_BYTES_MAX,
    NewRefusedRequest, Page, PortError, PortFuture, Quarantine, QuarantinePage, QuarantineRoom, RefusedKind,
    RefusedRequest, SAME_JOB_S, UnixTime,
};

/// Kept starts of one job number that a stop is compared with, at most.
const STARTS_MAX: i64 = 1000;

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

/// The columns without the body.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = refused_request)]
struct BriefRow {
    id: i64,
    kind: String,
    cluster: String,
    job_id: i64,
    start_time: i64,
    event_time: i64,
}

impl TryFrom<BriefRow> for KeptRequest {
    type Error = DbError;

    fn try_from(row: BriefRow) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            kind: kind_of(row.id, &row.kind)?,
            job: job_of(row.job_id, row.cluster, row.start_time),
            event_time: UnixTime(row.event_time),
        })
    }
}

impl TryFrom<RequestRow> for RefusedRequest {
    type Error = DbError;

    fn try_from(row: RequestRow) -> Result<Self, DbError> {
        let request = NewRefusedRequest {
            kind: kind_of(row.id, &row.kind)?,
            job: job_of(row.job_id, row.cluster, row.start_time),
            event_time: UnixTime(row.event_time),
            received: UnixTime(row.received),
            username: row.username,
            reason: row.reason,
            body: row.body,
        };
        Ok(Self { id: row.id, request })
    }
}

fn kind_of(id: i64, word: &str) -> Result<RefusedKind, DbError> {
    word.parse().map_err(|error| DbError::Corrupt {
        table: "refused_request",
        column: "kind",
        id: id.to_string(),
        source: Box::new(error),
    })
}

fn job_of(job_id: i64, cluster: String, start_time: i64) -> JobMatch {
    JobMatch {
        job_id,
        cluster: Some(cluster).filter(|name| !name.is_empty()),
        start_time: Some(start_time).filter(|unix_s| *unix_s != 0).map(UnixTime),
    }
}

fn requests(rows: Vec<RequestRow>) -> Result<Vec<RefusedRequest>, DbError> {
    rows.into_iter().map(RefusedRequest::try_from).collect()
}

fn count(connection: &mut AnyConnection) -> Result<u64, DbError> {
    let number: i64 = refused_request::table.select(count_star()).get_result(connection)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// Whether there is room for one more. Reads an index, no body.
fn has_room(
    connection: &mut AnyConnection,
    request: &NewRefusedRequest,
    room: QuarantineRoom,
) -> Result<bool, DbError> {
    let (number, kib): (i64, Option<i64>) = refused_request::table
        .select((count_star(), sum(refused_request::body_kib)))
        .get_result(connection)?;
    let used_kib = u64::try_from(kib.unwrap_or_default()).unwrap_or_default();
    let used_requests = u64::try_from(number).unwrap_or_default();
    Ok(used_requests < room.requests && used_kib.saturating_add(request.body_kib()) <= room.body_kib)
}

fn is_kept(connection: &mut AnyConnection, request: &NewRefusedRequest) -> Result<bool, DbError> {
    let same_job = refused_request::table
        .filter(refused_request::job_id.eq(request.job.job_id))
        .filter(refused_request::cluster.eq(request.job.cluster.as_deref().unwrap_or_default()))
        .filter(refused_request::kind.eq(request.kind.as_str()))
        .select(refused_request::id);
    let event_s = request.event_time.0;
    let known: Option<i64> = match request.kind {
        RefusedKind::StartJob => same_job
            .filter(refused_request::event_time.gt(event_s.saturating_sub(SAME_JOB_S)))
            .filter(refused_request::event_time.lt(event_s.saturating_add(SAME_JOB_S)))
            .first(connection)
            .optional()?,
        RefusedKind::StopJob => same_job
            .filter(refused_request::event_time.eq(event_s))
            .filter(refused_request::start_time.eq(request.job.start_time.map_or(0, |time| time.0)))
            .first(connection)
            .optional()?,
    };
    Ok(known.is_some())
}

/// What is known already of that which a request tells.
fn known(
    connection: &mut AnyConnection,
    request: &NewRefusedRequest,
) -> Result<Option<JobChangeError>, DbError> {
    match request.kind {
        RefusedKind::StartJob => {
            let cluster = request.job.cluster.as_deref().unwrap_or_default();
            known_start(connection, cluster, request.job.job_id, request.event_time)
        }
        RefusedKind::StopJob => match start_kept_for(connection, &request.job, request.event_time)? {
            Some(_) => Ok(None),
            None => known_end(connection, &request.job),
        },
    }
}

/// The number of the kept start that a stop may belong to: one that began before it, and after the job that it means
/// otherwise.
pub(crate) fn start_kept_for(
    connection: &mut AnyConnection,
    ended: &JobMatch,
    stop_time: UnixTime,
) -> Result<Option<i64>, DbError> {
    let rows: Vec<BriefRow> = refused_request::table
        .filter(refused_request::job_id.eq(ended.job_id))
        .filter(refused_request::kind.eq(RefusedKind::StartJob.as_str()))
        .select(BriefRow::as_select())
        .order(refused_request::id)
        .limit(STARTS_MAX)
        .load(connection)?;
    let starts: Vec<KeptRequest> = rows.into_iter().map(KeptRequest::try_from).collect::<Result<_, _>>()?;
    let mut candidates =
        starts.into_iter().filter(|start| start.may_be_start_of(ended, stop_time)).peekable();
    if candidates.peek().is_none() {
        return Ok(None);
    }
    let mut present = job::table
        .filter(job::job_id.eq(ended.job_id))
        .filter(job::start_time.le(stop_time.0))
        .select(job::start_time)
        .into_boxed();
    if let Some(cluster) = &ended.cluster {
        present = present.filter(job::cluster.eq(cluster));
    }
    if let Some(start_time) = ended.start_time {
        present = present.filter(job::start_time.eq(start_time.0));
    }
    let newest: Option<i64> = present.order(job::start_time.desc()).first(connection).optional()?;
    let is_newer = |start: &KeptRequest| newest.is_none_or(|start_s| start.event_time.0 > start_s);
    Ok(candidates.find(is_newer).map(|start| start.id))
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
        refused_request::body_kib.eq(i32::try_from(request.body_kib()).unwrap_or(i32::MAX)),
    );
    diesel::insert_into(refused_request::table).values(row).execute(transaction.connection)?;
    Ok(())
}

impl Quarantine for Database {
    fn keep(
        &self,
        request: NewRefusedRequest,
        room: QuarantineRoom,
        audit: AuditEntry,
    ) -> PortFuture<Result<Keeping, PortError>> {
        self.submit(move |transaction| {
            if let Some(known) = known(transaction.connection, &request)? {
                return Ok(Ok(Keeping::Known(known)));
            }
            if is_kept(transaction.connection, &request)? {
                return Ok(Ok(Keeping::Kept));
            }
            if !has_room(transaction.connection, &request, room)? {
                return Ok(Ok(Keeping::Full));
            }
            add(transaction, &request)?;
            add_entry(transaction, &audit)?;
            Ok(Ok(Keeping::Kept))
        })
    }

    fn list_refused(&self, page: Page) -> Result<QuarantinePage, PortError> {
        let bounds = Bounds::from(page);
        let listed = self.read_snapshot(|connection, _| {
            let oldest_first = refused_request::table.order(refused_request::id);
            let on_page = oldest_first.limit(bounds.limit).offset(bounds.offset);
            let listed_kib = i32::try_from(LISTED_BODY_BYTES_MAX / 1024).unwrap_or(i32::MAX);
            let is_short = refused_request::body_kib.le(listed_kib);
            let rows = on_page
                .select((
                    refused_request::id,
                    refused_request::kind,
                    refused_request::cluster,
                    refused_request::job_id,
                    refused_request::start_time,
                    refused_request::event_time,
                    refused_request::received,
                    refused_request::username,
                    refused_request::reason,
                    case_when(is_short, refused_request::body).otherwise("".into_sql::<Text>()),
                ))
                .load::<RequestRow>(connection)?;
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

    fn kept_of_job(&self, job_id: i64) -> Result<Vec<KeptRequest>, PortError> {
        let rows: Vec<BriefRow> = self.read(|connection| {
            Ok(refused_request::table
                .filter(refused_request::job_id.eq(job_id))
                .order((refused_request::kind, refused_request::id))
                .select(BriefRow::as_select())
                .load(connection)?)
        })?;
        Ok(rows.into_iter().map(KeptRequest::try_from).collect::<Result<_, _>>()?)
    }

    fn start_kept_for(&self, ended: &JobMatch, stop_time: UnixTime) -> Result<Option<i64>, PortError> {
        Ok(self.read(|connection| start_kept_for(connection, ended, stop_time))?)
    }

    fn kept_stops_of_running_jobs(&self, limit: u32) -> Result<Vec<i64>, PortError> {
        let ids = self.read(|connection| {
            let their_jobs = job::table
                .filter(job::job_id.eq(refused_request::job_id))
                .filter(job::job_state.eq(JobState::Running.as_str()))
                .filter(job::start_time.le(refused_request::event_time))
                .filter(refused_request::cluster.eq("").or(refused_request::cluster.eq(job::cluster)))
                .filter(
                    refused_request::start_time.eq(0).or(refused_request::start_time.eq(job::start_time)),
                );
            Ok(refused_request::table
                .filter(refused_request::kind.eq(RefusedKind::StopJob.as_str()))
                .filter(exists(their_jobs.select(job::id)))
                .select(refused_request::id)
                .order(refused_request::id)
                .limit(i64::from(limit))
                .load(connection)?)
        })?;
        Ok(ids)
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
