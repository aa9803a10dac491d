//! The database and memory give the same answers to everything.

use crate::store::{Maker, TestStore};
use flightdeck_model::{
    ArchivedJob, AuditAction, JobChanges, JobFilter, JobOrder, JobRecord, JobRepository, JobSelection,
    JobState, JobVisibility, Page, Range, SortKey, TagFilter, TagVisibility, UnixTime,
};
use flightdeck_testkit::{
    ArchivedJobBuilder, FIRST_START, MemoryJobs, archived_job, audit_entry, every_job, wait,
};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{TestCaseError, TestRunner};
use std::mem::discriminant;

const NOW: i64 = FIRST_START + 500;
const NAMES: [&str; 3] = ["x", "y", "X'"];
const STATES: [JobState; 3] = [JobState::Completed, JobState::Failed, JobState::Running];

fn name() -> impl Strategy<Value = String> {
    select(&NAMES[..]).prop_map(str::to_owned)
}

/// A job, and whether it only starts.
fn job() -> impl Strategy<Value = (ArchivedJobBuilder, bool)> {
    let names = (name(), name(), name(), name(), name());
    let numbers = (0..4_i64, 0..6_i64, 1..4_i32, 0..4_i32, 0..3_i64);
    let rest =
        (subsequence(&NAMES[..], 1..3), subsequence(&NAMES[..], 0..3), option::of(-1..2_i32), any::<bool>());
    (names, numbers, rest, 0..5_u8).prop_map(|(names, numbers, rest, running)| {
        let (cluster, subcluster, partition, project, user) = names;
        let (job_id, start, nodes, tenths, array) = numbers;
        let (hosts, tags, footprint, failed) = rest;
        let builder = archived_job(job_id)
            .start(FIRST_START + start * 100)
            .cluster(&cluster)
            .subcluster(&subcluster)
            .partition(&partition)
            .project(&project)
            .user(&user)
            .array(array)
            .hosts(&hosts)
            .num_nodes(nodes)
            .duration(tenths * 100)
            .energy(f64::from(tenths) / 10.0)
            .state(if failed { JobState::Failed } else { JobState::Completed })
            .fingerprint(i64::from(tenths));
        let measured = match footprint {
            Some(value) => builder.footprint("k", f64::from(value) / 3.0),
            None => builder,
        };
        let scopes = ["global", "admin", "x"];
        let tagged = tags.iter().zip(scopes).fold(measured, |job, (tag, scope)| job.tag("t", tag, scope));
        (tagged, running == 0)
    })
}

fn range(largest: i64) -> impl Strategy<Value = Option<Range<i64>>> {
    let bound = move || option::of(-1..=largest);
    option::weighted(0.15, (bound(), bound()).prop_map(|(from, to)| Range { from, to }))
}

fn filter() -> impl Strategy<Value = JobFilter> {
    let some_name = || option::weighted(0.12, name());
    let names = (some_name(), some_name(), some_name(), some_name(), some_name(), some_name());
    let numbers = (option::weighted(0.1, 0..4_i64), option::weighted(0.1, 0..3_i64));
    let ranges = (range(6), range(4), range(5), range(4));
    let states = prop_oneof![3 => Just(Vec::new()), 2 => subsequence(&STATES[..], 1..=3)];
    let tags = prop_oneof![
        4 => Just(Vec::new()),
        1 => proptest::collection::vec((option::of(Just("t".to_owned())), name()), 1..3)
    ];
    (names, numbers, ranges, states, tags).prop_map(|(names, numbers, ranges, states, tags)| {
        let (cluster, subcluster, partition, project, user, node) = names;
        let (job_id, array_job_id) = numbers;
        let (start_time, num_nodes, duration_s, energy) = ranges;
        let hundreds = |range: Range<i64>, shift: i64| Range {
            from: range.from.map(|number| number * 100 + shift),
            to: range.to.map(|number| number * 100 + shift),
        };
        #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
        let tenths = |range: Range<i64>| Range {
            from: range.from.map(|number| number as f64 / 10.0),
            to: range.to.map(|number| number as f64 / 10.0),
        };
        JobFilter {
            states,
            cluster,
            subcluster,
            partition,
            project,
            user,
            job_id,
            array_job_id,
            start_time: start_time.map(|range| hundreds(range, FIRST_START)),
            num_nodes,
            duration_s: duration_s.map(|range| hundreds(range, 0)),
            energy_kwh: energy.map(tenths),
            node,
            tags: tags.into_iter().map(|(tag_type, name)| TagFilter { tag_type, name }).collect(),
        }
    })
}

