//! Goes over a body and gives the sample of each line. Must not know which metrics are stored.

use crate::clock_time::{Precision, whole_seconds};
use crate::cursor::{Cursor, FieldValue, Piece};
use crate::error::{LineError, Problem};
use crate::escape::{Place, append_unescaped};
use crate::scan::line_length;

/// The lines of a body, front to back. A line feed ends a line unless it stands in a text. A text ends with the next quote,
/// if the line ends well behind it: further fields, a time or nothing. Otherwise it was never closed, and spoils its own
/// line up to the line feed alone.
#[derive(Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
    precision: Option<Precision>,
    number: u64,
    /// Line feeds in texts of the line that was given last.
    line_feeds: u64,
    /// The names of the line at hand when some have escapes; kept for its memory.
    unescaped: String,
}

/// A well-formed line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Line<'a> {
    /// A sample.
    Sample(Sample<'a>),
    /// Something that is no sample.
    Skipped(SkipReason),
}

/// A value of a metric, with where and when it was measured. What the line does not say is an empty text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample<'a> {
    /// The metric.
    pub measurement: &'a str,
    /// Tag `cluster`.
    pub cluster: &'a str,
    /// Tag `hostname` or `host`.
    pub host: &'a str,
    /// Tag `type`; empty for `node`, the host itself.
    pub kind: &'a str,
    /// Tag `type-id`; empty for the host itself.
    pub id: &'a str,
    /// Tag `stype`.
    pub sub_kind: &'a str,
    /// Tag `stype-id`.
    pub sub_id: &'a str,
    /// The value, finite. Integers beyond 2^53 are rounded.
    pub value: f64,
    /// The second in which it was measured, since 1970; `None` when the line has no time.
    pub time_s: Option<i64>,
}

/// Why a well-formed line gives no sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// An event: a field `event` and no `value`.
    Event,
    /// A line of a log: a field `log` and no `value`.
    Log,
    /// A question or an order: a field `control` and no `value`.
    Control,
    /// The value is a text, true or false.
    NotANumber,
}

impl SkipReason {
    /// The reason in a word or two.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Log => "log",
            Self::Control => "control",
            Self::NotANumber => "not a number",
        }
    }
}

impl<'a> Lines<'a> {
    /// The lines of `body`, whose times are in units of `precision`; `None`: each line's unit is told from its magnitude.
    #[must_use]
    pub const fn new(body: &'a [u8], precision: Option<Precision>) -> Self {
        Self { rest: body, precision, number: 0, line_feeds: 0, unescaped: String::new() }
    }

    /// The number of the line that was given last, from 1; blank lines and comments count, and so does each line that a
    /// text goes over.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is neither blank nor a comment; `None` at the end of the body.
    ///
    /// # Errors
    /// What is wrong with the line. The next call goes on with the line after it.
    pub fn next_line(&mut self) -> Option<Result<Line<'_>, LineError>> {
        let mut cursor = self.next_cursor()?;
        let line = read_line(&mut cursor, self.precision, &mut self.unescaped);
        if cursor.is_joined() {
            self.rest = cursor.behind();
            let line_feeds = cursor.line().split(|byte| *byte == b'\n').skip(1).count();
            self.line_feeds = u64::try_from(line_feeds).unwrap_or(0);
        }
        Some(line)
    }

    fn next_cursor(&mut self) -> Option<Cursor<'a>> {
        self.number += std::mem::take(&mut self.line_feeds);
        while !self.rest.is_empty() {
            let length = line_length(self.rest);
            let mut cursor = Cursor::of_line(self.rest, length);
            self.rest = self.rest.get(length + 1..).unwrap_or_default();
            self.number += 1;
            if !cursor.is_blank_line() {
                return Some(cursor);
            }
        }
        None
    }
}

fn read_line<'l, 'body: 'l>(
    cursor: &mut Cursor<'body>,
    precision: Option<Precision>,
    unescaped: &'l mut String,
) -> Result<Line<'l>, LineError> {
    let mut names = Names::default();
    names.read(cursor)?;
    let content = read_fields(cursor)?;
    let time = cursor.time()?;
    let value = match content {
        Content::Value(value) => value,
        Content::Other(reason) => return Ok(Line::Skipped(reason)),
    };
    let [measurement, cluster, host, kind, id, sub_kind, sub_id] = names.texts(cursor.line(), unescaped)?;
    let (part_kind, part_id) = if kind.is_empty() || kind == "node" { ("", "") } else { (kind, id) };
    Ok(Line::Sample(Sample {
        measurement,
        cluster,
        host,
        kind: part_kind,
        id: part_id,
        sub_kind,
        sub_id,
        value,
        time_s: time.map(|written| whole_seconds(written, precision)),
    }))
}

