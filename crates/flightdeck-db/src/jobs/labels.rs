//! Tags and metadata of jobs that are there.

use super::archive_tasks::{is_archived, queue_update};
use super::rows::{add_tags, find_tag};
use super::which::{JobBrief, visible};
use crate::DbError;
use crate::audit_log::add_entry;
use crate::schema::{job, jobtag, tag};
use crate::transaction::WriteTransaction;
use diesel::prelude::*;
use flightdeck_model::{
    AuditEntry, ChangedJob, DeletedTags, JOB_METADATA_BYTES_MAX, JOB_TAGS_MAX, JobChangeError, JobDbId,
    JobVisibility, Tag, WhichJob,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which job is to be changed, who asks, and what the audit log will say.
pub(super) struct LabelChange {
    pub(super) which: WhichJob,
    pub(super) visibility: JobVisibility,
    pub(super) audit: AuditEntry,
}

impl LabelChange {
    /// Finds the job, changes it, and notes that the archive is behind, if it has the job. The change tells whether
    /// anything is another than before.
    fn make(
        &self,
        transaction: &mut WriteTransaction<'_>,
        change: impl FnOnce(&mut WriteTransaction<'_>, &JobBrief) -> Result<Result<bool, JobChangeError>, DbError>,
    ) -> Result<Result<ChangedJob, JobChangeError>, DbError> {
        let Some(found) = visible(transaction.connection, &self.which, &self.visibility)? else {
            return Ok(Err(JobChangeError::NotFound));
        };
        let changed = match change(transaction, &found)? {
            Ok(changed) => changed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let archive_is_behind = changed && is_archived(&found);
        if archive_is_behind {
            queue_update(transaction, &found)?;
        }
        add_entry(transaction, &AuditEntry { object: found.key().to_string(), ..self.audit.clone() })?;
        Ok(Ok(ChangedJob { id: found.db_id(), archive_is_behind }))
    }

    /// Puts tags on the job.
    pub(super) fn add_tags(
        &self,
        transaction: &mut WriteTransaction<'_>,
        tags: &[Tag],
    ) -> Result<Result<ChangedJob, JobChangeError>, DbError> {
        self.make(transaction, |transaction, found| {
            let present: Vec<(String, String, String)> = jobtag::table
                .inner_join(tag::table.on(tag::id.eq(jobtag::tag_id)))
                .filter(jobtag::job_id.eq(found.id))
                .select((tag::tag_type, tag::tag_name, tag::tag_scope))
                .load(transaction.connection)?;
            let present: BTreeSet<_> = present.into_iter().collect();
            let wanted = tags.iter().map(|tag| (tag.tag_type.clone(), tag.name.clone(), tag.scope.clone()));
            let new: BTreeSet<_> = wanted.filter(|tag| !present.contains(tag)).collect();
            if present.len() + new.len() > JOB_TAGS_MAX {
                return Ok(Err(JobChangeError::TooManyTags { most: JOB_TAGS_MAX }));
            }
            add_tags(transaction, found.id, found.start_time, tags, &mut HashMap::new())?;
            Ok(Ok(!new.is_empty()))
        })
    }

    /// Takes tags off the job.
    pub(super) fn remove_tags(
        &self,
        transaction: &mut WriteTransaction<'_>,
        tags: &[Tag],
    ) -> Result<Result<ChangedJob, JobChangeError>, DbError> {
        self.make(transaction, |transaction, found| {
            let mut removed = 0;
            for unwanted in tags {
                let Some(tag_id) = find_tag(transaction.connection, unwanted)? else { continue };
                let link =
                    jobtag::table.filter(jobtag::job_id.eq(found.id)).filter(jobtag::tag_id.eq(tag_id));
                removed += diesel::delete(link).execute(transaction.connection)?;
            }
            Ok(Ok(removed > 0))
        })
    }

    /// Sets one key of the job's metadata.
    pub(super) fn set_metadata(
        &self,
        transaction: &mut WriteTransaction<'_>,
        key: &str,
        value: &str,
    ) -> Result<Result<ChangedJob, JobChangeError>, DbError> {
        self.make(transaction, |transaction, found| {
            let of_job = job::table.filter(job::id.eq(found.id));
            let stored: Option<String> = of_job.select(job::meta_data).get_result(transaction.connection)?;
            let mut metadata = metadata_of(found.id, stored.as_deref())?;
            metadata.insert(key.to_owned(), value.to_owned());
            let bytes: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
            if bytes > JOB_METADATA_BYTES_MAX {
                return Ok(Err(JobChangeError::MetadataTooLarge { most_bytes: JOB_METADATA_BYTES_MAX }));
            }
            let json = serde_json::to_string(&metadata).map_err(|source| DbError::Encode {
                what: "the metadata",
                owner: format!("job {}", found.key()),
                source,
            })?;
            diesel::update(of_job).set(job::meta_data.eq(Some(json))).execute(transaction.connection)?;
            Ok(Ok(true))
        })
    }
}

/// Understands the column `meta_data`.
pub(super) fn metadata_of(id: i64, json: Option<&str>) -> Result<BTreeMap<String, String>, DbError> {
    let Some(text) = json else { return Ok(BTreeMap::new()) };
    let metadata: Option<_> = serde_json::from_str(text).map_err(|error| DbError::Corrupt {
        table: "job",
        column: "meta_data",
        id: id.to_string(),
        source: Box::new(error),
    })?;
    Ok(metadata.unwrap_or_default())
}

/// Deletes tags everywhere.
pub(super) fn delete_tags(
    transaction: &mut WriteTransaction<'_>,
    tags: &[Tag],
    audit: &AuditEntry,
) -> Result<DeletedTags, DbError> {
    let mut outcome = DeletedTags::default();
    let mut behind = BTreeSet::new();
    for unwanted in tags {
        let Some(tag_id) = find_tag(transaction.connection, unwanted)? else { continue };
        let tagged: Vec<JobBrief> = jobtag::table
            .inner_join(job::table.on(job::id.eq(jobtag::job_id)))
            .filter(jobtag::tag_id.eq(tag_id))
            .select(JobBrief::as_select())
            .load(transaction.connection)?;
        for found in tagged.iter().filter(|found| is_archived(found)) {
            if behind.insert(found.id) {
                queue_update(transaction, found)?;
            }
        }
        // By the key of the links: a job's tags alone are found there, not a tag's jobs.
        diesel::delete(jobtag::table.filter(jobtag::tag_id.eq(tag_id))).execute(transaction.connection)?;
        diesel::delete(tag::table.filter(tag::id.eq(tag_id))).execute(transaction.connection)?;
        transaction.tags_changed();
        outcome.deleted += 1;
    }
    outcome.jobs_behind = behind.into_iter().map(JobDbId).collect();
    add_entry(transaction, audit)?;
    Ok(outcome)
}
