//! Floating-point numbers that are decimal fractions, as integers: 12.25 is 1225 at scale 2. Knows no blocks.

/// The most digits behind the point.
pub(super) const SCALE_MAX: u8 = 9;

/// Integers up to here are exact as floating-point numbers.
const EXACT_MAX: u64 = 1 << 53;

/// 10 to the power of each scale.
const POWERS: [f64; SCALE_MAX as usize + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// 10 to the power of `scale`.
pub(super) fn power(scale: u8) -> f64 {
    POWERS.get(usize::from(scale)).copied().unwrap_or(1.0)
}

/// The integer that is `value` × `power`, if [`to_value`] makes exactly `value` of it again.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and whether it lost anything is looked at after it"
)]
pub(super) fn to_integer(value: f64, power: f64) -> Option<i64> {
    let scaled = value * power;
    // Rounding by adding a half and cutting is not exact for every number, but for those that pass the test below.
    let integer = (scaled + 0.5_f64.copysign(scaled)) as i64;
    let is_exact =
        integer.unsigned_abs() <= EXACT_MAX && to_value(integer, power).to_bits() == value.to_bits();
    is_exact.then_some(integer)
}

/// The value that `integer` stands for. Division is correctly rounded, so that every decimal fraction of up to 15
/// digits comes out as its parser reads it.
#[expect(clippy::cast_precision_loss, reason = "integers that were made from values are exact")]
pub(super) fn to_value(integer: i64, power: f64) -> f64 {
    integer as f64 / power
}

/// The smallest scale at which all values are integers, the values' integers at it appended to `integers`; `None`
/// when there is no such scale. `integers` is then of no use.
pub(super) fn to_integers(values: impl Iterator<Item = f64> + Clone, integers: &mut Vec<i64>) -> Option<u8> {
    let mut scale = 0;
    for value in values.clone() {
        while to_integer(value, power(scale)).is_none() {
            scale += 1;
            if scale > SCALE_MAX {
                return None;
            }
        }
    }
    for value in values {
        integers.push(to_integer(value, power(scale))?);
    }
    Some(scale)
}
