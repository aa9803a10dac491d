//! What an import brings into the database, and what it leaves alone.

use crate::world::{CountedProgress, World, import};
use flightdeck_model::{ImportCounts, JobRecord, JobState, JobStatistics, MonitoringStatus, Resource};
use flightdeck_service::ImportOptions;
use flightdeck_testkit::archived_job;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// All that is shown of a job; `with_id` false: but the number in the database.
fn shown(job: &JobRecord, with_id: bool) -> Value {
    let mut shown = serde_json::to_value(job).unwrap();
    if !with_id {
        shown.as_object_mut().unwrap().remove("id");
    }
    shown
}

fn statistics(values: &[(&str, [f64; 3])]) -> BTreeMap<String, JobStatistics> {
    let of = |[avg, min, max]: [f64; 3]| JobStatistics { avg, min, max, ..JobStatistics::default() };
    values.iter().map(|(metric, numbers)| ((*metric).to_owned(), of(*numbers))).collect()
}

#[test]
fn an_import_done_twice_changes_nothing() {
    let world = World::new();
    world.archive_jobs((1..=5).map(|number| archived_job(number).tag("app", "vasp", "global")));
    assert_eq!(world.import().counts, ImportCounts { added: 5, ..ImportCounts::default() });
    let before: Vec<Value> = (1..=5).map(|number| shown(&world.job(number), true)).collect();

    let report = world.import();
    assert_eq!(report.counts, ImportCounts { unchanged: 5, ..ImportCounts::default() });
    assert_eq!((report.removed, report.skipped.len()), (0, 0));
    let after: Vec<Value> = (1..=5).map(|number| shown(&world.job(number), true)).collect();
    assert_eq!(after, before);
}

#[test]
fn an_archive_without_jobs_is_imported_too() {
    let report = World::new().import();
    assert_eq!((report.counts, report.skipped), (ImportCounts::default(), Vec::new()));
}

#[test]
fn a_mended_job_comes_in_with_the_next_import() {
    let world = World::new();
    world.archive_jobs((1..=3).map(archived_job));
    world.archive.damage_job(archived_job(2).build().meta.key(), "cut off");
    assert_eq!(world.import().skipped.len(), 1);
    assert_eq!(world.all_job_ids(), [1, 3]);

    world.archive_jobs([archived_job(2)]);
    let report = world.import();
    assert_eq!(report.counts, ImportCounts { added: 1, unchanged: 2, ..ImportCounts::default() });
    assert_eq!(report.skipped, []);
    assert_eq!(world.all_job_ids(), [1, 2, 3]);
}

#[test]
fn news_of_a_job_keep_its_id() {
    let world = World::with_jobs((1..=3).map(archived_job));
    let id = world.job(2).id;
    world.archive_jobs([archived_job(2).state(JobState::Failed)]);
    let counts = world.import().counts;
    assert_eq!(counts, ImportCounts { updated: 1, unchanged: 2, ..ImportCounts::default() });
    assert_eq!((world.job(2).id, world.job(2).state), (id, JobState::Failed));
}

#[test]
fn a_job_that_is_damaged_later_stays_in_the_database() {
    let world = World::with_jobs((1..=2).map(archived_job));
    world.archive.damage_job(archived_job(1).build().meta.key(), "cut off");
    assert_eq!(world.import().skipped.len(), 1);
    assert_eq!(world.all_job_ids(), [1, 2]);
}

#[test]
fn problems_are_told_in_order_and_spoil_no_other_job() {
    let world = World::new();
    // More than one reader takes at once. By path, job 99 comes last; in the archive, it comes first.
    world.archive_jobs((90..2690).map(archived_job));
    let damaged = [2650, 101, 99, 1333];
    for number in damaged {
        world.archive.damage_job(archived_job(number).build().meta.key(), "cut off");
    }
    world.archive_jobs([archived_job(400).subcluster("unheard of")]);

    let report = import(&world.services, ImportOptions { rebuild: false, readers: 4 }).unwrap();
    let paths: Vec<String> = [101, 1333, 2650, 400, 99]
        .map(|number| format!("memory/{}/meta.json", archived_job(number).build().meta.key()))
        .to_vec();
    assert_eq!(report.skipped.iter().map(|it| it.path.clone()).collect::<Vec<_>>(), paths);
    let reasons: Vec<&str> = report.skipped.iter().map(|it| it.reason.as_str()).collect();
    let unknown = "cluster \"alpha\" has no subcluster \"unheard of\"";
    assert_eq!(reasons, ["cut off", "cut off", "cut off", unknown, "cut off"]);
    assert_eq!(report.counts.added, 2595);
    let expected: Vec<i64> = (90..2690).filter(|it| !damaged.contains(it) && *it != 400).collect();
    assert_eq!(world.all_job_ids(), expected);
}

