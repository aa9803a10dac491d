//! What the store finds when it is opened again, and what it leaves on disk.

use crate::site::{Dice, NOW_S, Site, cluster, files_of, line, of_node, read_all, try_write, write};
use flightdeck_metrics::{SampleStore, StoreError};
use flightdeck_model::{HeldHost, MetricStore, Page, SeriesName, UnixTime};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

/// A block of the metric `load`.
const BLOCK_S: i64 = 256 * 60;

/// Writes as many samples of a host as there are values, a minute apart.
fn write_run(store: &SampleStore, host: &str, from_s: i64, values: &[f64]) {
    let times = (0..).map(|index: i64| from_s + index * 60);
    write(
        store,
        &times
            .zip(values)
            .map(|(time_s, value)| line(&of_node(host, "load"), time_s, *value))
            .collect::<String>(),
    );
}

fn run(from_s: i64, values: &[f64]) -> BTreeMap<i64, f64> {
    (0..).map(|index: i64| from_s + index * 60).zip(values.iter().copied()).collect()
}

#[test]
fn a_closed_store_opens_from_its_snapshot_alone() {
    let site = Site::alpha();
    let (store, first) = site.open();
    assert_eq!((first.snapshots, first.log_samples, first.took_over), (0, 0, None));
    write_run(&store, "a1", NOW_S - 600, &[1.0, 2.0, 3.5]);
    store.close().unwrap();
    assert_eq!((site.files("log-"), site.files("snapshot-")), (0, 1));
    let (reopened, report) = site.open();
    assert_eq!((report.snapshots, report.blocks, report.log_samples, report.damaged), (1, 1, 0, 0));
    assert_eq!(read_all(&reopened, &of_node("a1", "load")), run(NOW_S - 600, &[1.0, 2.0, 3.5]));
}

#[test]
fn a_store_that_was_not_closed_opens_from_its_log() {
    let site = Site::alpha();
    let (store, _) = site.open();
    write_run(&store, "a1", NOW_S - 600, &[1.0, 2.0, 3.5]);
    drop(store);
    let (reopened, report) = site.open();
    assert_eq!((report.snapshots, report.log_samples, report.damaged), (0, 3, 0));
    assert_eq!(read_all(&reopened, &of_node("a1", "load")), run(NOW_S - 600, &[1.0, 2.0, 3.5]));
}

#[test]
fn a_log_that_a_snapshot_holds_already_changes_nothing() {
    let site = Site::alpha();
    let (store, _) = site.open();
    write_run(&store, "a1", NOW_S - 600, &[1.0, 2.0, 3.0]);
    write_run(&store, "a1", NOW_S - 600, &[4.0]);
    let logs = || files_of(site.folder.path()).into_iter().filter(|name| name.starts_with("log-"));
    let before: Vec<(String, Vec<u8>)> =
        logs().map(|name| (name.clone(), fs::read(site.folder.path().join(name)).unwrap())).collect();
    store.checkpoint().unwrap();
    write_run(&store, "a1", NOW_S - 540, &[5.0]);
    drop(store);
    // As if the program had been killed after the snapshot was there and before the log was removed.
    for (name, content) in before {
        fs::write(site.folder.path().join(name), content).unwrap();
    }
    let (reopened, report) = site.open();
    assert_eq!((report.log_samples, report.damaged), (1, 0), "the log is read from where the snapshot ends");
    assert_eq!(read_all(&reopened, &of_node("a1", "load")), run(NOW_S - 600, &[4.0, 5.0, 3.0]));
    reopened.checkpoint().unwrap();
    assert_eq!(logs().count(), 0, "and removed with the next snapshot");
}

#[test]
fn an_unfinished_snapshot_is_no_snapshot() {
    let site = Site::alpha();
    let (store, _) = site.open();
    write_run(&store, "a1", NOW_S - 600, &[1.0]);
    store.close().unwrap();
    let name = files_of(site.folder.path()).into_iter().find(|name| name.starts_with("snapshot-")).unwrap();
    let snapshot = fs::read(site.folder.path().join(name)).unwrap();
    let unfinished = site.folder.path().join(".new-snapshot-0000000007-0000000009.fds");
    fs::write(&unfinished, &snapshot[..snapshot.len() / 2]).unwrap();
    let (reopened, report) = site.open();
    assert_eq!((report.snapshots, report.damaged), (1, 0));
    assert!(!unfinished.exists());
    assert_eq!(read_all(&reopened, &of_node("a1", "load")), run(NOW_S - 600, &[1.0]));
}

