//! Who sees which jobs in a list, and that a short list and a long one are the same.

use crate::world::{World, principal, robot, user};
use flightdeck_model::{JobFilter, JobOrder, JobState, Principal, Role, Roles, SortKey};
use flightdeck_service::{ClusterCatalog, ListJobs, LongJobList, Parts, ServiceError, Services, Settings};
use flightdeck_testkit::{ArchivedJobBuilder, archived_job};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Jobs of three owners and projects.
fn three_owners() -> [ArchivedJobBuilder; 4] {
    [
        archived_job(1).user("mona").project("physics"),
        archived_job(2).user("otto").project("physics"),
        archived_job(3).user("mona").project("biology"),
        archived_job(4).user("zoe").project("art"),
    ]
}

fn rest_of(mut list: LongJobList) -> Vec<Value> {
    let mut jobs = Vec::new();
    while let Some(next) = list.next_jobs().unwrap() {
        jobs.extend(next.iter().map(|job| serde_json::to_value(job).unwrap()));
    }
    jobs
}

fn numbers(jobs: &[Value]) -> Vec<i64> {
    jobs.iter().map(|job| job["jobId"].as_i64().unwrap()).collect()
}

/// Asks both ways, which have to agree, and gives the jobs and the total.
#[track_caller]
fn listed(services: &Services, asker: &Principal, request: &ListJobs) -> (Vec<Value>, u64) {
    let short = services.list_jobs(asker, request).unwrap();
    let long = services.list_jobs_long(asker, request).unwrap();
    assert_eq!(long.total, short.total);
    let jobs: Vec<Value> = short.jobs.iter().map(|job| serde_json::to_value(job).unwrap()).collect();
    assert_eq!(rest_of(long), jobs);
    (jobs, short.total)
}

/// Asks both ways, which have to agree in why they refuse.
#[track_caller]
fn refused(services: &Services, asker: &Principal, request: &ListJobs) -> ServiceError {
    let short = services.list_jobs(asker, request).unwrap_err();
    let long = services.list_jobs_long(asker, request).unwrap_err();
    assert_eq!(format!("{long:?}"), format!("{short:?}"));
    short
}

#[rstest]
#[case::api(robot(), &[4, 3, 2, 1])]
#[case::admin(principal("ada", &[Role::Admin], &[]), &[4, 3, 2, 1])]
#[case::support(principal("sue", &[Role::Support, Role::User], &[]), &[4, 3, 2, 1])]
#[case::manager(principal("zoe", &[Role::Manager], &["physics"]), &[4, 2, 1])]
#[case::manager_of_nothing(principal("zoe", &[Role::Manager], &[]), &[4])]
#[case::user(user("mona"), &[3, 1])]
#[case::user_by_token_for_programs(principal("mona", &[Role::Api, Role::User], &[]), &[3, 1])]
#[case::projects_count_for_managers_alone(principal("mona", &[Role::User], &["art"]), &[3, 1])]
#[case::user_without_jobs(user("nobody"), &[])]
fn a_list_has_what_the_asker_may_see(#[case] asker: Principal, #[case] expected: &[i64]) {
    let world = World::with_jobs(three_owners());
    let (jobs, total) = listed(&world.services, &asker, &ListJobs::default());
    assert_eq!(numbers(&jobs), expected);
    assert_eq!(total, u64::try_from(expected.len()).unwrap(), "the total counts no hidden job");
}

#[test]
fn a_filter_finds_no_hidden_job() {
    let world = World::with_jobs(three_owners());
    for owner in ["otto", "zoe"] {
        let filter = JobFilter { user: Some(owner.to_owned()), ..JobFilter::default() };
        let request = ListJobs { filter, ..ListJobs::default() };
        assert_eq!(listed(&world.services, &user("mona"), &request), (Vec::new(), 0));
        assert_eq!(listed(&world.services, &robot(), &request).1, 1);
    }
}

