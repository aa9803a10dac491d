//! Reads a host list expression into terms, and says where and why when it cannot.
//!
//! Checks the form alone: the limits on a whole expression are its caller's.

use std::{iter::Peekable, str::CharIndices};

use super::{
    MAX_DIGITS, MAX_HOST_BYTES, MAX_TERMS,
    error::NodeListError,
    numbers::{Number, NumberSet},
    term::Term,
};

const TERM_START: &str = "a letter, a digit or \"[\" (a \"*\" has to stand alone)";
const IN_TERM: &str = "a letter, a digit, '-', '.', '_', \"[\" or a comma";
const NUMBER: &str = "a number";
const AFTER_FIRST: &str = "a digit, '-', a comma or \"]\"";
const AFTER_LAST: &str = "a digit, a comma or \"]\"";

/// Tells whether `host` can stand in an expression as it is.
pub(super) fn is_host_name(host: &str) -> bool {
    host.len() <= MAX_HOST_BYTES
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.chars().all(is_literal)
}

fn is_literal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')
}

/// Reads the terms of `expression`; there are none in an empty one.
pub(super) fn parse_terms(expression: &str) -> Result<Vec<Term>, NodeListError> {
    let mut parser = Parser { chars: expression.char_indices().peekable(), end: expression.len() };
    let mut terms = Vec::new();
    parser.skip_white_space();
    while !parser.at_end() {
        if terms.len() == MAX_TERMS {
            return Err(NodeListError::TooManyTerms);
        }
        terms.push(parser.term()?);
        parser.skip_white_space();
        if !parser.at_end() && !parser.take(',') {
            return Err(parser.unexpected(IN_TERM, 0));
        }
        parser.skip_white_space();
    }
    Ok(terms)
}

/// A number as it is written, which decides what its leading zeros mean.
#[derive(Clone, Copy)]
struct WrittenNumber {
    position: usize,
    number: Number,
}

struct Parser<'text> {
    chars: Peekable<CharIndices<'text>>,
    end: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, c)| *c)
    }

    fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.end, |(position, _)| *position)
    }

    fn take(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    fn skip_white_space(&mut self) {
        while self.chars.next_if(|(_, c)| c.is_ascii_whitespace()).is_some() {}
    }

    /// Makes the error for the next character; at the end it is the bracket at `bracket` that was not closed.
    fn unexpected(&mut self, expected: &'static str, bracket: usize) -> NodeListError {
        match self.chars.peek() {
            Some((position, found)) => {
                NodeListError::UnexpectedCharacter { found: *found, position: *position, expected }
            }
            None => NodeListError::UnclosedBracket { position: bracket },
        }
    }

    fn term(&mut self) -> Result<Term, NodeListError> {
        let position = self.position();
        match self.peek() {
            Some(',') => return Err(NodeListError::EmptyTerm { position }),
            Some(c) if c.is_ascii_alphanumeric() || c == '[' => {}
            _ => return Err(self.unexpected(TERM_START, position)),
        }
        let mut term = Term::default();
        let mut literal = String::new();
        loop {
            while let Some((_, c)) = self.chars.next_if(|(_, c)| is_literal(*c)) {
                literal.push(c);
            }
            term.push_literal(&literal);
            literal.clear();
            if self.peek() != Some('[') {
                break;
            }
            term.push_numbers(self.brackets()?);
        }
        if term.longest_host_bytes() > MAX_HOST_BYTES {
            return Err(NodeListError::HostTooLong { position });
        }
        Ok(term)
    }

    /// Reads a bracket group from its `[` to its `]`.
    fn brackets(&mut self) -> Result<NumberSet, NodeListError> {
        let opening = self.position();
        self.take('[');
        if self.peek() == Some(']') {
            return Err(NodeListError::EmptyBrackets { position: opening });
        }
        let mut ranges = Vec::new();
        loop {
            ranges.push(self.range(opening)?);
            if self.take(']') {
                return Ok(NumberSet::from_ranges(ranges));
            }
            self.take(',');
        }
    }

    /// Reads a number or a range, up to the comma or bracket that has to follow it.
    fn range(&mut self, opening: usize) -> Result<(Number, Number), NodeListError> {
        let first = self.number(opening)?;
        if !self.take('-') {
            self.expect_end_of_range(AFTER_FIRST, opening)?;
            return Ok((first.number, first.number));
        }
        let last = self.number(opening)?;
        self.expect_end_of_range(AFTER_LAST, opening)?;

        let range = || format!("{}-{}", first.number, last.number);
        if last.number.is_padded() && last.number.digits != first.number.digits {
            return Err(NodeListError::UnequalPadding { range: range(), position: first.position });
        }
        if first.number.value > last.number.value {
            return Err(NodeListError::ReversedRange { range: range(), position: first.position });
        }
        Ok((first.number, last.number))
    }

    fn expect_end_of_range(&mut self, expected: &'static str, opening: usize) -> Result<(), NodeListError> {
        match self.peek() {
            Some(',' | ']') => Ok(()),
            _ => Err(self.unexpected(expected, opening)),
        }
    }

    fn number(&mut self, opening: usize) -> Result<WrittenNumber, NodeListError> {
        let position = self.position();
        let mut number = Number { digits: 0, value: 0 };
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.chars.next();
            if number.digits == MAX_DIGITS {
                return Err(NodeListError::NumberTooLong { position });
            }
            number.digits += 1;
            number.value = number.value * 10 + u64::from(digit);
        }
        if number.digits == 0 {
            return Err(self.unexpected(NUMBER, opening));
        }
        Ok(WrittenNumber { position, number })
    }
}
