use super::{BLOCK_STEPS, Block, BlockValues, codec};
use proptest::prelude::*;

/// Values as metrics have them, and those that are hard to keep.
fn any_value() -> impl Strategy<Value = f64> {
    let special = [
        0.0,
        -0.0,
        1.0,
        0.1,
        0.3,
        -1.5,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        f64::INFINITY,
        f64::NEG_INFINITY,
        9_007_199_254_740_992.0,
        9_007_199_254_740_993.0,
        1e15,
        1e22,
        4_294_967_296.0,
        123_456.789_012,
    ];
    prop_oneof![
        4 => (-500_i32..500).prop_map(|hundredths| f64::from(hundredths) / 100.0),
        2 => (0_i32..100).prop_map(f64::from),
        2 => any::<i32>().prop_map(f64::from),
        1 => any::<u32>().prop_map(|thousandths| f64::from(thousandths) / 1000.0),
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => prop::sample::select(special.to_vec()),
        1 => Just(f64::NAN),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Set(u8, f64),
    Close,
    Store,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (any::<u8>(), any_value()).prop_map(|(slot, value)| Step::Set(slot, value)),
        1 => Just(Step::Close),
        1 => Just(Step::Store),
    ]
}

fn same(left: f64, right: f64) -> bool {
    left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan())
}

fn assert_holds(block: &Block, values: &BlockValues) {
    let mut read = [f64::NAN; BLOCK_STEPS];
    block.read(0, &mut read);
    for (slot, (got, wanted)) in read.iter().zip(values).enumerate() {
        assert!(same(*got, *wanted), "step {slot}: {got:?} instead of {wanted:?}");
    }
    let present = values.iter().filter(|value| !value.is_nan()).count();
    assert_eq!(usize::from(block.present()), present);
    let first = values.iter().position(|value| !value.is_nan());
    let last = values.iter().rposition(|value| !value.is_nan());
    let span = block.span().map(|(first, last)| (usize::from(first), usize::from(last)));
    assert_eq!(span, first.zip(last));
}

fn filled(values: impl IntoIterator<Item = f64>) -> Block {
    let mut block = Block::new();
    for (slot, value) in (0..=u8::MAX).zip(values) {
        block.set(slot, value);
    }
    block
}

proptest! {
    #[test]
    fn keeps_every_value_bit_by_bit(steps in prop::collection::vec(any_step(), 1..400)) {
        let mut block = Block::new();
        let mut values = [f64::NAN; BLOCK_STEPS];
        for step in steps {
            match step {
                Step::Set(slot, value) => {
                    block.set(slot, value);
                    values[usize::from(slot)] = value;
                }
                Step::Close => block.close(),
                Step::Store if block.present() > 0 => {
                    block = Block::from_bytes(&block.to_bytes()).unwrap();
                }
                Step::Store => {}
            }
        }
        assert_holds(&block, &values);
    }

    #[test]
    fn stores_runs_of_one_kind(
        first in 0_usize..256,
        values in prop::collection::vec(any_value(), 1..256),
        is_same_kind in any::<bool>(),
    ) {
        let mut all = [f64::NAN; BLOCK_STEPS];
        for (to, value) in all.iter_mut().skip(first).zip(&values) {
            *to = if is_same_kind { *value * 0.0 + values[0] } else { *value };
        }
        let bytes = codec::encode(&all);
        if all.iter().any(|value| !value.is_nan()) {
            assert_holds(&Block::from_bytes(&bytes).unwrap(), &all);
        } else {
            prop_assert!(bytes.is_empty());
        }
    }

    #[test]
    fn reads_a_part(from in 0_usize..300, length in 0_usize..300, is_closed in any::<bool>()) {
        let values: Vec<f64> = (0..256_u16).map(|step| if step % 7 == 3 { f64::NAN } else { f64::from(step) }).collect();
        let mut block = filled(values.iter().copied());
        if is_closed {
            block.close();
        }
        let mut out = vec![f64::NAN; length];
        block.read(from, &mut out);
        for (index, got) in out.iter().enumerate() {
            let wanted = values.get(from + index).copied().unwrap_or(f64::NAN);
            prop_assert!(same(*got, wanted), "{index}: {got} {wanted}");
        }
    }

    #[test]
    fn takes_any_bytes_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(block) = Block::from_bytes(&bytes) {
            prop_assert!(usize::from(block.present()) <= BLOCK_STEPS);
        }
    }

    #[test]
    fn takes_damaged_bytes_without_harm(
        values in prop::collection::vec(any_value(), 1..256),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = filled(values).to_bytes();
        prop_assume!(!bytes.is_empty());
        prop_assert!(Block::from_bytes(&bytes[..cut.index(bytes.len())]).is_err());
        *place.get_mut(&mut bytes) = byte;
        if let Ok(mut block) = Block::from_bytes(&bytes) {
            // What was taken can be written to like any other.
            block.set(17, 0.5);
            let mut read = [f64::NAN; BLOCK_STEPS];
            block.read(0, &mut read);
            prop_assert!(same(read[17], 0.5));
        }
    }
}

