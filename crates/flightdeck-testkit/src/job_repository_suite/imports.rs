//! What becomes of jobs that are imported, once and again.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{FIRST_START, PRESENT, archived_job, every_job};
use crate::store_under_test::{ALL, StoreUnderTest};
use flightdeck_model::{
    ImportCounts, JobDbId, JobRecord, JobState, MonitoringStatus, Page, Shared, UnixTime,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    all_of_a_job_is_kept(make());
    empty_parts_are_absent(make());
    metadata_is_loaded_when_asked_for(make());
    the_same_again_changes_nothing(&make());
    news_update_a_job(make());
    running_jobs_stay_as_they_are(make());
    identity_is_cluster_number_and_start(make());
    removal_leaves_what_is_not_archived(make());
    ids_are_not_used_again(make());
    used_nodes_are_those_of_running_jobs(make());
    a_list_follows_every_change(&make());
    optimizing_changes_nothing(make());
}

fn json_of(job: &JobRecord) -> Value {
    serde_json::to_value(job).unwrap()
}

fn all_of_a_job_is_kept(store: StoreUnderTest) {
    let mut job = archived_job(7).tag("app", "vasp", "global").metadata("jobName", "søren \"1\"").build();
    job.meta.shared = Shared::SingleUser;
    job.meta.num_acc = 4;
    job.meta.smt = 2;
    job.meta.requested_memory = 128_000;
    job.meta.submit_time = UnixTime(FIRST_START - 5);
    let store = store.with([job]);
    let found = json_of(&store.job(7));
    let expected = json!({
        "cluster": "alpha", "subCluster": "main", "partition": "batch", "project": "physics", "user": "mona",
        "shared": "single_user", "jobState": "completed", "jobId": 7, "startTime": FIRST_START + 7 * 60,
        "submitTime": FIRST_START - 5, "duration": 3600, "walltime": 86_400, "numNodes": 1, "numHwthreads": 64,
        "numAcc": 4, "smt": 2, "requestedMemory": 128_000, "monitoringStatus": 3, "energy": 1.5,
        "energyFootprint": {"node_power": 1.5}, "footprint": {"cpu_load_avg": 32.5},
        "resources": [{"hostname": "a001"}], "metaData": {"jobName": "søren \"1\""},
        "statistics": {"cpu_load": {"unit": {"base": ""}, "avg": 32.5, "min": 1.0, "max": 64.0}},
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(found.get(key), Some(value), "{key}");
    }
    assert_eq!(found.pointer("/tags/0/name"), Some(&json!("vasp")));
}

fn empty_parts_are_absent(store: StoreUnderTest) {
    let mut job = archived_job(7).without_footprint().energy(f64::NAN).build();
    job.energy_footprint_kwh.clear();
    job.meta.statistics.clear();
    let store = store.with([job]);
    let found = store.job(7);
    assert!(found.fragments.footprint.is_none());
    assert!(found.fragments.energy_footprint.is_none());
    assert!(found.fragments.statistics.is_none());
    assert!(found.fragments.meta_data.is_none());
    assert!(found.tags.is_empty());
    assert!(found.energy_kwh.abs() < f64::EPSILON, "no number is no energy");
}

fn metadata_is_loaded_when_asked_for(store: StoreUnderTest) {
    let store = store.with([archived_job(1).metadata("jobName", "x").build()]);
    let id = store.job(1).id;
    for with_metadata in [true, false] {
        let listed = store.ports.list_jobs(&every_job(), ALL, with_metadata).unwrap().jobs;
        let loaded = store.ports.jobs_with_ids(&every_job(), &[id], with_metadata).unwrap();
        for job in listed.iter().chain(&loaded) {
            assert_eq!(job.fragments.meta_data.is_some(), with_metadata);
        }
    }
}

fn the_same_again_changes_nothing(store: &StoreUnderTest) {
    let jobs: Vec<_> = (1..=3).map(|number| archived_job(number).tag("a", "b", "global").build()).collect();
    let first = store.ports.import_jobs(&jobs).unwrap();
    assert_eq!(first, ImportCounts { added: 3, ..ImportCounts::default() });
    let before = json_of(&store.job(2));
    let second = store.ports.import_jobs(&jobs).unwrap();
    assert_eq!(second, ImportCounts { unchanged: 3, ..ImportCounts::default() });
    assert_eq!(json_of(&store.job(2)), before);
    assert_eq!(store.ports.import_jobs(&[]).unwrap(), ImportCounts::default());
    assert_eq!(store.listed(&every_job()), [3, 2, 1]);
}

fn news_update_a_job(store: StoreUnderTest) {
    let old = archived_job(1).hosts(&["a1", "a2"]).tag("app", "old", "global").metadata("jobName", "x");
    let store = store.with([old.build()]);
    let id = store.job(1).id;
    let new = archived_job(1).hosts(&["a2", "a3"]).tag("app", "new", "global").tag("app", "old", "global");
    let new = new.state(JobState::Failed).user("otto").energy(9.0).fingerprint(-77).build();
    let counts = store.ports.import_jobs(&[new]).unwrap();
    assert_eq!(counts, ImportCounts { updated: 1, ..ImportCounts::default() });
    let updated = store.job(1);
    assert_eq!(updated.id, id);
    assert_eq!((updated.state, updated.user.as_str()), (JobState::Failed, "otto"));
    assert!(updated.fragments.meta_data.is_none(), "what the archive no longer has goes");
    let mut tags: Vec<&str> = updated.tags.iter().map(|tag| tag.name.as_str()).collect();
    tags.sort_unstable();
    assert_eq!(tags, ["new", "old"], "tags are added");
    for (host, expected) in [("a1", vec![]), ("a2", vec![1]), ("a3", vec![1])] {
        let mut selection = every_job();
        selection.filter.node = Some(host.to_owned());
        assert_eq!(store.listed(&selection), expected, "{host}");
    }
}

fn running_jobs_stay_as_they_are(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).as_started()]);
    let counts = store.ports.import_jobs(&[archived_job(1).user("otto").fingerprint(5).build()]).unwrap();
    assert_eq!(counts, ImportCounts { running: 1, ..ImportCounts::default() });
    let job = store.job(1);
    assert_eq!((job.state, job.user.as_str()), (JobState::Running, "mona"));
    assert_eq!(job.monitoring_status, MonitoringStatus::RunningOrArchiving);
}

