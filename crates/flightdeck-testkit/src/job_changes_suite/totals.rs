//! Lists and their totals, which stay right after every kind of change.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, audit_entry, every_job};
use crate::store_under_test::{StoreUnderTest, newest, tag};
use crate::wait;
use flightdeck_model::{
    AuditAction, DeleteBefore, JobSelection, JobState, JobVisibility, NewJob, OmitTagged, TagFilter,
    UnixTime, WhichJob,
};

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    lists_follow_every_change(make());
    a_refused_change_leaves_the_lists(make());
}

/// Selections of which a store may keep totals, and others.
fn selections() -> Vec<JobSelection> {
    let mut all = Vec::new();
    for cluster in [None, Some("alpha"), Some("beta"), Some("gamma")] {
        for states in [
            vec![],
            vec![JobState::Running],
            vec![JobState::Completed],
            vec![JobState::Timeout],
            vec![JobState::Failed, JobState::Running],
        ] {
            let mut selection = every_job();
            selection.filter.cluster = cluster.map(str::to_owned);
            selection.filter.states = states;
            all.push(selection);
        }
    }
    let mut tagged = every_job();
    tagged.filter.tags = vec![TagFilter { tag_type: None, name: "slow".to_owned() }];
    let mut of_user = every_job();
    of_user.visibility = JobVisibility::Own { username: "mona".to_owned() };
    all.extend([tagged, of_user]);
    all
}

/// How many jobs there are in all, are running, run or failed on `alpha`, and carry the tag. Every list has to
/// agree with its own total and count.
#[track_caller]
fn counted(store: &StoreUnderTest) -> [usize; 4] {
    for selection in selections() {
        store.listed(&selection);
    }
    let count = |change: &dyn Fn(&mut JobSelection)| {
        let mut selection = every_job();
        change(&mut selection);
        store.listed(&selection).len()
    };
    [
        count(&|_| {}),
        count(&|selection| selection.filter.states = vec![JobState::Running]),
        count(&|selection| {
            selection.filter.cluster = Some("alpha".to_owned());
            selection.filter.states = vec![JobState::Failed, JobState::Running];
        }),
        count(&|selection| {
            selection.filter.tags = vec![TagFilter { tag_type: None, name: "slow".to_owned() }];
        }),
    ]
}

fn lists_follow_every_change(store: StoreUnderTest) {
    assert_eq!(counted(&store), [0, 0, 0, 0]);
    let store = store.with((1..=3).map(|job_id| archived_job(job_id).build()));
    assert_eq!(counted(&store), [3, 0, 0, 0], "imported");
    let with_walltime = |job_id| NewJob { walltime_s: 60, ..archived_job(job_id).as_started() };
    let store = store.with_running((4..=7).map(with_walltime));
    let store = store.with_running([archived_job(8).cluster("beta").tag("n", "slow", "global").as_started()]);
    assert_eq!(counted(&store), [8, 5, 4, 1], "started");
    store.stop(newest(4), JobState::Failed, PRESENT).unwrap();
    store.stop(newest(5), JobState::Completed, PRESENT).unwrap();
    assert_eq!(counted(&store), [8, 3, 3, 1], "stopped");
    let slow = [tag("n", "slow", "global")];
    store.add_tags(store.job(1).id, &slow).unwrap();
    store.add_tags(store.job(6).id, &slow).unwrap();
    assert_eq!(counted(&store), [8, 3, 3, 3], "tagged");
    store.remove_tags(store.job(8).id, &slow).unwrap();
    assert_eq!(counted(&store), [8, 3, 3, 2], "untagged");
    let audit = |action| audit_entry(action, "jobs");
    wait(store.ports.stop_overdue(UnixTime(PRESENT), 0, 1, audit(AuditAction::StopJob))).unwrap();
    assert_eq!(counted(&store), [8, 2, 2, 2], "overdue");
    wait(store.ports.delete_job(WhichJob::Id(store.job(1).id), true, audit(AuditAction::DeleteJob))).unwrap();
    assert_eq!(counted(&store), [7, 2, 2, 1], "deleted");
    wait(store.ports.delete_tags(slow.to_vec(), audit(AuditAction::DeleteTags))).unwrap();
    assert_eq!(counted(&store), [7, 2, 2, 0], "tags deleted");
    let old = DeleteBefore {
        started_before: UnixTime(FIRST_START + 60 * 5),
        omit_tagged: OmitTagged::None,
        include_running: true,
        with_archive: true,
    };
    wait(store.ports.delete_jobs_before(old, audit(AuditAction::DeleteJobsBefore))).unwrap();
    assert_eq!(counted(&store), [4, 2, 1, 0], "2, 3 and 4 were old");
    let store = store.with([archived_job(5).state(JobState::Failed).fingerprint(77).build()]);
    assert_eq!(counted(&store), [4, 2, 2, 0], "the archive says that 5 failed");
    store.ports.remove_archived_jobs().unwrap();
    assert_eq!(counted(&store), [3, 2, 1, 0], "archived ones removed");
}

fn a_refused_change_leaves_the_lists(store: StoreUnderTest) {
    let store = store.with([archived_job(1).build()]).with_running([archived_job(2).as_started()]);
    let before = counted(&store);
    assert!(store.start(archived_job(2).as_started()).is_err());
    assert!(store.stop(newest(1), JobState::Failed, PRESENT).is_err());
    assert!(store.stop(newest(2), JobState::Failed, 1).is_err());
    assert!(store.stop(newest(9), JobState::Failed, PRESENT).is_err());
    assert_eq!(counted(&store), before);
}
