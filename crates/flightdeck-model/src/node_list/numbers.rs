//! Sets of host numbers: numbers that know how many digits they are written with, so that `7` and `07`
//! differ.
//!
//! Sets are kept in a canonical form, as sorted disjoint runs; what a range means and how it prints is
//! decided here and nowhere else. Nothing here knows of terms or host names.

use std::fmt;

/// A number together with the count of digits it is written with, leading zeros included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Number {
    pub(super) digits: u32,
    pub(super) value: u64,
}

impl Number {
    pub(super) fn is_padded(self) -> bool {
        self.digits > digits_of(self.value)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.value, width = self.digits as usize)
    }
}

/// The numbers from `first` to `last`, all written with the same count of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Run {
    digits: u32,
    first: u64,
    last: u64,
}

impl Run {
    fn count(self) -> u64 {
        self.last - self.first + 1
    }

    /// Tells whether `next` continues this run where the numbers become one digit longer, as 10 follows 9.
    fn grows_into(self, next: Self) -> bool {
        let next_power = 10_u64.pow(self.digits);
        next.digits == self.digits + 1 && next.first == next_power && self.last == next_power - 1
    }
}

/// A set of [`Number`]s. Ordered by count of digits, then by value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NumberSet {
    /// Sorted, disjoint, and no two of them adjacent with the same count of digits.
    runs: Vec<Run>,
}

impl NumberSet {
    pub(super) fn single(number: Number) -> Self {
        Self { runs: vec![Run { digits: number.digits, first: number.value, last: number.value }] }
    }

    /// Makes the set of all numbers of `sets`.
    pub(super) fn union(sets: impl IntoIterator<Item = Self>) -> Self {
        Self::canonical(sets.into_iter().flat_map(|set| set.runs).collect())
    }

    /// Makes the set of the numbers in `ranges`. The last number of each must not be the smaller one; the
    /// padding of the first one holds for all.
    pub(super) fn from_ranges(ranges: impl IntoIterator<Item = (Number, Number)>) -> Self {
        Self::canonical(ranges.into_iter().flat_map(|(first, last)| runs_of_range(first, last)).collect())
    }

    fn canonical(mut runs: Vec<Run>) -> Self {
        runs.sort_unstable();
        let mut merged: Vec<Run> = Vec::with_capacity(runs.len());
        for run in runs {
            match merged.last_mut() {
                Some(previous) if previous.digits == run.digits && run.first <= previous.last + 1 => {
                    previous.last = previous.last.max(run.last);
                }
                _ => merged.push(run),
            }
        }
        Self { runs: merged }
    }

    pub(super) fn contains(&self, number: Number) -> bool {
        let after = self.runs.partition_point(|run| (run.digits, run.first) <= (number.digits, number.value));
        after
            .checked_sub(1)
            .and_then(|index| self.runs.get(index))
            .is_some_and(|run| run.digits == number.digits && number.value <= run.last)
    }

    /// Returns how many numbers there are, at most [`u64::MAX`].
    pub(super) fn count(&self) -> u64 {
        self.runs.iter().map(|run| run.count()).fold(0, u64::saturating_add)
    }

    pub(super) fn max_digits(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.digits)
    }

    /// Returns the number of a set that has exactly one.
    pub(super) fn only_number(&self) -> Option<Number> {
        match self.runs.as_slice() {
            [Run { digits, first, last }] if first == last => Some(Number { digits: *digits, value: *first }),
            _ => None,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Number> {
        self.runs
            .iter()
            .flat_map(|run| (run.first..=run.last).map(|value| Number { digits: run.digits, value }))
    }
}

impl fmt::Display for NumberSet {
    /// Prints the inside of a bracket, such as `1,3,5-12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs = self.runs.iter().copied().peekable();
        let mut separator = "";
        while let Some(start) = runs.next() {
            let mut end = start;
            while let Some(next) = runs.next_if(|next| end.grows_into(*next)) {
                end = next;
            }
            let first = Number { digits: start.digits, value: start.first };
            let last = Number { digits: end.digits, value: end.last };
            write!(f, "{separator}{first}")?;
            if first != last {
                write!(f, "-{last}")?;
            }
            separator = ",";
        }
        Ok(())
    }
}

/// Cuts a range at the powers of ten, where its numbers become longer than the padding of the first one.
fn runs_of_range(first: Number, last: Number) -> impl Iterator<Item = Run> {
    let least_digits = if first.is_padded() { first.digits } else { 1 };
    let start_digits = digits_of(first.value).max(least_digits);
    let end_digits = digits_of(last.value).max(least_digits);
    (start_digits..=end_digits).map(move |digits| Run {
        digits,
        first: if digits == start_digits { first.value } else { 10_u64.pow(digits - 1) },
        last: if digits == end_digits { last.value } else { 10_u64.pow(digits) - 1 },
    })
}

fn digits_of(value: u64) -> u32 {
    value.checked_ilog10().map_or(1, |power| power + 1)
}
