//! How fast a body is read. Counts lines: `Gitem/s` and `Mitem/s` are lines a second, on one core.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use flightdeck_line_protocol::{Line, Lines};

fn main() {
    divan::main();
}

const LINES: usize = 12_800;

fn hosts_and_metrics() -> impl Iterator<Item = (usize, usize)> {
    (0..LINES).map(|number| (number / 10, number % 10))
}

/// What a collector sends of its node.
fn of_nodes() -> String {
    hosts_and_metrics()
        .map(|(host, metric)| {
            format!("metric_{metric},cluster=fritz,hostname=f{host:04},type=node value={host}.{metric}7 1795450020\n")
        })
        .collect()
}

/// What it sends of hardware threads and accelerators, with exponents and 17 digits.
fn of_parts() -> String {
    hosts_and_metrics()
        .map(|(host, part)| match part {
            0..5 => format!("cpu_user,cluster=fritz,hostname=f{host:04},type=hwthread,type-id={part} value=97.98415869351047 1795450020\n"),
            5..8 => format!("acc_power,cluster=fritz,hostname=f{host:04},type=accelerator,type-id=00000000:0{part}:00.0 value=301.25 1795450020\n"),
            _ => format!("mem_used,cluster=fritz,hostname=f{host:04},type=node,unit=kB value=2.468{part}084e+07 1795450020\n"),
        })
        .collect()
}

/// Names with escapes, as file systems have them.
fn with_escapes() -> String {
    hosts_and_metrics()
        .map(|(host, part)| {
            format!("nfs_read,cluster=fritz,hostname=f{host:04},stype=filesystem,stype-id=/home/a\\ {part},type=node value=17i 1795450020\n")
        })
        .collect()
}

fn read(bencher: Bencher<'_, '_>, body: &str) {
    bencher.counter(ItemsCount::new(LINES)).bench(|| {
        let mut lines = Lines::new(black_box(body.as_bytes()), None);
        let mut sum = 0.0;
        while let Some(line) = lines.next_line() {
            if let Ok(Line::Sample(sample)) = line {
                sum += sample.value;
                black_box(&sample);
            }
        }
        sum
    });
}

#[divan::bench]
fn node_samples(bencher: Bencher<'_, '_>) {
    read(bencher, &of_nodes());
}

#[divan::bench]
fn part_samples(bencher: Bencher<'_, '_>) {
    read(bencher, &of_parts());
}

#[divan::bench]
fn escaped_samples(bencher: Bencher<'_, '_>) {
    read(bencher, &with_escapes());
}
