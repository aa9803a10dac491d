//! What every log of periodic tasks has to do.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::store_under_test::StoreUnderTest;
use crate::wait;
use flightdeck_model::{TaskRun, UnixTime};

/// Checks a [`TaskLog`](flightdeck_model::TaskLog); `make` makes an empty store.
///
/// # Panics
///
/// When the store does not keep a promise of the port.
pub fn task_log_suite(make: impl Fn() -> StoreUnderTest) {
    the_last_run_of_each_task_is_kept(&make());
    odd_texts_are_kept(&make());
}

fn run(name: &str, started_s: i64) -> TaskRun {
    TaskRun {
        name: name.to_owned(),
        started: UnixTime(started_s),
        duration_ms: 17,
        result: "3 jobs".to_owned(),
        error: None,
    }
}

fn record(store: &StoreUnderTest, run: &TaskRun) {
    wait(store.ports.record_run(run.clone())).unwrap();
}

fn the_last_run_of_each_task_is_kept(store: &StoreUnderTest) {
    assert!(store.ports.last_runs().unwrap().is_empty());
    let failed = TaskRun {
        result: String::new(),
        error: Some("the disk is full".to_owned()),
        duration_ms: 5_000_000_000,
        ..run("stop-overdue-jobs", 200)
    };
    for new in [&run("stop-overdue-jobs", 100), &run("archive-repair", 100), &failed] {
        record(store, new);
    }
    assert_eq!(store.ports.last_runs().unwrap(), [run("archive-repair", 100), failed.clone()], "by name");
    record(store, &run("stop-overdue-jobs", 300));
    let expected = [run("archive-repair", 100), run("stop-overdue-jobs", 300)];
    assert_eq!(store.ports.last_runs().unwrap(), expected, "a run that went well takes the error away");
}

fn odd_texts_are_kept(store: &StoreUnderTest) {
    let odd = "o'hara \"%_\" \\ \n \u{1f680}";
    let sent = TaskRun { result: odd.to_owned(), error: Some(odd.to_owned()), ..run(odd, 1) };
    record(store, &sent);
    assert_eq!(store.ports.last_runs().unwrap(), [sent]);
}
