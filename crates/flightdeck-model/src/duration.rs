//! Durations as the configuration and the query strings of this field write them: Go's syntax, `1h30m`.
//!
//! Reads and prints that syntax and converts to seconds. It knows nothing of what a duration is for, nor of
//! which ones make sense where (a negative retention age parses here and is refused by the configuration).

#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const NS_PER_US: u64 = 1_000;
const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;
const NS_PER_MIN: u64 = 60 * NS_PER_S;
const NS_PER_H: u64 = 60 * NS_PER_MIN;

/// Error texts repeat at most this many characters of what was given, since it may come from anywhere.
const EXCERPT_CHARS: usize = 64;

/// A signed duration in whole nanoseconds, written in the syntax of Go's `time.ParseDuration`.
///
/// A duration is an optional sign and one or more decimal numbers, each with a unit (`ns`, `us` or `µs`,
/// `ms`,
/// `s`, `m`, `h`): `2000h`, `90s`, `1h30m`, `-1.5h`. Only `0` may stand without a unit. It reaches from about
/// -292 to 292 years. Source: the documentation of Go's `time` package.
///
/// ```
/// use flightdeck_model::GoDuration;
///
/// let duration: GoDuration = "90m".parse()?;
/// assert_eq!(duration.as_secs_i64(), 5400);
/// assert_eq!(duration.to_string(), "1h30m0s");
/// # Ok::<(), flightdeck_model::ParseDurationError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration {
    nanoseconds: i64,
}

/// Why a text is not a [`GoDuration`]. Each text names the offending part and what is allowed in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseDurationError {
    /// Nothing at all, or nothing but a sign.
    #[error("empty duration: give a number with a unit, such as 90s or 1h30m, or 0")]
    Empty,
    /// A number had to stand where something else does.
    #[error("expected a number at {found:?} in {input:?}: a duration is written like 90s or 1h30m")]
    MissingNumber {
        /// What stands in the number's place, to the end of the text (shortened when very long).
        found: String,
        /// The whole text (shortened when very long).
        input: String,
    },
    /// A number is not followed by a unit.
    #[error("missing unit in {input:?}: allowed are ns, us, ms, s, m, h")]
    MissingUnit {
        /// The whole text (shortened when very long).
        input: String,
    },
    /// A number is followed by something that is not a unit, such as `d`.
    #[error("unknown unit {unit:?} in {input:?}: allowed are ns, us, ms, s, m, h")]
    UnknownUnit {
        /// What stands in the unit's place (shortened when very long).
        unit: String,
        /// The whole text (shortened when very long).
        input: String,
    },
    /// The duration does not fit into 64 bits of nanoseconds.
    #[error("duration {input:?} is out of range: at most 2562047h47m16s either way")]
    OutOfRange {
        /// The whole text (shortened when very long).
        input: String,
    },
}

impl GoDuration {
    /// Makes a duration of `seconds`; beyond about 292 years either way it is the longest there is.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self { nanoseconds: seconds.saturating_mul(NS_PER_S.cast_signed()) }
    }

    /// Makes a duration of `nanoseconds`.
    #[must_use]
    pub const fn from_nanos(nanoseconds: i64) -> Self {
        Self { nanoseconds }
    }

    /// Returns the length in whole seconds, cut towards zero: `-1.5s` is -1.
    #[must_use]
    pub const fn as_secs_i64(self) -> i64 {
        self.nanoseconds / NS_PER_S.cast_signed()
    }

    /// Returns the length in nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.nanoseconds
    }

    /// Returns the same length as the standard library's type, or `None` for a negative one.
    #[must_use]
    pub fn as_std(self) -> Option<Duration> {
        u64::try_from(self.nanoseconds).ok().map(Duration::from_nanos)
    }
}

impl FromStr for GoDuration {
    type Err = ParseDurationError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        let negative = input.starts_with('-');
        let magnitude = input.strip_prefix(['-', '+']).unwrap_or(input);
        if magnitude.is_empty() {
            return Err(ParseDurationError::Empty);
        }
        if magnitude == "0" {
            return Ok(Self::default());
        }

        let out_of_range = || ParseDurationError::OutOfRange { input: excerpt(input) };
        let mut sum_ns = 0_u64;
        let mut rest = magnitude;
        while !rest.is_empty() {
            let (component, after) = Component::split_off(rest, input)?;
            sum_ns =
                component.nanoseconds().and_then(|ns| sum_ns.checked_add(ns)).ok_or_else(out_of_range)?;
            rest = after;
        }
        let signed =
            if negative { 0_i64.checked_sub_unsigned(sum_ns) } else { 0_i64.checked_add_unsigned(sum_ns) };
        signed.map(Self::from_nanos).ok_or_else(out_of_range)
    }
}

