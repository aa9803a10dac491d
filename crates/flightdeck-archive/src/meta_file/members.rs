//! Where the members of a JSON object stand in its text, so that some can be changed while every other byte stays.
//!
//! The text has been decoded before: what is no JSON is not told apart here, it merely ends the search. Only the
//! ASCII of JSON's own signs is looked at, so bytes that are not UTF-8 do no harm.

use std::ops::Range;

#[cfg(test)]
mod tests;

/// One member of an object, by its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// The key, with its quotes.
    pub(crate) key: Range<usize>,
    /// The value.
    pub(crate) value: Range<usize>,
}

/// An object, by its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// Behind the opening brace.
    pub(crate) start: usize,
    /// Its members in order.
    pub(crate) members: Vec<Member>,
}

/// Finds the members of the first object at or after a place of the text; `None` when there is no whole one.
pub(crate) fn find(json: &[u8], from: usize) -> Option<Object> {
    let start = from + json.get(from..)?.iter().position(|byte| *byte == b'{')? + 1;
    let mut members = Vec::new();
    let mut at = skip_space(json, start);
    while *json.get(at)? != b'}' {
        let key = at..end_of_value(json, at)?;
        let colon = skip_space(json, key.end);
        let value_start = skip_space(json, colon + 1);
        let value = value_start..end_of_value(json, value_start)?;
        at = skip_space(json, value.end);
        if *json.get(at)? == b',' {
            at = skip_space(json, at + 1);
        }
        members.push(Member { key, value });
    }
    Some(Object { start, members })
}

fn skip_space(json: &[u8], from: usize) -> usize {
    let rest = json.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn end_of_value(json: &[u8], start: usize) -> Option<usize> {
    match json.get(start)? {
        b'"' => end_of_string(json, start),
        b'{' | b'[' => end_of_brackets(json, start),
        _ => {
            let rest = json.get(start..)?;
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
            // A value without a sign would let the search stand still.
            rest.iter().position(ends).filter(|length| *length > 0).map(|length| start + length)
        }
    }
}

fn end_of_string(json: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn end_of_brackets(json: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match json.get(at)? {
            b'"' => {
                at = end_of_string(json, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}
