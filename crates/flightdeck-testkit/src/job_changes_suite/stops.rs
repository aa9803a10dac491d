//! Jobs that end: which one is meant, and what is refused.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, every_job};
use crate::store_under_test::{StoreUnderTest, newest};
use flightdeck_model::{JobChangeError, JobDbId, JobMatch, JobState, MonitoringStatus, NewJob, UnixTime};

const DAY_S: i64 = 86_400;
const LAST_SECOND: i64 = 253_402_300_799;

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    a_stopped_job_has_ended(make());
    where_its_data_are_stays_known(make());
    every_final_state_is_kept(make());
    the_newest_match_is_meant(make);
    what_does_not_fit_is_not_found(make());
    a_job_stops_once(make());
    the_newest_decides_even_when_it_has_ended(make());
    a_job_does_not_stop_before_its_start(make());
    durations_do_not_wrap(make());
}

fn a_stopped_job_has_ended(store: StoreUnderTest) {
    let job = archived_job(1).hosts(&["a001", "a002"]).tag("app", "vasp", "global").metadata("jobName", "x");
    let store = store.with_running([job.start(FIRST_START).as_started(), archived_job(2).as_started()]);
    let id = store.job(1).id;
    let stopped = store.stop(newest(1), JobState::Failed, FIRST_START + 90).unwrap();
    assert_eq!((stopped.id, stopped.state, stopped.duration_s), (id, JobState::Failed, 90));
    assert!(stopped.tags.is_empty() && stopped.fragments.meta_data.is_none(), "they are not loaded");
    assert_eq!(stopped.resources().unwrap().len(), 2);

    let found = store.find(id).unwrap();
    assert_eq!((found.state, found.duration_s), (JobState::Failed, 90));
    assert_eq!(found.tags.len(), 1);
    assert!(found.fragments.meta_data.is_some());
    for (states, expected) in [(vec![JobState::Running], vec![2]), (vec![JobState::Failed], vec![1])] {
        let mut selection = every_job();
        selection.filter.states = states;
        assert_eq!(store.listed(&selection), expected, "{selection:?}");
        selection.filter.cluster = Some("alpha".to_owned());
        assert_eq!(store.listed(&selection), expected, "{selection:?}");
    }
    let mut on_node = every_job();
    on_node.filter.node = Some("a002".to_owned());
    assert_eq!(store.listed(&on_node), [1], "its nodes stay known");
    let used = store.ports.used_nodes(UnixTime(PRESENT)).unwrap();
    assert_eq!(used.get("alpha").unwrap(), &["a001"], "job 2 still uses its node");
    store.stop(newest(2), JobState::Completed, PRESENT).unwrap();
    assert!(store.ports.used_nodes(UnixTime(PRESENT)).unwrap().is_empty());
}

fn where_its_data_are_stays_known(store: StoreUnderTest) {
    let unmonitored =
        NewJob { monitoring_status: MonitoringStatus::Disabled, ..archived_job(2).as_started() };
    let store = store.with_running([archived_job(1).as_started(), unmonitored]);
    for (job_id, status) in [(1, MonitoringStatus::RunningOrArchiving), (2, MonitoringStatus::Disabled)] {
        let stopped = store.stop(newest(job_id), JobState::Completed, PRESENT).unwrap();
        assert_eq!(stopped.monitoring_status, status);
        assert_eq!(store.job(job_id).monitoring_status, status);
    }
    assert!(store.archive_tasks().is_empty(), "nothing of them is in the archive yet");
}

fn every_final_state_is_kept(store: StoreUnderTest) {
    let states = JobState::ALL.into_iter().filter(|state| state.is_final());
    let numbered: Vec<(i64, JobState)> = (1..).zip(states).collect();
    let store = store.with_running(numbered.iter().map(|(number, _)| archived_job(*number).as_started()));
    for (number, state) in numbered {
        assert_eq!(store.stop(newest(number), state, PRESENT).unwrap().state, state);
        assert_eq!(store.job(number).state, state);
    }
}

/// Job 1 on two clusters, three times on `alpha`; started in this order.
fn with_one_number(make: &dyn Fn() -> StoreUnderTest) -> (StoreUnderTest, Vec<JobDbId>) {
    let store = make();
    let ids = [
        ("alpha", FIRST_START + 4 * DAY_S),
        ("alpha", FIRST_START),
        ("beta", FIRST_START + 4 * DAY_S),
        ("alpha", FIRST_START + 2 * DAY_S),
    ]
    .map(|(cluster, start_s)| {
        store.start(archived_job(1).cluster(cluster).start(start_s).as_started()).unwrap()
    });
    store.start(archived_job(2).start(FIRST_START + 9 * DAY_S).as_started()).unwrap();
    (store, ids.to_vec())
}

