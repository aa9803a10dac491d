//! Damaged files: the store opens, gives no wrong value, and counts what it lost.
//!
//! Of single bits that change, 1000 are tried here, over all files of a store; each of the 20,000 and more bits of a log
//! and a snapshot alone are in `flightdeck-sample-log`.

use crate::logged::logged;
use crate::site::{Dice, NOW_S, Site, files_of, line, of_node, read_all, write};
use flightdeck_metrics::SampleStore;
use flightdeck_model::MetricStore;
use std::collections::{BTreeMap, BTreeSet};
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
    filled_with(STEPS, &[100, 200, 300])
}

/// A folder with so many steps, and a snapshot after each of these that begins a body.
fn filled_with(steps: i32, checkpoints: &[i32]) -> Site {
    let mut site = Site::alpha();
    site.options.segment_bytes = 1500;
    let (store, _) = site.open();
    for first in (0..steps).step_by(usize::try_from(BODY_STEPS).unwrap()) {
        write_steps(&store, first);
        if checkpoints.contains(&first) {
            store.checkpoint().unwrap();
        }
    }
    drop(store);
    assert!(site.files("snapshot-") == checkpoints.len() && site.files("log-") >= 2);
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
    lost(store, STEPS).len()
}

/// The hosts and steps, of so many, whose samples are missing; panics when one is not as it was sent.
#[track_caller]
fn lost(store: &SampleStore, steps: i32) -> BTreeSet<(usize, i32)> {
    let mut lost = BTreeSet::new();
    for (host, host_name) in HOSTS.iter().enumerate() {
        let mut found = read_all(store, &of_node(host_name, "load"));
        for step in 0..steps {
            match found.remove(&time_s(step)) {
                None => {
                    lost.insert((host, step));
                }
                found => assert_eq!(found, Some(value(host, step)), "{host_name} {step}"),
            }
        }
        assert!(found.is_empty(), "{host_name}: nobody sent {found:?}");
    }
    lost
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

/// What a store loses with one of its files, taken away for a moment.
fn lost_without(site: &Site, name: &str, steps: i32) -> BTreeSet<(usize, i32)> {
    let (path, aside) = (site.folder.path().join(name), site.folder.path().join("aside"));
    fs::rename(&path, &aside).unwrap();
    let found = lost(&site.open().0, steps);
    fs::rename(&aside, &path).unwrap();
    found
}

#[test]
fn a_changed_bit_costs_its_record_alone_and_is_counted() {
    const FLIPS: usize = 1000;
    const STEPS_HERE: i32 = 240;
    let site = filled_with(STEPS_HERE, &[40, 80, 120]);
    let files = files_with_bytes(&site);
    let of_files: Vec<_> = files.iter().map(|(name, _)| lost_without(&site, name, STEPS_HERE)).collect();
    let of_bodies: BTreeSet<BTreeSet<(usize, i32)>> = (0..STEPS_HERE / BODY_STEPS)
        .map(|body| body * BODY_STEPS..(body + 1) * BODY_STEPS)
        .map(|steps| (0..HOSTS.len()).flat_map(|host| steps.clone().map(move |step| (host, step))).collect())
        .collect();
    let mut dice = Dice::new(1);
    let mut losses = 0;
    for flip in 0..FLIPS {
        // Small files get as many as large ones: their heads and ends matter most.
        let file = dice.below(files.len());
        let (name, bytes) = &files[file];
        let (position, bit) = (dice.below(*bytes), dice.below(8));
        let path = site.folder.path().join(name);
        let whole = fs::read(&path).unwrap();
        let mut content = whole.clone();
        content[position] ^= 1 << bit;
        fs::write(&path, content).unwrap();
        let (store, report) = site.open();
        let here = lost(&store, STEPS_HERE);
        drop(store);
        let what = format!("flip {flip}: bit {bit} of byte {position} of {name}: {here:?}, {report:?}");
        assert_eq!((report.damaged, report.torn), (1, 0), "{what}");
        // A record of the log is a body; these snapshots have one section each.
        let is_of_record =
            if name.starts_with("log-") { of_bodies.contains(&here) } else { here == of_files[file] };
        assert!(here.is_empty() || is_of_record, "{what}");
        losses += usize::from(!here.is_empty());
        assert_eq!(files_of(&site.folder.path().join("damaged")), std::slice::from_ref(name));
        fs::remove_dir_all(site.folder.path().join("damaged")).unwrap();
        fs::write(&path, whole).unwrap();
    }
    assert!(losses > FLIPS / 2, "{losses}");
    assert!(lost(&site.open().0, STEPS_HERE).is_empty());
}

#[test]
fn a_store_with_a_changed_bit_goes_on() {
    let whole = filled();
    let files = files_with_bytes(&whole);
    let mut dice = Dice::new(4);
    for _ in 0..40 {
        let site = Site::alpha();
        copy(whole.folder.path(), &site);
        let (name, bytes) = &files[dice.below(files.len())];
        let path = site.folder.path().join(name);
        let mut content = fs::read(&path).unwrap();
        content[dice.below(*bytes)] ^= 1 << dice.below(8);
        fs::write(&path, content).unwrap();
        let (store, _) = site.open();
        assert!(missing(&store) <= 4 * 256);
        assert_works(&site, store);
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

#[test]
fn each_damaged_file_is_named_with_what_was_found() {
    let site = filled();
    let names = files_of(site.folder.path());
    let first = |prefix: &str| names.iter().find(|name| name.starts_with(prefix)).unwrap();
    let last = names.iter().rfind(|name| name.starts_with("log-")).unwrap();
    for name in [first("log-"), first("snapshot-")] {
        flip_middle(&site.folder.path().join(name));
    }
    let content = fs::read(site.folder.path().join(last)).unwrap();
    fs::write(site.folder.path().join(last), &content[..content.len() - 10]).unwrap();
    drop(site.open());
    let lines = logged(&site);
    for (level, words, name) in [
        ("ERROR", "a log segment is damaged", first("log-")),
        ("ERROR", "a snapshot is damaged", first("snapshot-")),
        ("WARN", "a log segment ends within a record", last),
    ] {
        let of_it = lines.iter().filter(|line| line.contains(name)).collect::<Vec<_>>();
        assert_eq!(of_it.len(), 1, "{lines:?}");
        assert!(of_it[0].starts_with(level) && of_it[0].contains(words), "{lines:?}");
        assert!(of_it[0].contains(" bytes="), "{lines:?}");
    }
}
