//! In which order jobs are listed, and page by page.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, every_job};
use crate::store_under_test::{StoreUnderTest, numbers};
use flightdeck_model::{JobDbId, JobOrder, JobSelection, JobState, Page, SortKey};

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    newest_come_first_by_default(make());
    ties_follow_the_direction(make());
    values_are_numbers(make());
    jobs_without_a_footprint_come_last(make());
    durations_of_running_jobs_count_until_now(make());
    pages_join_into_the_list(make());
    ids_choose_jobs_of_the_selection(make());
}

fn by(key: SortKey, descending: bool) -> JobSelection {
    JobSelection { order: JobOrder { key, descending }, ..every_job() }
}

fn newest_come_first_by_default(store: StoreUnderTest) {
    let store = store.with([2, 3, 1].map(|number| archived_job(number).build()));
    assert_eq!(store.listed(&every_job()), [3, 2, 1]);
    assert_eq!(store.listed(&by(SortKey::StartTime, false)), [1, 2, 3]);
}

fn ties_follow_the_direction(store: StoreUnderTest) {
    let store = store.with([3, 1, 2].map(|number| archived_job(number).start(FIRST_START).build()));
    let footprint = SortKey::Footprint("cpu_load_avg".to_owned());
    let nowhere = SortKey::Footprint("unheard_of".to_owned());
    for key in [SortKey::StartTime, SortKey::Duration, SortKey::NumNodes, SortKey::Energy, footprint, nowhere]
    {
        assert_eq!(store.listed(&by(key.clone(), false)), [3, 1, 2], "{key:?}: as they came in");
        assert_eq!(store.listed(&by(key.clone(), true)), [2, 1, 3], "{key:?}: the other way");
    }
    for states in [vec![], vec![JobState::Completed, JobState::Failed]] {
        let mut selection = every_job();
        selection.filter.states = states;
        assert_eq!(store.listed(&selection), [2, 1, 3]);
    }
}

fn values_are_numbers(store: StoreUnderTest) {
    let store = store.with([(1, 9), (2, 10), (3, 100)].map(|(number, value): (i64, i32)| {
        let job = archived_job(number).num_nodes(value).duration(value).energy(f64::from(value));
        job.footprint("mem_used_max", f64::from(value) / 4.0).build()
    }));
    let footprint = SortKey::Footprint("mem_used_max".to_owned());
    for key in [SortKey::NumNodes, SortKey::Duration, SortKey::Energy, footprint] {
        assert_eq!(store.listed(&by(key.clone(), false)), [1, 2, 3], "{key:?}");
        assert_eq!(store.listed(&by(key.clone(), true)), [3, 2, 1], "{key:?}");
    }
}

fn jobs_without_a_footprint_come_last(store: StoreUnderTest) {
    let store = store.with([
        archived_job(1).without_footprint().build(),
        archived_job(2).footprint("flops_any_avg", -5.0).build(),
        archived_job(3).build(),
        archived_job(4).footprint("flops_any_avg", 7.0).build(),
        archived_job(5).footprint("flops_any_avg", f64::NAN).build(),
    ]);
    let key = SortKey::Footprint("flops_any_avg".to_owned());
    assert_eq!(store.listed(&by(key.clone(), false)), [2, 4, 1, 3, 5]);
    assert_eq!(store.listed(&by(key, true)), [4, 2, 5, 3, 1]);
}

fn durations_of_running_jobs_count_until_now(store: StoreUnderTest) {
    let store = store
        .with([archived_job(1).duration(50).build(), archived_job(3).duration(200).build()])
        .with_running([archived_job(2).start(PRESENT - 100).as_started()]);
    assert_eq!(store.listed(&by(SortKey::Duration, false)), [1, 2, 3]);
    assert_eq!(store.listed(&by(SortKey::Duration, true)), [3, 2, 1]);
}

fn pages_join_into_the_list(store: StoreUnderTest) {
    let store = store.with((1..=7).map(|number| {
        let state = if number % 2 == 0 { JobState::Failed } else { JobState::Completed };
        archived_job(number).state(state).num_nodes(2).build()
    }));
    let mut in_states = every_job();
    in_states.filter.states = vec![JobState::Failed, JobState::Completed];
    for selection in [every_job(), in_states, by(SortKey::Energy, true)] {
        let mut joined = Vec::new();
        for offset in (0..9).step_by(3) {
            let page = Page { offset, limit: 3 };
            let listed = store.ports.list_jobs(&selection, page, false).unwrap();
            assert_eq!(listed.total, 7, "the total does not depend on the page");
            let ids: Vec<JobDbId> = listed.jobs.iter().map(|job| job.id).collect();
            assert_eq!(store.ports.list_job_ids(&selection, page).unwrap(), ids);
            joined.extend(numbers(&listed.jobs));
        }
        assert_eq!(joined, [7, 6, 5, 4, 3, 2, 1]);
        for offset in [7, 1000, u64::MAX] {
            let past = store.ports.list_jobs(&selection, Page { offset, limit: 25 }, false).unwrap();
            assert_eq!((past.jobs.len(), past.total), (0, 7), "past the end");
        }
        let whole = store.ports.list_jobs(&selection, Page { offset: 1, limit: u64::MAX }, false).unwrap();
        assert_eq!(whole.jobs.len(), 6);
    }
}

fn ids_choose_jobs_of_the_selection(store: StoreUnderTest) {
    let store =
        store.with((1..=5).map(|number| archived_job(number).num_nodes(1 + i32::from(number == 3)).build()));
    let mut selection = every_job();
    selection.filter.num_nodes = Some(flightdeck_model::Range { from: None, to: Some(1) });
    let id = |number| store.job(number).id;
    let asked = [id(2), JobDbId(999), id(5), id(3), id(1)];
    let loaded = store.ports.jobs_with_ids(&selection, &asked, true).unwrap();
    assert_eq!(numbers(&loaded), [2, 5, 1], "in the order of the ids; job 3 does not fit");
    assert!(store.ports.jobs_with_ids(&selection, &[], false).unwrap().is_empty());
}