/// Where in a line the names of a sample stand.
#[derive(Debug, Default)]
struct Names {
    measurement: Piece,
    cluster: Piece,
    host: Piece,
    kind: Piece,
    id: Piece,
    sub_kind: Piece,
    sub_id: Piece,
    have_escapes: bool,
}

impl Names {
    /// Reads all before the fields.
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<(), LineError> {
        self.measurement = cursor.token(&mut self.have_escapes)?;
        if self.measurement.bytes(cursor.line()).is_empty() {
            return cursor.fails(Problem::NameMissing);
        }
        while cursor.takes(b',') {
            let Some((tag, key_length)) = self.known_tag(cursor.rest()) else {
                cursor.key(Problem::Tag)?;
                cursor.token(&mut false)?;
                continue;
            };
            cursor.advance(key_length);
            let mut has_escapes = false;
            *tag = cursor.token(&mut has_escapes)?;
            self.have_escapes |= has_escapes;
        }
        if cursor.skip_blanks() && !cursor.rest().is_empty() {
            return Ok(());
        }
        cursor.fails(Problem::FieldMissing)
    }

    /// The tag whose name and equals sign stand in front, and how many bytes they take. None of these names can be
    /// written with escapes.
    fn known_tag(&mut self, front: &[u8]) -> Option<(&mut Piece, usize)> {
        match front.first()? {
            b'c' if front.starts_with(b"cluster=") => Some((&mut self.cluster, 8)),
            b'h' if front.starts_with(b"hostname=") => Some((&mut self.host, 9)),
            b'h' if front.starts_with(b"host=") => Some((&mut self.host, 5)),
            b't' if front.starts_with(b"type=") => Some((&mut self.kind, 5)),
            b't' if front.starts_with(b"type-id=") => Some((&mut self.id, 8)),
            b's' if front.starts_with(b"stype=") => Some((&mut self.sub_kind, 6)),
            b's' if front.starts_with(b"stype-id=") => Some((&mut self.sub_id, 9)),
            _ => None,
        }
    }

    const fn pieces(&self) -> [Piece; 7] {
        [self.measurement, self.cluster, self.host, self.kind, self.id, self.sub_kind, self.sub_id]
    }

    /// The names as texts, in the order of [`pieces`](Self::pieces).
    fn texts<'l>(&self, line: &'l [u8], unescaped: &'l mut String) -> Result<[&'l str; 7], LineError> {
        let pieces = self.pieces();
        let raw = match str::from_utf8(line) {
            Ok(text) => pieces.map(|piece| piece.text(text)),
            // Tags and texts that nobody reads may hold anything.
            Err(_) => self.checked_texts(line)?,
        };
        if !self.have_escapes {
            return Ok(raw);
        }
        unescaped.clear();
        let mut place = Place::Name;
        let ends = raw.map(|text| {
            append_unescaped(unescaped, text, place);
            place = Place::Tag;
            unescaped.len()
        });
        let all: &'l str = unescaped;
        let mut start = 0;
        Ok(ends.map(|end| {
            let text = all.get(start..end).unwrap_or_default();
            start = end;
            text
        }))
    }

    #[cold]
    fn checked_texts<'l>(&self, line: &'l [u8]) -> Result<[&'l str; 7], LineError> {
        let mut texts = [""; 7];
        for (text, piece) in texts.iter_mut().zip(self.pieces()) {
            *text =
                str::from_utf8(piece.bytes(line)).map_err(|_source| Problem::NotUtf8.at(piece.start()))?;
        }
        Ok(texts)
    }
}

/// What the fields of a line say.
#[derive(Debug, Clone, Copy)]
enum Content {
    Value(f64),
    Other(SkipReason),
}

fn read_fields(cursor: &mut Cursor<'_>) -> Result<Content, LineError> {
    let mut value = None;
    let mut other = None;
    loop {
        if cursor.rest().starts_with(b"value=") {
            cursor.advance(b"value=".len());
            value = Some(cursor.field_value()?);
        } else {
            let key = cursor.key(Problem::Field)?;
            other = other.or(reason_of(key.bytes(cursor.line())));
            cursor.field_value()?;
        }
        if !cursor.takes(b',') {
            break;
        }
    }
    match (value, other) {
        (Some(FieldValue::Number(number)), _) => Ok(Content::Value(number)),
        (Some(FieldValue::Text(_) | FieldValue::Boolean), _) => Ok(Content::Other(SkipReason::NotANumber)),
        (None, Some(reason)) => Ok(Content::Other(reason)),
        (None, None) => cursor.fails(Problem::NoKnownField),
    }
}

fn reason_of(key: &[u8]) -> Option<SkipReason> {
    match key {
        b"event" => Some(SkipReason::Event),
        b"log" => Some(SkipReason::Log),
        b"control" => Some(SkipReason::Control),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