/// One number and its unit, such as the `1.5h` of `1.5h10s`.
struct Component<'text> {
    whole_digits: &'text str,
    fraction_digits: &'text str,
    unit_ns: u64,
}

impl<'text> Component<'text> {
    /// Takes the first component off `rest`, and returns it with what follows it. `input` is for the errors.
    fn split_off(rest: &'text str, input: &str) -> Result<(Self, &'text str), ParseDurationError> {
        let (whole_digits, after_whole) = split_digits(rest);
        let (fraction_digits, after_number) =
            after_whole.strip_prefix('.').map_or(("", after_whole), split_digits);
        if whole_digits.is_empty() && fraction_digits.is_empty() {
            return Err(ParseDurationError::MissingNumber { found: excerpt(rest), input: excerpt(input) });
        }

        let unit_end =
            after_number.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after_number.len());
        let (unit, after_unit) = after_number.split_at(unit_end);
        if unit.is_empty() {
            return Err(ParseDurationError::MissingUnit { input: excerpt(input) });
        }
        let unit_ns = unit_ns(unit)
            .ok_or_else(|| ParseDurationError::UnknownUnit { unit: excerpt(unit), input: excerpt(input) })?;
        Ok((Self { whole_digits, fraction_digits, unit_ns }, after_unit))
    }

    /// Returns the component's length, or `None` when it does not fit into 64 bits.
    fn nanoseconds(&self) -> Option<u64> {
        let whole = if self.whole_digits.is_empty() { 0 } else { self.whole_digits.parse::<u64>().ok()? };
        whole.checked_mul(self.unit_ns)?.checked_add(fraction_ns(self.fraction_digits, self.unit_ns))
    }
}

/// Returns the length of `0.<digits>` units, calculated as Go does, so that both read the same nanosecond.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go cuts a 64-bit float here; the value is neither negative nor more than an hour"
)]
fn fraction_ns(digits: &str, unit_ns: u64) -> u64 {
    const MOST: u64 = i64::MAX.cast_unsigned();
    let mut fraction = 0_u64;
    let mut scale = 1.0_f64;
    for digit in digits.bytes().map(|byte| u64::from(byte - b'0')) {
        let Some(longer) = fraction.checked_mul(10).and_then(|tens| tens.checked_add(digit)) else { break };
        if longer > MOST {
            break;
        }
        fraction = longer;
        scale *= 10.0;
    }
    (fraction as f64 * (unit_ns as f64 / scale)) as u64
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit_ns(unit: &str) -> Option<u64> {
    match unit {
        "ns" => Some(1),
        // The micro sign and the Greek letter mu look the same and are both typed.
        "us" | "\u{b5}s" | "\u{3bc}s" => Some(NS_PER_US),
        "ms" => Some(NS_PER_MS),
        "s" => Some(NS_PER_S),
        "m" => Some(NS_PER_MIN),
        "h" => Some(NS_PER_H),
        _ => None,
    }
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", text.split_at(end).0),
        None => text.to_owned(),
    }
}

impl fmt::Display for GoDuration {
    /// Prints Go's canonical form: below a second the one unit that fits (`1.5ms`), from there on hours,
    /// minutes and seconds without leading zero units (`1m30s`, `1h0m0s`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude_ns = self.nanoseconds.unsigned_abs();
        if self.nanoseconds < 0 {
            f.write_str("-")?;
        }
        if magnitude_ns == 0 {
            return f.write_str("0s");
        }
        if magnitude_ns < NS_PER_US {
            return write!(f, "{magnitude_ns}ns");
        }
        if magnitude_ns < NS_PER_MS {
            return write!(f, "{}\u{b5}s", Decimal { value: magnitude_ns, one: NS_PER_US });
        }
        if magnitude_ns < NS_PER_S {
            return write!(f, "{}ms", Decimal { value: magnitude_ns, one: NS_PER_MS });
        }
        if magnitude_ns >= NS_PER_H {
            write!(f, "{}h", magnitude_ns / NS_PER_H)?;
        }
        if magnitude_ns >= NS_PER_MIN {
            write!(f, "{}m", magnitude_ns % NS_PER_H / NS_PER_MIN)?;
        }
        write!(f, "{}s", Decimal { value: magnitude_ns % NS_PER_MIN, one: NS_PER_S })
    }
}

/// `value / one` as an exact decimal number without trailing zeros; `one` is a power of ten.
struct Decimal {
    value: u64,
    one: u64,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value / self.one)?;
        let mut remainder = self.value % self.one;
        if remainder > 0 {
            f.write_str(".")?;
        }
        let mut place = self.one;
        while remainder > 0 {
            place /= 10;
            write!(f, "{}", remainder / place)?;
            remainder %= place;
        }
        Ok(())
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl de::Visitor<'_> for TextVisitor {
    type Value = GoDuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"90s\" or \"1h30m\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<GoDuration, E> {
        text.parse().map_err(E::custom)
    }
}
