//! What every queue of jobs that are to be archived has to do.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, audit_entry};
use crate::store_under_test::{StoreUnderTest, newest, tag};
use crate::wait;
use flightdeck_model::{
    ArchiveAction, ArchivedResult, ArchivingOutcome, AuditAction, ImportCounts, JobDbId, JobLabels, JobState,
    JobStatistics, JobToArchive, JobVisibility, MissingSamples, MonitoringStatus, NewJob, Tag, Unit,
    UnixTime, WhichJob,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

mod outcomes;

/// Checks an [`ArchivingQueue`](flightdeck_model::ArchivingQueue); `make` makes an empty store.
///
/// # Panics
///
/// When the store does not keep a promise of the port.
pub fn archiving_queue_suite(make: impl Fn() -> StoreUnderTest) {
    a_stopped_job_is_queued(make());
    what_has_no_data_is_not_queued(make());
    overdue_jobs_are_queued(make());
    the_earliest_comes_first(&make());
    a_deleted_job_is_not_queued_any_more(&make());
    an_imported_job_is_not_queued_any_more(&make());
    an_import_does_not_take_edits_away(&make());
    footprints_are_those_of_running_jobs(make());
    outcomes::check(&make);
}

/// Starts the job with this number and stops it an hour after its start.
fn stopped(store: &StoreUnderTest, job_id: i64) -> JobDbId {
    let id = store.start(archived_job(job_id).as_started()).unwrap();
    store.stop(newest(job_id), JobState::Completed, FIRST_START + 60 * job_id + 3600).unwrap();
    id
}

/// All that is queued, due or not.
fn queued(store: &StoreUnderTest) -> Vec<JobToArchive> {
    store.ports.jobs_to_archive(UnixTime(i64::MAX), 1000).unwrap()
}

fn queued_ids(store: &StoreUnderTest) -> Vec<JobDbId> {
    queued(store).iter().map(|entry| entry.id).collect()
}

fn settle(store: &StoreUnderTest, job: JobDbId, outcome: ArchivingOutcome) -> bool {
    wait(store.ports.settle_archiving(job, outcome)).unwrap()
}

fn retry(due_s: i64, problem: &str) -> ArchivingOutcome {
    ArchivingOutcome::Retry { due: UnixTime(due_s), problem: problem.to_owned() }
}

fn given_up() -> ArchivingOutcome {
    ArchivingOutcome::GivenUp { problem: "the disk is full".to_owned() }
}

fn result(labels: JobLabels) -> ArchivedResult {
    let unit = Unit { base: "W".to_owned(), prefix: None };
    ArchivedResult {
        fingerprint: 4711,
        labels,
        statistics: BTreeMap::from([(
            "node_power".to_owned(),
            JobStatistics { unit, avg: 200.5, min: 100.0, max: 300.0 },
        )]),
        footprint: BTreeMap::from([("cpu_load_avg".to_owned(), 0.25), ("mem_used_max".to_owned(), 12.5)]),
        energy_kwh: 1.25,
        energy_footprint_kwh: BTreeMap::from([("node_power".to_owned(), 1.25)]),
        missing: Vec::new(),
    }
}

fn archived(result: ArchivedResult) -> ArchivingOutcome {
    ArchivingOutcome::Archived(Box::new(result))
}

fn labels(store: &StoreUnderTest, id: JobDbId) -> JobLabels {
    store.ports.job_labels(id).unwrap().unwrap()
}

fn set_metadata(store: &StoreUnderTest, id: JobDbId, value: &str) {
    let (key, audit) = ("issue".to_owned(), audit_entry(AuditAction::EditMeta, "job"));
    wait(store.ports.set_metadata(WhichJob::Id(id), JobVisibility::All, key, value.to_owned(), audit))
        .unwrap();
}

fn delete(store: &StoreUnderTest, id: JobDbId) {
    let audit = audit_entry(AuditAction::DeleteJob, "job");
    wait(store.ports.delete_job(WhichJob::Id(id), false, audit)).unwrap();
}

fn a_stopped_job_is_queued(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).as_started()]);
    assert!(queued(&store).is_empty(), "it runs");
    let id = stopped(&store, 2);
    let entries = queued(&store);
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.id, entry.attempts, entry.problem.as_str()), (id, 0, ""));
    assert_eq!(store.ports.jobs_to_archive(UnixTime(PRESENT), 1000).unwrap(), entries, "it is due at once");
    assert!(store.stop(newest(2), JobState::Failed, PRESENT).is_err());
    assert_eq!(queued(&store), entries, "a second stop changes nothing");
    assert!(store.archive_tasks().is_empty(), "it is not in the archive yet");
}

fn what_has_no_data_is_not_queued(store: StoreUnderTest) {
    let unmonitored =
        NewJob { monitoring_status: MonitoringStatus::Disabled, ..archived_job(1).as_started() };
    let store = store.with_running([unmonitored]).with([archived_job(2).build()]);
    store.stop(newest(1), JobState::Completed, PRESENT).unwrap();
    assert!(queued(&store).is_empty());
    for job_id in [1, 2] {
        let id = store.job(job_id).id;
        assert!(!settle(&store, id, archived(result(JobLabels::default()))));
        assert!(!settle(&store, id, given_up()));
        assert!(!settle(&store, id, retry(PRESENT, "no")));
    }
    assert_eq!(store.job(1).monitoring_status, MonitoringStatus::Disabled);
    assert_eq!(store.job(2).monitoring_status, MonitoringStatus::Archived);
    assert!(queued(&store).is_empty());
}

