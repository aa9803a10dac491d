//! Random operations, restarts among them, give the same reads as a map of all samples.

use crate::site::{NOW_S, Site, line, of_node, read, try_write};
use flightdeck_metrics::SampleStore;
use flightdeck_model::{Clock, HeldHost, MetricStore, SeriesName, UnixTime};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const HOSTS: [&str; 2] = ["a1", "a2"];
/// A block of the metrics at 60 s.
const BLOCK_S: i64 = 256 * 60;
const RETENTION_S: i64 = 3 * BLOCK_S;
const FUTURE_MAX_S: i64 = 3600;
/// From when on the second host is held, if it is.
const HELD_FROM_S: i64 = NOW_S - 6 * BLOCK_S;

/// A series, by its number; see [`name`].
type Which = usize;
const SERIES: usize = 8;

#[derive(Debug, Clone)]
enum Operation {
    Write(Vec<(Which, i64, f64)>),
    Advance(i64),
    Maintain,
    Checkpoint,
    Free { host: usize, to_s: i64 },
    CloseAndOpen,
    DropAndOpen,
    Read { from_s: i64, length_s: i64 },
}

fn name(which: Which) -> SeriesName<'static> {
    let host = HOSTS[which / 4];
    match which % 4 {
        0 => of_node(host, "load"),
        1 => of_node(host, "fast"),
        2 => SeriesName { kind: "hwthread", id: "1", ..of_node(host, "load") },
        _ => SeriesName { sub_kind: "network", sub_id: "eth0", ..of_node(host, "power") },
    }
}

fn timestep_s(which: Which) -> i64 {
    if which % 4 == 1 { 7 } else { 60 }
}

/// Mostly just now, often anywhere within the retention, now and then outside of what is taken.
fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => NOW_S - 3600..NOW_S,
        6 => NOW_S - RETENTION_S..NOW_S + FUTURE_MAX_S,
        1 => NOW_S - 8 * BLOCK_S..NOW_S + 2 * FUTURE_MAX_S,
    ]
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let value = prop_oneof![
        6 => (-999_i32..999).prop_map(|hundredths| f64::from(hundredths) / 100.0),
        1 => any::<f64>().prop_filter("it can be sent", |value| value.is_finite()),
    ];
    let run = (0..SERIES, any_time(), 0_i64..90, prop::collection::vec(value, 1..60)).prop_map(
        |(which, from_s, distance_s, values)| {
            let times = (0..).map(move |index: i64| from_s + index * distance_s);
            times.zip(values).map(|(time_s, value)| (which, time_s, value)).collect::<Vec<_>>()
        },
    );
    prop_oneof![
        10 => prop::collection::vec(run, 1..4).prop_map(|runs| Operation::Write(runs.concat())),
        2 => prop_oneof![0_i64..3000, 0_i64..2 * BLOCK_S].prop_map(Operation::Advance),
        2 => Just(Operation::Maintain),
        3 => Just(Operation::Checkpoint),
        3 => (0..HOSTS.len(), any_time()).prop_map(|(host, to_s)| Operation::Free { host, to_s }),
        1 => Just(Operation::CloseAndOpen),
        2 => Just(Operation::DropAndOpen),
        3 => (any_time(), 0..2 * BLOCK_S).prop_map(|(from_s, length_s)| Operation::Read { from_s, length_s }),
    ]
}

/// Every sample, by series and step.
#[derive(Debug, Default)]
struct Model {
    samples: BTreeMap<(Which, i64), f64>,
    /// Everything that was ever sent and not freed since, as bits: what is too old may be found or not.
    ever: BTreeSet<(Which, i64, u64)>,
    is_held: bool,
}

impl Model {
    fn oldest_s(&self, which: Which, now_s: i64) -> i64 {
        let oldest_s = now_s - RETENTION_S;
        if self.is_held && which / 4 == 1 { oldest_s.min(HELD_FROM_S) } else { oldest_s }
    }

    /// Stores what is to be stored; returns how many those are.
    fn write(&mut self, batch: &[(Which, i64, f64)], now_s: i64) -> u64 {
        let mut stored = 0;
        for (which, time_s, value) in batch {
            if *time_s > now_s + FUTURE_MAX_S || *time_s < self.oldest_s(*which, now_s) {
                continue;
            }
            let step = time_s.div_euclid(timestep_s(*which));
            self.samples.insert((*which, step), *value);
            self.ever.insert((*which, step, value.to_bits()));
            stored += 1;
        }
        stored
    }

