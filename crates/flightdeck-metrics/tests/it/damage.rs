//! Damaged files: the store opens, gives no wrong value, and counts what it lost.

use crate::site::{Dice, NOW_S, Site, files_of, line, of_node, read_all, write};
use flightdeck_metrics::SampleStore;
use flightdeck_model::MetricStore;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const HOSTS: [&str; 4] = ["a1", "a2", "a3", "a4"];
const STEPS: i32 = 600;
/// Steps of a body.
const BODY_STEPS: i32 = 20;

/// The value of a step: of each host and step another one.
fn value(host: usize, step: i32) -> f64 {
    f64::from(step) + f64::from(u8::try_from(host).unwrap()) / 8.0 + 0.01
}

fn time_s(step: i32) -> i64 {
    NOW_S - 60 * i64::from(STEPS - step)
}

/// Writes the steps of a body for all hosts.
fn write_steps(store: &SampleStore, first: i32) {
    let mut body = String::new();
    for (host, host_name) in HOSTS.iter().enumerate() {
        for step in first..first + BODY_STEPS {
            body.push_str(&line(&of_node(host_name, "load"), time_s(step), value(host, step)));
        }
    }
    write(store, &body);
}

/// A folder with three snapshots and several segments of the log.
fn filled() -> Site {
    let site = Site::alpha();
    let (store, _) = site.open();
    for first in (0..STEPS).step_by(usize::try_from(BODY_STEPS).unwrap()) {
        write_steps(&store, first);
        if [100, 200, 300].contains(&first) {
            store.checkpoint().unwrap();
        }
    }
    drop(store);
    assert!(site.files("snapshot-") == 3 && site.files("log-") >= 2);
    site
}

/// Copies the store's files, not its lock.
fn copy(from: &Path, to: &Site) {
    for name in files_of(from).iter().filter(|name| *name != "lock") {
        fs::copy(from.join(name), to.folder.path().join(name)).unwrap();
    }
}

fn files_with_bytes(site: &Site) -> Vec<(String, usize)> {
    let names = files_of(site.folder.path()).into_iter().filter(|name| name != "lock");
    let with_bytes = names.map(|name| {
        let bytes = fs::metadata(site.folder.path().join(&name)).unwrap().len();
        (name, usize::try_from(bytes).unwrap())
    });
    with_bytes.collect()
}

/// How many samples are missing; panics when one is not as it was sent.
#[track_caller]
fn missing(store: &SampleStore) -> usize {
    let mut missing = 0;
    for (host, host_name) in HOSTS.iter().enumerate() {
        let sent: BTreeMap<i64, f64> = (0..STEPS).map(|step| (time_s(step), value(host, step))).collect();
        let found = read_all(store, &of_node(host_name, "load"));
        for (time_s, value) in &found {
            assert_eq!(sent.get(time_s), Some(value), "{host_name} {time_s}");
        }
        missing += sent.len() - found.len();
    }
    missing
}

/// The store takes samples, and has them after a restart.
#[track_caller]
fn assert_works(site: &Site, store: SampleStore) {
    let name = of_node("a5", "load");
    write(&store, &line(&name, NOW_S, 1.5));
    store.close().unwrap();
    let (reopened, _) = site.open();
    assert_eq!(read_all(&reopened, &name), BTreeMap::from([(NOW_S, 1.5)]));
}

#[test]
fn flipped_bits_cost_what_they_hit_and_are_counted() {
    let whole = filled();
    let files = files_with_bytes(&whole);
    let mut dice = Dice::new(1);
    for round in 0..300 {
        let site = Site::alpha();
        copy(whole.folder.path(), &site);
        // Small files get as many as large ones: their heads and ends matter most.
        let (name, bytes) = &files[dice.below(files.len())];
        let (position, bit) = (dice.below(*bytes), dice.below(8));
        let path = site.folder.path().join(name);
        let mut content = fs::read(&path).unwrap();
        content[position] ^= 1 << bit;
        fs::write(&path, content).unwrap();
        let (store, report) = site.open();
        let lost = missing(&store);
        let what = format!("round {round}: bit {bit} of byte {position} of {name}: {lost} lost, {report:?}");
        // A last record whose length is damaged looks as if it had not been written to its end.
        assert!(report.damaged + report.torn > 0 && lost <= 4 * 256, "{what}");
        if round % 10 == 0 {
            assert_works(&site, store);
        }
    }
}