#[rstest]
#[case::as_it_says("alpha", "gpu", &["a001"], Ok("gpu"))]
#[case::by_its_host("alpha", "", &["a010"], Ok("main"))]
#[case::by_its_first_host("alpha", "", &["g02", "a001"], Ok("gpu"))]
#[case::by_any_host("beta", "", &["whatever"], Ok("all"))]
#[case::any_host_is_nobody_too("beta", "", &[], Ok("all"))]
#[case::unknown_host("alpha", "", &["a011"],
    Err("no subcluster is given, and none of \"alpha\" has host \"a011\""))]
#[case::no_host("alpha", "", &[], Err("no subcluster is given, and none of \"alpha\" has host \"\""))]
#[case::unknown_subcluster("alpha", "all", &["a001"], Err("cluster \"alpha\" has no subcluster \"all\""))]
#[case::unknown_cluster("gamma", "main", &["a001"], Err("cluster \"gamma\" is not configured"))]
fn a_job_belongs_to_a_known_subcluster(
    #[case] cluster: &str,
    #[case] subcluster: &str,
    #[case] hosts: &[&str],
    #[case] expected: Result<&str, &str>,
) {
    let world = World::new();
    // Known to the archive, but not when the server started.
    let gamma = r#"{"name": "gamma", "metricConfig": [{"name": "m", "timestep": 1}], "subClusters": [
        {"name": "main", "nodes": "*", "topology": {"node": [0]}}]}"#;
    world.archive.insert_cluster("gamma", gamma);
    world.archive_jobs([archived_job(1).cluster(cluster).subcluster(subcluster).hosts(hosts)]);
    let report = world.import();
    match expected {
        Ok(name) => assert_eq!((world.job(1).subcluster.as_str(), report.skipped.len()), (name, 0)),
        Err(reason) => {
            assert_eq!(report.skipped.iter().map(|it| it.reason.as_str()).collect::<Vec<_>>(), [reason]);
            assert_eq!(world.all_job_ids(), [0; 0]);
        }
    }
}

#[rstest]
#[case::main("main", json!({"cpu_load_avg": 2.0, "mem_used_max": 9.0}), 2.0, json!({"node_power": 2.0}))]
#[case::gpu("gpu", json!({"cpu_load_avg": 2.0, "mem_used_min": 5.0}), 1.2, json!({"acc_power": 1.2}))]
fn footprint_and_energy_are_those_of_the_jobs_own_subcluster(
    #[case] subcluster: &str,
    #[case] footprint: Value,
    #[case] energy_kwh: f64,
    #[case] energy_by_metric_kwh: Value,
) {
    let world = World::new();
    // Two nodes for two hours.
    let mut job = archived_job(1).subcluster(subcluster).hosts(&["n1", "n2"]).duration(7200).build();
    job.meta.statistics = statistics(&[
        ("cpu_load", [2.0, 1.0, 3.0]),
        ("mem_used", [7.0, 5.0, 9.0]),
        ("node_power", [500.0, 1.0, 900.0]),
        ("acc_power", [300.0, 1.0, 900.0]),
    ]);
    world.archive.insert_job(job.meta);
    world.import();
    let found = shown(&world.job(1), false);
    assert_eq!(found["footprint"], footprint);
    assert_eq!(found["energyFootprint"], energy_by_metric_kwh);
    assert!((found["energy"].as_f64().unwrap() - energy_kwh).abs() < 1e-12, "{}", found["energy"]);
}

#[test]
fn footprint_and_energy_follow_the_subcluster_that_a_host_gives() {
    let world = World::new();
    let mut job = archived_job(1).subcluster("").build();
    job.meta.resources = vec![Resource { hostname: "g01".to_owned(), ..Resource::default() }];
    job.meta.statistics = statistics(&[("mem_used", [7.0, 5.0, 9.0]), ("acc_power", [1000.0, 0.0, 0.0])]);
    world.archive.insert_job(job.meta);
    world.import();
    let found = shown(&world.job(1), false);
    assert_eq!(found["footprint"], json!({"cpu_load_avg": 0.0, "mem_used_min": 5.0}));
    assert_eq!(found["energy"], 1.0);
}

