//! Refused requests in memory.

use super::MemoryJobs;
use super::selection::on_page;
use flightdeck_model::{
    AuditEntry, NewRefusedRequest, Page, PortError, PortFuture, Quarantine, QuarantinePage, RefusedRequest,
};

fn is_repetition(known: &NewRefusedRequest, other: &NewRefusedRequest) -> bool {
    known.kind == other.kind
        && known.job.cluster == other.job.cluster
        && known.job.job_id == other.job.job_id
        && known.event_time == other.event_time
}

impl Quarantine for MemoryJobs {
    fn keep(
        &self,
        request: NewRefusedRequest,
        most: u64,
        audit: AuditEntry,
    ) -> PortFuture<Result<bool, PortError>> {
        self.write(|content| {
            if content.refused.iter().any(|known| is_repetition(&known.request, &request)) {
                return Ok(true);
            }
            if content.refused.len() as u64 >= most {
                return Ok(false);
            }
            let id = content.next_id();
            content.refused.push(RefusedRequest { id, request });
            content.add_audit_entry(audit);
            Ok(true)
        })
    }

    fn list_refused(&self, page: Page) -> Result<QuarantinePage, PortError> {
        let content = self.lock();
        let total = content.refused.len() as u64;
        Ok(QuarantinePage { requests: on_page(content.refused.iter().cloned(), page), total })
    }

    fn find_refused(&self, id: i64) -> Result<Option<RefusedRequest>, PortError> {
        Ok(self.lock().refused.iter().find(|known| known.id == id).cloned())
    }

    fn refused_of_job(&self, cluster: Option<&str>, job_id: i64) -> Result<Vec<RefusedRequest>, PortError> {
        let content = self.lock();
        let is_asked = |known: &&RefusedRequest| {
            let job = &known.request.job;
            job.job_id == job_id && cluster.is_none_or(|name| job.cluster.as_deref() == Some(name))
        };
        let mut found: Vec<RefusedRequest> = content.refused.iter().filter(is_asked).cloned().collect();
        found.sort_by_key(|known| (known.request.kind, known.id));
        Ok(found)
    }

    fn remove_refused(&self, id: i64, audit: AuditEntry) -> PortFuture<Result<bool, PortError>> {
        self.write(|content| {
            let Some(place) = content.refused.iter().position(|known| known.id == id) else {
                return Ok(false);
            };
            content.refused.remove(place);
            content.add_audit_entry(audit);
            Ok(true)
        })
    }
}
