//! Finds the job that a request for a change means.

use super::row::JobRow;
use super::search::visibility_condition;
use super::statement::{Statement, Window};
use crate::DbError;
use crate::connection::AnyConnection;
use crate::schema::job;
use diesel::prelude::*;
use flightdeck_model::{JobDbId, JobKey, JobMatch, JobVisibility, Page, UnixTime, WhichJob};

/// What a change needs to know of a job.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = job)]
pub(super) struct JobBrief {
    pub(super) id: i64,
    pub(super) cluster: String,
    pub(super) job_id: i64,
    pub(super) start_time: i64,
    pub(super) job_state: String,
    pub(super) monitoring_status: i16,
}

impl JobBrief {
    pub(super) fn db_id(&self) -> JobDbId {
        JobDbId(self.id)
    }

    pub(super) fn key(&self) -> JobKey {
        JobKey { cluster: self.cluster.clone(), job_id: self.job_id, start_time: UnixTime(self.start_time) }
    }
}

/// The job that started last of those that fit and may be seen.
pub(super) fn newest(
    connection: &mut AnyConnection,
    wanted: &JobMatch,
    visibility: &JobVisibility,
) -> Result<Option<JobRow>, DbError> {
    let mut query = job::table.filter(job::job_id.eq(wanted.job_id)).select(JobRow::as_select()).into_boxed();
    if let Some(cluster) = &wanted.cluster {
        query = query.filter(job::cluster.eq(cluster));
    }
    if let Some(start_time) = wanted.start_time {
        query = query.filter(job::start_time.eq(start_time.0));
    }
    if let Some(condition) = visibility_condition(visibility) {
        query = query.filter(condition);
    }
    let newest_first = query.order((job::start_time.desc(), job::id.desc()));
    let first = Window::from(Page { offset: 0, limit: 1 });
    let found = Statement { query: newest_first, window: Some(first), kept: true }.get_result(connection);
    Ok(found.optional()?)
}

/// The job that is meant, if the asker may see it.
pub(super) fn visible(
    connection: &mut AnyConnection,
    which: &WhichJob,
    visibility: &JobVisibility,
) -> Result<Option<JobBrief>, DbError> {
    let id = match which {
        WhichJob::Id(id) => id.0,
        WhichJob::Match(wanted) => match newest(connection, wanted, visibility)? {
            Some(found) => found.id(),
            None => return Ok(None),
        },
    };
    let mut query = job::table.filter(job::id.eq(id)).select(JobBrief::as_select()).into_boxed();
    if let Some(condition) = visibility_condition(visibility) {
        query = query.filter(condition);
    }
    Ok(query.get_result(connection).optional()?)
}
