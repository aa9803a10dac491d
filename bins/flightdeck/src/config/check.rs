//! Compares a configuration with the table of keys: every key known, every value allowed, nothing missing.
//!
//! It finds everything in one pass. Rules that join several keys stand in `rules`.

use flightdeck_auth::{AllowList, TrustedProxies};
use flightdeck_model::GoDuration;
use serde_json::{Map, Value};

use super::{
    address::ListenAddress,
    keys::{self, Key, Kind},
    problem::{Fault, Problem, is_secret, may_hold_password, shown},
};

/// Keys of the reference server's own sample that nobody ever read, and what to say of them.
const STALE_KEYS: [(&str, &str); 1] = [(
    "archive.retention.location",
    "has never had an effect and is ignored; `target-path` says where jobs are copied or moved",
)];

/// Keys whose work is not needed here, and why.
const NEEDLESS_KEYS: [(&str, &str); 4] = [
    ("metric-store.checkpoints.file-format", "checkpoints of both formats are read"),
    ("metric-store.checkpoints.max-wal-size", "the log is never dropped for its size"),
    ("cron.commit-job-worker", "a job is stored and listed before its start is answered"),
    ("cron.duration-worker", "durations of running jobs are computed when they are asked for"),
];

/// What the check found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
    /// What is odd.
    pub(crate) warnings: Vec<String>,
    /// Keys that are right, but that this version does nothing with.
    unserved: Vec<&'static str>,
}

/// Checks all known sections. Unknown ones have to be sorted out before.
pub(crate) fn check(sections: &Map<String, Value>) -> Findings {
    let mut findings = Findings::default();
    findings.check_table("", "", sections);
    findings.set_needless_apart();
    if !findings.unserved.is_empty() {
        findings
            .warnings
            .push(format!("checked, but without effect in this version: {}", findings.unserved.join(", ")));
    }
    findings
}

impl Findings {
    /// Checks the object at `pattern` in the table of keys; `place` is its path in error texts.
    fn check_table(&mut self, pattern: &str, place: &str, table: &Map<String, Value>) {
        for (name, value) in table {
            let key_place = join(place, name);
            match keys::find(&join(pattern, name)) {
                Some(key) => {
                    self.note_unserved(pattern, key);
                    self.check_value(key, &key_place, value);
                }
                None => self.note_unknown(pattern, key_place, name, value),
            }
        }
        for key in keys::children(pattern).filter(|key| key.required && !table.contains_key(key.name())) {
            let allowed = key.kind.to_string();
            self.problems.push(Problem::new(join(place, key.name()), Fault::Missing { allowed }));
        }
    }

    fn check_value(&mut self, key: &Key, place: &str, value: &Value) {
        match (key.kind, value) {
            (Kind::Table, Value::Object(table)) => self.check_table(key.path, place, table),
            (Kind::TableList, Value::Array(elements)) => {
                let pattern = format!("{}[]", key.path);
                for (index, element) in elements.iter().enumerate() {
                    let element_place = format!("{place}[{index}]");
                    match element {
                        Value::Object(table) => self.check_table(&pattern, &element_place, table),
                        other => self.note_invalid(element_place, kind_of(other), Kind::Table),
                    }
                }
            }
            // A value in an object's place may be anything, a password as well.
            (Kind::Table | Kind::TableList, other) => {
                self.note_invalid(place.to_owned(), kind_of(other), key.kind);
            }
            (Kind::AllowList, Value::Array(elements)) if elements.is_empty() => {
                self.note_invalid(place.to_owned(), shown(key.name(), value), key.kind);
            }
            (
                Kind::TextList | Kind::IntegerList { .. } | Kind::AllowList | Kind::NetworkList,
                Value::Array(elements),
            ) => {
                for (index, element) in elements.iter().enumerate() {
                    self.check_scalar(key, key.kind.element(), format!("{place}[{index}]"), element);
                }
            }
            (Kind::TextList | Kind::IntegerList { .. } | Kind::AllowList | Kind::NetworkList, other) => {
                self.note_invalid(place.to_owned(), shown(key.name(), other), key.kind);
            }
            (kind, scalar) => self.check_scalar(key, kind, place.to_owned(), scalar),
        }
    }

