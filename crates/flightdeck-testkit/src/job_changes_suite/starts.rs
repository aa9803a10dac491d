//! Jobs that start, and those that are refused because they are known.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, every_job};
use crate::store_under_test::{StoreUnderTest, newest, tag};
use flightdeck_model::{
    JobChangeError, JobDbId, JobFilter, JobKey, JobState, MonitoringStatus, NewJob, Resource, Shared,
    UnixTime, WhichJob,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DAY_S: i64 = 86_400;

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    all_of_a_job_is_kept(&make());
    what_is_unknown_is_absent(&make());
    a_started_job_is_listed_at_once(&make());
    its_tags_are_known_at_once(&make());
    a_number_is_not_used_twice_on_a_day(make);
    other_numbers_and_clusters_are_other_jobs(make());
    jobs_that_ended_count_as_well(make());
    a_repetition_changes_nothing(&make());
    a_deleted_job_can_come_back(&make());
}

fn full_job() -> NewJob {
    NewJob {
        key: JobKey { cluster: "alpha".to_owned(), job_id: 4711, start_time: UnixTime(FIRST_START) },
        subcluster: "gpu".to_owned(),
        user: "mona".to_owned(),
        project: "physics".to_owned(),
        partition: "long".to_owned(),
        array_job_id: 4700,
        num_nodes: 2,
        num_hwthreads: 144,
        num_acc: 3,
        shared: Shared::MultiUser,
        smt: 2,
        walltime_s: 7200,
        requested_memory_mb: 5_000_000_000,
        submit_time: UnixTime(FIRST_START - 77),
        monitoring_status: MonitoringStatus::Disabled,
        resources: vec![
            Resource {
                hostname: "a002".to_owned(),
                hwthreads: vec![0, 1, 71],
                accelerators: vec!["00000000:19:00.0".to_owned(), "00000000:3B:00.0".to_owned()],
                configuration: "fast \"1\"".to_owned(),
            },
            Resource { hostname: "a001".to_owned(), ..Resource::default() },
        ],
        meta_data: BTreeMap::from([
            ("jobName".to_owned(), "søren".to_owned()),
            ("jobScript".to_owned(), "#!/bin/sh\necho \"ü\"\n".to_owned()),
        ]),
        tags: vec![tag("app", "vasp", "global"), tag("note", "mine", "mona")],
    }
}

fn all_of_a_job_is_kept(store: &StoreUnderTest) {
    let sent = full_job();
    let id = store.start(sent.clone()).unwrap();
    let found = store.find(id).unwrap();
    assert_eq!(found.id, id);
    assert_eq!(found.resources().unwrap(), sent.resources, "in the order they were sent");
    let mut object = serde_json::to_value(&found).unwrap();
    let members = object.as_object_mut().unwrap();
    // The asker sees no private tags; the archive gets them all.
    assert_eq!(members.remove("tags").unwrap().pointer("/0/name"), Some(&json!("vasp")));
    let labels = store.ports.job_labels(id).unwrap().unwrap();
    assert_eq!((labels.tags.len(), labels.meta_data), (2, sent.meta_data));
    let expected = json!({
        "id": id, "cluster": "alpha", "jobId": 4711, "startTime": FIRST_START, "subCluster": "gpu",
        "user": "mona", "project": "physics", "partition": "long", "arrayJobId": 4700, "numNodes": 2,
        "numHwthreads": 144, "numAcc": 3, "shared": "multi_user", "smt": 2, "walltime": 7200,
        "requestedMemory": 5_000_000_000_i64, "submitTime": FIRST_START - 77, "jobState": "running",
        "duration": PRESENT - FIRST_START, "energy": 0.0, "energyFootprint": null, "footprint": null,
        "statistics": null, "concurrentJobs": {"items": null, "count": 0},
        "metaData": {"jobName": "søren", "jobScript": "#!/bin/sh\necho \"ü\"\n"},
        "resources": [
            {"hostname": "a002", "hwthreads": [0, 1, 71], "configuration": "fast \"1\"",
             "accelerators": ["00000000:19:00.0", "00000000:3B:00.0"]},
            {"hostname": "a001"},
        ],
    });
    assert_eq!(object, expected);
    assert_eq!(found.monitoring_status, MonitoringStatus::Disabled);
}

