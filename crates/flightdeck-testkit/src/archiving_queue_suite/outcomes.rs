//! What becomes of a job that was to be archived.

use super::{
    ArchiveAction, ArchivedResult, JobDbId, JobLabels, JobState, MissingSamples, MonitoringStatus, PRESENT,
    StoreUnderTest, Tag, UnixTime, Value, archived, archived_job, delete, given_up, json, labels, newest,
    queued, result, retry, set_metadata, settle, stopped, tag,
};
use crate::builders::every_job;
use crate::wait;
use flightdeck_model::{ImportCounts, JobRecord, JobToArchive, NewJob, SortKey};
use serde_json::value::RawValue;

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    a_retry_comes_later(&make());
    what_is_given_up_has_failed(&make());
    what_is_given_up_can_be_queued_again(&make());
    nothing_else_is_queued_again(make());
    an_archived_job_shows_its_results(&make());
    what_was_missing_is_shown(&make());
    a_job_is_archived_once(&make());
    results_are_found_by_filters_and_orders(&make());
    unchanged_labels_leave_no_task(&make());
    changed_labels_leave_a_task(make);
    the_importer_knows_what_was_archived(&make());
    odd_values_are_kept(&make());
}

fn shown(fragment: Option<&RawValue>) -> Option<Value> {
    fragment.map(|json| serde_json::from_str(json.get()).unwrap())
}

/// Settles a job with the labels that it has, and returns it as it is then.
fn archived_as(store: &StoreUnderTest, id: JobDbId, of: impl Fn(JobLabels) -> ArchivedResult) -> JobRecord {
    assert!(settle(store, id, archived(of(labels(store, id)))));
    store.find(id).unwrap()
}

fn a_retry_comes_later(store: &StoreUnderTest) {
    let id = stopped(store, 1);
    assert!(settle(store, id, retry(PRESENT + 60, "the disk is full")));
    assert!(store.ports.jobs_to_archive(UnixTime(PRESENT + 59), 10).unwrap().is_empty());
    let entry = store.ports.jobs_to_archive(UnixTime(PRESENT + 60), 10).unwrap().pop().unwrap();
    assert_eq!((entry.id, entry.attempts, entry.due), (id, 1, UnixTime(PRESENT + 60)));
    assert_eq!(entry.problem, "the disk is full");
    assert!(settle(store, id, retry(PRESENT + 180, "it's read-only")));
    let entry = queued(store).pop().unwrap();
    assert_eq!((entry.attempts, entry.problem.as_str()), (2, "it's read-only"));
    assert_eq!(store.find(id).unwrap().monitoring_status, MonitoringStatus::RunningOrArchiving);
}

fn what_is_given_up_has_failed(store: &StoreUnderTest) {
    let id = stopped(store, 1);
    assert!(settle(store, id, retry(PRESENT, "the disk is full")));
    assert!(settle(store, id, given_up()));
    assert!(queued(store).is_empty());
    let found = store.find(id).unwrap();
    assert_eq!(found.monitoring_status, MonitoringStatus::ArchivingFailed);
    assert_eq!((found.state, found.duration_s), (JobState::Completed, 3600));
    assert!(!settle(store, id, archived(result(labels(store, id)))), "it is not in the queue any more");
    assert_eq!(store.find(id).unwrap().monitoring_status, MonitoringStatus::ArchivingFailed);
}

fn requeue(store: &StoreUnderTest, job: Option<JobDbId>) -> u64 {
    wait(store.ports.requeue(job)).unwrap()
}

fn what_is_given_up_can_be_queued_again(store: &StoreUnderTest) {
    let ids = [1, 2, 3].map(|job_id| stopped(store, job_id));
    let [one, another, waiting] = ids;
    for id in [one, another] {
        assert!(settle(store, id, retry(PRESENT + 60, "the disk is full")));
        assert!(settle(store, id, given_up()));
    }
    assert!(settle(store, waiting, retry(PRESENT + 60, "the disk is full")));
    assert_eq!(requeue(store, Some(one)), 1);
    let due = || store.ports.jobs_to_archive(UnixTime(0), 10).unwrap();
    let expected = JobToArchive { id: one, attempts: 0, due: UnixTime(0), problem: String::new() };
    assert_eq!(due(), [expected], "as if it had never been tried");
    assert_eq!(store.find(one).unwrap().monitoring_status, MonitoringStatus::RunningOrArchiving);
    assert_eq!(store.find(another).unwrap().monitoring_status, MonitoringStatus::ArchivingFailed);
    assert_eq!(requeue(store, Some(one)), 0, "it is queued");
    assert_eq!(requeue(store, None), 1);
    assert_eq!(due().iter().map(|entry| entry.id).collect::<Vec<_>>(), [one, another]);
    let untouched = queued(store).into_iter().find(|entry| entry.id == waiting).unwrap();
    assert_eq!((untouched.attempts, untouched.due), (1, UnixTime(PRESENT + 60)));
    assert_eq!(archived_as(store, one, result).monitoring_status, MonitoringStatus::Archived);
    assert_eq!(requeue(store, None), 0);
}