fn selection() -> impl Strategy<Value = JobSelection> {
    let managed = (name(), subsequence(&NAMES[..], 0..=3));
    let visibility = prop_oneof![
        2 => Just(JobVisibility::All),
        1 => name().prop_map(|username| JobVisibility::Own { username }),
        1 => managed.prop_map(|(username, projects)| JobVisibility::ProjectsAndOwn {
            username,
            projects: projects.into_iter().map(str::to_owned).collect(),
        }),
    ];
    let key = select(vec![
        SortKey::StartTime,
        SortKey::StartTime,
        SortKey::Duration,
        SortKey::NumNodes,
        SortKey::Energy,
        SortKey::Footprint("k".to_owned()),
    ]);
    (visibility, any::<bool>(), name(), filter(), key, any::<bool>()).prop_map(
        |(visibility, admin_tags, username, filter, key, descending)| JobSelection {
            visibility,
            tags: TagVisibility { admin_tags, username },
            filter,
            order: JobOrder { key, descending },
            now: UnixTime(NOW),
        },
    )
}

/// All of the jobs but the numbers that a store gives to its tags.
fn comparable(jobs: &[JobRecord]) -> Vec<serde_json::Value> {
    let mut values: Vec<_> = jobs.iter().map(|job| serde_json::to_value(job).unwrap()).collect();
    for tags in values.iter_mut().filter_map(|job| job.get_mut("tags")?.as_array_mut()) {
        for tag in tags.iter_mut() {
            tag["id"] = 0.into();
        }
        tags.sort_by_key(ToString::to_string);
    }
    values
}

/// Jobs that come, others that come later, and what is asked then.
#[derive(Debug, Clone)]
struct Case {
    parts: [Vec<(ArchivedJobBuilder, bool)>; 2],
    questions: Vec<(JobSelection, Page)>,
}

fn case() -> impl Strategy<Value = Case> {
    let page = (0..4_u64, 0..6_u64).prop_map(|(offset, limit)| Page { offset, limit });
    let jobs = |most| proptest::collection::vec(job(), 0..most);
    let questions = proptest::collection::vec((selection(), page), 1..24);
    (jobs(25), jobs(6), questions)
        .prop_map(|(first, then, questions)| Case { parts: [first, then], questions })
}

fn fill(
    store: &TestStore,
    memory: &MemoryJobs,
    jobs: &[(ArchivedJobBuilder, bool)],
) -> Result<(), TestCaseError> {
    let (started, ended): (Vec<_>, Vec<_>) = jobs.iter().cloned().partition(|(_, starts)| *starts);
    for (builder, _) in started {
        let job = builder.as_started();
        let audit = audit_entry(AuditAction::StartJob, &job.key.to_string());
        let from_store = wait(store.database.start_job(job.clone(), audit.clone()));
        let from_memory = wait(memory.start_job(job, audit));
        // Which one of several jobs that are in the way is named, nobody promises.
        prop_assert_eq!(
            from_store.map_err(|it| discriminant(&it)),
            from_memory.map_err(|it| discriminant(&it))
        );
    }
    let archived: Vec<ArchivedJob> = ended.into_iter().map(|(builder, _)| builder.build()).collect();
    prop_assert_eq!(store.database.import_jobs(&archived).unwrap(), memory.import_jobs(&archived).unwrap());
    Ok(())
}

fn compare(store: &TestStore, case: &Case) -> Result<(), TestCaseError> {
    let memory = MemoryJobs::new();
    for jobs in &case.parts {
        fill(store, &memory, jobs)?;
    }
    for (selection, page) in &case.questions {
        let from_store = store.database.list_jobs(selection, *page, true).unwrap();
        let from_memory = memory.list_jobs(selection, *page, true).unwrap();
        prop_assert_eq!(from_store.total, from_memory.total, "{:?}", selection);
        prop_assert_eq!(comparable(&from_store.jobs), comparable(&from_memory.jobs), "{:?}", selection);
        let everything = Page { offset: 0, limit: 100 };
        let ids = memory.list_job_ids(selection, everything).unwrap();
        prop_assert_eq!(&store.database.list_job_ids(selection, everything).unwrap(), &ids);
        let loaded = store.database.jobs_with_ids(selection, &ids, false).unwrap();
        let expected = memory.jobs_with_ids(selection, &ids, false).unwrap();
        prop_assert_eq!(comparable(&loaded), comparable(&expected));
    }
    let hosts = store.database.used_nodes(UnixTime(NOW)).unwrap();
    prop_assert_eq!(hosts, memory.used_nodes(UnixTime(NOW)).unwrap());
    let removed = store.database.remove_archived_jobs().unwrap();
    prop_assert_eq!(removed, memory.remove_archived_jobs().unwrap());
    let left = store.database.count_jobs(&every_job()).unwrap();
    prop_assert_eq!(left, memory.count_jobs(&every_job()).unwrap());
    Ok(())
}

/// Checks that the stores answer as memory does.
pub(crate) fn answers_as_memory(make: Maker<'_>, cases: u32) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config).run(&case(), |case| compare(&make(), &case)).unwrap();
}

#[test]
fn sqlite_answers_as_memory_does() {
    answers_as_memory(&TestStore::new, 48);
}
