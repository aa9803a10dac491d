//! How fast a body is read. Counts lines: `Gitem/s` and `Mitem/s` are lines a second, on one core.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use flightdeck_line_protocol::{Line, Lines};

fn main() {
    divan::main();
}

const LINES: usize = 12_800;

/// A body with ten lines of each host, each written from the host's number and the line's.
fn body(line: impl Fn(usize, usize) -> String) -> String {
    (0..LINES).flat_map(|number| [line(number / 10, number % 10), "\n".to_owned()]).collect()
}

/// What a collector sends of its node.
fn of_nodes() -> String {
    body(|host, metric| {
        format!(
            "metric_{metric},cluster=fritz,hostname=f{host:04},type=node value={host}.{metric}7 1795450020"
        )
    })
}

/// What it sends of hardware threads and accelerators, with exponents and 17 digits.
fn of_parts() -> String {
    body(|host, part| {
        let host_tags = format!("cluster=fritz,hostname=f{host:04}");
        match part {
            0..5 => format!(
                "cpu_user,{host_tags},type=hwthread,type-id={part} value=97.98415869351047 1795450020"
            ),
            5..8 => {
                format!(
                    "acc_power,{host_tags},type=accelerator,type-id=00000000:0{part}:00.0 value=301.25 1795450020"
                )
            }
            _ => format!("mem_used,{host_tags},type=node,unit=kB value=2.468{part}084e+07 1795450020"),
        }
    })
}

/// Names with escapes, as file systems have them.
fn with_escapes() -> String {
    body(|host, part| {
        let directory = format!("stype=filesystem,stype-id=/home/a\\ {part}");
        format!("nfs_read,cluster=fritz,hostname=f{host:04},{directory},type=node value=17i 1795450020")
    })
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
