//! Lists the jobs that somebody may see, by filter, in order, page by page.

use crate::{ServiceError, Services};
use flightdeck_model::{JobDbId, JobFilter, JobOrder, JobRecord, JobSelection, Page, Principal, SortKey};

/// Jobs loaded at once by the second step of a long list.
const CHUNK_JOBS: usize = 100;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListJobs {
    /// Conditions.
    pub filter: JobFilter,
    /// The order.
    pub order: JobOrder,
    /// Number of the page, from 1.
    pub page: u64,
    /// Jobs on a page.
    pub items_per_page: u64,
    /// Whether to load `metaData`.
    pub with_metadata: bool,
}

impl Default for ListJobs {
    /// The first page of 25, newest start first.
    fn default() -> Self {
        Self {
            filter: JobFilter::default(),
            order: JobOrder::default(),
            page: 1,
            items_per_page: 25,
            with_metadata: false,
        }
    }
}

/// A page of jobs.
#[derive(Debug)]
pub struct JobList {
    /// The jobs in order.
    pub jobs: Vec<JobRecord>,
    /// How many jobs there are on all pages.
    pub total: u64,
}

/// A list that is too long to be held: its ids are known, its jobs are loaded as they are needed.
#[derive(Debug)]
pub struct LongJobList {
    services: Services,
    selection: JobSelection,
    with_metadata: bool,
    remaining: std::vec::IntoIter<JobDbId>,
    /// How many jobs there are on all pages.
    pub total: u64,
}

impl Services {
    /// Jobs on a page for who does not say: 25, or less where this server's limit is lower.
    #[must_use]
    pub fn usual_items_per_page(&self) -> u64 {
        let usual = ListJobs::default().items_per_page;
        match self.settings.max_items_per_page {
            0 => usual,
            limit => usual.min(limit),
        }
    }

    /// Lists one page of the jobs that the principal may see.
    ///
    /// # Errors
    ///
    /// Forbidden when the roles allow no job at all, Invalid for a page larger than this server's limit or a
    /// sort key that no cluster has, Port when the database fails.
    pub fn list_jobs(&self, principal: &Principal, request: &ListJobs) -> Result<JobList, ServiceError> {
        let selection = self.selection(principal, request)?;
        let page = self.jobs.list_jobs(&selection, page_of(request), request.with_metadata)?;
        Ok(JobList { jobs: page.jobs, total: page.total })
    }

    /// As [`list_jobs`](Self::list_jobs), for a page of any length in bounded memory: 8 bytes a job.
    ///
    /// # Errors
    ///
    /// As [`list_jobs`](Self::list_jobs).
    pub fn list_jobs_long(
        &self,
        principal: &Principal,
        request: &ListJobs,
    ) -> Result<LongJobList, ServiceError> {
        let selection = self.selection(principal, request)?;
        let page = page_of(request);
        let ids = self.jobs.list_job_ids(&selection, page)?;
        let length = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        let is_last_page = 0 < length && length < page.limit;
        // What is counted apart may have changed meanwhile, and the total would contradict the list.
        let total = if is_last_page { page.offset + length } else { self.jobs.count_jobs(&selection)? };
        let with_metadata = request.with_metadata;
        Ok(LongJobList {
            services: self.clone(),
            selection,
            with_metadata,
            remaining: ids.into_iter(),
            total,
        })
    }

    fn selection(&self, principal: &Principal, request: &ListJobs) -> Result<JobSelection, ServiceError> {
        let visibility = principal.job_visibility()?;
        let limit = self.settings.max_items_per_page;
        if limit > 0 && request.items_per_page > limit {
            let reason = format!("{} is more than this server allows: 1 to {limit}", request.items_per_page);
            return Err(ServiceError::invalid("items-per-page", reason));
        }
        if let SortKey::Footprint(key) = &request.order.key {
            let known = self.clusters.footprint_keys();
            if !known.contains(key) {
                let always = ["start-time", "duration", "num-nodes", "energy"].map(str::to_owned);
                let allowed = always.into_iter().chain(known).collect::<Vec<_>>().join(", ");
                let reason = format!(
                    "\"{key}\" is no sort key: allowed are {allowed}, each with - before it for descending"
                );
                return Err(ServiceError::invalid("sort", reason));
            }
        }
        Ok(JobSelection {
            visibility,
            tags: principal.tag_visibility(),
            filter: request.filter.clone(),
            order: request.order.clone(),
            now: self.clock.now(),
        })
    }
}

impl LongJobList {
    /// Loads the next jobs; `None` after the last. A job that ceased to fit the filter since the list was
    /// asked for is left out.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn next_jobs(&mut self) -> Result<Option<Vec<JobRecord>>, ServiceError> {
        let ids: Vec<JobDbId> = self.remaining.by_ref().take(CHUNK_JOBS).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.services.jobs.jobs_with_ids(&self.selection, &ids, self.with_metadata)?))
    }
}

fn page_of(request: &ListJobs) -> Page {
    let offset = request.page.saturating_sub(1).saturating_mul(request.items_per_page);
    Page { offset, limit: request.items_per_page }
}