fn what_is_unknown_is_absent(store: &StoreUnderTest) {
    let id = store
        .start(NewJob {
            project: String::new(),
            partition: String::new(),
            num_hwthreads: 0,
            walltime_s: 0,
            smt: 0,
            ..archived_job(1).as_started()
        })
        .unwrap();
    let job = store.find(id).unwrap();
    assert_eq!((job.project.as_str(), job.partition.as_str(), job.array_job_id), ("", "", 0));
    assert_eq!((job.num_hwthreads, job.num_acc, job.smt, job.walltime_s), (0, 0, 0, 0));
    assert_eq!((job.submit_time, job.requested_memory_mb), (UnixTime(0), 0));
    assert_eq!(job.monitoring_status, MonitoringStatus::RunningOrArchiving);
    assert!(job.energy_kwh.abs() < f64::EPSILON && job.tags.is_empty());
    let fragments = [
        job.fragments.footprint,
        job.fragments.energy_footprint,
        job.fragments.statistics,
        job.fragments.meta_data,
    ];
    assert!(fragments.iter().all(Option::is_none), "{fragments:?}");
}

fn a_started_job_is_listed_at_once(store: &StoreUnderTest) {
    assert!(store.listed(&every_job()).is_empty(), "the empty list is asked for before");
    let id = store.start(full_job()).unwrap();
    let text = |name: &str| Some(name.to_owned());
    let none = JobFilter::default;
    for filter in [
        none(),
        JobFilter { states: vec![JobState::Running], ..none() },
        JobFilter { states: vec![JobState::Completed, JobState::Running], ..none() },
        JobFilter { cluster: text("alpha"), ..none() },
        JobFilter { cluster: text("alpha"), states: vec![JobState::Running], ..none() },
        JobFilter { subcluster: text("gpu"), ..none() },
        JobFilter { partition: text("long"), ..none() },
        JobFilter { project: text("physics"), ..none() },
        JobFilter { user: text("mona"), ..none() },
        JobFilter { job_id: Some(4711), ..none() },
        JobFilter { array_job_id: Some(4700), ..none() },
        JobFilter { node: text("a001"), ..none() },
        JobFilter { node: text("a002"), ..none() },
    ] {
        let mut selection = every_job();
        selection.filter = filter;
        assert_eq!(store.listed(&selection), [4711], "{selection:?}");
    }
    let mut ended = every_job();
    ended.filter.states = vec![JobState::Completed];
    assert!(store.listed(&ended).is_empty());
    assert_eq!(store.job(4711).id, id);
    let used = store.ports.used_nodes(UnixTime(PRESENT)).unwrap();
    assert_eq!(used.get("alpha").unwrap(), &["a001", "a002"]);
}

fn its_tags_are_known_at_once(store: &StoreUnderTest) {
    let tagged = archived_job(1).tag("app", "vasp", "global").tag("app", "vasp", "admin");
    store.start(tagged.tag("app", "vasp", "global").as_started()).unwrap();
    let tags: Vec<(String, String)> =
        store.job(1).tags.into_iter().map(|known| (known.name, known.scope)).collect();
    assert_eq!(tags.len(), 2, "a tag that is named twice counts once: {tags:?}");
    let mut selection = every_job();
    selection.filter.tags =
        vec![flightdeck_model::TagFilter { tag_type: Some("app".to_owned()), name: "vasp".to_owned() }];
    assert_eq!(store.listed(&selection), [1]);
}

