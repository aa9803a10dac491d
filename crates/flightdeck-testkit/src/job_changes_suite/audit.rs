//! The audit entries of changes: there with the change, and not there without it.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, audit_entry};
use crate::store_under_test::{StoreUnderTest, newest, tag};
use crate::wait;
use flightdeck_model::{
    AuditAction, AuditEntry, DeleteBefore, JobChangeError, JobDbId, JobEnd, JobState, JobVisibility,
    OmitTagged, UnixTime, WhichJob,
};

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    every_change_leaves_its_entry(&make());
    a_refused_change_leaves_none(make());
}

fn every_change_leaves_its_entry(store: &StoreUnderTest) {
    let ports = &store.ports;
    let all = || JobVisibility::All;
    let tags = || vec![tag("a", "b", "global")];
    let entry = |action| audit_entry(action, "the object of this one");
    let started = wait(ports.start_job(archived_job(1).as_started(), entry(AuditAction::StartJob)));
    let id = started.unwrap();
    wait(ports.add_tags(id, all(), tags(), entry(AuditAction::TagJob))).unwrap();
    wait(ports.remove_tags(id, all(), tags(), entry(AuditAction::UntagJob))).unwrap();
    wait(ports.delete_tags(tags(), entry(AuditAction::DeleteTags))).unwrap();
    let (which, key) = (WhichJob::Id(id), "key".to_owned());
    wait(ports.set_metadata(which, all(), key, String::new(), entry(AuditAction::EditMeta))).unwrap();
    let end = JobEnd { job: newest(1), state: JobState::Failed, stop_time: UnixTime(PRESENT) };
    wait(ports.stop_job(end, entry(AuditAction::StopJob))).unwrap();
    wait(ports.delete_job(WhichJob::Id(id), false, entry(AuditAction::DeleteJob))).unwrap();
    let old = DeleteBefore {
        started_before: UnixTime(FIRST_START),
        omit_tagged: OmitTagged::None,
        include_running: false,
        with_archive: false,
    };
    wait(ports.delete_jobs_before(old, entry(AuditAction::DeleteJobsBefore))).unwrap();

    let mut expected = [
        AuditAction::StartJob,
        AuditAction::TagJob,
        AuditAction::UntagJob,
        AuditAction::DeleteTags,
        AuditAction::EditMeta,
        AuditAction::StopJob,
        AuditAction::DeleteJob,
        AuditAction::DeleteJobsBefore,
    ]
    .map(entry);
    expected.reverse();
    let key = archived_job(1).as_started().key.to_string();
    let as_given = |recorded: AuditEntry| as_given(recorded, &key);
    assert_eq!(store.audit_entries().into_iter().map(as_given).collect::<Vec<_>>(), expected);
}

/// The entry without what a store may know better than its caller: which job it was, and how many there were.
fn as_given(recorded: AuditEntry, key: &str) -> AuditEntry {
    let is_better_known = recorded.object == key;
    let object = if is_better_known { "the object of this one".to_owned() } else { recorded.object };
    let detail = if recorded.detail == "0 jobs" { String::new() } else { recorded.detail };
    AuditEntry { object, detail, ..recorded }
}

fn a_refused_change_leaves_none(store: StoreUnderTest) {
    let store = store.with([archived_job(1).build()]).with_running([archived_job(2).as_started()]);
    let before = store.audit_entries();
    let id = store.job(1).id;
    let many: Vec<_> = (0..300).map(|number| tag("n", &number.to_string(), "global")).collect();
    let audit = || audit_entry(AuditAction::DeleteJob, "refused");
    let which = || WhichJob::Id(id);
    let nobody = || JobVisibility::Own { username: "nobody".to_owned() };
    let (key, long) = ("key".to_owned(), "x".repeat(4 * 1024 * 1024));
    let refused: [Result<(), JobChangeError>; 8] = [
        store.start(archived_job(2).as_started()).map(drop),
        store.stop(newest(1), JobState::Failed, PRESENT).map(drop),
        store.stop(newest(2), JobState::Failed, 1).map(drop),
        store.stop(newest(9), JobState::Failed, PRESENT).map(drop),
        store.add_tags(id, &many).map(drop),
        wait(store.ports.remove_tags(id, nobody(), many, audit())).map(drop),
        wait(store.ports.set_metadata(which(), JobVisibility::All, key, long, audit())).map(drop),
        wait(store.ports.delete_job(WhichJob::Id(JobDbId(i64::MAX)), true, audit())).map(drop),
    ];
    assert!(refused.iter().all(Result::is_err), "{refused:?}");
    assert_eq!(store.audit_entries(), before);
}
