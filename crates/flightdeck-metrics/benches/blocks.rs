//! How fast blocks are closed and read, and how small they get, against pco on the same samples.

use divan::Bencher;
use divan::counter::BytesCount;
use flightdeck_metrics::internals::{BLOCK_STEPS, Block};
use std::fmt;

fn main() {
    print_sizes();
    divan::main();
}

/// Samples as metrics have them.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A load, with two decimals, that moves slowly.
    Load,
    /// Bytes counted since the node's start.
    Counter,
    /// Whole degrees.
    Temperature,
    /// Watts with one decimal, all noise.
    Power,
    /// Always the same.
    Constant,
    /// A load with every ninth sample missing.
    Gaps,
    /// Rates with all digits that a float has.
    Rate,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

const KINDS: [Kind; 7] =
    [Kind::Load, Kind::Counter, Kind::Temperature, Kind::Power, Kind::Constant, Kind::Gaps, Kind::Rate];

/// Numbers from 0 to 1, the same every time (xorshift).
fn noise() -> impl Iterator<Item = f64> {
    let mut state = 88_172_645_463_325_252_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    })
}

/// The samples of a block.
fn samples(kind: Kind) -> Vec<f64> {
    let steps = (0..256_u16).map(f64::from);
    let mut load = 8.0_f64;
    let loads = noise().map(move |random| {
        load = (load + random * 0.8 - 0.4).clamp(0.0, 16.0);
        (load * 100.0).round() / 100.0
    });
    match kind {
        Kind::Load => loads.take(BLOCK_STEPS).collect(),
        Kind::Counter => {
            steps.zip(noise()).map(|(step, random)| 7.1e10 + (step * 1e6 + random * 3e4).round()).collect()
        }
        Kind::Temperature => steps.map(|step| (62.0 + (step / 20.0).sin() * 6.0).round()).collect(),
        Kind::Power => {
            noise().take(BLOCK_STEPS).map(|random| (1800.0 + random * 1400.0).round() / 10.0).collect()
        }
        Kind::Constant => vec![12.5; BLOCK_STEPS],
        Kind::Gaps => loads
            .zip(0..BLOCK_STEPS)
            .map(|(value, step)| if step % 9 == 0 { f64::NAN } else { value })
            .collect(),
        Kind::Rate => noise().take(BLOCK_STEPS).map(|random| 4.0e9 + random * 1e8 / 3.0).collect(),
    }
}

fn open_block(values: &[f64]) -> Block {
    let mut block = Block::new();
    for (slot, value) in (0..=u8::MAX).zip(values) {
        block.set(slot, *value);
    }
    block
}

fn closed_block(values: &[f64]) -> Block {
    let mut block = open_block(values);
    block.close();
    block
}

fn pco_bytes(values: &[f64]) -> Vec<u8> {
    let config = pco::ChunkConfig::default().with_compression_level(8);
    pco::standalone::simple_compress(values, &config).unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "what it is for")]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn print_sizes() {
    println!("bytes per sample      closed      pco     open");
    for kind in KINDS {
        let values = samples(kind);
        let of_step =
            |bytes: usize| bytes as f64 / values.iter().filter(|value| !value.is_nan()).count() as f64;
        println!(
            "{kind:<20} {:>7.3} {:>8.3} {:>8.3}",
            of_step(closed_block(&values).heap_bytes()),
            of_step(pco_bytes(&values).len()),
            of_step(open_block(&values).heap_bytes())
        );
    }
}

#[divan::bench(args = KINDS)]
fn close(bencher: Bencher<'_, '_>, kind: Kind) {
    let block = open_block(&samples(kind));
    bencher
        .counter(BytesCount::of_many::<f64>(BLOCK_STEPS))
        .bench_local(|| divan::black_box(&block).to_bytes());
}

#[divan::bench(args = KINDS)]
fn close_with_pco(bencher: Bencher<'_, '_>, kind: Kind) {
    let values = samples(kind);
    bencher
        .counter(BytesCount::of_many::<f64>(BLOCK_STEPS))
        .bench_local(|| pco_bytes(divan::black_box(&values)));
}

#[divan::bench(args = KINDS)]
fn read_closed(bencher: Bencher<'_, '_>, kind: Kind) {
    let block = closed_block(&samples(kind));
    let mut out = [f64::NAN; BLOCK_STEPS];
    bencher.counter(BytesCount::of_many::<f64>(BLOCK_STEPS)).bench_local(|| {
        divan::black_box(&block).read(0, &mut out);
        divan::black_box(&mut out);
    });
}

#[divan::bench(args = KINDS)]
fn read_with_pco(bencher: Bencher<'_, '_>, kind: Kind) {
    let bytes = pco_bytes(&samples(kind));
    bencher
        .counter(BytesCount::of_many::<f64>(BLOCK_STEPS))
        .bench_local(|| pco::standalone::simple_decompress::<f64>(divan::black_box(&bytes)));
}

#[divan::bench(args = KINDS)]
fn fill_open(bencher: Bencher<'_, '_>, kind: Kind) {
    let values = samples(kind);
    bencher
        .counter(BytesCount::of_many::<f64>(BLOCK_STEPS))
        .bench_local(|| open_block(divan::black_box(&values)));
}
