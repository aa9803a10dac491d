//! Reads messages about jobs and nodes, which hold JSON in a text field. Must not know what the JSON says.

use crate::clock_time::nanoseconds;
use crate::cursor::{Cursor, FieldValue, Piece};
use crate::error::{LineError, Problem};
use crate::escape::{Place, unescaped};
use std::borrow::Cow;

/// A line with a text field `event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// What the event is about, like `job` or `nodestate`.
    pub measurement: Cow<'a, str>,
    /// Names and values of the tags, as sent. A value can be empty.
    pub tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The text of the field `event`, without its escapes.
    pub event: Cow<'a, str>,
    /// When it happened, in nanoseconds since 1970; a time in a larger unit is told by its magnitude. `None` when the
    /// line has no time.
    pub time_ns: Option<i64>,
}

impl Event<'_> {
    /// The value of a tag; the last one, if there are several of that name.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().rev().find(|(tag, _)| tag == name).map(|(_, value)| value.as_ref())
    }
}

/// The events of a message, front to back; what is wrong with a line that holds none. A text may go over several lines.
#[derive(Debug, Clone)]
pub struct Events<'a> {
    rest: &'a [u8],
}

impl<'a> Events<'a> {
    /// The events of `message`.
    #[must_use]
    pub const fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Event<'a>, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let mut cursor = Cursor::of_message(self.rest);
            let event = if cursor.is_blank_line() { None } else { Some(read_event(&mut cursor)) };
            self.rest = cursor.behind();
            if event.is_some() {
                return event;
            }
        }
        None
    }
}

fn read_event<'a>(cursor: &mut Cursor<'a>) -> Result<Event<'a>, LineError> {
    let measurement = cursor.token(&mut false)?;
    if measurement.bytes(cursor.line()).is_empty() {
        return cursor.fails(Problem::NameMissing);
    }
    let mut tags = Vec::new();
    while cursor.takes(b',') {
        let key = cursor.key(Problem::Tag)?;
        let value = cursor.token(&mut false)?;
        tags.push((readable(cursor, key, Place::Tag)?, readable(cursor, value, Place::Tag)?));
    }
    if !cursor.skip_blanks() || cursor.rest().is_empty() {
        return cursor.fails(Problem::FieldMissing);
    }
    let event = read_event_field(cursor)?;
    let time = cursor.time()?;
    Ok(Event {
        measurement: readable(cursor, measurement, Place::Name)?,
        tags,
        event: readable(cursor, event, Place::Text)?,
        time_ns: time.map(nanoseconds),
    })
}

/// The last text called `event` among the fields.
fn read_event_field(cursor: &mut Cursor<'_>) -> Result<Piece, LineError> {
    let mut event = None;
    loop {
        let key = cursor.key(Problem::Field)?;
        let value = cursor.field_value()?;
        if let (b"event", FieldValue::Text(text)) = (key.bytes(cursor.line()), value) {
            event = Some(text);
        }
        if !cursor.takes(b',') {
            break;
        }
    }
    match event {
        Some(text) => Ok(text),
        None => cursor.fails(Problem::NoEvent),
    }
}

fn readable<'a>(cursor: &Cursor<'a>, piece: Piece, place: Place) -> Result<Cow<'a, str>, LineError> {
    let raw =
        str::from_utf8(piece.bytes(cursor.line())).map_err(|_source| Problem::NotUtf8.at(piece.start()))?;
    Ok(unescaped(raw, place))
}

#[cfg(test)]
mod tests;
