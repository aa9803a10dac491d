//! What is left when an import cannot come to its end.

use crate::world::{CountedProgress, World, import};
use flightdeck_model::{
    ArchiveEntry, ArchivedJob, DataStamp, FinishedJob, ImportCounts, JobArchive, JobData, JobDbId, JobKey,
    JobLabels, JobPage, JobRecord, JobRepository, JobSelection, JobVisibility, LoadedClusters, Page,
    PortError, PortErrorKind, TagVisibility, UnixTime,
};
use flightdeck_service::{ImportOptions, Parts, ServiceError, Services};
use flightdeck_testkit::{MemoryArchive, MemoryJobs, archived_job};
use rstest::rstest;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A job store that fails for good after some transactions of an import.
#[derive(Debug)]
struct FailingJobs {
    inner: Arc<MemoryJobs>,
    transactions: AtomicUsize,
    fails_from: usize,
}

impl JobRepository for FailingJobs {
    fn find_job(
        &self,
        id: JobDbId,
        visibility: &JobVisibility,
        tags: &TagVisibility,
        now: UnixTime,
    ) -> Result<Option<JobRecord>, PortError> {
        self.inner.find_job(id, visibility, tags, now)
    }

    fn list_jobs(
        &self,
        selection: &JobSelection,
        page: Page,
        with_metadata: bool,
    ) -> Result<JobPage, PortError> {
        self.inner.list_jobs(selection, page, with_metadata)
    }

    fn list_job_ids(&self, selection: &JobSelection, page: Page) -> Result<Vec<JobDbId>, PortError> {
        self.inner.list_job_ids(selection, page)
    }

    fn jobs_with_ids(
        &self,
        selection: &JobSelection,
        ids: &[JobDbId],
        with_metadata: bool,
    ) -> Result<Vec<JobRecord>, PortError> {
        self.inner.jobs_with_ids(selection, ids, with_metadata)
    }

    fn count_jobs(&self, selection: &JobSelection) -> Result<u64, PortError> {
        self.inner.count_jobs(selection)
    }

    fn used_nodes(&self, started_before: UnixTime) -> Result<BTreeMap<String, Vec<String>>, PortError> {
        self.inner.used_nodes(started_before)
    }

    fn import_jobs(&self, jobs: &[ArchivedJob]) -> Result<ImportCounts, PortError> {
        if self.transactions.fetch_add(1, Ordering::Relaxed) >= self.fails_from {
            return Err(PortError::plain(PortErrorKind::Unavailable, "the disk is full"));
        }
        self.inner.import_jobs(jobs)
    }

    fn remove_archived_jobs(&self) -> Result<u64, PortError> {
        self.inner.remove_archived_jobs()
    }

    fn optimize(&self) -> Result<(), PortError> {
        self.inner.optimize()
    }
}

#[rstest]
#[case::one_reader(1)]
#[case::several_readers(3)]
fn an_import_that_breaks_off_is_completed_by_the_next(#[case] readers: usize) {
    const JOBS: i64 = 4000;
    let world = World::new();
    world.archive_jobs((1..=JOBS).map(archived_job));
    let jobs = FailingJobs { inner: world.jobs.clone(), transactions: AtomicUsize::new(0), fails_from: 1 };
    let failing = Services::new(Parts { jobs: Arc::new(jobs), ..world.parts() });
    let options = ImportOptions { rebuild: false, readers };

    let progress = CountedProgress::default();
    match failing.import_archive(options, &progress) {
        Err(ServiceError::Port(error)) => assert_eq!(error.what, "the disk is full"),
        other => panic!("the failure is told, but there is {other:?}"),
    }
    let written = world.all_job_ids().len();
    assert!(0 < written && written < usize::try_from(JOBS).unwrap(), "{written}");
    let done = usize::try_from(progress.done.load(Ordering::Relaxed)).unwrap();
    assert_eq!(done, written, "no more is told to be done than was written");

    let counts = import(&world.services, options).unwrap().counts;
    assert_eq!(counts.unchanged, u64::try_from(written).unwrap());
    assert_eq!(world.all_job_ids(), (1..=JOBS).collect::<Vec<_>>());
}

/// An archive of which a step fails as a whole.
#[derive(Debug)]
struct UnreadableArchive {
    inner: Arc<MemoryArchive>,
    has_clusters: bool,
}

impl UnreadableArchive {
    fn gone<T>() -> Result<T, PortError> {
        Err(PortError::plain(PortErrorKind::Unavailable, "the archive is not mounted"))
    }
}

impl JobArchive for UnreadableArchive {
    fn load_clusters(&self) -> Result<LoadedClusters, PortError> {
        if self.has_clusters { self.inner.load_clusters() } else { Self::gone() }
    }

    fn list_jobs(&self) -> Result<Vec<String>, PortError> {
        Self::gone()
    }

    fn read_meta(&self, location: &str) -> ArchiveEntry {
        self.inner.read_meta(location)
    }

    fn data_stamp(&self, key: &JobKey) -> Result<Option<DataStamp>, PortError> {
        self.inner.data_stamp(key)
    }

    fn load_data(&self, key: &JobKey) -> Result<Option<JobData>, PortError> {
        self.inner.load_data(key)
    }

    fn store_job(&self, job: &FinishedJob, data: &JobData) -> Result<i64, PortError> {
        self.inner.store_job(job, data)
    }

    fn write_labels(&self, key: &JobKey, labels: &JobLabels) -> Result<Option<i64>, PortError> {
        self.inner.write_labels(key, labels)
    }

    fn remove_job(&self, key: &JobKey) -> Result<bool, PortError> {
        self.inner.remove_job(key)
    }
}

#[rstest]
fn an_archive_that_cannot_be_read_leaves_the_database_as_it_is(
    #[values(false, true)] has_clusters: bool,
    #[values(false, true)] rebuild: bool,
) {
    let world = World::with_jobs((1..=3).map(archived_job));
    let archive = UnreadableArchive { inner: world.archive.clone(), has_clusters };
    let services = Services::new(Parts { archive: Arc::new(archive), ..world.parts() });
    let refused = services
        .import_archive(ImportOptions { rebuild, readers: 2 }, &CountedProgress::default())
        .unwrap_err();
    assert!(matches!(&refused, ServiceError::Port(error) if error.what == "the archive is not mounted"));
    assert_eq!(world.all_job_ids(), [1, 2, 3]);
}