fn overdue_jobs_are_queued(store: StoreUnderTest) {
    let limited = |job_id, walltime_s| NewJob { walltime_s, ..archived_job(job_id).as_started() };
    let unmonitored = NewJob { monitoring_status: MonitoringStatus::Disabled, ..limited(3, 600) };
    let store = store.with_running([limited(1, 600), limited(2, 0), unmonitored, limited(4, 600)]);
    let audit = audit_entry(AuditAction::StopJob, "jobs");
    let ended = wait(store.ports.stop_overdue(UnixTime(PRESENT), 60, 100, audit)).unwrap();
    assert_eq!(ended.len(), 3);
    let mut ids = queued_ids(&store);
    ids.sort_unstable();
    assert_eq!(ids, [store.job(1).id, store.job(4).id]);
    assert_eq!(store.ports.jobs_to_archive(UnixTime(PRESENT), 1000).unwrap().len(), 2, "at once");
}

fn the_earliest_comes_first(store: &StoreUnderTest) {
    let ids: Vec<JobDbId> = (1..=4).map(|job_id| stopped(store, job_id)).collect();
    let [first, second, third, fourth] = ids.as_slice() else { panic!("{ids:?}") };
    assert_eq!(queued_ids(store), ids, "as they ended");
    for (id, due_s) in [(first, 400), (second, 100), (third, 300), (fourth, 200)] {
        assert!(settle(store, *id, retry(PRESENT + due_s, "later")));
    }
    assert_eq!(queued_ids(store), [*second, *fourth, *third, *first]);
    let due = |after_s, limit| {
        let entries = store.ports.jobs_to_archive(UnixTime(PRESENT + after_s), limit).unwrap();
        entries.iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert!(due(99, 10).is_empty());
    assert_eq!(due(100, 10), [*second]);
    assert_eq!(due(299, 10), [*second, *fourth]);
    assert_eq!(due(1000, 3), [*second, *fourth, *third]);
    assert!(due(1000, 0).is_empty());
}

fn a_deleted_job_is_not_queued_any_more(store: &StoreUnderTest) {
    let (gone, kept) = (stopped(store, 1), stopped(store, 2));
    delete(store, gone);
    assert_eq!(queued_ids(store), [kept]);
    for outcome in [archived(result(JobLabels::default())), retry(PRESENT, "no"), given_up()] {
        assert!(!settle(store, gone, outcome), "it is gone");
    }
    assert!(store.archive_tasks().is_empty());
    assert_eq!(queued_ids(store), [kept]);
}

fn an_imported_job_is_not_queued_any_more(store: &StoreUnderTest) {
    let id = stopped(store, 1);
    let other = stopped(store, 2);
    let counts = store.ports.import_jobs(&[archived_job(1).build()]).unwrap();
    assert_eq!(counts, ImportCounts { updated: 1, ..ImportCounts::default() }, "its files are there");
    assert_eq!(queued_ids(store), [other]);
    assert!(!settle(store, id, archived(result(labels(store, id)))));
    let found = store.find(id).unwrap();
    assert_eq!(
        (found.monitoring_status, found.energy_kwh.to_bits()),
        (MonitoringStatus::Archived, 1.5_f64.to_bits())
    );
    assert_eq!(store.ports.remove_archived_jobs().unwrap(), 1);
    assert_eq!(queued_ids(store), [other], "what is not archived yet stays queued");
}

fn an_import_does_not_take_edits_away(store: &StoreUnderTest) {
    let (edited, plain) = (stopped(store, 1), stopped(store, 2));
    set_metadata(store, edited, "slow");
    store.ports.import_jobs(&[1, 2].map(|job_id| archived_job(job_id).build())).unwrap();
    assert_eq!(labels(store, edited).meta_data.get("issue").map(String::as_str), Some("slow"));
    let tasks = store.archive_tasks();
    let actions: Vec<ArchiveAction> = tasks.iter().map(|task| task.action).collect();
    assert_eq!(actions, [ArchiveAction::Update { job: edited }], "the file is to say it as well");
    assert!(labels(store, plain).meta_data.is_empty());
}

fn footprints_are_those_of_running_jobs(store: StoreUnderTest) {
    let store = store
        .with([archived_job(3).build()])
        .with_running([1, 2].map(|job_id| archived_job(job_id).as_started()));
    store.stop(newest(2), JobState::Completed, PRESENT).unwrap();
    let ids = [1, 2, 3].map(|job_id| store.job(job_id).id);
    let footprint = |value| BTreeMap::from([("mem_used_max".to_owned(), value)]);
    let set = |value| {
        let all = ids.into_iter().chain([JobDbId(999)]).map(|id| (id, footprint(value))).collect();
        wait(store.ports.set_footprints(all)).unwrap();
    };
    let shown = |job_id| {
        let footprint = store.job(job_id).fragments.footprint;
        footprint.map(|fragment| serde_json::from_str::<Value>(fragment.get()).unwrap())
    };
    set(12.5);
    assert_eq!(shown(1), Some(json!({"mem_used_max": 12.5})));
    assert_eq!(shown(2), None, "it has ended");
    assert_eq!(shown(3), Some(json!({"cpu_load_avg": 32.5})), "it is archived");
    set(13.0);
    assert_eq!(shown(1), Some(json!({"mem_used_max": 13.0})), "in place of the old one");
    wait(store.ports.set_footprints(vec![(store.job(1).id, BTreeMap::new())])).unwrap();
    assert_eq!(shown(1), None);
    wait(store.ports.set_footprints(Vec::new())).unwrap();
    assert_eq!(store.job(1).state, JobState::Running);
}
