//! Lists the audit log.

use crate::permission::require;
use crate::{ServiceError, Services};
use flightdeck_model::{AuditFilter, AuditPage, Page, Principal, Role};

impl Services {
    /// Lists who changed what, the newest first.
    ///
    /// # Errors
    ///
    /// Forbidden without the role `admin`, Port when the database fails.
    pub fn audit_entries(
        &self,
        principal: &Principal,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<AuditPage, ServiceError> {
        require(principal, Role::Admin)?;
        // Entries are written without control characters, and not every database can be asked for one.
        let is_never_there =
            |text: &Option<String>| text.as_deref().is_some_and(|it| it.contains(char::is_control));
        if is_never_there(&filter.username) || is_never_there(&filter.object) {
            return Ok(AuditPage { entries: Vec::new(), total: 0 });
        }
        Ok(self.audit.list_entries(filter, page)?)
    }
}
