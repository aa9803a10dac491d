//! Every operation of the disk fails once, in several ways: what was acknowledged is found, and nothing that was not sent.

use crate::site::{Dice, NOW_S, Site, line, of_node, read_all, try_write};
use flightdeck_metrics::{Durability, SampleStore};
use flightdeck_model::{MetricStore, SeriesName, UnixTime};
use flightdeck_sample_log::testing::{Fault, FaultyDisk};
use flightdeck_sample_log::{Disk, OsDisk};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

/// A block of the metric `load`.
const BLOCK_S: i64 = 256 * 60;

/// The last of them is written to once.
const HOSTS: [&str; 4] = ["a1", "a2", "a3", "a4"];

/// What may be found for each step of each host's `load`; a step that is not in the map has no sample.
#[derive(Debug, Default)]
struct Expected(BTreeMap<(&'static str, i64), Vec<Option<f64>>>);

impl Expected {
    fn sent(&mut self, host: &'static str, time_s: i64, value: f64, is_stored: bool) {
        let allowed = self.0.entry((host, time_s)).or_insert_with(|| vec![None]);
        if is_stored {
            allowed.clear();
        }
        allowed.push(Some(value));
    }

    /// The samples of a host before a time were dropped, or perhaps were.
    fn freed(&mut self, host: &'static str, to_s: i64, is_certain: bool) {
        for (_, allowed) in self.0.range_mut((host, i64::MIN)..(host, to_s)) {
            if is_certain {
                allowed.clear();
            }
            allowed.push(None);
        }
    }

    #[track_caller]
    fn assert_found(&self, store: &SampleStore, when: &str) {
        for host in HOSTS {
            let found = read_all(store, &of_node(host, "load"));
            for time_s in found.keys() {
                assert!(self.0.contains_key(&(host, *time_s)), "{when}: {host} {time_s} was never sent");
            }
            for ((_, time_s), allowed) in self.0.range((host, i64::MIN)..=(host, i64::MAX)) {
                let value = found.get(time_s).copied();
                assert!(allowed.contains(&value), "{when}: {host} {time_s}: {value:?} not in {allowed:?}");
            }
        }
    }
}

/// Somebody who uses a store and notes what they were told.
struct User<'a> {
    site: &'a Site,
    disk: Arc<dyn Disk>,
    store: Option<SampleStore>,
    expected: Expected,
    bodies: i32,
    failures: u32,
}

impl<'a> User<'a> {
    fn new(site: &'a Site, disk: &FaultyDisk) -> Self {
        let disk = Arc::new(disk.clone());
        Self { site, disk, store: None, expected: Expected::default(), bodies: 0, failures: 0 }
    }

    fn open(&mut self) {
        // Whoever could not open the store tries again.
        for _ in 0..2 {
            match self.site.open_on(&self.disk) {
                Ok((store, _)) => {
                    self.expected.assert_found(&store, "just opened");
                    self.store = Some(store);
                    return;
                }
                Err(_) => self.failures += 1,
            }
        }
    }

    /// Writes six steps of hosts from a time on.
    fn write(&mut self, hosts: &[&'static str], from_s: i64) {
        let Some(store) = &self.store else { return };
        self.bodies += 1;
        let mut body = String::new();
        let mut samples = Vec::new();
        for host in hosts {
            for step in 0..6 {
                let value = f64::from(self.bodies) + f64::from(step) / 10.0;
                let time_s = from_s + i64::from(step) * 60;
                body.push_str(&line(&of_node(host, "load"), time_s, value));
                samples.push((*host, time_s, value));
            }
        }
        let outcome = try_write(store, &body);
        self.failures += u32::from(outcome.is_err());
        for (host, time_s, value) in samples {
            self.expected.sent(host, time_s, value, outcome.is_ok());
        }
    }

    /// Drops the blocks of a host that end before a time.
    fn free(&mut self, host: &'static str, to_s: i64) {
        let Some(store) = &self.store else { return };
        let outcome = store.free(&[vec!["alpha".into(), host.into()]], UnixTime(to_s));
        self.failures += u32::from(outcome.is_err());
        self.expected.freed(host, to_s, outcome.is_ok());
    }

    fn checkpoint(&mut self) {
        let outcome = self.store.as_ref().map(MetricStore::checkpoint);
        self.failures += u32::from(outcome.is_some_and(|done| done.is_err()));
    }

    fn close(&mut self) {
        let outcome = self.store.take().map(SampleStore::close);
        self.failures += u32::from(outcome.is_some_and(|done| done.is_err()));
    }

    /// A day in the life of a store.
    fn live(&mut self) {
        let old_s = NOW_S - 2 * BLOCK_S;
        self.open();
        self.write(&["a1", "a2"], NOW_S - 3600);
        self.write(&["a3", "a4"], old_s);
        self.write(&["a1"], NOW_S - 3000);
        self.checkpoint();
        self.write(&["a1", "a2"], NOW_S - 3300);
        self.checkpoint();
        self.store = None;
        self.open();
        self.write(&["a2"], NOW_S - 1800);
        self.free("a3", NOW_S - BLOCK_S / 2);
        self.write(&["a3"], NOW_S - 600);
        self.checkpoint();
        self.write(&["a2"], NOW_S - 1200);
        self.checkpoint();
        self.write(&["a3"], old_s + 1200);
        self.store = None;
        self.open();
        self.write(&["a1", "a2", "a3"], NOW_S - 300);
        self.free("a3", NOW_S - BLOCK_S / 2);
        self.store = None;
        self.open();
        self.write(&["a2"], NOW_S - 2400);
        self.checkpoint();
        self.write(&["a3"], old_s + 600);
        self.close();
        self.open();
        self.write(&["a1"], NOW_S);
        self.checkpoint();
        self.write(&["a2"], NOW_S);
    }

    /// Writing works again, and what is written stays.
    fn live_on(&mut self, when: &str) {
        self.failures = 0;
        self.open();
        self.expected.assert_found(self.store.as_ref().unwrap(), when);
        self.write(&HOSTS, NOW_S + 1200);
        self.checkpoint();
        self.write(&HOSTS, NOW_S + 1500);
        self.close();
        self.open();
        assert_eq!(self.failures, 0, "{when}: it works again");
        self.expected.assert_found(self.store.as_ref().unwrap(), when);
    }
}

/// What becomes of the machine after the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// Nothing; the program goes on, and is then killed.
    Goes,
    /// Nothing; the program goes on, and then power is lost.
    LosesPower,
}

fn site(durability: Durability) -> Site {
    let mut site = Site::alpha();
    site.options.durability = durability;
    site
}

/// How many operations there are when none fails.
fn operations(durability: Durability) -> u64 {
    let site = site(durability);
    let disk = FaultyDisk::new(Arc::new(OsDisk));
    let mut user = User::new(&site, &disk);
    user.live();
    assert_eq!(user.failures, 0);
    user.expected.assert_found(user.store.as_ref().unwrap(), "without faults");
    disk.operations()
}

/// Lets each operation fail once.
fn fail_each(durability: Durability, fault: Fault, after: After, seeds: u64) {
    let all = operations(durability);
    assert!(all > 30, "{all} operations");
    for operation in 1..=all {
        for seed in 0..seeds {
            let when =
                format!("operation {operation} of {all}, seed {seed}, {durability:?} {fault:?} {after:?}");
            let site = site(durability);
            let disk = FaultyDisk::new(Arc::new(OsDisk));
            disk.fail(Fault { operation, ..fault });
            let mut user = User::new(&site, &disk);
            user.live();
            if !fault.is_crash {
                assert!(user.failures <= 1, "{when}: {} failures", user.failures);
                user.expected.assert_found(user.store.as_ref().unwrap(), &when);
            }
            user.store = None;
            match after {
                After::Goes => disk.restart(),
                After::LosesPower => disk.restart_without_power(operation * 1000 + seed).unwrap(),
            }
            user.live_on(&when);
        }
    }
}

const ERROR: Fault = Fault { operation: 0, error: ErrorKind::Other, is_half_written: false, is_crash: false };

#[test]
fn a_failed_operation_costs_no_acknowledged_sample() {
    for durability in [Durability::Sync, Durability::Flush] {
        fail_each(durability, ERROR, After::Goes, 1);
    }
    fail_each(Durability::Sync, ERROR, After::LosesPower, 1);
}

#[test]
fn a_full_disk_costs_no_acknowledged_sample() {
    let full = Fault { error: ErrorKind::StorageFull, is_half_written: true, ..ERROR };
    for durability in [Durability::Sync, Durability::Flush] {
        fail_each(durability, full, After::Goes, 1);
    }
    fail_each(Durability::Sync, full, After::LosesPower, 1);
}

#[test]
fn the_end_of_the_program_costs_no_acknowledged_sample() {
    for is_half_written in [false, true] {
        for durability in [Durability::Sync, Durability::Flush] {
            fail_each(durability, Fault { is_crash: true, is_half_written, ..ERROR }, After::Goes, 1);
        }
    }
}

#[test]
fn a_loss_of_power_costs_no_synced_sample() {
    for (is_half_written, seeds) in [(false, 1), (true, 2)] {
        let crash = Fault { is_crash: true, is_half_written, ..ERROR };
        fail_each(Durability::Sync, crash, After::LosesPower, seeds);
    }
}

#[test]
fn a_loss_of_power_at_any_time_of_many_checkpoints_costs_nothing() {
    let mut dice = Dice::new(7);
    for round in 0..15 {
        let site = site(Durability::Sync);
        let disk = FaultyDisk::new(Arc::new(OsDisk));
        let mut user = User::new(&site, &disk);
        for life in 0..6 {
            let operation = u64::try_from(dice.below(40)).unwrap() + 1;
            disk.fail(Fault { operation, is_crash: true, is_half_written: true, ..ERROR });
            user.open();
            for _ in 0..8 {
                let from_s = NOW_S - i64::try_from(dice.below(200)).unwrap() * 60;
                user.write(&HOSTS, from_s);
                user.checkpoint();
            }
            user.store = None;
            disk.restart_without_power(round * 100 + life).unwrap();
            user.open();
            user.expected.assert_found(user.store.as_ref().unwrap(), &format!("round {round}, life {life}"));
            user.store = None;
        }
    }
}

#[test]
fn a_full_disk_is_told_as_such() {
    let site = site(Durability::Sync);
    let disk = FaultyDisk::new(Arc::new(OsDisk));
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let (store, _) = site.open_on(&shared).unwrap();
    let name = SeriesName { kind: "core", id: "0", ..of_node("a1", "load") };
    for (error, kind) in [
        (ErrorKind::StorageFull, flightdeck_model::PortErrorKind::NoSpace),
        (ErrorKind::Other, flightdeck_model::PortErrorKind::Unavailable),
    ] {
        disk.fail(Fault { operation: 1, error, ..ERROR });
        let refused = try_write(&store, &line(&name, NOW_S, 1.0)).unwrap_err();
        assert_eq!(refused.kind, kind);
        assert!(read_all(&store, &name).is_empty(), "nothing of the body is found");
    }
    crate::site::write(&store, &line(&name, NOW_S, 2.0));
    assert_eq!(read_all(&store, &name), BTreeMap::from([(NOW_S, 2.0)]));
}