#[test]
fn only_one_store_at_a_time_has_the_folder() {
    let site = Site::alpha();
    let (store, _) = site.open();
    write_run(&store, "a1", NOW_S, &[1.0]);
    let second = SampleStore::open(site.options.clone(), Arc::clone(&site.clock) as _);
    assert!(matches!(second, Err(StoreError::InUse { path }) if path == site.folder.path()));
    write_run(&store, "a1", NOW_S + 60, &[2.0]);
    drop(store);
    assert_eq!(read_all(&site.open().0, &of_node("a1", "load")), run(NOW_S, &[1.0, 2.0]));
}

#[test]
fn a_checkpoint_without_news_writes_nothing() {
    let site = Site::alpha();
    let (store, _) = site.open();
    assert_eq!(store.checkpoint().unwrap(), "0 new blocks written");
    write_run(&store, "a1", NOW_S, &[1.0]);
    assert_eq!(store.checkpoint().unwrap(), "1 new blocks written");
    assert_eq!(store.checkpoint().unwrap(), "0 new blocks written");
    assert_eq!(site.files("snapshot-"), 1);
}

#[test]
fn samples_that_jobs_need_outlive_restarts_however_old_they_are() {
    let mut site = Site::alpha();
    site.options.retention_s = 2 * BLOCK_S;
    let hold = |store: &SampleStore| {
        let from = UnixTime(NOW_S - 1000);
        store.hold(vec![HeldHost { cluster: "alpha".into(), host: "a1".into(), from }]);
    };
    let (store, _) = site.open();
    hold(&store);
    for host in ["a1", "a2"] {
        write_run(&store, host, NOW_S - 600, &[1.0, 2.0]);
    }
    store.close().unwrap();
    site.clock.advance(5 * BLOCK_S);
    let (reopened, _) = site.open();
    hold(&reopened);
    reopened.maintain(UnixTime(NOW_S + 5 * BLOCK_S)).unwrap();
    assert_eq!(read_all(&reopened, &of_node("a1", "load")), run(NOW_S - 600, &[1.0, 2.0]));
    assert!(read_all(&reopened, &of_node("a2", "load")).is_empty(), "nobody needs these");
    write_run(&reopened, "a1", NOW_S - 300, &[3.0]);
    let report = try_write(&reopened, &line(&of_node("a2", "load"), NOW_S - 300, 3.0)).unwrap();
    assert_eq!(report.skipped, BTreeMap::from([("older than the retention", 1)]));
}

#[test]
fn nothing_goes_before_it_is_said_what_jobs_need() {
    let mut site = Site::alpha();
    site.options.retention_s = 2 * BLOCK_S;
    let (store, _) = site.open();
    for from_s in [NOW_S, NOW_S + 1800] {
        write_run(&store, "a1", from_s, &[1.0, 2.0]);
        store.checkpoint().unwrap();
    }
    drop(store);
    let later = UnixTime(NOW_S + 5 * BLOCK_S);
    let (reopened, _) = site.open();
    for _ in 0..2 {
        let done = reopened.maintain(later).unwrap();
        assert!(done.contains("nobody has said yet whose samples are needed"), "{done}");
        assert_eq!(read_all(&reopened, &of_node("a1", "load")).len(), 4);
        assert_eq!(site.files("snapshot-"), 2);
    }
    reopened.hold(Vec::new());
    let done = reopened.maintain(later).unwrap();
    assert!(done.contains(" 1 expired") && !done.contains("nobody has said"), "{done}");
    assert!(read_all(&reopened, &of_node("a1", "load")).is_empty());
    assert_eq!(site.files("snapshot-"), 1);
}

#[test]
fn a_store_that_nobody_tells_what_is_needed_needs_not_be_told() {
    let mut site = Site::alpha();
    site.options.retention_s = 2 * BLOCK_S;
    site.options.waits_for_hold = false;
    let (store, _) = site.open();
    write_run(&store, "a1", NOW_S, &[1.0, 2.0]);
    store.maintain(UnixTime(NOW_S + 5 * BLOCK_S)).unwrap();
    assert!(read_all(&store, &of_node("a1", "load")).is_empty());
}

