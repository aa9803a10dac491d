//! Puts tags on a job and takes them off.

use crate::attempt::Attempt;
use crate::field_rules::check_tags;
use crate::permission::{require, require_tag_scope};
use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{
    AuditAction, ChangedJob, JobChangeError, JobDbId, JobRecord, JobVisibility, Principal, Role, Tag, TagBody,
};
use futures_executor::block_on;

impl Services {
    /// Puts tags on a job, all or none, and returns the job as the caller sees it then. One that the job has already
    /// changes nothing. When the job is archived, its meta.json is brought up to date as well; if that fails it is tried
    /// again later.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `api` or for a scope that the caller may not write; Invalid for a tag that cannot be
    /// one, or too many; `NotFound` when there is no such job or the caller may not see it; Port when the database fails.
    pub fn tag_job(&self, caller: &Caller, id: JobDbId, tags: &[TagBody]) -> Result<JobRecord, ServiceError> {
        let attempt = self.tag_attempt(caller, AuditAction::TagJob, id, tags);
        self.change_tags(&attempt, id, tags, |visibility, checked| {
            block_on(self.changes.add_tags(id, visibility, checked, attempt.entry()))
        })
    }

    /// Takes tags off a job, otherwise as [`tag_job`](Self::tag_job). One that the job does not have changes nothing.
    ///
    /// # Errors
    ///
    /// As [`tag_job`](Self::tag_job).
    pub fn untag_job(
        &self,
        caller: &Caller,
        id: JobDbId,
        tags: &[TagBody],
    ) -> Result<JobRecord, ServiceError> {
        let attempt = self.tag_attempt(caller, AuditAction::UntagJob, id, tags);
        self.change_tags(&attempt, id, tags, |visibility, checked| {
            block_on(self.changes.remove_tags(id, visibility, checked, attempt.entry()))
        })
    }

    fn tag_attempt<'a>(
        &'a self,
        caller: &'a Caller,
        action: AuditAction,
        id: JobDbId,
        tags: &[TagBody],
    ) -> Attempt<'a> {
        self.attempt(caller, action, format!("job id {id}")).with_detail(tags_in_words(tags))
    }

    fn change_tags(
        &self,
        attempt: &Attempt<'_>,
        id: JobDbId,
        tags: &[TagBody],
        change: impl FnOnce(JobVisibility, Vec<Tag>) -> Result<ChangedJob, JobChangeError>,
    ) -> Result<JobRecord, ServiceError> {
        let principal = &attempt.caller.principal;
        let (visibility, checked) = match may_change_tags(principal, tags) {
            Ok(allowed) => allowed,
            Err(refusal) => return Err(attempt.refused(refusal)),
        };
        if !checked.is_empty() {
            let changed = attempt.settle(change(visibility, checked))?;
            self.settle_archive_of_changed(changed);
        }
        self.show_job(principal, id)
    }
}

fn may_change_tags(
    principal: &Principal,
    tags: &[TagBody],
) -> Result<(JobVisibility, Vec<Tag>), ServiceError> {
    require(principal, Role::Api)?;
    let visibility = principal.job_visibility()?;
    Ok((visibility, may_write_tags(principal, tags)?))
}

/// Checks tags and whether the principal may write them; returns each once.
pub(crate) fn may_write_tags(principal: &Principal, tags: &[TagBody]) -> Result<Vec<Tag>, ServiceError> {
    let checked = check_tags(tags)?;
    checked.iter().try_for_each(|tag| require_tag_scope(principal, &tag.scope))?;
    Ok(checked)
}

/// Tags as the audit log names them: `debug:slow@global`.
pub(crate) fn tags_in_words(tags: &[TagBody]) -> String {
    /// More would be cut off anyway.
    const TAGS_MAX: usize = 20;
    let word = |tag: &TagBody| {
        let scope = if tag.scope.is_empty() { "global" } else { &tag.scope };
        format!("{}:{}@{}", shown(&tag.tag_type), shown(&tag.name), shown(scope))
    };
    let mut words: Vec<String> = tags.iter().take(TAGS_MAX).map(word).collect();
    if tags.len() > TAGS_MAX {
        words.push(format!("and {} more", tags.len() - TAGS_MAX));
    }
    words.join(", ")
}
