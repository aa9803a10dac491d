//! Random operations give the same reads as a map of all samples.

use super::*;
use crate::block::Block;
use proptest::prelude::*;
use std::collections::BTreeMap;

const HOSTS: [&str; 2] = ["a1", "a2"];
const IDS: [&str; 2] = ["0", "1"];
const METRICS: [(&str, i64); 2] = [("load", 60), ("fast", 7)];
const RETENTION_S: i64 = 3 * 256 * 60;

/// A series: host, core, metric.
type Which = (usize, usize, usize);

/// Every sample, by series and step.
#[derive(Debug, Default)]
struct Model(BTreeMap<(Which, i64), f64>);

#[derive(Debug, Clone)]
enum Operation {
    Write(Vec<(Which, i64, f64)>),
    Close(i64),
    Restart { only_changed: bool },
    Free { host: usize, to_s: i64 },
    Expire(i64),
    Read { from_s: i64, length_s: i64 },
}

fn any_which() -> impl Strategy<Value = Which> {
    (0..HOSTS.len(), 0..IDS.len(), 0..METRICS.len())
}

/// Mostly close together, sometimes far apart, now and then at the beginning of time.
fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![
        10 => BASE_S..BASE_S + 3600,
        5 => BASE_S..BASE_S + 5 * 256 * 60,
        1 => 0_i64..100_000,
        1 => BASE_S - 100_000_000..BASE_S,
    ]
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let value = prop_oneof![
        6 => (-999_i32..999).prop_map(|hundredths| f64::from(hundredths) / 100.0),
        1 => any::<f64>(),
        1 => Just(f64::NAN),
    ];
    let run = (any_which(), any_time(), 1_i64..90, prop::collection::vec(value, 1..60)).prop_map(
        |(which, from_s, distance_s, values)| {
            let times = (0..).map(move |index: i64| from_s + index * distance_s);
            times.zip(values).map(|(time_s, value)| (which, time_s, value)).collect::<Vec<_>>()
        },
    );
    prop_oneof![
        8 => prop::collection::vec(run, 1..4).prop_map(|runs| Operation::Write(runs.concat())),
        2 => any_time().prop_map(Operation::Close),
        1 => any::<bool>().prop_map(|only_changed| Operation::Restart { only_changed }),
        1 => (0..HOSTS.len(), any_time()).prop_map(|(host, to_s)| Operation::Free { host, to_s }),
        1 => any_time().prop_map(Operation::Expire),
        4 => (any_time(), 0_i64..2 * 256 * 60).prop_map(|(from_s, length_s)| Operation::Read { from_s, length_s }),
    ]
}

fn name((host, id, metric): Which) -> SeriesName<'static> {
    of_core(HOSTS[host], IDS[id], METRICS[metric].0)
}

fn timestep_s((_, _, metric): Which) -> i64 {
    METRICS[metric].1
}

impl Model {
    fn write(&mut self, which: Which, time_s: i64, value: f64) {
        let step = time_s.div_euclid(timestep_s(which));
        if value.is_nan() {
            self.0.remove(&(which, step));
        } else {
            self.0.insert((which, step), value);
        }
    }

    /// Drops the blocks whose last sample's step ends when `is_dropped` says.
    fn drop_blocks(&mut self, is_dropped: impl Fn(Which, i64) -> bool) {
        let mut ends: BTreeMap<(Which, i64), i64> = BTreeMap::new();
        for (which, step) in self.0.keys() {
            ends.insert((*which, step.div_euclid(256)), (step + 1) * timestep_s(*which));
        }
        self.0.retain(|(which, step), _| !is_dropped(*which, ends[&(*which, step.div_euclid(256))]));
    }

    fn read(&self, which: Which, from_s: i64, to_s: i64) -> Vec<Option<f64>> {
        let timestep_s = timestep_s(which);
        let first = from_s.div_euclid(timestep_s);
        let mut values = Vec::new();
        if to_s > from_s {
            let last = (to_s - 1).div_euclid(timestep_s);
            for (_, step) in self.0.range((which, first)..=(which, last)).map(|(key, _)| key) {
                values.resize(usize::try_from(step - first).unwrap(), None);
                values.push(self.0.get(&(which, *step)).copied());
            }
        }
        values
    }
}