fn the_newest_match_is_meant(make: &dyn Fn() -> StoreUnderTest) {
    let alpha = || Some("alpha".to_owned());
    let at = |days: i64| Some(UnixTime(FIRST_START + days * DAY_S));
    let wanted = |cluster, start_time| JobMatch { job_id: 1, cluster, start_time };
    for (job, expected) in [
        (wanted(None, None), 2),
        (wanted(None, at(4)), 2),
        (wanted(None, at(2)), 3),
        (wanted(alpha(), None), 0),
        (wanted(alpha(), at(4)), 0),
        (wanted(alpha(), at(0)), 1),
        (wanted(Some("beta".to_owned()), None), 2),
    ] {
        let (store, ids) = with_one_number(make);
        let stopped = store.stop(job.clone(), JobState::Completed, PRESENT).unwrap();
        assert_eq!(Some(&stopped.id), ids.get(expected), "{job:?}");
        let mut running = every_job();
        running.filter.states = vec![JobState::Running];
        assert_eq!(store.listed(&running).len(), 4, "the others run on");
    }
}

fn what_does_not_fit_is_not_found(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).start(FIRST_START).as_started()]);
    let alpha = || Some("alpha".to_owned());
    for job in [
        newest(2),
        newest(0),
        newest(-1),
        JobMatch { cluster: Some("beta".to_owned()), ..newest(1) },
        JobMatch { cluster: Some("ALPHA".to_owned()), ..newest(1) },
        JobMatch { cluster: Some(String::new()), ..newest(1) },
        JobMatch { start_time: Some(UnixTime(FIRST_START + 1)), ..newest(1) },
        JobMatch { job_id: 1, cluster: alpha(), start_time: Some(UnixTime(FIRST_START - 1)) },
    ] {
        let refused = store.stop(job.clone(), JobState::Completed, PRESENT);
        assert!(matches!(refused, Err(JobChangeError::NotFound)), "{job:?}: {refused:?}");
    }
    assert_eq!(store.job(1).state, JobState::Running);
}

fn a_job_stops_once(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).start(FIRST_START).as_started()]);
    store.stop(newest(1), JobState::Failed, FIRST_START + 5).unwrap();
    let refused = store.stop(newest(1), JobState::Completed, FIRST_START + 100).unwrap_err();
    let JobChangeError::NotRunning { job, state } = refused else { panic!("{refused}") };
    assert_eq!((job, state), (store.job(1).key, JobState::Failed));
    assert_eq!((store.job(1).state, store.job(1).duration_s), (JobState::Failed, 5), "the first stop holds");

    let store = store.with([archived_job(2).build()]);
    let refused = store.stop(newest(2), JobState::Completed, PRESENT);
    assert!(matches!(refused, Err(JobChangeError::NotRunning { .. })), "an archived one: {refused:?}");
}

fn the_newest_decides_even_when_it_has_ended(store: StoreUnderTest) {
    let at = |days: i64| archived_job(1).start(FIRST_START + days * DAY_S).as_started();
    let store = store.with_running([at(0), at(2)]);
    store.stop(newest(1), JobState::Completed, PRESENT).unwrap();
    let refused = store.stop(newest(1), JobState::Completed, PRESENT);
    assert!(matches!(refused, Err(JobChangeError::NotRunning { .. })), "{refused:?}");
    let first = JobMatch { start_time: Some(UnixTime(FIRST_START)), ..newest(1) };
    assert!(store.stop(first, JobState::Completed, PRESENT).is_ok(), "the older one is named by its start");
}

fn a_job_does_not_stop_before_its_start(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).start(FIRST_START).as_started()]);
    let refused = store.stop(newest(1), JobState::Completed, FIRST_START - 1).unwrap_err();
    let JobChangeError::StopBeforeStart { job, stop_time } = refused else { panic!("{refused}") };
    assert_eq!((job, stop_time), (store.job(1).key, FIRST_START - 1));
    assert_eq!(store.job(1).state, JobState::Running);
    let stopped = store.stop(newest(1), JobState::Completed, FIRST_START).unwrap();
    assert_eq!((stopped.state, stopped.duration_s), (JobState::Completed, 0));
    assert_eq!(store.job(1).duration_s, 0);
}

fn durations_do_not_wrap(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).start(1).as_started()]);
    assert_eq!(store.stop(newest(1), JobState::Completed, LAST_SECOND).unwrap().duration_s, LAST_SECOND - 1);
    assert_eq!(store.job(1).duration_s, LAST_SECOND - 1);
    let mut long = every_job();
    long.filter.duration_s = Some(flightdeck_model::Range { from: Some(LAST_SECOND - 1), to: None });
    assert_eq!(store.listed(&long), [1]);
}
