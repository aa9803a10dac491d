//! Deletes tags everywhere.

use crate::permission::require;
use crate::tag_job::{may_write_tags, tags_in_words};
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{AuditAction, Role, TagBody};
use futures_executor::block_on;

impl Services {
    /// Deletes tags, all of those that are there, and tells how many were. Archived jobs that had one lose it in their
    /// meta.json too; where that fails it is tried again later.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `api` or for a scope that the caller may not write; Invalid for a tag that cannot be
    /// one, or too many; Port when the database fails. Nothing was deleted then.
    pub fn delete_tags(&self, caller: &Caller, tags: &[TagBody]) -> Result<u64, ServiceError> {
        let object = format!("tags {}", tags_in_words(tags));
        let attempt = self.attempt(caller, AuditAction::DeleteTags, object);
        let principal = &caller.principal;
        let allowed = require(principal, Role::Api).and_then(|()| may_write_tags(principal, tags));
        let checked = match allowed {
            Ok(checked) => checked,
            Err(refusal) => return Err(attempt.refused(refusal)),
        };
        if checked.is_empty() {
            return Ok(0);
        }
        let gone = attempt.settle(block_on(self.changes.delete_tags(checked, attempt.entry())))?;
        self.settle_archive_of(&gone.jobs_behind);
        Ok(gone.deleted)
    }
}