#[test]
fn the_stored_format_stays_as_it_is() {
    let hex = |block: &Block| {
        block.to_bytes().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    };
    let gappy = (0..20_u8)
        .map(|step| if (5..9).contains(&step) { f64::NAN } else { 37.25 + f64::from(step % 4) * 0.5 });
    let counter = (0..40_u32).map(|step| f64::from(1000 + step * 60 + step % 2));
    let floats = [1.0 / 3.0, -2.0 / 3.0, 1e300];
    let levels = (0..64_u32).map(|step| f64::from(step % 4 + if step < 32 { 0 } else { 5000 }));
    let mostly_same = (0..64_u32).map(|step| f64::from(if step % 16 == 5 { 7000 + step } else { 100 }));
    let shares = (0..20_u32).map(|step| f64::from(40 + step % 8) / (60.0 + f64::from(step * 7 % 16) / 1e9));
    assert_eq!(hex(&filled([1.5; 100])), "10006301".to_owned() + "1e" + "01" + "00");
    assert_eq!(hex(&filled(gappy)), GAPPY);
    assert_eq!(hex(&filled(counter)), COUNTER);
    assert_eq!(hex(&filled(floats)), FLOATS);
    assert_eq!(hex(&filled(levels)), LEVELS);
    assert_eq!(hex(&filled(mostly_same)), MOSTLY_SAME);
    assert_eq!(hex(&filled(shares)), SHARES);
}

const LEVELS: &str = "10003f000001ff0200028827e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4";
const MOSTLY_SAME: &str = "10003f00c80101ff8d0000028d00000260be06004cd80080191b0030650300";
const SHARES: &str = "1a00130080e0ba84bf030104705e3c1af8d6b492705e500d08017f7f07";

const GAPPY: &str = "140013020105049a3a3202e4e4e4e4";
const COUNTER: &str = "12002700d00f7602015555555555";
const FLOATS: &str = "13000200aad5aad5aad5aad57fd5aad5aad5aad5baff019deb81c0c887f9eb3d0102";

#[test]
fn realistic_data_takes_few_bytes() {
    let mut noise = Noise(1);
    let mut load = 8.0;
    let loads: Vec<f64> = (0..256)
        .map(|_| {
            load = (load + noise.between(-0.4, 0.4)).clamp(0.0, 16.0);
            (load * 100.0_f64).round() / 100.0
        })
        .collect();
    let counters: Vec<f64> =
        (0..256).map(|step| 7.1e10 + (f64::from(step) * 1e6 + noise.between(0.0, 3e4)).round()).collect();
    let temperatures: Vec<f64> =
        (0..256).map(|step| (62.0 + (f64::from(step) / 20.0).sin() * 6.0).round()).collect();
    let power: Vec<f64> = (0..256).map(|_| (noise.between(180.0, 320.0) * 10.0).round() / 10.0).collect();
    let gaps: Vec<f64> =
        loads.iter().enumerate().map(|(step, value)| if step % 9 == 0 { f64::NAN } else { *value }).collect();
    let mut level = 4000.0;
    let shares: Vec<f64> = (0..256)
        .map(|step| {
            if step % 100 == 99 {
                level = noise.between(100.0, 5900.0);
            }
            let off_ns = noise.between(0.0, 1e6).round();
            let span_s = if step % 2 == 0 { 60.0 + off_ns / 1e9 } else { 59.0 + (1e9 - off_ns) / 1e9 };
            (level + noise.between(-20.0, 20.0)).round() / span_s
        })
        .collect();
    let memory: Vec<f64> = (0..256)
        .map(|step| 2.1e8 + if step % 3 == 0 { noise.between(-1e3, 1e3).round() * 4.0 } else { 0.0 })
        .collect();
    for (name, values, bytes_max) in [
        ("shares of a measured span", &shares, 3.7),
        ("memory that mostly stays", &memory, 1.0),
        ("load", &loads, 1.1),
        ("counter", &counters, 2.1),
        ("temperature", &temperatures, 0.6),
        ("power", &power, 1.5),
        ("load with gaps", &gaps, 1.3),
        ("constant", &vec![12.5; 256], 0.05),
    ] {
        let mut block = filled(values.iter().copied());
        block.close();
        let per_sample = f64::from(u32::try_from(block.heap_bytes()).unwrap()) / f64::from(block.present());
        assert!(per_sample <= bytes_max, "{name}: {per_sample} bytes per sample");
    }
}

#[test]
fn an_hour_of_data_in_an_open_block_is_small() {
    let block = filled((0..60_u32).map(|step| f64::from(step * 3 % 100) + 0.25));
    assert!(block.heap_bytes() <= 140, "{}", block.heap_bytes());
    assert!(size_of::<Block>() <= 24);
}

/// A few random numbers, the same every time (xorshift).
struct Noise(u64);

impl Noise {
    fn between(&mut self, least: f64, most: f64) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        least + (most - least) * f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }
}
