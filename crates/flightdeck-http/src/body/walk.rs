//! A walk through the keys of a JSON text, for what a decoder does not tell: where in the text a mistake is, and
//! which keys are written in an unusual case of letters. Knows nothing of what the keys mean.

use std::ops::Range;

/// How deep the decoder goes, and hence this.
const DEPTH_MAX: usize = 128;
/// Characters of a key in a message at most.
const KEY_CHARS_MAX: usize = 60;

/// A place in a JSON text, and the way to it.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    way: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Object { key: Range<usize>, key_follows: bool },
    Array { index: usize },
}

/// What a walk comes by.
#[derive(Debug)]
pub(super) enum Found {
    /// A key; its place in the text, without its quotes.
    Key(Range<usize>),
    /// The beginning of a list.
    List,
}

impl<'a> Walk<'a> {
    /// A walk that is about to begin.
    pub(super) fn through(text: &'a [u8]) -> Self {
        Self { text, at: 0, way: Vec::new() }
    }

    /// Goes on to the next key or list that begins before `end`.
    pub(super) fn next(&mut self, end: usize) -> Option<Found> {
        while self.at < end && self.way.len() <= DEPTH_MAX {
            let byte = self.text.get(self.at).copied()?;
            self.at += 1;
            match (byte, self.way.last_mut()) {
                (b'"', _) => {
                    let content = self.pass_text();
                    if let Some(Step::Object { key, key_follows }) = self.way.last_mut()
                        && *key_follows
                    {
                        key.clone_from(&content);
                        *key_follows = false;
                        return Some(Found::Key(content));
                    }
                }
                (b'{', _) => self.way.push(Step::Object { key: 0..0, key_follows: true }),
                (b'[', _) => {
                    self.way.push(Step::Array { index: 0 });
                    return Some(Found::List);
                }
                (b'}' | b']', Some(_)) => {
                    self.way.pop();
                }
                (b',', Some(Step::Object { key_follows, .. })) => *key_follows = true,
                (b',', Some(Step::Array { index })) => *index += 1,
                _ => {}
            }
        }
        None
    }

    /// Passes over a text whose opening quote is behind, and tells where its content stands.
    fn pass_text(&mut self) -> Range<usize> {
        let begin = self.at;
        loop {
            match self.text.get(self.at) {
                Some(b'\\') => self.at += 2,
                Some(b'"') => {
                    self.at += 1;
                    return begin..self.at - 1;
                }
                Some(_) => self.at += 1,
                None => return begin..self.text.len(),
            }
        }
    }

    /// The keys above the present place, the innermost last.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a [u8]> {
        let text = self.text;
        self.way.iter().filter_map(move |step| match step {
            Step::Object { key, .. } => text.get(key.clone()),
            Step::Array { .. } => None,
        })
    }

    /// How many lists the present place is in, within the innermost object.
    pub(super) fn lists_here(&self) -> usize {
        self.way.iter().rev().take_while(|step| matches!(step, Step::Array { .. })).count()
    }

    /// The way to the present place in words: `resources[2].hostname`; empty for the whole.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.way {
            match step {
                Step::Array { index } => {
                    path.push('[');
                    path.push_str(&index.to_string());
                    path.push(']');
                }
                Step::Object { key, .. } if key.is_empty() => {}
                Step::Object { key, .. } => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    let name = String::from_utf8_lossy(self.text.get(key.clone()).unwrap_or_default());
                    path.extend(name.chars().take(KEY_CHARS_MAX));
                }
            }
        }
        path
    }
}