    /// Drops the blocks of a host whose last sample's step ends before a time.
    fn free(&mut self, host: usize, to_s: i64) {
        let mut ends: BTreeMap<(Which, i64), i64> = BTreeMap::new();
        for (which, step) in self.samples.keys() {
            ends.insert((*which, step.div_euclid(256)), (step + 1) * timestep_s(*which));
        }
        let is_freed =
            |which: Which, step: i64| which / 4 == host && ends[&(which, step.div_euclid(256))] < to_s;
        self.ever.retain(|(which, step, _)| {
            !self.samples.contains_key(&(*which, *step)) || !is_freed(*which, *step)
        });
        self.samples.retain(|(which, step), _| !is_freed(*which, *step));
    }
}

fn assert_reads(store: &SampleStore, model: &Model, from_s: i64, to_s: i64, now_s: i64) {
    for which in 0..SERIES {
        let timestep_s = timestep_s(which);
        let found = read(store, &name(which), from_s, to_s);
        for (time_s, value) in &found {
            let sent = (which, time_s / timestep_s, value.to_bits());
            assert!(model.ever.contains(&sent), "{which} {time_s} {value} was not sent");
        }
        let from_step = from_s.div_euclid(timestep_s);
        // What is older may have been dropped already, or not yet.
        let oldest_step = model.oldest_s(which, now_s).div_euclid(timestep_s);
        let first = from_step.max(oldest_step);
        let last = (to_s - 1).div_euclid(timestep_s);
        let expected: BTreeMap<i64, u64> = model
            .samples
            .iter()
            .filter(|((of, step), _)| *of == which && *step >= first && *step <= last && to_s > from_s)
            .map(|((_, step), value)| (step * timestep_s, value.to_bits()))
            .collect();
        let found: BTreeMap<i64, u64> =
            found.range(first * timestep_s..).map(|(time_s, value)| (*time_s, value.to_bits())).collect();
        assert_eq!(found, expected, "{which} from {from_s} to {to_s}");
    }
}

/// A store that goes on where the one before stopped.
fn reopened(site: &Site, is_held: bool) -> SampleStore {
    let (store, report) = site.open();
    assert_eq!(report.damaged, 0);
    let from = UnixTime(HELD_FROM_S);
    let host = HeldHost { cluster: "alpha".into(), host: HOSTS[1].into(), from };
    store.hold(if is_held { vec![host] } else { Vec::new() });
    store
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn reads_are_those_of_a_map(
        is_held in any::<bool>(),
        operations in prop::collection::vec(any_operation(), 1..40),
    ) {
        let mut site = Site::alpha();
        site.options.retention_s = RETENTION_S;
        let mut store = reopened(&site, is_held);
        let mut model = Model { is_held, ..Model::default() };
        for operation in operations {
            let now_s = site.clock.now().0;
            match operation {
                Operation::Write(samples) => {
                    let lines = samples.iter().map(|(which, time_s, value)| line(&name(*which), *time_s, *value));
                    let report = try_write(&store, &lines.collect::<String>()).unwrap();
                    prop_assert_eq!(report.stored, model.write(&samples, now_s));
                    prop_assert_eq!(report.bad, 0);
                }
                Operation::Advance(seconds) => site.clock.advance(seconds),
                Operation::Maintain => {
                    store.maintain(site.clock.now()).unwrap();
                }
                Operation::Checkpoint => {
                    store.checkpoint().unwrap();
                }
                Operation::Free { host, to_s } => {
                    store.free(&[vec!["alpha".into(), HOSTS[host].into()]], UnixTime(to_s)).unwrap();
                    model.free(host, to_s);
                }
                Operation::CloseAndOpen => {
                    store.close().unwrap();
                    store = reopened(&site, is_held);
                }
                Operation::DropAndOpen => {
                    drop(store);
                    store = reopened(&site, is_held);
                }
                Operation::Read { from_s, length_s } => {
                    assert_reads(&store, &model, from_s, from_s + length_s, now_s);
                }
            }
        }
        let now_s = site.clock.now().0;
        assert_reads(&store, &model, NOW_S - 9 * BLOCK_S, now_s + 2 * BLOCK_S, now_s);
        drop(store);
        let store = reopened(&site, is_held);
        assert_reads(&store, &model, NOW_S - 9 * BLOCK_S, now_s + 2 * BLOCK_S, now_s);
    }
}