#[test]
fn running_jobs_are_the_databases_own_business() {
    let world = World::with_jobs((1..=3).map(archived_job));
    world.start_again(2);
    let before = shown(&world.job(2), true);
    world.archive_jobs([archived_job(2).user("somebody else").state(JobState::Failed)]);
    for rebuild in [false, true] {
        let report = import(&world.services, ImportOptions { rebuild, readers: 1 }).unwrap();
        assert_eq!(report.counts.running, 1);
        assert_eq!(shown(&world.job(2), true), before, "rebuild: {rebuild}");
    }
    assert_eq!(world.job(2).monitoring_status, MonitoringStatus::RunningOrArchiving);
    assert_eq!(world.all_job_ids(), [1, 2, 3]);
}

#[test]
fn a_rebuild_starts_afresh_from_what_the_archive_has() {
    let world = World::with_jobs((1..=4).map(archived_job));
    world.start_again(4);
    world.archive.damage_job(archived_job(2).build().meta.key(), "cut off");
    let last_id = world.job(4).id;
    let report = import(&world.services, ImportOptions { rebuild: true, readers: 2 }).unwrap();
    assert_eq!(report.removed, 3);
    assert_eq!(report.counts, ImportCounts { added: 2, running: 1, ..ImportCounts::default() });
    assert_eq!(world.all_job_ids(), [1, 3, 4]);
    assert!(world.job(1).id > last_id, "ids are not used again");
}

#[test]
fn progress_counts_every_job_whatever_becomes_of_it() {
    let world = World::with_jobs((1..=40).map(archived_job));
    world.start_again(7);
    world.archive_jobs((30..=200).map(|number| archived_job(number).user("otto")));
    for number in [5, 31, 150] {
        world.archive.damage_job(archived_job(number).build().meta.key(), "cut off");
    }
    let progress = CountedProgress::default();
    let options = ImportOptions { rebuild: false, readers: 3 };
    let report = world.services.import_archive(options, &progress).unwrap();
    let expected = ImportCounts { added: 159, updated: 10, unchanged: 27, running: 1 };
    assert_eq!((report.counts, report.skipped.len()), (expected, 3));
    assert_eq!(progress.begins.load(Ordering::Relaxed), 1);
    assert_eq!(progress.jobs.load(Ordering::Relaxed), 200);
    assert_eq!(progress.done.load(Ordering::Relaxed), 200);
}

#[test]
fn several_readers_give_the_same_as_one() {
    // More than one reader takes at once.
    const JOBS: i64 = 2500;
    let import_with = |readers| {
        let world = World::new();
        world.archive_jobs((1..=JOBS).map(|number| {
            let job = archived_job(number).subcluster("").metadata("jobName", &number.to_string());
            job.hosts(if number % 3 == 0 { &["g01"] } else { &["a001", "a002"] })
        }));
        world.archive_jobs([archived_job(77).subcluster("unheard of")]);
        world.archive.damage_job(archived_job(2200).build().meta.key(), "cut off");
        let report = import(&world.services, ImportOptions { rebuild: false, readers }).unwrap();
        let jobs: Vec<Value> = world.all_jobs().iter().map(|job| shown(job, false)).collect();
        (report.counts, report.skipped, jobs)
    };
    let one = import_with(1);
    assert_eq!(one.0.added, u64::try_from(JOBS).unwrap() - 2);
    assert_eq!(import_with(5), one);
    assert_eq!(import_with(0), one, "no reader counts as one");
}

#[test]
fn a_broken_cluster_is_left_out_with_its_jobs() {
    let world = World::new();
    world.archive_jobs([archived_job(1), archived_job(2).cluster("beta").subcluster("all")]);
    world.archive.insert_cluster("beta", "{");
    let report = world.import();
    let left_out: Vec<&str> = report.clusters_left_out.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(left_out, ["memory/beta/cluster.json"]);
    assert!(!report.clusters_left_out[0].reason.is_empty());
    assert_eq!(report.skipped, [], "what is left out as a whole is not told job by job");
    assert_eq!(world.all_job_ids(), [1]);
}
