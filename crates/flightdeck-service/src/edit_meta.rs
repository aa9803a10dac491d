//! Changes a text of a job's metadata.

use crate::attempt::which_object;
use crate::field_rules::{check_edit, check_which};
use crate::permission::require;
use crate::shown::shown;
use crate::{Caller, ServiceError, Services};
use flightdeck_model::{AuditAction, JobRecord, JobVisibility, MetaEdit, Principal, Role, WhichJob};
use futures_executor::block_on;

impl Services {
    /// Sets one key of a job's metadata and returns the job as the caller sees it then. When the job is archived, its
    /// meta.json is brought up to date as well; if that fails it is tried again later.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `api`; Invalid, with the field's name, for a key or text that cannot be stored;
    /// `NotFound` when there is no such job or the caller may not see it; Port when the database fails.
    pub fn edit_meta(
        &self,
        caller: &Caller,
        which: WhichJob,
        edit: &MetaEdit,
    ) -> Result<JobRecord, ServiceError> {
        let attempt = self
            .attempt(caller, AuditAction::EditMeta, which_object(&which))
            .with_detail(format!("key {}", shown(&edit.key)));
        let visibility = match may_edit(&caller.principal, &which, edit) {
            Ok(visibility) => visibility,
            Err(refusal) => return Err(attempt.refused(refusal)),
        };
        let (key, value) = (edit.key.clone(), edit.value.clone());
        let change = self.changes.set_metadata(which, visibility, key, value, attempt.entry());
        let changed = attempt.settle(block_on(change))?;
        self.settle_archive_of_changed(changed);
        self.show_job(&caller.principal, changed.id)
    }
}

fn may_edit(principal: &Principal, which: &WhichJob, edit: &MetaEdit) -> Result<JobVisibility, ServiceError> {
    require(principal, Role::Api)?;
    let visibility = principal.job_visibility()?;
    check_which(which)?;
    check_edit(edit)?;
    Ok(visibility)
}
