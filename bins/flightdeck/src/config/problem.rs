//! What can be wrong with a configuration, and how it is told.
//!
//! No text here ever shows a secret: whoever makes a [`Problem`] gets its values from [`shown`].

use std::{fmt, path::PathBuf};

use serde_json::Value;

/// Error texts repeat at most this many characters of a value.
const EXCERPT_CHARS: usize = 60;

/// What the names of keys that hold secrets end in.
const SECRET_ENDINGS: [&str; 7] =
    ["password", "passwd", "token", "secret", "secret-key", "access-key", "private-key"];

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: the path of a key such as `main.addr`, the name of an environment variable, or a file.
    pub key: String,
    /// What.
    pub fault: Fault,
    /// The environment variable or file that the value comes from, when it is not config.json itself.
    pub origin: Option<String>,
}

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It has to be there and is not.
    Missing {
        /// What it may be.
        allowed: String,
    },
    /// Its value is of the wrong type or out of bounds.
    Invalid {
        /// The value, shortened, or a stand-in for a secret or an object.
        found: String,
        /// What it may be.
        allowed: String,
    },
    /// No such key exists.
    Unknown {
        /// The value, as above.
        found: String,
        /// Path of the key that was probably meant.
        nearest: Option<String>,
        /// The keys that exist in its place.
        allowed: String,
    },
    /// Anything else, in words.
    Other(String),
}

impl Problem {
    /// Makes a problem with a value in config.json itself.
    pub(crate) fn new(key: impl Into<String>, fault: Fault) -> Self {
        Self { key: key.into(), fault, origin: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.key)?;
        match &self.fault {
            Fault::Missing { allowed } => write!(f, "is missing; allowed: {allowed}")?,
            Fault::Invalid { found, allowed } => write!(f, "found {found}; allowed: {allowed}")?,
            Fault::Unknown { found, nearest: Some(nearest), .. } => {
                write!(f, "unknown key (value {found}); the nearest known key is {nearest}")?;
            }
            Fault::Unknown { found, nearest: None, allowed } => {
                write!(f, "unknown key (value {found}); allowed here: {allowed}")?;
            }
            Fault::Other(words) => f.write_str(words)?,
        }
        match &self.origin {
            Some(origin) => write!(f, " [from {origin}]"),
            None => Ok(()),
        }
    }
}

/// Why a configuration cannot be used: everything that is wrong with it, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The configuration file.
    pub file: PathBuf,
    /// What is wrong, at least one thing.
    pub problems: Vec<Problem>,
    /// What is odd besides.
    pub warnings: Vec<String>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{}: {count} error{plural} in the configuration", self.file.display())?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Tells whether a key of this name holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let lower = name.to_lowercase().replace('_', "-");
    SECRET_ENDINGS.iter().any(|ending| lower.ends_with(ending))
}

/// Writes the value of the key `name` for an error text: a short text or number as JSON, and only the kind of
/// anything that is or may hold a secret, such as a URL with a password.
pub(crate) fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(elements) if elements.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Null => "null".to_owned(),
        _ if is_secret(name) => "a value that is not shown".to_owned(),
        Value::String(text) if may_hold_password(text) => "a text that is not shown".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => excerpt(&value.to_string()),
    }
}

/// Tells whether a text may be a URL or a list of connection parameters with a password in it.
pub(crate) fn may_hold_password(text: &str) -> bool {
    text.contains("://") || text.to_lowercase().contains("password=")
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", text.split_at(end).0),
        None => text.to_owned(),
    }
}
