//! SQLite and memory give the same answers to everything.

use crate::store::TestStore;
use flightdeck_model::{
    ArchivedJob, JobFilter, JobOrder, JobRecord, JobRepository, JobSelection, JobState, JobVisibility, Page,
    Range, SortKey, TagFilter, TagVisibility, UnixTime,
};
use flightdeck_testkit::{FIRST_START, MemoryJobs, archived_job};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const NOW: i64 = FIRST_START + 500;
const NAMES: [&str; 3] = ["x", "y", "X'"];
const STATES: [JobState; 3] = [JobState::Completed, JobState::Failed, JobState::Running];

fn name() -> impl Strategy<Value = String> {
    select(&NAMES[..]).prop_map(str::to_owned)
}

/// A job, and whether it runs again after the import.
fn job() -> impl Strategy<Value = (ArchivedJob, bool)> {
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
        (tagged.build(), running == 0)
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_as_memory_does(
        jobs in proptest::collection::vec(job(), 0..25),
        again in proptest::collection::vec(job(), 0..4),
        selections in proptest::collection::vec((selection(), 0..4_u64, 0..6_u64), 1..24),
    ) {
        let store = TestStore::new();
        let memory = MemoryJobs::new();
        for part in [&jobs, &again] {
            let archived: Vec<ArchivedJob> = part.iter().map(|(job, _)| job.clone()).collect();
            let counts = store.database.import_jobs(&archived).unwrap();
            prop_assert_eq!(counts, memory.import_jobs(&archived).unwrap());
            let started: Vec<i64> =
                part.iter().filter(|(_, runs)| *runs).map(|(job, _)| job.meta.job_id).collect();
            for job_id in started {
                store.start_again(job_id);
                memory.start_again(job_id);
            }
        }
        for (selection, offset, limit) in &selections {
            let page = Page { offset: *offset, limit: *limit };
            let from_sqlite = store.database.list_jobs(selection, page, true).unwrap();
            let from_memory = memory.list_jobs(selection, page, true).unwrap();
            prop_assert_eq!(from_sqlite.total, from_memory.total, "{:?}", selection);
            prop_assert_eq!(comparable(&from_sqlite.jobs), comparable(&from_memory.jobs), "{:?}", selection);
            let everything = Page { offset: 0, limit: 100 };
            let ids = memory.list_job_ids(selection, everything).unwrap();
            prop_assert_eq!(&store.database.list_job_ids(selection, everything).unwrap(), &ids);
            let loaded = store.database.jobs_with_ids(selection, &ids, false).unwrap();
            let expected = memory.jobs_with_ids(selection, &ids, false).unwrap();
            prop_assert_eq!(comparable(&loaded), comparable(&expected));
        }
        let hosts = store.database.used_nodes(UnixTime(NOW)).unwrap();
        prop_assert_eq!(hosts, memory.used_nodes(UnixTime(NOW)).unwrap());
        prop_assert_eq!(store.database.remove_archived_jobs().unwrap(), memory.remove_archived_jobs().unwrap());
    }
}
