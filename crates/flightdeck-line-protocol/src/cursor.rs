//! Reads the parts of one line from front to back. Must not know which names and fields mean something.

use crate::error::{LineError, Problem};
use crate::number::{integer_at_front, number_at_front};
use crate::scan::{line_length, token_length};

/// A stretch of a line, in bytes; empty unless set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    start: usize,
    end: usize,
}

impl Piece {
    /// The first byte, counted from the line's.
    pub(crate) const fn start(self) -> usize {
        self.start
    }

    /// The bytes of the piece, in the line it was found in.
    pub(crate) fn bytes(self, line: &[u8]) -> &[u8] {
        line.get(self.start..self.end).unwrap_or_default()
    }

    /// The text of the piece, in the line it was found in.
    pub(crate) fn text(self, line: &str) -> &str {
        line.get(self.start..self.end).unwrap_or_default()
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum FieldValue {
    /// A number of any type.
    Number(f64),
    /// A text: what stands between its quotes, with its escapes.
    Text(Piece),
    /// True or false.
    Boolean,
}

/// How many texts of a line may go over line ends. With a limit the search for their ends looks at each byte a limited
/// number of times, whatever a body holds.
const TEXTS_OVER_LINES_MAX: u8 = 8;

/// A place in a line.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    line: &'a [u8],
    /// The line and what follows it: a text may go on in the next one.
    message: &'a [u8],
    at: usize,
    /// How many more texts may go over line ends.
    texts_over_lines: u8,
    /// Whether a text goes over a line end, and the line was found to end well behind it.
    is_joined: bool,
}

impl<'a> Cursor<'a> {
    /// At the front of the first line of a message, in which texts may go over several lines. The line has this many
    /// bytes before its line feed.
    pub(crate) fn of_line(message: &'a [u8], length: usize) -> Self {
        let line = message.get(..length).unwrap_or_default();
        let content = line.strip_suffix(b"\r").unwrap_or(line);
        Self { line: content, message, at: 0, texts_over_lines: TEXTS_OVER_LINES_MAX, is_joined: false }
    }

    /// At the front of the first line of a message.
    pub(crate) fn of_message(message: &'a [u8]) -> Self {
        Self::of_line(message, line_length(message))
    }

    /// Whether a text goes over a line end, so that the line is longer than it was at first.
    pub(crate) const fn is_joined(&self) -> bool {
        self.is_joined
    }

    /// What of the message comes behind the line and its line feed.
    pub(crate) fn behind(&self) -> &'a [u8] {
        let behind = self.message.get(self.line.len()..).unwrap_or_default();
        let line_feed = behind.strip_prefix(b"\r").unwrap_or(behind);
        line_feed.strip_prefix(b"\n").unwrap_or(line_feed)
    }