#[test]
fn files_cut_short_cost_what_is_cut_off() {
    let whole = filled();
    let files = files_with_bytes(&whole);
    let mut dice = Dice::new(2);
    for round in 0..100 {
        let site = Site::alpha();
        copy(whole.folder.path(), &site);
        let (name, bytes) = &files[dice.below(files.len())];
        let kept = dice.below(*bytes);
        let path = site.folder.path().join(name);
        let content = fs::read(&path).unwrap();
        fs::write(&path, &content[..kept]).unwrap();
        let (store, report) = site.open();
        missing(&store);
        // A log that ends between two records is as good as a whole one.
        let is_counted = report.damaged + report.torn > 0;
        assert!(is_counted || name.starts_with("log-"), "{name} cut to {kept} of {bytes}: {report:?}");
        if round % 10 == 0 {
            assert_works(&site, store);
        }
    }
}

#[test]
fn files_that_are_gone_or_full_of_nothing_do_not_keep_the_store_from_opening() {
    let whole = filled();
    for (name, bytes) in files_with_bytes(&whole) {
        for content in [None, Some(Vec::new()), Some(vec![0; bytes]), Some(vec![0xA5; bytes])] {
            let site = Site::alpha();
            copy(whole.folder.path(), &site);
            let path = site.folder.path().join(&name);
            match content {
                None => fs::remove_file(&path).unwrap(),
                Some(content) => fs::write(&path, content).unwrap(),
            }
            let (store, _) = site.open();
            missing(&store);
            assert_works(&site, store);
        }
    }
}

/// Changes a bit in the middle of a file.
fn flip_middle(path: &Path) {
    let mut content = fs::read(path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(path, content).unwrap();
}

#[test]
fn what_was_damaged_is_kept_for_somebody_to_look_at() {
    for prefix in ["log-", "snapshot-"] {
        let site = filled();
        let files = files_with_bytes(&site);
        let (name, _) = files.iter().find(|(name, _)| name.starts_with(prefix)).unwrap();
        flip_middle(&site.folder.path().join(name));
        let before = fs::read(site.folder.path().join(name)).unwrap();
        let kept = site.folder.path().join("damaged");
        let mut lost = Vec::new();
        // A program that is killed right after it was opened has changed nothing: what is good is found again.
        for _ in 0..3 {
            let (store, report) = site.open();
            assert!(report.damaged > 0);
            assert_eq!(fs::read(kept.join(name)).unwrap(), before);
            assert_eq!(fs::read(site.folder.path().join(name)).unwrap(), before);
            lost.push(missing(&store));
        }
        assert_eq!(files_of(&kept), std::slice::from_ref(name), "it is there once");
        assert!(lost[0] > 0 && lost.iter().all(|samples| *samples == lost[0]), "{lost:?}");
        let (store, _) = site.open();
        store.checkpoint().unwrap();
        assert_eq!(missing(&store), lost[0]);
        assert!(!site.folder.path().join(name).exists());
        assert_eq!(fs::read(kept.join(name)).unwrap(), before);
        drop(store);
        let (reopened, report) = site.open();
        assert_eq!((report.damaged, missing(&reopened)), (0, lost[0]), "it is told once");
    }
}

#[test]
fn a_snapshot_without_its_end_is_not_in_the_way_of_the_others() {
    let site = filled();
    let snapshots = || files_of(site.folder.path()).into_iter().filter(|name| name.starts_with("snapshot-"));
    let first = snapshots().next().unwrap();
    let path = site.folder.path().join(&first);
    let content = fs::read(&path).unwrap();
    fs::write(&path, &content[..content.len() - 10]).unwrap();
    let (store, report) = site.open();
    assert!(report.damaged > 0);
    assert_eq!(missing(&store), 0, "the sections are all there");
    assert!(store.checkpoint().unwrap().contains(" all blocks"));
    assert_eq!((snapshots().count(), path.exists()), (1, false));
    assert_eq!(files_of(&site.folder.path().join("damaged")), [first]);
    drop(store);
    let (reopened, second_report) = site.open();
    assert_eq!((second_report.damaged, second_report.snapshots, missing(&reopened)), (0, 1, 0));
}

#[test]
fn what_a_crash_cut_off_is_counted_and_no_damage() {
    let site = filled();
    let name = files_of(site.folder.path()).into_iter().rfind(|name| name.starts_with("log-")).unwrap();
    let path = site.folder.path().join(name);
    let content = fs::read(&path).unwrap();
    fs::write(&path, &content[..content.len() - 10]).unwrap();
    let (_, report) = site.open();
    assert_eq!((report.damaged, report.torn), (0, 1));
    assert!(report.torn_bytes > 10, "{report:?}");
    assert!(!site.folder.path().join("damaged").exists());
}
