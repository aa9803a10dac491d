//! One term of a host list expression: literal text and brackets in a row, such as `r[01-02]n[01-10]`.
//!
//! Matches, counts, expands and prints; reading it from text is the parser's.

use std::fmt::{self, Write as _};

use super::{
    MAX_DIGITS, MAX_HOST_BYTES,
    numbers::{Number, NumberSet},
    positions::Positions,
};

/// A sequence of parts. No two literals are adjacent, and each set has at least two numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Term {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Literal(String),
    Numbers(NumberSet),
}

impl Term {
    pub(super) fn literal(name: &str) -> Self {
        let mut term = Self::default();
        term.push_literal(name);
        term
    }

    pub(super) fn push_literal(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.parts.last_mut() {
            Some(Part::Literal(previous)) => previous.push_str(text),
            _ => self.parts.push(Part::Literal(text.to_owned())),
        }
    }

    pub(super) fn push_numbers(&mut self, numbers: NumberSet) {
        match numbers.only_number() {
            Some(number) => self.push_literal(&number.to_string()),
            None => self.parts.push(Part::Numbers(numbers)),
        }
    }

    /// Returns the length in bytes of the longest host name that the term makes.
    pub(super) fn longest_host_bytes(&self) -> usize {
        self.parts.iter().map(Part::longest_bytes).sum()
    }

    /// Returns the number of ways to choose a number from each bracket, at most [`u64::MAX`].
    pub(super) fn count(&self) -> u64 {
        self.parts.iter().map(Part::count).fold(1, u64::saturating_mul)
    }

    pub(super) fn matches(&self, host: &str) -> bool {
        if host.len() > MAX_HOST_BYTES {
            return false;
        }
        let mut reached = Positions::start();
        for part in &self.parts {
            reached = part.advance(host.as_bytes(), reached);
            if reached.is_empty() {
                return false;
            }
        }
        reached.contains(host.len())
    }

    /// Makes the host names. The caller has to look at [`Self::count`] first.
    pub(super) fn expand(&self) -> Vec<String> {
        let mut names = vec![String::new()];
        for part in &self.parts {
            match part {
                Part::Literal(text) => names.iter_mut().for_each(|name| name.push_str(text)),
                Part::Numbers(numbers) => {
                    names = names
                        .iter()
                        .flat_map(|name| numbers.iter().map(move |number| joined(name, number)))
                        .collect();
                }
            }
        }
        names
    }
}

impl Part {
    fn longest_bytes(&self) -> usize {
        match self {
            Self::Literal(text) => text.len(),
            Self::Numbers(numbers) => numbers.max_digits() as usize,
        }
    }

    fn count(&self) -> u64 {
        match self {
            Self::Literal(_) => 1,
            Self::Numbers(numbers) => numbers.count(),
        }
    }

    /// Returns where a match of this part can end in `host` when it may start at each of `starts`.
    fn advance(&self, host: &[u8], starts: Positions) -> Positions {
        let mut ends = Positions::default();
        for start in starts.iter() {
            let rest = host.get(start..).unwrap_or_default();
            match self {
                Self::Literal(text) if rest.starts_with(text.as_bytes()) => ends.insert(start + text.len()),
                Self::Literal(_) => {}
                Self::Numbers(numbers) => {
                    leading_numbers(rest)
                        .filter(|number| numbers.contains(*number))
                        .for_each(|number| ends.insert(start + number.digits as usize));
                }
            }
        }
        ends
    }
}

/// Returns the numbers that `text` can be said to start with: `12a` with 1 and 12.
fn leading_numbers(text: &[u8]) -> impl Iterator<Item = Number> {
    let digits = text.iter().take(MAX_DIGITS as usize).take_while(|byte| byte.is_ascii_digit());
    digits.scan(Number { digits: 0, value: 0 }, |number, byte| {
        number.digits += 1;
        number.value = number.value * 10 + u64::from(byte - b'0');
        Some(*number)
    })
}

fn joined(name: &str, number: Number) -> String {
    let mut longer = String::with_capacity(name.len() + number.digits as usize);
    longer.push_str(name);
    // Writing to a string cannot fail.
    let _ = write!(longer, "{number}");
    longer
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Literal(text) => f.write_str(text)?,
                Part::Numbers(numbers) => write!(f, "[{numbers}]")?,
            }
        }
        Ok(())
    }
}
