//! Which jobs a filter lets through, at its bounds too.

use crate::builders::{FIRST_START, PRESENT, archived_job, every_job};
use crate::store_under_test::StoreUnderTest;
use flightdeck_model::{JobFilter, JobSelection, JobState, Range, TagFilter};

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    names_are_compared_exactly(make());
    numbers_are_compared(make());
    states_are_alternatives(make());
    bounds_belong_to_the_range(make());
    running_jobs_last_until_now(make());
    nodes_are_whole_names(make());
    tags_must_all_be_there(make());
    conditions_must_all_hold(make());
}

fn where_jobs(filter: JobFilter) -> JobSelection {
    JobSelection { filter, ..every_job() }
}

fn text(name: &str) -> String {
    name.to_owned()
}

fn names_are_compared_exactly(store: StoreUnderTest) {
    let store = store.with(
        [
            archived_job(1).cluster("beta").subcluster("gpu").partition("long").project("x").user("o'hara"),
            archived_job(2).cluster("bet").subcluster("gp").partition("lon").project("").user("o_hara"),
            archived_job(3).cluster("Beta").subcluster("GPU").partition("").project("X").user("O'hara"),
        ]
        .map(crate::ArchivedJobBuilder::build),
    );
    let none = JobFilter::default;
    for (expected, filter) in [
        (vec![1], JobFilter { cluster: Some(text("beta")), ..none() }),
        (vec![2], JobFilter { subcluster: Some(text("gp")), ..none() }),
        (vec![3], JobFilter { partition: Some(text("")), ..none() }),
        (vec![2], JobFilter { project: Some(text("")), ..none() }),
        (vec![3], JobFilter { project: Some(text("X")), ..none() }),
        (vec![1], JobFilter { user: Some(text("o'hara")), ..none() }),
        (vec![2], JobFilter { user: Some(text("o_hara")), ..none() }),
        (vec![], JobFilter { user: Some(text("%")), ..none() }),
        (vec![], JobFilter { user: Some(text("o'hara' OR '1'='1")), ..none() }),
        (vec![3, 2, 1], none()),
    ] {
        assert_eq!(store.listed(&where_jobs(filter.clone())), expected, "{filter:?}");
    }
}

fn numbers_are_compared(store: StoreUnderTest) {
    let store = store.with([
        archived_job(1).array(7).build(),
        archived_job(2).array(7).build(),
        archived_job(3).build(),
        archived_job(3).cluster("beta").build(),
    ]);
    let number = |job_id| where_jobs(JobFilter { job_id: Some(job_id), ..JobFilter::default() });
    let array = |id| where_jobs(JobFilter { array_job_id: Some(id), ..JobFilter::default() });
    assert_eq!(store.listed(&number(2)), [2]);
    assert_eq!(store.listed(&number(3)), [3, 3], "clusters count by themselves");
    assert_eq!(store.listed(&number(-1)), [0; 0]);
    assert_eq!(store.listed(&array(7)), [2, 1]);
    assert_eq!(store.listed(&array(0)), [3, 3]);
}

fn states_are_alternatives(store: StoreUnderTest) {
    let numbered = (1..).zip(JobState::ALL).filter(|(_, state)| *state != JobState::Running);
    let store = store.with(numbered.map(|(number, state)| archived_job(number).state(state).build()));
    let asked = |states: &[JobState]| {
        store.listed(&where_jobs(JobFilter { states: states.to_vec(), ..JobFilter::default() }))
    };
    assert_eq!(asked(&[JobState::Failed]), [5]);
    assert_eq!(asked(&[JobState::Failed, JobState::BootFail, JobState::Timeout]), [12, 5, 1]);
    assert_eq!(asked(&[JobState::Failed, JobState::Failed]), [5], "a state named twice counts once");
    assert_eq!(asked(&[JobState::Running]), [0; 0]);
    assert_eq!(asked(&JobState::ALL).len(), 11);
}

fn bounds_belong_to_the_range(store: StoreUnderTest) {
    let store = store.with((1..=4).map(|number: i32| {
        let job = archived_job(i64::from(number)).start(FIRST_START + i64::from(number));
        job.num_nodes(number).duration(number * 10).energy(f64::from(number) / 2.0).build()
    }));
    for (from, to, expected) in [
        (Some(2), Some(3), vec![3, 2]),
        (Some(3), None, vec![4, 3]),
        (None, Some(1), vec![1]),
        (None, None, vec![4, 3, 2, 1]),
        (Some(2), Some(2), vec![2]),
        (Some(3), Some(2), vec![]),
        (Some(5), None, vec![]),
        (Some(i64::from(i32::MIN)), Some(i64::from(i32::MAX)), vec![4, 3, 2, 1]),
    ] {
        let range = |scale: i64, shift: i64| {
            Some(Range { from: from.map(|n| n * scale + shift), to: to.map(|n| n * scale + shift) })
        };
        #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
        let halves = |bound: Option<i64>| bound.map(|number| number as f64 / 2.0);
        for filter in [
            JobFilter { start_time: range(1, FIRST_START), ..JobFilter::default() },
            JobFilter { num_nodes: range(1, 0), ..JobFilter::default() },
            JobFilter { duration_s: range(10, 0), ..JobFilter::default() },
            JobFilter {
                energy_kwh: Some(Range { from: halves(from), to: halves(to) }),
                ..JobFilter::default()
            },
        ] {
            assert_eq!(store.listed(&where_jobs(filter.clone())), expected, "{filter:?}");
        }
    }
}