    fn check_scalar(&mut self, key: &Key, kind: Kind, place: String, value: &Value) {
        if let Err(reason) = accept(kind, value) {
            let found = shown(key.name(), value);
            let allowed = reason.map_or_else(|| kind.to_string(), |reason| format!("{kind} ({reason})"));
            self.problems.push(Problem::new(place, Fault::Invalid { found, allowed }));
        }
    }

    fn note_invalid(&mut self, place: String, found: String, kind: Kind) {
        let allowed = kind.to_string();
        self.problems.push(Problem::new(place, Fault::Invalid { found, allowed }));
    }

    fn note_unknown(&mut self, pattern: &str, place: String, name: &str, value: &Value) {
        if let Some((stale, words)) = STALE_KEYS.iter().find(|(stale, _)| *stale == place) {
            self.warnings.push(format!("{stale} {words}"));
            return;
        }
        let nearest = keys::nearest(pattern, name);
        // What is a mistyped `password` is a password.
        let telling_name = if is_secret(name) { name } else { nearest.map_or(name, |key| key.name()) };
        let found = shown(telling_name, value);
        let allowed = keys::children(pattern).map(Key::name).collect::<Vec<_>>().join(", ");
        let nearest = nearest.map(|key| key.path.to_owned());
        self.problems.push(Problem::new(place, Fault::Unknown { found, nearest, allowed }));
    }

    /// Says of keys that there is nothing to do for them, rather than that this version does nothing.
    fn set_needless_apart(&mut self) {
        for (needless, reason) in NEEDLESS_KEYS {
            let count_before = self.unserved.len();
            self.unserved.retain(|key| *key != needless);
            if self.unserved.len() < count_before {
                self.warnings.push(format!("{needless} is accepted, but not needed: {reason}"));
            }
        }
    }

    /// Remembers the outermost keys without effect: what is in such an object is not named again.
    fn note_unserved(&mut self, pattern: &str, key: &Key) {
        let around_is_served = pattern.is_empty()
            || keys::find(pattern.trim_end_matches("[]")).is_some_and(|around| around.served);
        if !key.served && around_is_served && !self.unserved.contains(&key.path) {
            self.unserved.push(key.path);
        }
    }
}

/// Tells whether a single value is of the kind; if not, perhaps with a reason beyond the kind itself.
fn accept(kind: Kind, value: &Value) -> Result<(), Option<String>> {
    let accepted = match (kind, value) {
        (Kind::Text, Value::String(_)) | (Kind::Flag, Value::Bool(_)) => true,
        (Kind::FilledText, Value::String(text)) => !text.trim().is_empty(),
        (Kind::Integer { min, max }, Value::Number(number)) => {
            number.as_i64().is_some_and(|integer| (min..=max).contains(&integer))
        }
        (Kind::Duration { min_s, may_be_empty }, Value::String(text)) => {
            return accept_duration(text, min_s, may_be_empty);
        }
        (Kind::OneOf(words), Value::String(text)) => words.contains(&text.as_str()),
        (Kind::DatabaseLocation, Value::String(text)) => is_database_location(text),
        (Kind::ListenAddress, Value::String(text)) => {
            return text.parse::<ListenAddress>().map(drop).map_err(|error| Some(error.to_string()));
        }
        (Kind::AllowEntry, Value::String(entry)) => AllowList::parse(std::slice::from_ref(entry)).is_ok(),
        (Kind::Network, Value::String(entry)) => TrustedProxies::parse(std::slice::from_ref(entry)).is_ok(),
        _ => false,
    };
    if accepted { Ok(()) } else { Err(None) }
}

/// What looks like another URL or like connection parameters is a mistake, and would be shown as a path.
fn is_database_location(text: &str) -> bool {
    let is_postgres = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    is_postgres || (!text.trim().is_empty() && !may_hold_password(text))
}

fn accept_duration(text: &str, min_s: i64, may_be_empty: bool) -> Result<(), Option<String>> {
    if text.is_empty() && may_be_empty {
        return Ok(());
    }
    let duration = text.parse::<GoDuration>().map_err(|error| Some(error.to_string()))?;
    if duration < GoDuration::from_secs(min_s) { Err(None) } else { Ok(()) }
}

fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
    .to_owned()
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}