#[test]
fn snapshots_go_when_all_their_samples_are_too_old() {
    let mut site = Site::alpha();
    site.options.retention_s = 4 * 3600;
    let (store, _) = site.open();
    store.hold(Vec::new());
    for hour in 0..24_i32 {
        let now_s = NOW_S + i64::from(hour) * 3600;
        write_run(&store, "a1", now_s, &[f64::from(hour)]);
        store.checkpoint().unwrap();
        store.maintain(UnixTime(now_s)).unwrap();
        assert!(site.files("snapshot-") <= 10, "hour {hour}");
        site.clock.advance(3600);
    }
    drop(store);
    let found =
        crate::site::read(&site.open().0, &of_node("a1", "load"), NOW_S + 20 * 3600, NOW_S + 24 * 3600);
    assert_eq!(found.into_values().collect::<Vec<_>>(), [20.0, 21.0, 22.0, 23.0]);
}

#[test]
fn metrics_may_change_between_two_starts() {
    let site = Site::alpha();
    let (store, _) = site.open();
    write_run(&store, "a1", NOW_S, &[1.0, 2.0, 3.0]);
    write(&store, &line(&of_node("a1", "power"), NOW_S, 100.0));
    store.checkpoint().unwrap();
    write(&store, &line(&of_node("a1", "power"), NOW_S + 60, 101.0));
    drop(store);
    let mut changed = Site::new(vec![cluster("alpha", &[("load", 30)])]);
    changed.options.directory.clone_from(&site.options.directory);
    let (reopened, report) = changed.open();
    assert_eq!((report.passed_over, report.damaged), (2, 0), "a block and a sample of a metric that is gone");
    assert_eq!(read_all(&reopened, &of_node("a1", "load")), run(NOW_S, &[1.0, 2.0, 3.0]));
    assert!(read_all(&reopened, &of_node("a1", "power")).is_empty());
    let refused = try_write(&reopened, &line(&of_node("a1", "power"), NOW_S + 120, 102.0)).unwrap();
    assert_eq!(refused.skipped, BTreeMap::from([("unknown metric", 1)]));
    write(&reopened, &line(&of_node("a1", "load"), NOW_S + 30, 1.5));
    // Blocks of the old timestep and of the new one would not take each other's place.
    assert!(reopened.checkpoint().unwrap().contains(" all blocks"));
    drop(reopened);
    // Nothing of it is lost before it is too old.
    let (mended, second_report) = site.open();
    assert_eq!((second_report.passed_over, second_report.damaged), (0, 0));
    assert_eq!(read_all(&mended, &of_node("a1", "power")), run(NOW_S, &[100.0, 101.0]));
    write(&mended, &line(&of_node("a1", "power"), NOW_S + 120, 102.0));
    mended.close().unwrap();
    let (last, _) = site.open();
    assert_eq!(read_all(&last, &of_node("a1", "power")), run(NOW_S, &[100.0, 101.0, 102.0]));
    // Of the two samples of a minute the later one.
    assert_eq!(read_all(&last, &of_node("a1", "load")), run(NOW_S, &[1.5, 2.0, 3.0]));
}

/// A store of the clusters of these names, in the folder of another one.
fn of_clusters(site: &Site, names: &[&str]) -> Site {
    let mut other =
        Site::new(names.iter().map(|name| cluster(name, &[("load", 60), ("power", 60)])).collect());
    other.options.directory.clone_from(&site.options.directory);
    other.options.retention_s = site.options.retention_s;
    other
}