#[test]
fn without_a_role_there_is_no_list() {
    let world = World::with_jobs(three_owners());
    let unknown = Principal { roles: Roles::from_names(["api", "wizard"]), ..robot() };
    for asker in [principal("mona", &[], &[]), principal("mona", &[Role::Anonymous], &[]), unknown] {
        let refusal = refused(&world.services, &asker, &ListJobs::default());
        assert!(matches!(refusal, ServiceError::Forbidden(_)), "{refusal:?}");
    }
}

#[test]
fn free_texts_are_there_when_asked_for() {
    let world = World::with_jobs([archived_job(1).metadata("jobName", "wind")]);
    for with_metadata in [true, false] {
        let request = ListJobs { with_metadata, ..ListJobs::default() };
        let (jobs, _) = listed(&world.services, &robot(), &request);
        assert_eq!(jobs[0]["metaData"].is_object(), with_metadata);
    }
}

#[test]
fn a_page_beyond_the_limit_is_refused() {
    let world = World::with_jobs(three_owners());
    let with_limit = |max_items_per_page| {
        let settings = Settings { max_items_per_page, ..Settings::default() };
        Services::new(Parts { settings, ..world.parts() })
    };
    let page_of = |items_per_page| ListJobs { items_per_page, ..ListJobs::default() };
    assert_eq!(listed(&with_limit(3), &robot(), &page_of(3)).0.len(), 3);
    let refusal = refused(&with_limit(3), &robot(), &page_of(4));
    assert!(matches!(&refusal, ServiceError::Invalid { field, .. } if field == "items-per-page"));
    assert_eq!(refusal.to_string(), "items-per-page: 4 is more than this server allows: 1 to 3");
    assert_eq!(listed(&with_limit(0), &robot(), &page_of(9_999_999)).0.len(), 4, "0 is no limit");
    assert_eq!(listed(&with_limit(0), &robot(), &page_of(u64::MAX)).0.len(), 4);
    let far = ListJobs { page: u64::MAX, ..page_of(u64::MAX) };
    assert_eq!(listed(&with_limit(0), &robot(), &far), (Vec::new(), 4), "there is nothing so far behind");
}

fn by_footprint(key: &str) -> ListJobs {
    let order = JobOrder { key: SortKey::Footprint(key.to_owned()), descending: true };
    ListJobs { order, ..ListJobs::default() }
}

#[test]
fn an_unknown_sort_key_is_answered_with_the_known_ones() {
    let world = World::with_jobs(three_owners());
    for unknown in ["mem_used_avg", "cpu_load", "", "CPU_LOAD_AVG"] {
        let refusal = refused(&world.services, &robot(), &by_footprint(unknown));
        let expected = format!(
            "sort: \"{unknown}\" is no sort key: allowed are start-time, duration, num-nodes, energy, \
             cpu_load_avg, mem_used_max, mem_used_min, net_bw_avg, each with - before it for descending"
        );
        assert_eq!(refusal.to_string(), expected);
    }
    for known in ["cpu_load_avg", "mem_used_max", "mem_used_min", "net_bw_avg"] {
        assert_eq!(listed(&world.services, &robot(), &by_footprint(known)).1, 4);
    }
}

#[test]
fn a_site_without_clusters_sorts_by_what_every_job_has() {
    let world = World::new();
    let services = Services::new(Parts { clusters: ClusterCatalog::default(), ..world.parts() });
    let refusal = refused(&services, &robot(), &by_footprint("cpu_load_avg"));
    let expected = "sort: \"cpu_load_avg\" is no sort key: allowed are start-time, duration, num-nodes, energy, \
                    each with - before it for descending";
    assert_eq!(refusal.to_string(), expected);
}

/// More jobs than a long list loads at once.
fn many_jobs() -> World {
    World::with_jobs((1..=1203).map(archived_job))
}

fn long_list(world: &World, asker: &Principal, filter: JobFilter) -> LongJobList {
    let request = ListJobs { filter, items_per_page: 9_999_999, ..ListJobs::default() };
    world.services.list_jobs_long(asker, &request).unwrap()
}

