//! No list reads the whole table: the plans of exactly the statements that the repository runs.

use crate::store::TestStore;
use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use diesel::sql_types::Text;
use flightdeck_model::{
    JobDbId, JobFilter, JobRepository, JobSelection, JobState, JobVisibility, Page, Range, TagFilter,
};
use flightdeck_testkit::{FIRST_START, archived_job, every_job};
use std::cell::RefCell;

thread_local! {
    static STATEMENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes the statements that a call runs; they run on the thread of the caller.
pub(crate) fn statements_of(call: impl FnOnce()) -> Vec<String> {
    STATEMENTS.with_borrow_mut(Vec::clear);
    call();
    STATEMENTS.with_borrow(Clone::clone)
}

pub(crate) fn note_statements() {
    set_default_instrumentation(|| {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                let text = query.to_string();
                let statement = text.split(" -- binds").next().unwrap_or_default().to_owned();
                STATEMENTS.with_borrow_mut(|noted| noted.push(statement));
            }
        }))
    })
    .unwrap();
}

#[derive(QueryableByName)]
struct PlanRow {
    #[diesel(sql_type = Text)]
    detail: String,
}

pub(crate) fn plan(connection: &mut SqliteConnection, statement: &str) -> Vec<String> {
    let rows: Vec<PlanRow> =
        diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(connection).unwrap();
    rows.into_iter().map(|row| row.detail).collect()
}

fn cases() -> Vec<(&'static str, JobSelection)> {
    let text = |name: &str| Some(name.to_owned());
    let none = JobFilter::default;
    let tag = TagFilter { tag_type: None, name: "good".to_owned() };
    let range = |from, to| Some(Range { from, to });
    let filters = vec![
        ("state", JobFilter { states: vec![JobState::Completed], ..none() }),
        ("states", JobFilter { states: vec![JobState::Completed, JobState::Failed], ..none() }),
        ("cluster", JobFilter { cluster: text("alpha"), ..none() }),
        ("subcluster", JobFilter { subcluster: text("main"), ..none() }),
        ("partition", JobFilter { partition: text("batch"), ..none() }),
        ("project", JobFilter { project: text("p1"), ..none() }),
        ("user", JobFilter { user: text("u1"), ..none() }),
        ("job id", JobFilter { job_id: Some(2), ..none() }),
        ("array job id", JobFilter { array_job_id: Some(7), ..none() }),
        ("start", JobFilter { start_time: range(Some(FIRST_START), Some(FIRST_START + 9)), ..none() }),
        ("start from", JobFilter { start_time: range(Some(FIRST_START), None), ..none() }),
        ("start to", JobFilter { start_time: range(None, Some(FIRST_START)), ..none() }),
        ("nodes", JobFilter { num_nodes: range(Some(1), Some(2)), ..none() }),
        ("nodes from", JobFilter { num_nodes: range(Some(1), None), ..none() }),
        ("nodes to", JobFilter { num_nodes: range(None, Some(9)), ..none() }),
        ("duration", JobFilter { duration_s: range(Some(1), Some(9)), ..none() }),
        ("duration from", JobFilter { duration_s: range(Some(1), None), ..none() }),
        ("duration to", JobFilter { duration_s: range(None, Some(9999)), ..none() }),
        (
            "duration of ended",
            JobFilter {
                duration_s: range(Some(1), None),
                states: vec![JobState::Completed, JobState::Failed],
                ..none()
            },
        ),
        (
            "duration of running",
            JobFilter { duration_s: range(Some(1), None), states: vec![JobState::Running], ..none() },
        ),
        ("energy", JobFilter { energy_kwh: Some(Range { from: Some(0.0), to: Some(9.0) }), ..none() }),
        ("energy from", JobFilter { energy_kwh: Some(Range { from: Some(0.0), to: None }), ..none() }),
        ("energy to", JobFilter { energy_kwh: Some(Range { from: None, to: Some(9.0) }), ..none() }),
        ("node", JobFilter { node: text("a1"), ..none() }),
        ("tag", JobFilter { tags: vec![tag.clone()], ..none() }),
        ("tag and node", JobFilter { tags: vec![tag], node: text("a1"), ..none() }),
        (
            "nodes and energy",
            JobFilter {
                num_nodes: range(Some(1), None),
                energy_kwh: Some(Range { from: Some(0.0), to: None }),
                ..none()
            },
        ),
    ];
    let own = JobVisibility::Own { username: "u1".to_owned() };
    let manager = |projects: &[&str]| JobVisibility::ProjectsAndOwn {
        projects: projects.iter().map(|&project| project.to_owned()).collect(),
        username: "u1".to_owned(),
    };
    let seen_by = |visibility| JobSelection { visibility, ..every_job() };
    let mut cases = vec![
        ("own", seen_by(own.clone())),
        ("manager", seen_by(manager(&["p1", "p2", "p3"]))),
        ("manager of nothing", seen_by(manager(&[]))),
    ];
    for (name, filter) in filters {
        for visibility in [JobVisibility::All, own.clone(), manager(&["p1", "p2"])] {
            cases.push((name, JobSelection { visibility, filter: filter.clone(), ..every_job() }));
        }
    }
    let oldest_first: Vec<_> = cases
        .iter()
        .map(|(name, selection)| {
            let mut reversed = selection.clone();
            reversed.order.descending = false;
            (*name, reversed)
        })
        .collect();
    cases.extend(oldest_first);
    cases
}

