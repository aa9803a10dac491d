//! What every queue of the archive's work has to do.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{PRESENT, archived_job, audit_entry};
use crate::store_under_test::{StoreUnderTest, newest, tag};
use crate::wait;
use flightdeck_model::{
    ArchiveAction, ArchiveOutcome, ArchiveTask, AuditAction, ChangedJob, DeleteBefore, ImportCounts, JobDbId,
    JobState, JobVisibility, OmitTagged, Tag, UnixTime, WhichJob,
};

/// Checks an [`ArchiveWork`](flightdeck_model::ArchiveWork); `make` makes an empty store.
///
/// # Panics
///
/// When the store does not keep a promise of the port.
pub fn archive_work_suite(make: impl Fn() -> StoreUnderTest) {
    a_change_of_an_archived_job_is_queued(make());
    what_changes_nothing_is_not_queued(make());
    jobs_outside_the_archive_are_not_queued(make());
    deleted_tags_are_queued_for_their_jobs(make());
    labels_are_those_of_now(make());
    a_done_task_is_gone(make());
    a_task_that_was_overtaken_stays(make());
    a_failed_task_waits_behind_the_others(make());
    a_new_change_counts_attempts_anew(make());
    an_import_knows_what_was_written(&make());
    a_deleted_job_is_removed_when_asked_for(make());
    files_that_cannot_be_there_are_not_removed(make());
    old_jobs_are_removed_each(make());
    settling_what_is_gone_changes_nothing(make());
}

fn good() -> [Tag; 1] {
    [tag("quality", "good", "global")]
}

fn set_metadata(store: &StoreUnderTest, id: JobDbId, value: &str) -> ChangedJob {
    let (key, audit) = ("issue".to_owned(), audit_entry(AuditAction::EditMeta, "job"));
    wait(store.ports.set_metadata(WhichJob::Id(id), JobVisibility::All, key, value.to_owned(), audit))
        .unwrap()
}

fn delete(store: &StoreUnderTest, id: JobDbId, with_archive: bool) {
    let audit = audit_entry(AuditAction::DeleteJob, "job");
    wait(store.ports.delete_job(WhichJob::Id(id), with_archive, audit)).unwrap();
}

fn settle(store: &StoreUnderTest, task: ArchiveTask, outcome: ArchiveOutcome) {
    wait(store.ports.settle_archive_task(task, outcome)).unwrap();
}

const DONE: ArchiveOutcome = ArchiveOutcome::Done { fingerprint: Some(4711) };

fn failed(problem: &str) -> ArchiveOutcome {
    ArchiveOutcome::Failed { problem: problem.to_owned() }
}

/// The one task that there is.
#[track_caller]
fn only_task(store: &StoreUnderTest) -> ArchiveTask {
    let mut tasks = store.archive_tasks();
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    tasks.pop().unwrap()
}

fn a_change_of_an_archived_job_is_queued(store: StoreUnderTest) {
    let store = store.with([1, 2].map(|job_id| archived_job(job_id).build()));
    let job = store.job(1);
    let behind = ChangedJob { id: job.id, archive_is_behind: true };
    assert_eq!(store.add_tags(job.id, &good()).unwrap(), behind);
    let first = only_task(&store);
    assert_eq!((first.action, &first.key), (ArchiveAction::Update { job: job.id }, &job.key));
    assert_eq!((first.attempts, first.problem.as_str()), (0, ""));

    assert_eq!(store.remove_tags(job.id, &good()).unwrap(), behind);
    let second = only_task(&store);
    assert_eq!(set_metadata(&store, job.id, "slow"), behind);
    let third = only_task(&store);
    assert!(first.version < second.version && second.version < third.version, "there is one task of a job");
    assert_eq!((first.id, second.id), (second.id, third.id));

    set_metadata(&store, store.job(2).id, "slow");
    assert_eq!(store.archive_tasks().len(), 2);
    assert_eq!(store.ports.archive_tasks_of(&[job.id]).unwrap(), [third]);
    assert_eq!(store.ports.archive_tasks_of(&[job.id, store.job(2).id, JobDbId(999)]).unwrap().len(), 2);
    assert!(store.ports.archive_tasks_of(&[]).unwrap().is_empty());
    assert_eq!(store.ports.archive_tasks(1).unwrap().len(), 1);
    assert!(store.ports.archive_tasks(0).unwrap().is_empty());
}