#[test]
fn samples_outlive_a_start_without_their_cluster() {
    let both = Site::new(["alpha", "beta"].map(|name| cluster(name, &[("load", 60), ("power", 60)])).into());
    let of_beta = |host, metric| SeriesName { cluster: "beta", ..of_node(host, metric) };
    let sent = |host: &'static str| [of_node(host, "load"), of_beta(host, "load"), of_beta(host, "power")];
    let (store, _) = both.open();
    for name in sent("a1") {
        write(&store, &line(&name, NOW_S - 120, 1.0));
    }
    store.checkpoint().unwrap();
    // Of some there is a block as well, of others the log alone.
    for name in sent("a1").into_iter().chain(sent("a2")) {
        write(&store, &line(&name, NOW_S - 53, 2.0));
    }
    drop(store);

    let one = of_clusters(&both, &["alpha"]);
    for round in 0..3 {
        let (reopened, report) = one.open();
        assert!(report.passed_over > 0 && report.damaged == 0, "{report:?}");
        let refused = try_write(&reopened, &line(&of_beta("a1", "load"), NOW_S, 3.0)).unwrap();
        assert_eq!(refused.skipped, BTreeMap::from([("unknown cluster", 1)]));
        write(&reopened, &line(&of_node("a3", "load"), NOW_S + round * 60, 4.0));
        if round == 1 {
            reopened.free(&[vec!["alpha".into(), "a3".into()]], UnixTime(NOW_S + 86_400)).unwrap();
            assert!(reopened.checkpoint().unwrap().contains("all blocks"));
        }
        reopened.checkpoint().unwrap();
    }

    let (mended, report) = both.open();
    assert_eq!((report.passed_over, report.damaged), (0, 0));
    for name in sent("a1") {
        assert_eq!(read_all(&mended, &name), run(NOW_S - 120, &[1.0, 2.0]), "{name:?}");
    }
    for name in sent("a2") {
        assert_eq!(read_all(&mended, &name), run(NOW_S - 60, &[2.0]), "{name:?}");
    }
    // What is configured again is as before.
    write(&mended, &line(&of_beta("a1", "load"), NOW_S, 3.0));
    mended.close().unwrap();
    let (last, _) = both.open();
    assert_eq!(read_all(&last, &of_beta("a1", "load")), run(NOW_S - 120, &[1.0, 2.0, 3.0]));
}

#[test]
fn samples_without_their_cluster_go_when_they_are_too_old() {
    let site = Site::alpha();
    let (store, _) = site.open();
    write_run(&store, "a1", NOW_S, &[1.0]);
    drop(store);
    let one = of_clusters(&site, &["beta"]);
    let (reopened, _) = one.open();
    reopened.hold(Vec::new());
    assert_eq!(
        reopened.list_series(&[], Page { offset: 0, limit: 10 }).total,
        1,
        "one can see what takes memory"
    );
    assert!(reopened.maintain(UnixTime(NOW_S + 86_400)).unwrap().contains(" 0 expired"));
    assert!(reopened.maintain(UnixTime(NOW_S + 3 * 86_400)).unwrap().contains(" 1 expired"));
    write(&reopened, &line(&SeriesName { cluster: "beta", ..of_node("b1", "load") }, NOW_S, 1.0));
    reopened.checkpoint().unwrap();
    drop(reopened);
    assert!(read_all(&site.open().0, &of_node("a1", "load")).is_empty());
}

#[test]
fn a_lower_limit_on_series_costs_no_samples() {
    let mut site = Site::alpha();
    let (store, _) = site.open();
    for host in ["a1", "a2", "a3"] {
        write_run(&store, host, NOW_S, &[1.0]);
    }
    store.checkpoint().unwrap();
    write_run(&store, "a4", NOW_S, &[1.0]);
    drop(store);
    site.options.series_max = 2;
    let (reopened, report) = site.open();
    assert_eq!((report.passed_over, report.damaged), (0, 0));
    let refused = try_write(&reopened, &line(&of_node("a5", "load"), NOW_S, 1.0)).unwrap();
    assert_eq!(refused.skipped, BTreeMap::from([("too many series", 1)]));
    for host in ["a1", "a2", "a3", "a4"] {
        assert_eq!(read_all(&reopened, &of_node(host, "load")), run(NOW_S, &[1.0]));
    }
}

