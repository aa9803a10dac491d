//! The suites of the testkit, one list of them for all backends.

use crate::store::{Maker, TestStore};
use flightdeck_model::UserRepository;
use flightdeck_testkit::{
    archive_work_suite, archiving_queue_suite, audit_log_suite, job_changes_suite, job_repository_suite,
    node_repository_suite, quarantine_suite, task_log_suite, user_repository_suite,
};
use std::cell::RefCell;
use std::sync::Arc;

/// Runs on stores that the maker makes.
type Suite = fn(Maker<'_>);

const SUITES: [(&str, Suite); 9] = [
    ("jobs", |make| job_repository_suite(|| make().under_test())),
    ("changes of jobs", |make| job_changes_suite(|| make().under_test())),
    ("work for the archive", |make| archive_work_suite(|| make().under_test())),
    ("jobs to be archived", |make| archiving_queue_suite(|| make().under_test())),
    ("the audit log", |make| audit_log_suite(|| make().under_test())),
    ("nodes", |make| node_repository_suite(|| make().under_test())),
    ("the quarantine", |make| quarantine_suite(|| make().under_test())),
    ("the task log", |make| task_log_suite(|| make().under_test())),
    ("users", |make| users(make)),
];

fn users(make: Maker<'_>) {
    let kept = RefCell::new(Vec::new());
    user_repository_suite(|| {
        let store = make();
        let repository: Arc<dyn UserRepository> = Arc::new(store.database.clone());
        kept.borrow_mut().push(store);
        repository
    });
}

/// Runs all suites side by side. What fails is said by a thread of the suite's name.
pub(crate) fn pass(make: Maker<'_>) {
    std::thread::scope(|scope| {
        for (name, suite) in SUITES {
            let thread = std::thread::Builder::new().name(format!("suite of {name}"));
            thread.spawn_scoped(scope, move || suite(make)).unwrap();
        }
    });
}

#[test]
fn sqlite_passes_all_suites() {
    pass(&TestStore::new);
}