fn same(left: &[(&str, Vec<Option<f64>>)], right: &[(&str, Vec<Option<f64>>)]) -> bool {
    let bits = |series: &[(&str, Vec<Option<f64>>)]| -> Vec<(String, Vec<Option<u64>>)> {
        let of_values = |values: &[Option<f64>]| values.iter().map(|value| value.map(f64::to_bits)).collect();
        series.iter().map(|(id, values)| ((*id).to_owned(), of_values(values))).collect()
    };
    bits(left) == bits(right)
}

fn assert_reads(memory: &Memory, model: &Model, from_s: i64, to_s: i64) {
    for (host, host_name) in HOSTS.iter().enumerate() {
        for (metric, (metric_name, _)) in METRICS.iter().enumerate() {
            let answer = ask(memory, host_name, metric_name, cores(&IDS), span(from_s, to_s));
            let expected: Vec<_> = IDS
                .iter()
                .enumerate()
                .map(|(id, id_name)| (*id_name, model.read((host, id, metric), from_s, to_s)))
                .filter(|(_, values)| !values.is_empty())
                .collect();
            assert!(same(&plain(&answer), &expected), "{host_name} {metric_name}: {answer:?} {expected:?}");
            let everything = ask(memory, host_name, metric_name, SeriesParts::Everything, span(from_s, to_s));
            assert_eq!(plain(&everything).len(), expected.len());
        }
    }
}

/// What snapshots would have: each block in its latest form, by host, core, metric and number.
#[derive(Default)]
struct Snapshots(BTreeMap<(String, String, String, i64), SavedBlock>);

/// A block's timestep and bytes.
type SavedBlock = (u32, Vec<u8>);

impl Snapshots {
    fn take(&mut self, memory: &Memory, is_full: bool) {
        if is_full {
            self.0.clear();
        }
        memory
            .visit_dirty(is_full, &mut |name, timestep_s, block, _, bytes| {
                let key = (name.host.to_owned(), name.id.to_owned(), name.metric.to_owned(), block);
                self.0.insert(key, (timestep_s, bytes.to_vec()));
                Ok::<(), ()>(())
            })
            .unwrap();
    }

    fn load(&self) -> Memory {
        let memory = memory();
        for ((host, id, metric, number), (timestep_s, bytes)) in &self.0 {
            let block = Block::from_bytes(bytes).unwrap();
            assert!(memory.insert_saved(&of_core(host, id, metric), *timestep_s, *number, block, -1));
        }
        memory
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn reads_are_those_of_a_map(operations in prop::collection::vec(any_operation(), 1..25)) {
        let mut memory = memory();
        let mut model = Model::default();
        let mut snapshots = Snapshots::default();
        let mut needs_full = false;
        for operation in operations {
            match operation {
                Operation::Write(samples) => {
                    let mut resolver = memory.resolver();
                    let batch: Vec<Sample> = samples.iter().map(|(which, time_s, value)| Sample {
                        series: resolver.resolve(&name(*which)).unwrap().number,
                        time_s: *time_s,
                        value: *value,
                    }).collect();
                    prop_assert_eq!(memory.apply(&batch), 0);
                    // A block that lost its last sample is not in the next snapshot.
                    needs_full |= samples.iter().any(|(_, _, value)| value.is_nan());
                    for (which, time_s, value) in samples {
                        model.write(which, time_s, value);
                    }
                }
                Operation::Close(now_s) => {
                    memory.close_idle(now_s);
                }
                Operation::Restart { only_changed } => {
                    snapshots.take(&memory, needs_full || !only_changed);
                    needs_full = false;
                    memory = snapshots.load();
                }
                Operation::Free { host, to_s } => {
                    memory.free(&[path(&["alpha", HOSTS[host]])], to_s);
                    model.drop_blocks(|which, end_s| which.0 == host && end_s < to_s);
                    needs_full = true;
                }
                Operation::Expire(now_s) => {
                    memory.expire(now_s, RETENTION_S, &held("a2", BASE_S));
                    let oldest_s = now_s - RETENTION_S;
                    model.drop_blocks(|which, end_s| {
                        end_s <= if which.0 == 1 { oldest_s.min(BASE_S) } else { oldest_s }
                    });
                    needs_full = true;
                }
                Operation::Read { from_s, length_s } => {
                    assert_reads(&memory, &model, from_s, from_s + length_s);
                }
            }
            let counters = assert_counts(&memory);
            prop_assert_eq!(counters.samples, model.0.len() as u64);
        }
        assert_reads(&memory, &model, BASE_S - 3600, BASE_S + 6 * 256 * 60);
    }
}