fn running_jobs_last_until_now(store: StoreUnderTest) {
    let store = store.with([archived_job(1).duration(100).build()]).with_running([
        archived_job(2).start(PRESENT - 100).as_started(),
        archived_job(3).start(PRESENT - 101).as_started(),
    ]);
    assert_eq!(store.job(2).duration_s, 100);
    assert_eq!(store.job(2).state, JobState::Running);
    let lasting = |from, to| JobFilter { duration_s: Some(Range { from, to }), ..JobFilter::default() };
    let all = where_jobs(lasting(Some(100), Some(100)));
    assert_eq!(store.listed(&all), [2, 1]);
    assert_eq!(store.listed(&where_jobs(lasting(Some(101), None))), [3]);
    assert_eq!(store.listed(&where_jobs(lasting(None, Some(1)))), [0; 0]);
    let mut later = all;
    later.now.0 += 1;
    assert_eq!(store.listed(&later), [1], "time has passed since the list was counted");
    let in_states = |states: &[JobState]| {
        where_jobs(JobFilter { states: states.to_vec(), ..lasting(Some(100), Some(101)) })
    };
    assert_eq!(store.listed(&in_states(&[JobState::Running])), [2, 3]);
    assert_eq!(store.listed(&in_states(&[JobState::Completed])), [1]);
    assert_eq!(store.listed(&in_states(&[JobState::Completed, JobState::Failed])), [1]);
    assert_eq!(store.listed(&in_states(&[JobState::Completed, JobState::Running])), [2, 3, 1]);
    let on_cluster = JobFilter { cluster: Some(text("alpha")), ..lasting(Some(100), Some(101)) };
    assert_eq!(store.listed(&where_jobs(on_cluster)), [2, 3, 1]);
}

fn nodes_are_whole_names(store: StoreUnderTest) {
    let store = store.with([
        archived_job(1).hosts(&["a001", "a002"]).build(),
        archived_job(2).hosts(&["a002", "a0021", "a002"]).build(),
        archived_job(3).hosts(&["b1"]).build(),
    ]);
    let on = |host| where_jobs(JobFilter { node: Some(text(host)), ..JobFilter::default() });
    assert_eq!(store.listed(&on("a002")), [2, 1]);
    assert_eq!(store.listed(&on("a0021")), [2]);
    assert_eq!(store.listed(&on("a00")), [0; 0]);
}

fn tags_must_all_be_there(store: StoreUnderTest) {
    let store = store.with([
        archived_job(1).tag("app", "vasp", "global").tag("quality", "good", "global").build(),
        archived_job(2).tag("app", "vasp", "global").build(),
        archived_job(3).tag("other", "vasp", "global").build(),
    ]);
    let tag = |tag_type: Option<&str>, name: &str| TagFilter {
        tag_type: tag_type.map(str::to_owned),
        name: name.to_owned(),
    };
    let tagged = |tags: Vec<TagFilter>| store.listed(&where_jobs(JobFilter { tags, ..JobFilter::default() }));
    assert_eq!(tagged(vec![tag(None, "vasp")]), [3, 2, 1]);
    assert_eq!(tagged(vec![tag(Some("app"), "vasp")]), [2, 1]);
    assert_eq!(tagged(vec![tag(Some("app"), "vasp"), tag(None, "good")]), [1]);
    assert_eq!(tagged(vec![tag(Some("app"), "good")]), [0; 0]);
    assert_eq!(tagged(vec![tag(None, "unheard of")]), [0; 0]);
}

fn conditions_must_all_hold(store: StoreUnderTest) {
    let store = store.with([
        archived_job(1).user("mona").hosts(&["a1", "a2"]).state(JobState::Failed).build(),
        archived_job(2).user("mona").hosts(&["a1"]).state(JobState::Failed).build(),
        archived_job(3).user("otto").hosts(&["a1", "a2"]).state(JobState::Failed).build(),
        archived_job(4).user("mona").hosts(&["a1", "a2"]).state(JobState::Timeout).build(),
    ]);
    let filter = JobFilter {
        user: Some(text("mona")),
        node: Some(text("a1")),
        states: vec![JobState::Failed, JobState::Cancelled],
        num_nodes: Some(Range { from: Some(2), to: None }),
        ..JobFilter::default()
    };
    assert_eq!(store.listed(&where_jobs(filter)), [1]);
}
