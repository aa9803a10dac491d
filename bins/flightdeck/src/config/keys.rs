//! The table of every key that config.json may have, and how to look things up in it.
//!
//! The table drives the checker, the reading of environment overrides, `docs/config.example.json` and the
//! table in `docs/CONFIGURATION.md`. It knows nothing of a particular configuration, and rules that join several
//! keys stand elsewhere.

mod rows;
mod rows_main;

use std::fmt;

use strsim::jaro_winkler;

/// How alike (0 to 1) a mistyped key and a known one must be for the one to be proposed for the other.
const LIKENESS_NEEDED: f64 = 0.7;

/// One key of the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Where the key stands: `main.db-config.busy-timeout-ms`; the elements of a list of objects are `list[]`.
    pub(crate) path: &'static str,
    /// What its value may be.
    pub(crate) kind: Kind,
    /// Whether the object around it must have it.
    pub(crate) required: bool,
    /// What holds when the key is missing, as JSON.
    pub(crate) default: Option<&'static str>,
    /// What the example configuration shows where there is no default, as JSON.
    pub(crate) example: Option<&'static str>,
    /// Whether this version of the program does something with it.
    pub(crate) served: bool,
    /// What it is for, in one sentence.
    pub(crate) help: &'static str,
}

/// What the value of a key may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An object with keys of its own.
    Table,
    /// A list of objects with keys of their own.
    TableList,
    /// Any text, also an empty one.
    Text,
    /// A text with something in it: paths, names, URLs.
    FilledText,
    /// A list of texts.
    TextList,
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds, both included.
    Integer { min: i64, max: i64 },
    /// A list of whole numbers within bounds, both included.
    IntegerList { min: i64, max: i64 },
    /// A Go duration of at least `min_s` seconds; an empty text stands for "not set" where that is allowed.
    Duration { min_s: i64, may_be_empty: bool },
    /// One of a few words.
    OneOf(&'static [&'static str]),
    /// The path of a file or the URL of a database server. A URL may hold a password and is never shown.
    DatabaseLocation,
    /// An address to listen on: host and port.
    ListenAddress,
    /// A list of at least one [`Kind::AllowEntry`].
    AllowList,
    /// An address, a network, or `*`.
    AllowEntry,
    /// A list of [`Kind::Network`].
    NetworkList,
    /// An address or a network.
    Network,
}

impl Kind {
    /// Tells whether the value is written as a JSON text, so that an environment variable's value is one as it is.
    pub(crate) const fn is_text(self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::FilledText
                | Self::Duration { .. }
                | Self::OneOf(_)
                | Self::DatabaseLocation
                | Self::ListenAddress
        )
    }

    /// Returns what a single element of a list of this kind may be; other kinds are their own element.
    pub(crate) const fn element(self) -> Self {
        match self {
            Self::TextList => Self::FilledText,
            Self::IntegerList { min, max } => Self::Integer { min, max },
            Self::AllowList => Self::AllowEntry,
            Self::NetworkList => Self::Network,
            other => other,
        }
    }
}

impl fmt::Display for Kind {
    /// Says what is allowed, in the words of the error messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Table => f.write_str("an object"),
            Self::TableList => f.write_str("a list of objects"),
            Self::Text => f.write_str("a text"),
            Self::FilledText => f.write_str("a text that is not empty"),
            Self::TextList => f.write_str("a list of texts"),
            Self::Flag => f.write_str("true or false"),
            Self::Integer { min, max: i64::MAX } => write!(f, "a whole number, {min} or more"),
            Self::Integer { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::IntegerList { min, .. } => write!(f, "a list of whole numbers, each {min} or more"),
            Self::Duration { min_s, may_be_empty } => {
                f.write_str(r#"a duration such as "90s" or "1h30m""#)?;
                if min_s > 0 {
                    write!(f, ", {min_s}s or more")?;
                }
                if may_be_empty {
                    f.write_str(r#", or "" for none"#)?;
                }
                Ok(())
            }
            Self::OneOf(words) => write!(f, "one of {}", Quoted(words)),
            Self::DatabaseLocation => {
                f.write_str(r#"the path of a file such as "./var/job.db", or a URL such as "postgres://user@host/database""#)
            }
            Self::ListenAddress => {
                f.write_str(r#"host and port, such as "127.0.0.1:8080", "[::1]:8080" or ":8080""#)
            }
            Self::AllowList => f.write_str(
                r#"a list of the addresses ("10.0.0.7") and networks ("10.0.0.0/8", "fd00::/8") that may use the REST API, or ["*"] for all"#,
            ),
            Self::AllowEntry => {
                f.write_str(r#"an address such as "10.0.0.7", a network such as "10.0.0.0/8" or "fd00::/8", or "*" for all"#)
            }
            Self::NetworkList => {
                f.write_str(r#"a list of addresses ("10.0.0.7") and networks ("10.0.0.0/8", "fd00::/8")"#)
            }
            Self::Network => {
                f.write_str(r#"an address such as "10.0.0.7" or a network such as "10.0.0.0/8" or "fd00::/8""#)
            }
        }
    }
}

struct Quoted(&'static [&'static str]);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}\"{word}\"")?;
        }
        Ok(())
    }
}

impl Key {
    const fn new(path: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { path, kind, required: false, default: None, example: None, served: false, help }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn default(self, json: &'static str) -> Self {
        Self { default: Some(json), ..self }
    }

    const fn example(self, json: &'static str) -> Self {
        Self { example: Some(json), ..self }
    }

    const fn served(self) -> Self {
        Self { served: true, ..self }
    }

    /// Returns the path of the object that the key stands in; empty for a section.
    pub(crate) fn parent(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(parent, _)| parent)
    }

    /// Returns the key's own name, the last part of its path.
    pub(crate) fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }
}

/// Returns every key, each object before its own keys.
pub(crate) fn all() -> impl Iterator<Item = &'static Key> {
    rows_main::MAIN.iter().chain(rows::OTHERS)
}

/// Returns the key at `path` (list elements written `[]`).
pub(crate) fn find(path: &str) -> Option<&'static Key> {
    all().find(|key| key.path == path)
}

/// Returns the keys of the object at `path`; of the whole configuration for an empty path.
pub(crate) fn children(path: &str) -> impl Iterator<Item = &'static Key> {
    all().filter(move |key| key.parent() == path)
}

/// Finds the known key that was probably meant by `name` in the object at `parent`: the most alike one there, else
/// one of exactly that name elsewhere.
pub(crate) fn nearest(parent: &str, name: &str) -> Option<&'static Key> {
    let wanted = kebab_case(name);
    children(parent)
        .map(|key| (jaro_winkler(&wanted, key.name()), key))
        .filter(|(likeness, _)| *likeness >= LIKENESS_NEEDED)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, key)| key)
        .or_else(|| all().find(|key| key.name() == wanted))
}

/// Writes `dbPath`, `db_path` and `DB-PATH` as `db-path`.
fn kebab_case(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    let mut after_lower_case = false;
    for letter in name.chars() {
        if letter.is_uppercase() && after_lower_case {
            kebab.push('-');
        }
        after_lower_case = letter.is_lowercase();
        kebab.extend(if letter == '_' { '-' } else { letter }.to_lowercase());
    }
    kebab
}
