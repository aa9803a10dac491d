//! Texts of clients as messages and the audit log show them: short, on one line, without control characters.

use std::borrow::Cow;

/// Characters that are shown of a text at most.
const SHOWN_CHARS: usize = 300;

/// A text as it can be shown: control characters escaped, cut when it is long.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let is_plain = text.len() <= SHOWN_CHARS && !text.contains(char::is_control);
    if is_plain {
        return Cow::Borrowed(text);
    }
    let mut short = String::with_capacity(SHOWN_CHARS);
    for character in text.chars().take(SHOWN_CHARS) {
        if character.is_control() {
            short.extend(character.escape_default());
        } else {
            short.push(character);
        }
    }
    if text.chars().nth(SHOWN_CHARS).is_some() {
        short.push('…');
    }
    Cow::Owned(short)
}
