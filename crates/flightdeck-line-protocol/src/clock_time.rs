//! The units in which times are written. Must not know what time it is now.

/// The unit of the times in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

/// The largest times, either side of 1970, that are taken for seconds, milliseconds and microseconds: those whose
/// nanoseconds fit 64 bits. The ranges of different units do not meet for any time between May 1970 and 2262.
const SECONDS_MAX: u64 = 9_223_372_036;
const MILLISECONDS_MAX: u64 = 9_223_372_036_854;
const MICROSECONDS_MAX: u64 = 9_223_372_036_854_775;

impl Precision {
    /// The unit called `s`, `ms`, `us` or `ns`, as in a query parameter `precision`.
    #[must_use]
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        match symbol {
            "s" => Some(Self::Seconds),
            "ms" => Some(Self::Milliseconds),
            "us" => Some(Self::Microseconds),
            "ns" => Some(Self::Nanoseconds),
            _ => None,
        }
    }

    /// The unit that a time most likely is in, going by how large it is.
    const fn of_magnitude(time: i64) -> Self {
        let magnitude = time.unsigned_abs();
        if magnitude <= SECONDS_MAX {
            Self::Seconds
        } else if magnitude <= MILLISECONDS_MAX {
            Self::Milliseconds
        } else if magnitude <= MICROSECONDS_MAX {
            Self::Microseconds
        } else {
            Self::Nanoseconds
        }
    }

    const fn per_second(self) -> i64 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds => 1_000_000,
            Self::Nanoseconds => 1_000_000_000,
        }
    }
}

/// The whole second that `time` lies in; without a precision, its unit is told from its magnitude.
pub(crate) const fn whole_seconds(time: i64, precision: Option<Precision>) -> i64 {
    let unit = match precision {
        Some(unit) => unit,
        None => Precision::of_magnitude(time),
    };
    // Spelled out, because a division by a constant is a multiplication.
    match unit {
        Precision::Seconds => time,
        Precision::Milliseconds => time.div_euclid(1_000),
        Precision::Microseconds => time.div_euclid(1_000_000),
        Precision::Nanoseconds => time.div_euclid(1_000_000_000),
    }
}

/// `time` in nanoseconds, its unit told from its magnitude.
pub(crate) const fn nanoseconds(time: i64) -> i64 {
    // Cannot saturate: what counts as a larger unit is small enough for its nanoseconds to fit.
    time.saturating_mul(1_000_000_000 / Precision::of_magnitude(time).per_second())
}

#[cfg(test)]
mod tests;