fn identity_is_cluster_number_and_start(store: StoreUnderTest) {
    let store = store.with([
        archived_job(1).start(FIRST_START).build(),
        archived_job(1).start(FIRST_START + 1).build(),
        archived_job(1).start(FIRST_START).cluster("beta").build(),
    ]);
    assert_eq!(store.listed(&every_job()).len(), 3);
}

fn removal_leaves_what_is_not_archived(store: StoreUnderTest) {
    let tagged = |number| archived_job(number).tag("a", "b", "global");
    let store = store.with([tagged(1).build(), tagged(3).build()]).with_running([tagged(2).as_started()]);
    assert_eq!(store.ports.remove_archived_jobs().unwrap(), 2);
    assert_eq!(store.listed(&every_job()), [2]);
    assert_eq!(store.job(2).tags.len(), 1);
    let mut on_node = every_job();
    on_node.filter.node = Some("a001".to_owned());
    assert_eq!(store.listed(&on_node), [2]);
    let counts = store.ports.import_jobs(&[archived_job(1).build()]).unwrap();
    assert_eq!(counts.added, 1, "a removed job can come back");
}

fn ids_are_not_used_again(store: StoreUnderTest) {
    let store = store.with([archived_job(1).build()]);
    let JobDbId(first) = store.job(1).id;
    store.ports.remove_archived_jobs().unwrap();
    store.ports.import_jobs(&[archived_job(2).build()]).unwrap();
    assert!(store.job(2).id.0 > first);
}

fn used_nodes_are_those_of_running_jobs(store: StoreUnderTest) {
    let store = store.with([archived_job(4).hosts(&["ended"]).build()]);
    assert!(store.ports.used_nodes(UnixTime(PRESENT)).unwrap().is_empty());
    let store = store.with_running([
        archived_job(1).start(PRESENT - 10).hosts(&["a2", "a1"]).as_started(),
        archived_job(2).start(PRESENT - 11).hosts(&["a2", "a3"]).as_started(),
        archived_job(3).start(PRESENT - 10).cluster("beta").hosts(&["b1"]).as_started(),
    ]);
    let all = store.ports.used_nodes(UnixTime(PRESENT)).unwrap();
    let hosts = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let expected = [("alpha", hosts(&["a1", "a2", "a3"])), ("beta", hosts(&["b1"]))];
    assert_eq!(all, BTreeMap::from(expected.map(|(cluster, names)| (cluster.to_owned(), names))));
    let earlier = store.ports.used_nodes(UnixTime(PRESENT - 10)).unwrap();
    assert_eq!(earlier, BTreeMap::from([("alpha".to_owned(), hosts(&["a2", "a3"]))]), "strictly before");
}

fn a_list_follows_every_change(store: &StoreUnderTest) {
    let page = Page { offset: 0, limit: 1 };
    let total = || store.ports.list_jobs(&every_job(), page, false).unwrap().total;
    assert_eq!(total(), 0);
    for number in 1..=3 {
        store.ports.import_jobs(&[archived_job(number).tag("t", "n", "global").build()]).unwrap();
        assert_eq!(total(), u64::try_from(number).unwrap());
        assert_eq!(store.job(number).tags.len(), 1, "a tag is known at once");
    }
    store.ports.remove_archived_jobs().unwrap();
    assert_eq!(total(), 0);
}

fn optimizing_changes_nothing(store: StoreUnderTest) {
    store.ports.optimize().unwrap();
    let store = store.with((1..=50).map(|number| archived_job(number).build()));
    let before = store.listed(&every_job());
    store.ports.optimize().unwrap();
    assert_eq!(store.listed(&every_job()), before);
}
