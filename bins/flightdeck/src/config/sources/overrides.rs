//! Environment variables that set single keys: `FLIGHTDECK_MAIN__ADDR` is `main.addr`.

use serde_json::{Value, json};

use super::{super::Environment, is_section, takes_text, unknown_section};

const PREFIX: &str = "FLIGHTDECK_";
const LEVEL_SEPARATOR: &str = "__";

/// A key and the value that a variable gives it.
#[derive(Debug)]
pub(super) struct Override {
    names: Vec<String>,
    value: Value,
    /// Name of the variable.
    pub(super) variable: String,
}

impl Override {
    /// Returns the path of the key.
    pub(super) fn key(&self) -> String {
        self.names.join(".")
    }

    /// Returns a configuration with nothing in it but this key.
    pub(super) fn as_object(&self) -> Value {
        self.names.iter().rev().fold(self.value.clone(), |inner, name| json!({ name: inner }))
    }
}

/// Finds all overrides, outer keys before inner ones, so that the more exact one wins.
///
/// A variable of one level counts only when it names a section: `FLIGHTDECK_LOG` and the like are not
/// configuration. An empty value is as good as no variable.
pub(super) fn of(variables: &Environment, warnings: &mut Vec<String>) -> Vec<Override> {
    let mut overrides = Vec::new();
    for (variable, text) in variables.iter().filter(|(_, text)| !text.is_empty()) {
        let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
        let names: Vec<String> =
            rest.split(LEVEL_SEPARATOR).map(|name| name.to_ascii_lowercase().replace('_', "-")).collect();
        let Some(section) = names.first() else { continue };
        if !is_section(section) {
            if names.len() > 1 {
                warnings.push(format!("environment variable {variable}: {}", unknown_section(section)));
            }
            continue;
        }
        if names.iter().any(|name| !is_key_name(name)) {
            warnings.push(format!("environment variable {variable} is ignored: it is not the name of a key"));
            continue;
        }
        let value = value_of(&names.join("."), text);
        overrides.push(Override { names, value, variable: variable.clone() });
    }
    overrides.sort_by_key(|change| change.names.len());
    overrides
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Reads a variable's text as the key wants it. What should be JSON and is not stays a text, for the checker to
/// complain of.
fn value_of(path: &str, text: &str) -> Value {
    if takes_text(path) {
        return Value::String(text.to_owned());
    }
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
