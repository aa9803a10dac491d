//! Who sees which jobs and tags, whatever they ask for.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{PRESENT, archived_job, every_job};
use crate::store_under_test::{ALL, StoreUnderTest};
use flightdeck_model::{
    JobFilter, JobOrder, JobSelection, JobState, JobVisibility, Range, SortKey, TagFilter, TagVisibility,
    UnixTime,
};

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    users_see_their_own_jobs(make());
    managers_see_projects_and_their_own(make());
    no_filter_or_order_shows_a_hidden_job(make());
    tags_are_shown_by_scope(make());
    hidden_tags_find_nothing(make());
}

fn own(username: &str) -> JobVisibility {
    JobVisibility::Own { username: username.to_owned() }
}

fn managed(username: &str, projects: &[&str]) -> JobVisibility {
    let projects = projects.iter().map(|&project| project.to_owned()).collect();
    JobVisibility::ProjectsAndOwn { projects, username: username.to_owned() }
}

fn seen_by(visibility: JobVisibility) -> JobSelection {
    JobSelection { visibility, ..every_job() }
}

fn three_owners(store: StoreUnderTest) -> StoreUnderTest {
    store.with([
        archived_job(1).user("mona").project("physics").build(),
        archived_job(2).user("otto").project("physics").build(),
        archived_job(3).user("mona").project("biology").build(),
        archived_job(4).user("zoe").project("art").build(),
    ])
}

fn users_see_their_own_jobs(store: StoreUnderTest) {
    let store = three_owners(store);
    assert_eq!(store.listed(&seen_by(own("mona"))), [3, 1]);
    assert_eq!(store.listed(&seen_by(own("nobody"))), [0; 0]);
    let others = store.job(2).id;
    let tags = every_job().tags;
    let find = |visibility| store.ports.find_job(others, &visibility, &tags, UnixTime(PRESENT)).unwrap();
    assert!(find(own("otto")).is_some());
    assert!(find(own("mona")).is_none());
    assert!(find(managed("mona", &[])).is_none());
    assert!(find(managed("mona", &["art", "physics"])).is_some());
    let loaded = store.ports.jobs_with_ids(&seen_by(own("mona")), &[others], false).unwrap();
    assert!(loaded.is_empty());
}

fn managers_see_projects_and_their_own(store: StoreUnderTest) {
    let store = three_owners(store);
    assert_eq!(store.listed(&seen_by(managed("mona", &["physics"]))), [3, 2, 1]);
    assert_eq!(store.listed(&seen_by(managed("mona", &["physics", "physics"]))), [3, 2, 1]);
    assert_eq!(store.listed(&seen_by(managed("mona", &["physics", "biology"]))), [3, 2, 1]);
    assert_eq!(store.listed(&seen_by(managed("zoe", &["physics", "unheard of"]))), [4, 2, 1]);
    assert_eq!(store.listed(&seen_by(managed("mona", &[]))), [3, 1]);
    let many: Vec<String> = (0..100).map(|number| format!("p{number}")).chain(["art".to_owned()]).collect();
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(store.listed(&seen_by(managed("mona", &names))), [4, 3, 1]);
    let by_energy = JobSelection {
        order: JobOrder { key: SortKey::Energy, descending: true },
        ..seen_by(managed("mona", &["physics"]))
    };
    assert_eq!(store.listed(&by_energy), [3, 2, 1]);
    let mut of_otto = seen_by(managed("mona", &["physics"]));
    of_otto.filter.user = Some("otto".to_owned());
    assert_eq!(store.listed(&of_otto), [2]);
    of_otto.filter.user = Some("zoe".to_owned());
    assert_eq!(store.listed(&of_otto), [0; 0]);
}

