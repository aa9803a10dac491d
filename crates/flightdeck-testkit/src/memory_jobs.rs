//! Jobs in memory: what the job port promises, said as plainly as possible, without any index.

use flightdeck_model::{
    ArchivedJob, ImportCounts, JobDbId, JobFilter, JobFragments, JobPage, JobRecord, JobRepository,
    JobSelection, JobState, JobVisibility, MonitoringStatus, Page, PortError, PortErrorKind, Range, SortKey,
    Tag, TagVisibility, UnixTime,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A [`JobRepository`] in memory, for tests of services and routes.
#[derive(Debug, Default)]
pub struct MemoryJobs {
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    last_job: i64,
    jobs: Vec<StoredJob>,
    /// All tags; their ids are their places, counted from 1.
    tags: Vec<Tag>,
}

#[derive(Debug)]
struct StoredJob {
    id: JobDbId,
    job: ArchivedJob,
    state: JobState,
    monitoring_status: MonitoringStatus,
    tag_ids: BTreeSet<i64>,
}

impl StoredJob {
    fn duration_s(&self, now: UnixTime) -> i64 {
        match self.state {
            JobState::Running => now.0 - self.job.meta.start_time.0,
            _ => i64::from(self.job.meta.duration),
        }
    }

    fn energy_kwh(&self) -> f64 {
        if self.job.energy_kwh.is_finite() { self.job.energy_kwh } else { 0.0 }
    }

    fn footprint(&self, key: &str) -> Option<f64> {
        self.job.footprint.get(key).copied().filter(|value| value.is_finite())
    }

    fn is_on(&self, host: &str) -> bool {
        self.job.meta.resources.iter().any(|node| node.hostname == host)
    }
}

impl MemoryJobs {
    /// No jobs yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the jobs with this batch system number run, as if they had not ended yet.
    pub fn start_again(&self, job_id: i64) {
        for stored in self.lock().jobs.iter_mut().filter(|stored| stored.job.meta.job_id == job_id) {
            stored.state = JobState::Running;
            stored.monitoring_status = MonitoringStatus::RunningOrArchiving;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn fits(&self, stored: &StoredJob, selection: &JobSelection) -> bool {
        let meta = &stored.job.meta;
        let filter = &selection.filter;
        selection.visibility.allows(&meta.user, &meta.project)
            && (filter.states.is_empty() || filter.states.contains(&stored.state))
            && fits_names(stored, filter)
            && within(filter.start_time, meta.start_time.0)
            && within(filter.num_nodes, i64::from(meta.num_nodes))
            && within(filter.duration_s, stored.duration_s(selection.now))
            && within(filter.energy_kwh, stored.energy_kwh())
            && filter.tags.iter().all(|wanted| {
                self.visible_tags(stored, &selection.tags).iter().any(|tag| {
                    let is_of_type = wanted.tag_type.as_ref().is_none_or(|name| *name == tag.tag_type);
                    is_of_type && tag.name == wanted.name
                })
            })
    }

    fn visible_tags(&self, stored: &StoredJob, visibility: &TagVisibility) -> Vec<Tag> {
        let is_shown = |tag: &&Tag| stored.tag_ids.contains(&tag.id) && visibility.allows(&tag.scope);
        self.tags.iter().filter(is_shown).cloned().collect()
    }

    fn in_order(&self, selection: &JobSelection) -> Vec<&StoredJob> {
        let mut jobs: Vec<&StoredJob> = self.jobs.iter().filter(|job| self.fits(job, selection)).collect();
        jobs.sort_by(|left, right| compare(left, right, selection));
        jobs
    }

    fn page(&self, selection: &JobSelection, page: Page) -> Vec<&StoredJob> {
        let skipped = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
        self.in_order(selection).into_iter().skip(skipped).take(wanted).collect()
    }

    fn tag_id(&mut self, wanted: &Tag) -> i64 {
        let is_wanted = |tag: &&Tag| {
            tag.tag_type == wanted.tag_type && tag.name == wanted.name && tag.scope == wanted.scope
        };
        if let Some(known) = self.tags.iter().find(is_wanted) {
            return known.id;
        }
        let id = self.tags.last().map_or(1, |last| last.id + 1);
        self.tags.push(Tag { id, ..wanted.clone() });
        id
    }

    fn import(&mut self, job: &ArchivedJob, counts: &mut ImportCounts) {
        let tag_ids: BTreeSet<i64> = job.meta.tags.iter().map(|tag| self.tag_id(tag)).collect();
        let key = job.meta.key();
        let Some(stored) = self.jobs.iter_mut().find(|stored| stored.job.meta.key() == key) else {
            self.last_job += 1;
            self.jobs.push(StoredJob {
                id: JobDbId(self.last_job),
                job: job.clone(),
                state: job.meta.job_state,
                monitoring_status: MonitoringStatus::Archived,
                tag_ids,
            });
            counts.added += 1;
            return;
        };
        if stored.state == JobState::Running {
            counts.running += 1;
        } else if stored.job.fingerprint == job.fingerprint {
            counts.unchanged += 1;
        } else {
            stored.job = job.clone();
            stored.state = job.meta.job_state;
            stored.monitoring_status = MonitoringStatus::Archived;
            stored.tag_ids.extend(tag_ids);
            counts.updated += 1;
        }
    }

    fn record(
        &self,
        stored: &StoredJob,
        visibility: &TagVisibility,
        now: UnixTime,
        with_metadata: bool,
    ) -> Result<JobRecord, PortError> {
        let job = &stored.job;
        let meta = &job.meta;
        Ok(JobRecord {
            id: stored.id,
            key: meta.key(),
            subcluster: meta.sub_cluster.clone(),
            partition: meta.partition.clone(),
            project: meta.project.clone(),
            user: meta.user.clone(),
            shared: meta.shared,
            state: stored.state,
            array_job_id: meta.array_job_id,
            num_nodes: meta.num_nodes,
            num_hwthreads: meta.num_hwthreads,
            num_acc: meta.num_acc,
            smt: meta.smt,
            walltime_s: meta.walltime,
            requested_memory_mb: meta.requested_memory,
            submit_time: meta.submit_time,
            duration_s: stored.duration_s(now),
            monitoring_status: stored.monitoring_status,
            energy_kwh: stored.energy_kwh(),
            tags: self.visible_tags(stored, visibility),
            fragments: JobFragments {
                resources: encoded(&meta.resources)?,
                footprint: encoded_map(&job.footprint)?,
                energy_footprint: encoded_map(&job.energy_footprint_kwh)?,
                statistics: encoded_map(&meta.statistics)?,
                meta_data: if with_metadata { encoded_map(&meta.meta_data)? } else { None },
            },
        })
    }
}

fn fits_names(stored: &StoredJob, filter: &JobFilter) -> bool {
    let meta = &stored.job.meta;
    let is = |wanted: &Option<String>, actual: &str| wanted.as_ref().is_none_or(|name| name == actual);
    is(&filter.cluster, &meta.cluster)
        && is(&filter.subcluster, &meta.sub_cluster)
        && is(&filter.partition, &meta.partition)
        && is(&filter.project, &meta.project)
        && is(&filter.user, &meta.user)
        && filter.job_id.is_none_or(|number| number == meta.job_id)
        && filter.array_job_id.is_none_or(|number| number == meta.array_job_id)
        && filter.node.as_ref().is_none_or(|host| stored.is_on(host))
}

fn within<T: PartialOrd + Copy>(range: Option<Range<T>>, value: T) -> bool {
    range.is_none_or(|bounds| {
        bounds.from.is_none_or(|smallest| value >= smallest)
            && bounds.to.is_none_or(|largest| value <= largest)
    })
}

fn compare(left: &StoredJob, right: &StoredJob, selection: &JobSelection) -> Ordering {
    let (is_last, by_value) = match &selection.order.key {
        SortKey::StartTime => (Ordering::Equal, left.job.meta.start_time.cmp(&right.job.meta.start_time)),
        SortKey::Duration => {
            let now = selection.now;
            (Ordering::Equal, left.duration_s(now).cmp(&right.duration_s(now)))
        }
        SortKey::NumNodes => (Ordering::Equal, left.job.meta.num_nodes.cmp(&right.job.meta.num_nodes)),
        SortKey::Energy => (Ordering::Equal, compare_numbers(left.energy_kwh(), right.energy_kwh())),
        SortKey::Footprint(key) => match (left.footprint(key), right.footprint(key)) {
            (Some(left_value), Some(right_value)) => {
                (Ordering::Equal, compare_numbers(left_value, right_value))
            }
            (left_value, right_value) => (left_value.is_none().cmp(&right_value.is_none()), Ordering::Equal),
        },
    };
    let by_value_and_id = by_value.then(left.id.cmp(&right.id));
    is_last.then(if selection.order.descending { by_value_and_id.reverse() } else { by_value_and_id })
}

fn compare_numbers(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or(Ordering::Equal)
}

fn encoded<T: Serialize + ?Sized>(value: &T) -> Result<Box<RawValue>, PortError> {
    to_raw_value(value).map_err(|error| {
        PortError::new(PortErrorKind::Internal, "the value cannot be written as JSON", error)
    })
}

fn encoded_map<V: Serialize>(map: &BTreeMap<String, V>) -> Result<Option<Box<RawValue>>, PortError> {
    if map.is_empty() { Ok(None) } else { encoded(map).map(Some) }
}

impl JobRepository for MemoryJobs {
    fn find_job(
        &self,
        id: JobDbId,
        visibility: &JobVisibility,
        tags: &TagVisibility,
        now: UnixTime,
    ) -> Result<Option<JobRecord>, PortError> {
        let content = self.lock();
        let is_it = |stored: &&StoredJob| {
            stored.id == id && visibility.allows(&stored.job.meta.user, &stored.job.meta.project)
        };
        content.jobs.iter().find(is_it).map(|stored| content.record(stored, tags, now, true)).transpose()
    }

    fn list_jobs(
        &self,
        selection: &JobSelection,
        page: Page,
        with_metadata: bool,
    ) -> Result<JobPage, PortError> {
        let content = self.lock();
        let total = content.in_order(selection).len() as u64;
        let records = content
            .page(selection, page)
            .into_iter()
            .map(|stored| content.record(stored, &selection.tags, selection.now, with_metadata));
        Ok(JobPage { jobs: records.collect::<Result<_, _>>()?, total })
    }

    fn list_job_ids(&self, selection: &JobSelection, page: Page) -> Result<Vec<JobDbId>, PortError> {
        Ok(self.lock().page(selection, page).into_iter().map(|stored| stored.id).collect())
    }

    fn jobs_with_ids(
        &self,
        selection: &JobSelection,
        ids: &[JobDbId],
        with_metadata: bool,
    ) -> Result<Vec<JobRecord>, PortError> {
        let content = self.lock();
        let find = |id: &JobDbId| {
            content.jobs.iter().find(|stored| stored.id == *id && content.fits(stored, selection))
        };
        let record = |stored| content.record(stored, &selection.tags, selection.now, with_metadata);
        ids.iter().filter_map(find).map(record).collect()
    }

    fn count_jobs(&self, selection: &JobSelection) -> Result<u64, PortError> {
        Ok(self.lock().in_order(selection).len() as u64)
    }

    fn used_nodes(&self, started_before: UnixTime) -> Result<BTreeMap<String, Vec<String>>, PortError> {
        let content = self.lock();
        let mut hosts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for stored in content.jobs.iter().filter(|stored| stored.state == JobState::Running) {
            let meta = &stored.job.meta;
            if meta.start_time < started_before {
                let names = meta.resources.iter().map(|node| node.hostname.clone());
                hosts.entry(meta.cluster.clone()).or_default().extend(names);
            }
        }
        let used = hosts.into_iter().filter(|(_, names)| !names.is_empty());
        Ok(used.map(|(cluster, names)| (cluster, names.into_iter().collect())).collect())
    }

    fn import_jobs(&self, jobs: &[ArchivedJob]) -> Result<ImportCounts, PortError> {
        let mut content = self.lock();
        let mut counts = ImportCounts::default();
        for job in jobs {
            content.import(job, &mut counts);
        }
        Ok(counts)
    }

    fn remove_archived_jobs(&self) -> Result<u64, PortError> {
        let mut content = self.lock();
        let before = content.jobs.len();
        content.jobs.retain(|stored| {
            stored.monitoring_status != MonitoringStatus::Archived || stored.state == JobState::Running
        });
        Ok((before - content.jobs.len()) as u64)
    }

    fn optimize(&self) -> Result<(), PortError> {
        Ok(())
    }
}
