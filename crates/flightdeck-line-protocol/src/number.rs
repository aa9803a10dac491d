//! Reads the numbers of fields and times. Must not know what they stand for.

use crate::error::Problem;

/// Powers of ten that a 64-bit float holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
/// Up to here a 64-bit float holds every integer exactly.
const EXACT_INTEGER_MAX: u64 = 1 << f64::MANTISSA_DIGITS;
/// So many digits always fit 64 bits.
const SAFE_DIGITS: usize = 19;

/// Digits as an integer, which means nothing when there are more than [`SAFE_DIGITS`] of them.
#[derive(Debug, Clone, Copy)]
struct Digits {
    value: u64,
    count: usize,
}

impl Digits {
    /// Goes on behind these with the digits at the front of `bytes`; gives also what follows them.
    fn and_those_of(self, bytes: &[u8]) -> (Self, &[u8]) {
        let mut digits = self;
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            digits.value = digits.value.wrapping_mul(10).wrapping_add(u64::from(digit));
            digits.count += 1;
            rest = behind;
        }
        (digits, rest)
    }
}

/// The number at the front of `bytes` and how many bytes it takes. What follows it is the caller's business.
///
/// Decimals are converted as exactly as the standard library does: a mantissa and a power of ten that are both exact
/// need one correctly rounded operation (Clinger 1990, "How to read floating point numbers accurately").
///
/// # Errors
/// What is wrong, when there is no number or it is not finite.
pub(crate) fn number_at_front(bytes: &[u8]) -> Result<(f64, usize), Problem> {
    let (is_negative, unsigned) = match bytes.split_first() {
        Some((b'-', behind)) => (true, behind),
        Some((b'+', behind)) => (false, behind),
        _ => (false, bytes),
    };
    let (whole, mut rest) = Digits { value: 0, count: 0 }.and_those_of(unsigned);
    match rest.split_first() {
        Some((b'i', behind)) if whole.count > 0 => {
            let length = bytes.len() - behind.len();
            return signed_integer(bytes, whole, is_negative, length).map(|value| (value, length));
        }
        Some((b'u', behind)) if whole.count > 0 => {
            let length = bytes.len() - behind.len();
            return unsigned_integer(bytes, whole, is_negative, length).map(|value| (value, length));
        }
        _ => {}
    }
    let mut mantissa = whole;
    if let Some((b'.', behind)) = rest.split_first() {
        (mantissa, rest) = whole.and_those_of(behind);
    }
    if mantissa.count == 0 {
        return Err(Problem::Value);
    }
    let fraction_digits = mantissa.count - whole.count;
    if let Some((b'e' | b'E', behind)) = rest.split_first() {
        rest = after_exponent(behind)?;
        return converted(bytes, bytes.len() - rest.len());
    }
    let length = bytes.len() - rest.len();
    let is_exact = mantissa.count <= SAFE_DIGITS && mantissa.value <= EXACT_INTEGER_MAX;
    match EXACT_POWERS.get(fraction_digits) {
        Some(power) if is_exact => {
            let magnitude = as_float(mantissa.value) / power;
            Ok((if is_negative { -magnitude } else { magnitude }, length))
        }
        _ => converted(bytes, length),
    }
}

/// What follows the digits of an exponent, with or without a sign.
fn after_exponent(bytes: &[u8]) -> Result<&[u8], Problem> {
    let unsigned = match bytes.split_first() {
        Some((b'-' | b'+', behind)) => behind,
        _ => bytes,
    };
    let (digits, rest) = Digits { value: 0, count: 0 }.and_those_of(unsigned);
    if digits.count == 0 { Err(Problem::Value) } else { Ok(rest) }
}

/// The first `length` bytes, which are a well-formed decimal, as the standard library reads them.
fn converted(bytes: &[u8], length: usize) -> Result<(f64, usize), Problem> {
    let value = text(bytes, length).and_then(|decimal| decimal.parse::<f64>().ok()).ok_or(Problem::Value)?;
    if value.is_finite() { Ok((value, length)) } else { Err(Problem::ValueRange) }
}

fn signed_integer(bytes: &[u8], digits: Digits, is_negative: bool, length: usize) -> Result<f64, Problem> {
    let limit = if is_negative { i64::MIN.unsigned_abs() } else { i64::MAX.unsigned_abs() };
    let magnitude = if digits.count <= SAFE_DIGITS { digits.value } else { checked(bytes, length)? };
    if magnitude > limit {
        return Err(Problem::ValueRange);
    }
    let value = as_float(magnitude);
    Ok(if is_negative { -value } else { value })
}

fn unsigned_integer(bytes: &[u8], digits: Digits, is_negative: bool, length: usize) -> Result<f64, Problem> {
    if is_negative {
        return Err(Problem::Value);
    }
    let value = if digits.count <= SAFE_DIGITS { digits.value } else { checked(bytes, length)? };
    Ok(as_float(value))
}

/// The digits between a sign and the suffix of an integer, of which there are too many for [`SAFE_DIGITS`].
fn checked(bytes: &[u8], length: usize) -> Result<u64, Problem> {
    let digits =
        text(bytes, length - 1).map(|number| number.trim_start_matches(['-', '+'])).unwrap_or_default();
    digits.parse().map_err(|_too_large| Problem::ValueRange)
}

fn text(bytes: &[u8], length: usize) -> Option<&str> {
    bytes.get(..length).and_then(|number| str::from_utf8(number).ok())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "samples are floats: large integers are rounded to the nearest one"
)]
const fn as_float(integer: u64) -> f64 {
    integer as f64
}

/// The whole number at the front of `bytes` and how many bytes it takes; `None` when there is none that fits.
pub(crate) fn integer_at_front(bytes: &[u8]) -> Option<(i64, usize)> {
    let (is_negative, unsigned) = match bytes.split_first() {
        Some((b'-', behind)) => (true, behind),
        _ => (false, bytes),
    };
    let (digits, rest) = Digits { value: 0, count: 0 }.and_those_of(unsigned);
    let length = bytes.len() - rest.len();
    if digits.count == 0 {
        return None;
    }
    if digits.count > SAFE_DIGITS {
        return text(bytes, length)?.parse().ok().map(|integer| (integer, length));
    }
    let integer =
        if is_negative { 0_i64.checked_sub_unsigned(digits.value) } else { i64::try_from(digits.value).ok() };
    integer.map(|value| (value, length))
}

#[cfg(test)]
mod tests;