fn nothing_else_is_queued_again(store: StoreUnderTest) {
    let failed_already =
        NewJob { monitoring_status: MonitoringStatus::ArchivingFailed, ..archived_job(2).as_started() };
    let unmonitored =
        NewJob { monitoring_status: MonitoringStatus::Disabled, ..archived_job(3).as_started() };
    let store = store.with([archived_job(4).build()]).with_running([
        archived_job(1).as_started(),
        failed_already,
        unmonitored,
    ]);
    store.stop(newest(3), JobState::Completed, PRESENT).unwrap();
    assert_eq!(requeue(&store, None), 0, "what runs, has no data, or is archived");
    for job_id in 1..=4 {
        assert_eq!(requeue(&store, Some(store.job(job_id).id)), 0);
    }
    assert_eq!(requeue(&store, Some(JobDbId(999))), 0);
    assert!(queued(&store).is_empty());
}

fn an_archived_job_shows_its_results(store: &StoreUnderTest) {
    let id = stopped(store, 1);
    let other = stopped(store, 2);
    let found = archived_as(store, id, result);
    assert_eq!(found.monitoring_status, MonitoringStatus::Archived);
    assert_eq!((found.state, found.duration_s), (JobState::Completed, 3600));
    assert_eq!(found.energy_kwh.to_bits(), 1.25_f64.to_bits());
    let fragments = &found.fragments;
    let statistics = json!({"node_power": {"unit": {"base": "W"}, "avg": 200.5, "min": 100.0, "max": 300.0}});
    assert_eq!(shown(fragments.statistics.as_deref()), Some(statistics));
    let footprint = json!({"cpu_load_avg": 0.25, "mem_used_max": 12.5});
    assert_eq!(shown(fragments.footprint.as_deref()), Some(footprint));
    assert_eq!(shown(fragments.energy_footprint.as_deref()), Some(json!({"node_power": 1.25})));
    assert!(fragments.missing.is_none(), "nothing was missing");
    let waiting: Vec<JobDbId> = queued(store).iter().map(|entry| entry.id).collect();
    assert_eq!(waiting, [other], "the other one waits");
    assert_eq!(store.find(other).unwrap().monitoring_status, MonitoringStatus::RunningOrArchiving);
}

