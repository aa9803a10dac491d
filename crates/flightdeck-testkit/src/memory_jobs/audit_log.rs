//! The audit log in memory.

use super::selection::{on_page, within};
use super::{Content, MemoryJobs};
use flightdeck_model::{
    AuditEntry, AuditFilter, AuditLog, AuditPage, Page, PortError, PortFuture, RecordedEntry,
};

impl Content {
    pub(super) fn add_audit_entry(&mut self, entry: AuditEntry) {
        let id = self.next_id();
        self.audit_entries.push(RecordedEntry { id, entry });
    }
}

fn fits(entry: &AuditEntry, filter: &AuditFilter) -> bool {
    filter.username.as_ref().is_none_or(|name| *name == entry.origin.username)
        && (filter.actions.is_empty() || filter.actions.contains(&entry.action))
        && (filter.outcomes.is_empty() || filter.outcomes.contains(&entry.outcome))
        && filter.object.as_ref().is_none_or(|object| *object == entry.object)
        && within(filter.time, entry.time.0)
}

impl AuditLog for MemoryJobs {
    fn record(&self, entry: AuditEntry) -> PortFuture<Result<(), PortError>> {
        self.write(|content| {
            content.add_audit_entry(entry);
            Ok(())
        })
    }

    fn list_entries(&self, filter: &AuditFilter, page: Page) -> Result<AuditPage, PortError> {
        let content = self.lock();
        let newest_first = content.audit_entries.iter().rev();
        let fitting: Vec<&RecordedEntry> = newest_first.filter(|it| fits(&it.entry, filter)).collect();
        let total = fitting.len() as u64;
        Ok(AuditPage { entries: on_page(fitting, page).into_iter().cloned().collect(), total })
    }
}