    /// The line, without what ends it.
    pub(crate) const fn line(&self) -> &'a [u8] {
        self.line
    }

    /// What of the line is still to come.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    /// Goes over `length` bytes that the caller has looked at.
    pub(crate) const fn advance(&mut self, length: usize) {
        self.at += length;
    }

    /// Goes over a `byte`, if there is one.
    pub(crate) fn takes(&mut self, byte: u8) -> bool {
        let is_there = self.line.get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// A problem with what comes next.
    pub(crate) const fn fails<T>(&self, problem: Problem) -> Result<T, LineError> {
        Err(problem.at(self.at))
    }

    /// Goes over blanks and tabs, and says whether nothing follows them but, perhaps, a comment.
    pub(crate) fn is_blank_line(&mut self) -> bool {
        while self.takes(b' ') || self.takes(b'\t') {}
        matches!(self.rest().first(), None | Some(b'#'))
    }

    /// Goes over blanks, and says whether there are any.
    pub(crate) fn skip_blanks(&mut self) -> bool {
        let before = self.at;
        while self.takes(b' ') {}
        self.at > before
    }

    /// A name or the value of a tag: all before the next comma or blank. Sets `has_escapes` when there is a backslash.
    pub(crate) fn token(&mut self, has_escapes: &mut bool) -> Result<Piece, LineError> {
        let start = self.at;
        self.at += token_length(self.rest());
        while self.takes(b'\\') {
            *has_escapes = true;
            if self.rest().is_empty() {
                return Err(Problem::LoneBackslash.at(self.at - 1));
            }
            self.at += 1;
            self.at += token_length(self.rest());
        }
        Ok(Piece { start, end: self.at })
    }

    /// The name of a tag or a field. Goes over the equals sign that follows it.
    pub(crate) fn key(&mut self, without_one: Problem) -> Result<Piece, LineError> {
        let start = self.at;
        let mut is_escaped = false;
        for &byte in self.rest() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'=' | b',' | b' ' => break,
                _ => {}
            }
            self.at += 1;
        }
        let end = self.at;
        if end == start || !self.takes(b'=') {
            return self.fails(without_one);
        }
        Ok(Piece { start, end })
    }

    /// The value of a field.
    pub(crate) fn field_value(&mut self) -> Result<FieldValue, LineError> {
        let rest = self.rest();
        let value = match rest.first() {
            Some(b'"') => FieldValue::Text(self.text()?),
            Some(b't' | b'T' | b'f' | b'F') => {
                self.at += boolean_length(rest).ok_or(Problem::Value.at(self.at))?;
                FieldValue::Boolean
            }
            _ => {
                let (number, length) = number_at_front(rest).map_err(|problem| problem.at(self.at))?;
                self.at += length;
                FieldValue::Number(number)
            }
        };
        match self.line.get(self.at) {
            None | Some(b',' | b' ') => Ok(value),
            Some(_) => self.fails(Problem::AfterValue),
        }
    }

    /// The text in quotes that begins here.
    fn text(&mut self) -> Result<Piece, LineError> {
        let start = self.at + 1;
        let length_in_line = closing_quote(self.line.get(start..).unwrap_or_default());
        let Some(length) = length_in_line.or_else(|| self.text_over_lines(start)) else {
            return self.fails(Problem::OpenText);
        };
        let end = start + length;
        self.at = end + 1;
        Ok(Piece { start, end })
    }

    /// The length of a text that goes over several lines of a message; makes one line of them. A quote behind which the
    /// line does not end well belongs to another line, and ends nothing: then the text was never closed.
    #[cold]
    fn text_over_lines(&mut self, start: usize) -> Option<usize> {
        let length = closing_quote(self.message.get(start..)?)?;
        let quote_end = start + length + 1;
        let after_quote = self.message.get(quote_end..)?;
        if !self.is_joined {
            let texts_over_lines = self.texts_over_lines.checked_sub(1)?;
            let mut ahead = Self { texts_over_lines, ..Self::of_message(after_quote) };
            if !ahead.ends_well() {
                return None;
            }
            self.is_joined = true;
        }
        let joined = self.message.get(..quote_end + line_length(after_quote))?;
        self.line = joined.strip_suffix(b"\r").unwrap_or(joined);
        Some(length)
    }

    /// Whether a line can go on like this behind the value of a field.
    fn ends_well(&mut self) -> bool {
        while self.takes(b',') {
            if self.key(Problem::Field).and_then(|_key| self.field_value()).is_err() {
                return false;
            }
            // Then the end was looked at.
            if self.is_joined {
                return true;
            }
        }
        self.time().is_ok()
    }

    /// The time at the end of the line, as it is written; `None` when there is none.
    pub(crate) fn time(&mut self) -> Result<Option<i64>, LineError> {
        self.skip_blanks();
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        let (time, length) = integer_at_front(rest).ok_or(Problem::Time.at(self.at))?;
        if !matches!(rest.get(length), None | Some(b' ')) {
            return self.fails(Problem::Time);
        }
        self.at += length;
        self.skip_blanks();
        if self.rest().is_empty() { Ok(Some(time)) } else { self.fails(Problem::AfterTime) }
    }
}

/// How long the text is that ends with the first quote without a backslash.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    text.iter().position(|&byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

/// How long the word for true or false is that stands in front.
fn boolean_length(bytes: &[u8]) -> Option<usize> {
    let word = bytes.get(..token_length(bytes))?;
    let is_boolean = matches!(
        word,
        b"t" | b"T" | b"true" | b"True" | b"TRUE" | b"f" | b"F" | b"false" | b"False" | b"FALSE"
    );
    is_boolean.then_some(word.len())
}