fn what_was_missing_is_shown(store: &StoreUnderTest) {
    let missing = |metric: &str, hosts: &[&str], reason: &str| MissingSamples {
        metric: metric.to_owned(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        reason: reason.to_owned(),
    };
    let both =
        vec![missing("flops", &["a001", "a002"], "no \"samples\""), missing("clock", &[], "it's gone")];
    let id = stopped(store, 1);
    let found = archived_as(store, id, |labels| ArchivedResult { missing: both.clone(), ..result(labels) });
    let expected = json!([
        {"metric": "flops", "hosts": ["a001", "a002"], "reason": "no \"samples\""},
        {"metric": "clock", "hosts": [], "reason": "it's gone"},
    ]);
    assert_eq!(shown(found.fragments.missing.as_deref()), Some(expected.clone()));
    let detailed = store.ports.jobs_with_ids(&every_job(), &[id], true).unwrap();
    let fragments = &detailed.first().unwrap().fragments;
    assert_eq!(shown(fragments.missing.as_deref()), Some(expected), "with the metadata");
    store.ports.import_jobs(&[archived_job(1).build()]).unwrap();
    assert!(store.find(id).unwrap().fragments.missing.is_none(), "other files say nothing of it");
}

fn a_job_is_archived_once(store: &StoreUnderTest) {
    let id = stopped(store, 1);
    assert!(settle(store, id, archived(result(labels(store, id)))));
    let late = ArchivedResult { energy_kwh: 99.0, ..result(labels(store, id)) };
    assert!(!settle(store, id, archived(late)));
    assert!(!settle(store, id, given_up()));
    assert!(!settle(store, id, retry(PRESENT, "no")));
    let found = store.find(id).unwrap();
    assert_eq!(found.monitoring_status, MonitoringStatus::Archived);
    assert_eq!(found.energy_kwh.to_bits(), 1.25_f64.to_bits());
    assert!(queued(store).is_empty());
    delete(store, id);
    assert!(!settle(store, id, given_up()));
}

fn results_are_found_by_filters_and_orders(store: &StoreUnderTest) {
    let ids = [1, 2, 3].map(|job_id| stopped(store, job_id));
    for (id, value) in ids.into_iter().zip([5.0, 9.0, 7.0]) {
        let footprint = [("mem_used_max".to_owned(), value)].into();
        archived_as(store, id, |labels| ArchivedResult {
            energy_kwh: value,
            footprint: std::collections::BTreeMap::clone(&footprint),
            ..result(labels)
        });
    }
    let mut selection = every_job();
    for key in [SortKey::Energy, SortKey::Footprint("mem_used_max".to_owned())] {
        selection.order.key = key;
        assert_eq!(store.listed(&selection), [2, 3, 1], "{:?}", selection.order);
    }
    selection.filter.energy_kwh = Some(flightdeck_model::Range { from: Some(6.0), to: None });
    assert_eq!(store.listed(&selection), [2, 3]);
}

fn unchanged_labels_leave_no_task(store: &StoreUnderTest) {
    let id = store
        .start(archived_job(1).tag("app", "vasp", "global").metadata("jobName", "x").as_started())
        .unwrap();
    store.stop(newest(1), JobState::Completed, PRESENT).unwrap();
    store.add_tags(id, &[tag("note", "mine", "mona")]).unwrap();
    set_metadata(store, id, "slow");
    archived_as(store, id, |mut labels| {
        labels.tags.reverse();
        labels.tags = labels.tags.into_iter().map(|known| Tag { id: 0, ..known }).collect();
        result(labels)
    });
    assert!(store.archive_tasks().is_empty(), "numbers and order of the tags do not matter");
    set_metadata(store, id, "fixed");
    assert_eq!(store.archive_tasks().len(), 1, "from now on the archive follows");
}

/// What somebody does to a job while it is being archived.
type Change = fn(&StoreUnderTest, JobDbId);

fn changed_labels_leave_a_task(make: &dyn Fn() -> StoreUnderTest) {
    let changes: [Change; 4] = [
        |store, id| assert_eq!(store.add_tags(id, &[tag("quality", "good", "global")]).unwrap().id, id),
        |store, id| assert_eq!(store.remove_tags(id, &[tag("app", "vasp", "global")]).unwrap().id, id),
        |store, id| set_metadata(store, id, "slow"),
        |store, id| {
            store.remove_tags(id, &[tag("app", "vasp", "global")]).unwrap();
            store.add_tags(id, &[tag("app", "vasp", "admin")]).unwrap();
        },
    ];
    for change in changes {
        let store = make();
        let id = store.start(archived_job(1).tag("app", "vasp", "global").as_started()).unwrap();
        store.stop(newest(1), JobState::Completed, PRESENT).unwrap();
        let written = labels(&store, id);
        change(&store, id);
        assert!(store.archive_tasks().is_empty());
        assert!(settle(&store, id, archived(result(written))));
        let tasks = store.archive_tasks();
        let [task] = tasks.as_slice() else { panic!("{tasks:?}") };
        assert_eq!((task.action, &task.key), (ArchiveAction::Update { job: id }, &store.job(1).key));
        assert_eq!((task.attempts, task.problem.as_str()), (0, ""));
    }
}

fn the_importer_knows_what_was_archived(store: &StoreUnderTest) {
    let id = stopped(store, 1);
    archived_as(store, id, result);
    let same = archived_job(1).fingerprint(4711).build();
    let counts = store.ports.import_jobs(&[same]).unwrap();
    assert_eq!(counts, ImportCounts { unchanged: 1, ..ImportCounts::default() });
    let counts = store.ports.import_jobs(&[archived_job(1).fingerprint(4712).build()]).unwrap();
    assert_eq!(counts.updated, 1, "another file is news");
}

fn odd_values_are_kept(store: &StoreUnderTest) {
    let id = stopped(store, 1);
    let found = archived_as(store, id, |labels| {
        let mut odd = result(labels);
        for statistics in odd.statistics.values_mut() {
            statistics.avg = f64::NAN;
            statistics.max = 0.1 + 0.2;
        }
        odd.statistics.insert("it's \"odd\" 🚀".to_owned(), flightdeck_model::JobStatistics::default());
        odd.fingerprint = i64::MIN;
        odd
    });
    let statistics = shown(found.fragments.statistics.as_deref()).unwrap();
    assert_eq!(statistics.get("node_power").unwrap().get("avg"), Some(&Value::Null));
    assert_eq!(statistics.get("node_power").unwrap().get("max"), Some(&json!(0.1 + 0.2)));
    assert!(statistics.get("it's \"odd\" 🚀").is_some());

    let empty = stopped(store, 2);
    let found = archived_as(store, empty, |labels| ArchivedResult {
        statistics: std::collections::BTreeMap::new(),
        footprint: std::collections::BTreeMap::new(),
        energy_kwh: 0.0,
        energy_footprint_kwh: std::collections::BTreeMap::new(),
        ..result(labels)
    });
    let fragments = &found.fragments;
    for fragment in [&fragments.statistics, &fragments.footprint, &fragments.energy_footprint] {
        assert!(fragment.is_none(), "{fragment:?}");
    }
}