fn what_changes_nothing_is_not_queued(store: StoreUnderTest) {
    let store = store.with([archived_job(1).tag("quality", "good", "global").build()]);
    let id = store.job(1).id;
    let unchanged = ChangedJob { id, archive_is_behind: false };
    assert_eq!(store.add_tags(id, &good()).unwrap(), unchanged);
    assert_eq!(store.add_tags(id, &[]).unwrap(), unchanged);
    assert_eq!(store.remove_tags(id, &[tag("quality", "bad", "global")]).unwrap(), unchanged);
    assert!(store.archive_tasks().is_empty());
}

fn jobs_outside_the_archive_are_not_queued(store: StoreUnderTest) {
    let store = store.with_running([1, 2].map(|job_id| archived_job(job_id).as_started()));
    store.stop(newest(2), JobState::Completed, PRESENT).unwrap();
    for job_id in [1, 2] {
        let id = store.job(job_id).id;
        let in_database = ChangedJob { id, archive_is_behind: false };
        assert_eq!(store.add_tags(id, &good()).unwrap(), in_database);
        assert_eq!(set_metadata(&store, id, "slow"), in_database);
    }
    let audit = audit_entry(AuditAction::DeleteTags, "tags");
    assert!(wait(store.ports.delete_tags(good().to_vec(), audit)).unwrap().jobs_behind.is_empty());
    assert!(store.archive_tasks().is_empty());
}

fn deleted_tags_are_queued_for_their_jobs(store: StoreUnderTest) {
    let tagged = |job_id| archived_job(job_id).tag("quality", "good", "global");
    let store = store
        .with([tagged(1).build(), tagged(2).build(), archived_job(3).build()])
        .with_running([tagged(4).as_started()]);
    let audit = audit_entry(AuditAction::DeleteTags, "tags");
    let mut behind = wait(store.ports.delete_tags(good().to_vec(), audit)).unwrap().jobs_behind;
    behind.sort_unstable();
    assert_eq!(behind, [store.job(1).id, store.job(2).id]);
    assert_eq!(store.ports.archive_tasks_of(&behind).unwrap().len(), 2);
    assert_eq!(store.archive_tasks().len(), 2);
}

fn labels_are_those_of_now(store: StoreUnderTest) {
    let store = store.with([archived_job(1).tag("a", "b", "admin").metadata("jobName", "x").build()]);
    let id = store.job(1).id;
    store.add_tags(id, &[tag("note", "mine", "mona")]).unwrap();
    set_metadata(&store, id, "slow");
    let labels = store.ports.job_labels(id).unwrap().unwrap();
    let mut scopes: Vec<&str> = labels.tags.iter().map(|known| known.scope.as_str()).collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["admin", "mona"], "whoever may see them");
    let keys: Vec<&str> = labels.meta_data.keys().map(String::as_str).collect();
    assert_eq!(keys, ["issue", "jobName"]);
    assert!(store.ports.job_labels(JobDbId(id.0 + 1)).unwrap().is_none());
}

fn a_done_task_is_gone(store: StoreUnderTest) {
    let store = store.with([archived_job(1).build()]);
    let id = store.job(1).id;
    set_metadata(&store, id, "slow");
    settle(&store, only_task(&store), DONE);
    assert!(store.archive_tasks().is_empty());
    assert!(store.ports.archive_tasks_of(&[id]).unwrap().is_empty());
    assert!(set_metadata(&store, id, "fixed").archive_is_behind, "the next change is queued again");
    assert_eq!(only_task(&store).action, ArchiveAction::Update { job: id });
}

fn a_task_that_was_overtaken_stays(store: StoreUnderTest) {
    let store = store.with([archived_job(1).build()]);
    let id = store.job(1).id;
    set_metadata(&store, id, "slow");
    let old = only_task(&store);
    set_metadata(&store, id, "fixed");
    let new = only_task(&store);
    settle(&store, old, DONE);
    assert_eq!(only_task(&store), new);
    settle(&store, new, DONE);
    assert!(store.archive_tasks().is_empty());
}

fn a_failed_task_waits_behind_the_others(store: StoreUnderTest) {
    let store = store.with((1..=3).map(|job_id| archived_job(job_id).build()));
    for job_id in 1..=3 {
        set_metadata(&store, store.job(job_id).id, "slow");
    }
    let order = || -> Vec<i64> { store.archive_tasks().iter().map(|task| task.key.job_id).collect() };
    assert_eq!(order(), [1, 2, 3]);
    let first = || store.archive_tasks().into_iter().next().unwrap();
    settle(&store, first(), failed("no meta.json"));
    assert_eq!(order(), [2, 3, 1]);
    settle(&store, first(), failed("the disk is full"));
    settle(&store, first(), failed("it's read-only"));
    assert_eq!(order(), [1, 2, 3]);
    settle(&store, first(), failed("no meta.json yet"));
    let last = store.archive_tasks().pop().unwrap();
    assert_eq!((last.attempts, last.problem.as_str()), (2, "no meta.json yet"));
    assert_eq!(last.key.job_id, 1);
}