/// The answer to a start of job 1 at this time.
fn start_at(store: &StoreUnderTest, start_s: i64) -> Result<JobDbId, JobChangeError> {
    store.start(archived_job(1).start(start_s).as_started())
}

fn a_number_is_not_used_twice_on_a_day(make: &dyn Fn() -> StoreUnderTest) {
    let first = FIRST_START + 10 * DAY_S;
    for distance_s in [0, 1, 3600, DAY_S - 1] {
        for start_s in [first - distance_s, first + distance_s] {
            let store = make();
            let known = start_at(&store, first).unwrap();
            let refused = start_at(&store, start_s).unwrap_err();
            let JobChangeError::Duplicate { existing, id } = refused else {
                panic!("{distance_s} s away: {refused}");
            };
            let expected = JobKey { cluster: "alpha".to_owned(), job_id: 1, start_time: UnixTime(first) };
            assert_eq!((existing, id), (expected, known));
            assert_eq!(store.listed(&every_job()), [1], "{distance_s} s away");
        }
    }
    let store = make();
    for start_s in [first, first - DAY_S, first + DAY_S, first + 10 * DAY_S, first - 10 * DAY_S] {
        start_at(&store, start_s).unwrap();
    }
    assert_eq!(store.listed(&every_job()), [1; 5]);
    assert!(start_at(&store, first + DAY_S / 2).is_err(), "between two that are known");
}

fn other_numbers_and_clusters_are_other_jobs(store: StoreUnderTest) {
    let at_once = |job_id| archived_job(job_id).start(FIRST_START);
    let store = store.with_running([
        at_once(1).as_started(),
        at_once(2).as_started(),
        at_once(1).cluster("beta").as_started(),
        at_once(1).cluster("Alpha").as_started(),
    ]);
    assert_eq!(store.listed(&every_job()).len(), 4);
}

fn jobs_that_ended_count_as_well(store: StoreUnderTest) {
    let store = store.with([archived_job(1).start(FIRST_START).build()]);
    let refused = start_at(&store, FIRST_START + DAY_S - 1);
    assert!(matches!(refused, Err(JobChangeError::Duplicate { .. })), "an archived one: {refused:?}");
    start_at(&store, FIRST_START + 5 * DAY_S).unwrap();
    store.stop(newest(1), JobState::Failed, FIRST_START + 5 * DAY_S + 10).unwrap();
    let refused = start_at(&store, FIRST_START + 5 * DAY_S + 20);
    assert!(matches!(refused, Err(JobChangeError::Duplicate { .. })), "one that was stopped: {refused:?}");
}

fn a_repetition_changes_nothing(store: &StoreUnderTest) {
    let id = store.start(full_job()).unwrap();
    let json_of = |job_id| -> Value { serde_json::to_value(store.job(job_id)).unwrap() };
    let before = json_of(4711);
    let poorer = NewJob {
        user: "otto".to_owned(),
        project: String::new(),
        resources: vec![Resource { hostname: "b1".to_owned(), ..Resource::default() }],
        meta_data: BTreeMap::new(),
        tags: vec![tag("app", "other", "global")],
        ..full_job()
    };
    assert!(store.start(poorer).is_err());
    assert_eq!(json_of(4711), before);
    store.stop(newest(4711), JobState::Failed, FIRST_START + 60).unwrap();
    let ended = json_of(4711);
    assert!(store.start(full_job()).is_err());
    assert_eq!(json_of(4711), ended, "it does not run again");
    assert_eq!(store.job(4711).id, id);
}

fn a_deleted_job_can_come_back(store: &StoreUnderTest) {
    let first = start_at(store, FIRST_START).unwrap();
    let audit = crate::audit_entry(flightdeck_model::AuditAction::DeleteJob, "job 1");
    crate::wait(store.ports.delete_job(WhichJob::Id(first), false, audit)).unwrap();
    let second = start_at(store, FIRST_START).unwrap();
    assert!(second > first, "ids are not used again");
}