/// The number that stands before some words.
#[track_caller]
fn number_before(text: &str, words: &str) -> u64 {
    let (front, _) = text.split_once(words).unwrap();
    front.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn opening_loads_no_more_than_the_cap_and_the_next_snapshot_has_only_that() {
    const CAP: u64 = 100_000;
    let mut site = Site::alpha();
    let (store, _) = site.open();
    let mut dice = Dice::new(5);
    // Random digits take their eight bytes however they are compressed.
    let mut value = || f64::from(u32::try_from(dice.below(1 << 32)).unwrap()) / 3.0;
    for first in (0..48_i64).rev() {
        for host in ["a1", "a2", "a3", "a4"] {
            let values: Vec<f64> = (0..256).map(|_| value()).collect();
            let times = (0..).map(|step: i64| NOW_S - (first * 256 + step) * 7);
            let body: String = times
                .zip(&values)
                .map(|(time_s, value)| line(&of_node(host, "fast"), time_s, *value))
                .collect();
            write(&store, &body);
        }
        if first % 8 == 0 {
            store.checkpoint().unwrap();
        }
    }
    write_run(&store, "a1", NOW_S, &[1.0]);
    drop(store);
    site.options.memory_cap_bytes = CAP;
    let disk_bytes = || {
        let files = files_of(site.folder.path()).into_iter().filter(|name| name.starts_with("snapshot-"));
        files.map(|name| fs::metadata(site.folder.path().join(name)).unwrap().len()).sum::<u64>()
    };
    let before = disk_bytes();
    let (opened, report) = site.open();
    assert!(report.damaged == 0 && report.blocks > 192);
    // Nobody has said what is needed: this drops nothing more.
    let done = opened.maintain(UnixTime(NOW_S)).unwrap();
    assert_eq!(number_before(&done, " dropped for memory"), 0, "{done}");
    assert!(number_before(&done, " bytes") <= CAP / 4 * 5, "{done}");
    opened.hold(Vec::new());
    let done = opened.maintain(UnixTime(NOW_S)).unwrap();
    assert!(number_before(&done, " bytes") <= CAP, "{done}");
    let kept = ["a1", "a2", "a3", "a4"].map(|host| read_all(&opened, &of_node(host, "fast")));
    assert!(kept.iter().all(|samples| samples.contains_key(&(NOW_S / 7 * 7))), "the newest are there");
    let done = opened.checkpoint().unwrap();
    assert!(done.contains(" all blocks"), "{done}");
    assert_eq!(site.files("snapshot-"), 1);
    assert!(disk_bytes() < before / 2, "{} of {before}", disk_bytes());
    drop(opened);
    let (again, second) = site.open();
    assert_eq!(second.blocks, number_before(&done, " all blocks"));
    assert_eq!(["a1", "a2", "a3", "a4"].map(|host| read_all(&again, &of_node(host, "fast"))), kept);
    // Little was dropped: the next one is a small one.
    write_run(&again, "a1", NOW_S + 60, &[1.0]);
    assert_eq!(again.checkpoint().unwrap(), "1 new blocks written");
}

#[test]
fn old_files_that_stay_for_one_host_get_to_have_that_host_alone() {
    let mut site = Site::alpha();
    site.options.retention_s = 2 * BLOCK_S;
    let hold = |store: &SampleStore| {
        let from = UnixTime(NOW_S);
        store.hold(vec![HeldHost { cluster: "alpha".into(), host: "a1".into(), from }]);
    };
    let (store, _) = site.open();
    hold(&store);
    for block in 0..6_i64 {
        for host in ["a1", "a2", "a3"] {
            write_run(&store, host, NOW_S + block * BLOCK_S, &[1.0, 2.0]);
        }
        assert_eq!(store.checkpoint().unwrap().contains(" all blocks"), block == 3, "block {block}");
        site.clock.advance(BLOCK_S);
        store.maintain(UnixTime(NOW_S + (block + 1) * BLOCK_S)).unwrap();
    }
    assert!(site.files("snapshot-") <= 3);
    drop(store);
    let (reopened, _) = site.open();
    hold(&reopened);
    reopened.maintain(UnixTime(NOW_S + 6 * BLOCK_S)).unwrap();
    assert_eq!(read_all(&reopened, &of_node("a1", "load")).len(), 12);
    drop(reopened);
    // Somebody who needs nothing has only what is not too old.
    site.options.waits_for_hold = false;
    let (last, _) = site.open();
    assert_eq!(last.list_series(&[], Page { offset: 0, limit: 10 }).series[0].blocks.len(), 2);
}