fn a_new_change_counts_attempts_anew(store: StoreUnderTest) {
    let store = store.with([archived_job(1).build()]);
    let id = store.job(1).id;
    set_metadata(&store, id, "slow");
    settle(&store, only_task(&store), failed("no meta.json"));
    assert_eq!(only_task(&store).attempts, 1);
    set_metadata(&store, id, "fixed");
    let task = only_task(&store);
    assert_eq!((task.attempts, task.problem.as_str()), (0, ""));
}

fn an_import_knows_what_was_written(store: &StoreUnderTest) {
    let archived = |fingerprint| archived_job(1).fingerprint(fingerprint);
    store.ports.import_jobs(&[archived(1).build()]).unwrap();
    set_metadata(store, store.job(1).id, "slow");
    settle(store, only_task(store), DONE);
    let now = archived(4711).metadata("issue", "slow").build();
    let counts = store.ports.import_jobs(&[now]).unwrap();
    assert_eq!(counts, ImportCounts { unchanged: 1, ..ImportCounts::default() });
    let counts = store.ports.import_jobs(&[archived(1).build()]).unwrap();
    assert_eq!(counts.updated, 1, "another file is news");
}

fn a_deleted_job_is_removed_when_asked_for(store: StoreUnderTest) {
    let store = store.with([1, 2].map(|job_id| archived_job(job_id).build()));
    let (first, second) = (store.job(1), store.job(2));
    for id in [first.id, second.id] {
        set_metadata(&store, id, "slow");
    }
    delete(&store, first.id, true);
    delete(&store, second.id, false);
    let task = only_task(&store);
    assert_eq!((task.action, &task.key), (ArchiveAction::Remove, &first.key), "what is gone is not updated");
    assert_eq!(store.ports.archive_tasks_of(&[first.id]).unwrap(), std::slice::from_ref(&task));
    assert!(store.ports.archive_tasks_of(&[second.id]).unwrap().is_empty());
    settle(&store, task, failed("no permission"));
    assert_eq!(only_task(&store).attempts, 1);
    settle(&store, only_task(&store), ArchiveOutcome::Done { fingerprint: None });
    assert!(store.archive_tasks().is_empty());
}

fn files_that_cannot_be_there_are_not_removed(store: StoreUnderTest) {
    let store = store.with_running([1, 2].map(|job_id| archived_job(job_id).as_started()));
    store.stop(newest(2), JobState::Completed, PRESENT).unwrap();
    for job_id in [1, 2] {
        delete(&store, store.job(job_id).id, true);
    }
    // An attempt to archive the second one may have written its files already.
    assert_eq!(only_task(&store).key.job_id, 2);
}

fn old_jobs_are_removed_each(store: StoreUnderTest) {
    let store = store
        .with((1..=3).map(|job_id| archived_job(job_id).build()))
        .with_running([archived_job(4).as_started()]);
    let ids = [1, 2, 3, 4].map(|job_id| store.job(job_id).id);
    let old = |started_before, with_archive| DeleteBefore {
        started_before,
        omit_tagged: OmitTagged::None,
        include_running: true,
        with_archive,
    };
    let second = store.job(2).key.start_time;
    let audit = || audit_entry(AuditAction::DeleteJobsBefore, "jobs");
    assert_eq!(wait(store.ports.delete_jobs_before(old(second, false), audit())).unwrap(), 1);
    assert!(store.archive_tasks().is_empty());
    assert_eq!(wait(store.ports.delete_jobs_before(old(UnixTime(PRESENT), true), audit())).unwrap(), 3);
    let numbers: Vec<i64> = store.archive_tasks().iter().map(|task| task.key.job_id).collect();
    assert_eq!(numbers, [2, 3]);
    assert_eq!(store.ports.archive_tasks_of(&ids).unwrap().len(), 2);
}

fn settling_what_is_gone_changes_nothing(store: StoreUnderTest) {
    let store = store.with([1, 2].map(|job_id| archived_job(job_id).build()));
    set_metadata(&store, store.job(1).id, "slow");
    let old = only_task(&store);
    delete(&store, store.job(1).id, false);
    set_metadata(&store, store.job(2).id, "slow");
    let other = only_task(&store);
    settle(&store, old.clone(), DONE);
    settle(&store, old, failed("gone"));
    assert_eq!(only_task(&store), other);
}
