//! Takes the backslashes out of names, tags and texts.

use std::borrow::Cow;

/// Where a piece of text stands: what may be escaped differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The line's name: `\,`, `\ ` and `\\`.
    Name,
    /// A tag: also `\=`.
    Tag,
    /// A text in quotes: `\"`, `\\`, and `\n`, `\r`, `\t` as the usual encoders write these characters.
    Text,
}

impl Place {
    const fn meaning(self, escaped: char) -> Option<char> {
        match (self, escaped) {
            (_, '\\') | (Self::Name | Self::Tag, ',' | ' ') | (Self::Tag, '=') | (Self::Text, '"') => {
                Some(escaped)
            }
            (Self::Text, 'n') => Some('\n'),
            (Self::Text, 'r') => Some('\r'),
            (Self::Text, 't') => Some('\t'),
            _ => None,
        }
    }
}

/// Appends `raw` to `text` without its escapes. A backslash before a character that needs none stays.
pub(crate) fn append_unescaped(text: &mut String, raw: &str, place: Place) {
    let mut rest = raw;
    while let Some((plain, from_escaped)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut characters = from_escaped.chars();
        let Some(escaped) = characters.next() else {
            text.push('\\');
            return;
        };
        match place.meaning(escaped) {
            Some(meant) => text.push(meant),
            None => text.extend(['\\', escaped]),
        }
        rest = characters.as_str();
    }
    text.push_str(rest);
}

/// `raw` without its escapes; itself when it has none.
pub(crate) fn unescaped(raw: &str, place: Place) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    append_unescaped(&mut text, raw, place);
    Cow::Owned(text)
}
