//! How values stand in records: exactly, and short where they can be. Knows nothing of series and times.
//!
//! A value has a form: 0 to 6 is a whole number (zigzag, variable length) to be divided by ten to that power; 7 is four
//! bytes of binary32, 8 is eight bytes of binary64, little endian. The division of two numbers that binary64 holds
//! exactly is rounded correctly (IEEE 754), so a value that it gives back when written is the one that is read.

use crate::varint::{Cursor, Malformed, put_signed, signed_bytes};

#[cfg(test)]
mod tests;

const DIGITS_MAX: u8 = 6;
const SINGLE: u8 = 7;
const DOUBLE: u8 = 8;

/// The form of the value before the first.
pub(crate) const FIRST_FORM: u8 = 0;

/// Values this small stay in the form of the one before, even where another one were shorter: three bytes.
const STAYING_BELOW: u64 = 1 << 20;

/// A value in its form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Coded {
    Decimal { mantissa: i64, digits: u8 },
    Single(f32),
    Double(f64),
}

impl Coded {
    /// The form that a value gets after one of another form.
    #[inline]
    pub(crate) fn of(value: f64, form_before: u8) -> Self {
        if let Some(power) = power_of_ten(form_before)
            && let Some(mantissa) = exact_mantissa(value, power)
            && mantissa.unsigned_abs() < STAYING_BELOW
        {
            return Self::Decimal { mantissa, digits: form_before };
        }
        Self::shortest(value)
    }

    fn shortest(value: f64) -> Self {
        let decimal = shortest_decimal(value);
        #[expect(clippy::cast_possible_truncation, reason = "whether it was exact is looked at next")]
        let single = value as f32;
        let is_single = f64::from(single).to_bits() == value.to_bits();
        match decimal {
            Some((mantissa, digits)) if signed_bytes(mantissa) <= if is_single { 4 } else { 8 } => {
                Self::Decimal { mantissa, digits }
            }
            _ if is_single => Self::Single(single),
            _ => Self::Double(value),
        }
    }

    #[inline]
    pub(crate) fn form(self) -> u8 {
        match self {
            Self::Decimal { digits, .. } => digits,
            Self::Single(_) => SINGLE,
            Self::Double(_) => DOUBLE,
        }
    }

    #[inline]
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        match self {
            Self::Decimal { mantissa, .. } => put_signed(out, mantissa),
            Self::Single(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::Double(value) => out.extend_from_slice(&value.to_le_bytes()),
        }
    }
}

/// Reads a value of a form.
#[inline]
pub(crate) fn read(form: u8, cursor: &mut Cursor<'_>) -> Result<f64, Malformed> {
    match form {
        SINGLE => Ok(f64::from(f32::from_le_bytes(cursor.array()?))),
        DOUBLE => Ok(f64::from_le_bytes(cursor.array()?)),
        digits => {
            let power = power_of_ten(digits).ok_or(Malformed)?;
            Ok(to_double(cursor.signed()?) / power)
        }
    }
}

fn shortest_decimal(value: f64) -> Option<(i64, u8)> {
    if let Some(mantissa) = exact_mantissa(value, 1.0) {
        return Some((mantissa, 0));
    }
    let mut mantissa = exact_mantissa(value, power_of_ten(DIGITS_MAX)?)?;
    let mut digits = DIGITS_MAX;
    while mantissa % 10 == 0 && digits > 0 {
        mantissa /= 10;
        digits -= 1;
    }
    Some((mantissa, digits))
}

/// The whole number that, divided by the power, gives the value to the bit.
#[inline]
fn exact_mantissa(value: f64, power: f64) -> Option<i64> {
    const EXACT_BELOW: u64 = 1 << 53;
    let product = value * power;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounds; what is out of range or no number is noticed next"
    )]
    let mantissa = (product + 0.5_f64.copysign(product)) as i64;
    let is_exact = (to_double(mantissa) / power).to_bits() == value.to_bits();
    (is_exact && mantissa.unsigned_abs() < EXACT_BELOW).then_some(mantissa)
}

#[inline]
fn to_double(mantissa: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "mantissas that were written are below 2 to the 53rd")]
    let value = mantissa as f64;
    value
}

#[inline]
fn power_of_ten(digits: u8) -> Option<f64> {
    const POWERS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
    POWERS.get(usize::from(digits)).copied()
}
