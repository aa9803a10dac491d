//! What the estimate says holds for what memory counts.

use crate::site::{Dice, cluster};
use flightdeck_metrics::internals::{Counters, Limits, Memory, Sample, SeriesNumber};
use flightdeck_metrics::{Catalogue, Site};
use flightdeck_model::SeriesName;
use std::sync::Arc;

const BEGIN_S: i64 = crate::site::NOW_S;

/// Bytes of a series at most, whatever its values and however many of a block's 256 steps it has: what docs/OPERATIONS.md
/// says.
const OPEN_SERIES_BYTES_MAX: u64 = 2300;

fn memory() -> Memory {
    let catalogue = Catalogue::new(&[cluster("alpha", &[("load", 60)])]);
    Memory::new(Arc::new(catalogue), Limits { series_max: u32::MAX, memory_cap_bytes: 0 })
}

fn series(memory: &Memory, hosts: usize, cores: usize) -> Vec<SeriesNumber> {
    let mut resolver = memory.resolver();
    let mut numbers = Vec::new();
    for host in 0..hosts {
        let host = format!("node{host:05}");
        for core in 0..cores {
            let id = core.to_string();
            let name = SeriesName {
                cluster: "alpha",
                host: &host,
                kind: "core",
                id: &id,
                metric: "load",
                ..SeriesName::default()
            };
            numbers.push(resolver.resolve(&name).unwrap().number);
        }
    }
    numbers
}

/// Samples of all series, a minute after the other, as they come in.
fn filled(hosts: usize, cores: usize, minutes: i64, mut value: impl FnMut(&mut Dice) -> f64) -> Counters {
    let memory = memory();
    let numbers = series(&memory, hosts, cores);
    let mut dice = Dice::new(7);
    for minute in 0..minutes {
        let time_s = BEGIN_S + minute * 60;
        let batch: Vec<Sample> = numbers
            .iter()
            .map(|series| Sample { series: *series, time_s, value: value(&mut dice) })
            .collect();
        assert_eq!(memory.apply(&batch), 0);
        if minute % 10 == 9 {
            memory.close_idle(time_s);
        }
    }
    memory.counters()
}

fn two_decimals(dice: &mut Dice) -> f64 {
    f64::from(u32::try_from(dice.below(12_800)).unwrap()) / 100.0
}

/// Numbers of 17 digits, as percentages of ticks have them.
fn full_double(dice: &mut Dice) -> f64 {
    two_decimals(dice) / 59.999_001_234
}

fn need_bytes(series: u64, hours: u64) -> f64 {
    let site = Site {
        nodes: series,
        node_metrics: 1,
        hwthreads: 0,
        hwthread_metrics: 0,
        timestep_s: 60,
        retention_s: hours * 3600,
        checkpoint_interval_s: 3600,
    };
    site.need().memory_bytes
}

#[test]
fn many_open_series_take_no_more_than_is_said() {
    let counters = filled(400, 125, 60, two_decimals);
    assert_eq!((counters.series, counters.open_blocks), (50_000, 50_000));
    let estimate = need_bytes(counters.series, 1);
    let counted = f64::from(u32::try_from(counters.bytes).unwrap());
    assert!(counted <= estimate, "{counters:?} is more than {estimate}");
    assert!(counters.bytes / counters.series <= 240, "{counters:?}");
}

#[test]
fn an_open_series_is_bounded_whatever_its_values() {
    let counters = filled(10, 100, 256, full_double);
    assert_eq!((counters.series, counters.open_blocks, counters.samples), (1000, 1000, 256_000));
    assert!(counters.bytes / counters.series <= OPEN_SERIES_BYTES_MAX, "{counters:?}");
}

#[test]
fn a_day_of_ordinary_data_is_no_more_than_the_estimate() {
    let counters = filled(4, 50, 24 * 60, two_decimals);
    assert_eq!(counters.samples, 200 * 1440);
    let estimate = need_bytes(counters.series, 24);
    let counted = f64::from(u32::try_from(counters.bytes).unwrap());
    assert!(counted <= estimate, "{counters:?} is more than {estimate}");
}