fn all_filters() -> Vec<JobFilter> {
    let text = |name: &str| Some(name.to_owned());
    let none = JobFilter::default;
    let wide = Some(Range { from: Some(0), to: Some(PRESENT) });
    let states = vec![JobState::Completed, JobState::Failed];
    let tag = TagFilter { tag_type: None, name: "good".to_owned() };
    vec![
        none(),
        JobFilter { states: vec![JobState::Completed], ..none() },
        JobFilter { states, ..none() },
        JobFilter { cluster: text("alpha"), ..none() },
        JobFilter { subcluster: text("main"), ..none() },
        JobFilter { partition: text("batch"), ..none() },
        JobFilter { project: text("physics"), ..none() },
        JobFilter { user: text("otto"), ..none() },
        JobFilter { job_id: Some(2), ..none() },
        JobFilter { array_job_id: Some(7), ..none() },
        JobFilter { start_time: wide, ..none() },
        JobFilter { num_nodes: wide, ..none() },
        JobFilter { duration_s: wide, ..none() },
        JobFilter { energy_kwh: Some(Range { from: Some(0.0), to: None }), ..none() },
        JobFilter { node: text("a001"), ..none() },
        JobFilter { tags: vec![tag], ..none() },
    ]
}

fn no_filter_or_order_shows_a_hidden_job(store: StoreUnderTest) {
    let hidden = archived_job(2).user("otto").array(7).tag("quality", "good", "global").build();
    let store = store.with([hidden]);
    let footprint = SortKey::Footprint("cpu_load_avg".to_owned());
    for filter in all_filters() {
        for key in
            [SortKey::StartTime, SortKey::Duration, SortKey::NumNodes, SortKey::Energy, footprint.clone()]
        {
            let order = JobOrder { key, descending: true };
            let seen = JobSelection { filter: filter.clone(), order: order.clone(), ..every_job() };
            assert_eq!(store.listed(&seen), [2], "{filter:?} {order:?}: whoever sees all sees the job");
            for visibility in [own("mona"), managed("mona", &[]), managed("mona", &["art", "biology"])] {
                let unseen = JobSelection { visibility, ..seen.clone() };
                assert_eq!(store.listed(&unseen), [0; 0], "{unseen:?}");
            }
        }
    }
}

fn tags_of(store: &StoreUnderTest, tags: &TagVisibility) -> Vec<String> {
    let selection = JobSelection { tags: tags.clone(), ..every_job() };
    let listed = store.ports.list_jobs(&selection, ALL, false).unwrap().jobs.pop().unwrap();
    let found = store.ports.find_job(listed.id, &selection.visibility, tags, selection.now);
    assert_eq!(found.unwrap().unwrap().tags, listed.tags);
    listed.tags.into_iter().map(|tag| tag.scope).collect()
}

fn viewer(username: &str, admin_tags: bool) -> TagVisibility {
    TagVisibility { admin_tags, username: username.to_owned() }
}

fn same_tag_in_three_scopes(store: StoreUnderTest) -> StoreUnderTest {
    let job = archived_job(1).tag("quality", "good", "global").tag("quality", "good", "admin");
    store.with([job.tag("quality", "good", "mona").build()])
}

fn tags_are_shown_by_scope(store: StoreUnderTest) {
    let store = same_tag_in_three_scopes(store);
    assert_eq!(tags_of(&store, &viewer("otto", false)), ["global"]);
    assert_eq!(tags_of(&store, &viewer("otto", true)), ["global", "admin"]);
    assert_eq!(tags_of(&store, &viewer("mona", false)), ["global", "mona"]);
    assert_eq!(tags_of(&store, &viewer("mona", true)), ["global", "admin", "mona"]);
}

fn hidden_tags_find_nothing(store: StoreUnderTest) {
    let store = store.with([
        archived_job(1).tag("quality", "good", "admin").build(),
        archived_job(2).tag("quality", "good", "mona").build(),
        archived_job(3).tag("quality", "good", "global").build(),
    ]);
    let found = |tags: TagVisibility| {
        let wanted = TagFilter { tag_type: Some("quality".to_owned()), name: "good".to_owned() };
        let filter = JobFilter { tags: vec![wanted], ..JobFilter::default() };
        store.listed(&JobSelection { tags, filter, ..every_job() })
    };
    assert_eq!(found(viewer("otto", false)), [3]);
    assert_eq!(found(viewer("otto", true)), [3, 1]);
    assert_eq!(found(viewer("mona", false)), [3, 2]);
}