fn fill(store: &TestStore, jobs: i64) {
    let states = [JobState::Completed, JobState::Completed, JobState::Failed, JobState::Timeout];
    let all: Vec<_> = (0..jobs)
        .map(|number| {
            let small = i32::try_from(number % 8).unwrap();
            let cycle = |length: i64| number % length;
            archived_job(number)
                .state(states[usize::try_from(cycle(4)).unwrap()])
                .user(&format!("u{}", cycle(30)))
                .project(&format!("p{}", cycle(7)))
                .cluster(if cycle(5) == 0 { "beta" } else { "alpha" })
                .hosts(&[&format!("a{}", cycle(50)), &format!("a{}", cycle(50) + 1)])
                .num_nodes(small)
                .duration(small * 1000 + 5)
                .energy(f64::from(small))
                .tag("quality", if cycle(3) == 0 { "good" } else { "bad" }, "global")
                .build()
        })
        .collect();
    store.database.import_jobs(&all).unwrap();
}

fn assert_no_scans(store: &TestStore, what: &str) {
    let page = Page { offset: 0, limit: 25 };
    let mut connection = store.connect();
    let mut seen = 0;
    let mut scans = Vec::new();
    for (name, selection) in cases() {
        // Totals are remembered until something changes.
        store.execute("SELECT 1");
        let statements = statements_of(|| {
            let jobs = store.database.list_jobs(&selection, page, false).unwrap().jobs;
            store.database.list_jobs(&selection, page, true).unwrap();
            store.database.list_job_ids(&selection, Page { offset: 0, limit: 1_000_000 }).unwrap();
            let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
            store.database.jobs_with_ids(&selection, &ids, false).unwrap();
            let (visibility, tags) = (&selection.visibility, &selection.tags);
            store.database.find_job(JobDbId(1), visibility, tags, selection.now).unwrap();
        });
        let is_on_jobs = |statement: &&String| statement.starts_with("SELECT") && statement.contains("job");
        let on_jobs: Vec<_> = statements.iter().filter(is_on_jobs).collect();
        assert!(on_jobs.len() >= 4, "{name}: {statements:?}");
        for statement in on_jobs {
            seen += 1;
            // The totals are a few rows for each cluster.
            let is_scan = |step: &String| step.starts_with("SCAN job") && step != "SCAN job_total";
            let scans_here = plan(&mut connection, statement).into_iter().filter(is_scan);
            let shape = statement.rsplit_once("FROM `job` ").map_or(statement.as_str(), |(_, rest)| rest);
            scans.extend(scans_here.map(|step| format!("{name} ({what}): {step}\n    {shape}")));
        }
    }
    assert!(seen > 400, "the statements were noted");
    assert!(scans.is_empty(), "{}", scans.join("\n"));
}

#[test]
fn every_filter_is_a_search() {
    note_statements();
    let store = TestStore::new();
    fill(&store, 1);
    assert_no_scans(&store, "nearly empty");
    fill(&store, 3000);
    assert_no_scans(&store, "filled");
    store.database.optimize().unwrap();
    assert_no_scans(&store, "analyzed");
}

#[test]
fn the_plain_list_reads_the_index_of_start_times_until_the_page_is_full() {
    note_statements();
    let store = TestStore::new();
    fill(&store, 1000);
    store.database.optimize().unwrap();
    let page = Page { offset: 0, limit: 25 };
    let statements = statements_of(|| {
        store.database.list_jobs(&every_job(), page, false).unwrap();
    });
    let list = statements.iter().find(|statement| statement.contains("ORDER BY")).unwrap();
    let steps = plan(&mut store.connect(), list);
    assert!(steps.contains(&"SCAN job USING INDEX job_by_start".to_owned()), "{steps:?}");
    assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER BY")), "{steps:?}");
}

/// What finds the page; the jobs of the page are sorted again, which is no matter.
fn steps_that_find_the_page(store: &TestStore, filter: JobFilter) -> Vec<String> {
    let selection = JobSelection { filter, ..every_job() };
    let statements = statements_of(|| {
        store.database.list_job_ids(&selection, Page { offset: 0, limit: 25 }).unwrap();
    });
    let is_of_jobs =
        |statement: &&String| statement.contains("FROM `job` ") && statement.contains("ORDER BY");
    plan(&mut store.connect(), statements.iter().find(is_of_jobs).unwrap())
}

#[test]
fn lists_by_cluster_and_state_are_merged_from_indices_until_the_page_is_full() {
    note_statements();
    let store = TestStore::new();
    fill(&store, 1000);
    store.database.optimize().unwrap();
    let cluster = || Some("alpha".to_owned());
    let states = |states: &[JobState]| states.to_vec();
    let filters = [
        JobFilter { cluster: cluster(), ..JobFilter::default() },
        JobFilter { states: states(&[JobState::Completed]), ..JobFilter::default() },
        JobFilter { states: states(&[JobState::Completed, JobState::Running]), ..JobFilter::default() },
        JobFilter {
            cluster: cluster(),
            states: states(&[JobState::Completed, JobState::Failed]),
            ..JobFilter::default()
        },
        JobFilter {
            cluster: cluster(),
            start_time: Some(Range { from: Some(FIRST_START), to: None }),
            ..JobFilter::default()
        },
    ];
    for filter in filters {
        let steps = steps_that_find_the_page(&store, filter.clone());
        assert!(
            steps.iter().any(|step| step.contains("USING COVERING INDEX job_by_")),
            "{filter:?}: {steps:?}"
        );
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{filter:?}: {steps:?}");
    }
}