#[test]
fn a_long_list_has_every_job_once_and_in_order() {
    let world = many_jobs();
    let list = long_list(&world, &robot(), JobFilter::default());
    assert_eq!(list.total, 1203);
    assert_eq!(numbers(&rest_of(list)), (1..=1203).rev().collect::<Vec<_>>());
}

#[test]
fn a_job_that_ceases_to_fit_is_left_out_of_a_long_list() {
    let world = many_jobs();
    let filter = JobFilter { states: vec![JobState::Completed], ..JobFilter::default() };
    let mut list = long_list(&world, &robot(), filter);
    let first: Vec<Value> =
        list.next_jobs().unwrap().unwrap().iter().map(|job| serde_json::to_value(job).unwrap()).collect();
    let newest = numbers(&first);
    assert!(newest.contains(&1203) && !newest.contains(&2));
    for number in [1203, 1, 2, 100] {
        world.start_again(number);
    }
    // One more comes after the list was asked for: it moves no other from its place.
    world.archive_jobs([archived_job(5000)]);
    world.import();

    let later = numbers(&rest_of(list));
    let expected: Vec<i64> = (1..=1203).rev().filter(|it| ![1, 2, 100].contains(it)).collect();
    assert_eq!([newest, later].concat(), expected);
}

#[test]
fn a_long_list_goes_on_after_a_gap() {
    let world = many_jobs();
    let filter = JobFilter { states: vec![JobState::Completed], ..JobFilter::default() };
    let list = long_list(&world, &robot(), filter);
    for number in 3..=1203 {
        world.start_again(number);
    }
    assert_eq!(numbers(&rest_of(list)), [2, 1]);
}

#[test]
fn a_job_that_is_hidden_meanwhile_is_left_out_of_a_long_list() {
    let world = World::with_jobs((1..=3).map(archived_job));
    let list = long_list(&world, &user("mona"), JobFilter::default());
    world.archive_jobs([archived_job(2).user("otto")]);
    assert_eq!(world.import().counts.updated, 1);
    assert_eq!(numbers(&rest_of(list)), [3, 1]);
}

/// Jobs that differ in what they can be sorted by, with ties.
static SORTED: LazyLock<World> = LazyLock::new(|| {
    World::with_jobs((1..=30).map(|number: i64| {
        let tied = i32::try_from(number % 4).unwrap();
        let job = archived_job(number).start(1000 + number / 3).duration(100 + tied);
        let job = if number % 5 == 0 { job.cluster("beta").subcluster("all") } else { job };
        job.user(if number % 2 == 0 { "mona" } else { "otto" }).num_nodes(1 + tied)
    }))
});

fn any_sort_key() -> impl Strategy<Value = SortKey> {
    prop_oneof![
        Just(SortKey::StartTime),
        Just(SortKey::Duration),
        Just(SortKey::NumNodes),
        Just(SortKey::Energy),
        Just(SortKey::Footprint("cpu_load_avg".to_owned())),
    ]
}

proptest! {
    #[test]
    fn pages_are_pieces_of_the_whole_list(
        key in any_sort_key(),
        descending: bool,
        sees_all: bool,
        items_per_page in 1_u64..40,
    ) {
        let asker = if sees_all { robot() } else { user("mona") };
        let order = JobOrder { key, descending };
        let all = ListJobs { order, items_per_page: 1000, ..ListJobs::default() };
        let (whole, total) = listed(&SORTED.services, &asker, &all);
        prop_assert_eq!(whole.len(), if sees_all { 30 } else { 15 });
        let different: BTreeSet<i64> = whole.iter().map(|job| job["id"].as_i64().unwrap()).collect();
        prop_assert_eq!(different.len(), whole.len());

        let mut pieces = Vec::new();
        for page in 1..=total.div_ceil(items_per_page) + 1 {
            let request = ListJobs { page, items_per_page, ..all.clone() };
            let (jobs, total_of_page) = listed(&SORTED.services, &asker, &request);
            prop_assert_eq!(total_of_page, total);
            pieces.extend(jobs);
        }
        prop_assert_eq!(pieces, whole);
    }
}
