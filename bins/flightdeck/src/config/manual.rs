//! The pages of the manual that are made from the table of keys, so that they cannot be out of date.
//!
//! They are committed as `docs/config.example.json` and in `docs/CONFIGURATION.md`; a test compares them.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::keys::{self, Key, Kind};

/// Returns a config.json with every key that has an effect and a default or an example, ending in a line end.
#[must_use]
pub fn example_config_json() -> String {
    let mut config = Map::new();
    for key in keys::all().filter(|key| key.served) {
        let value = key.default.or(key.example).and_then(|json| serde_json::from_str(json).ok());
        if let Some(value) = value {
            insert(&mut config, key.path, value);
        }
    }
    format!("{:#}\n", Value::Object(config))
}

fn insert(around: &mut Map<String, Value>, path: &str, value: Value) {
    let Some((name, rest)) = path.split_once('.') else {
        around.insert(path.to_owned(), value);
        return;
    };
    let inner = around.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(table) = inner {
        insert(table, rest, value);
    }
}

/// Returns a Markdown table of all keys, each with its type, default and meaning.
#[must_use]
pub fn table_of_keys_markdown() -> String {
    let mut table = "| key | type | default | in use | what it is |\n|---|---|---|---|---|\n".to_owned();
    for key in keys::all() {
        let required = if key.required { " **required**" } else { "" };
        let default = key.default.map_or(String::new(), |json| format!("`{json}`"));
        let in_use = if key.served { "yes" } else { "" };
        // Writing to a text cannot fail.
        let _ = writeln!(
            table,
            "| `{}`{required} | {} | {default} | {in_use} | {} |",
            key.path,
            type_name(key),
            key.help
        );
    }
    table
}

fn type_name(key: &Key) -> String {
    let name = match key.kind {
        Kind::Table => "object",
        Kind::TableList => "list of objects",
        Kind::Text | Kind::FilledText => "text",
        Kind::TextList => "list of texts",
        Kind::Flag => "true/false",
        Kind::Integer { min, max: i64::MAX } => return format!("integer ≥ {min}"),
        Kind::Integer { min, max } => return format!("integer {min} to {max}"),
        Kind::IntegerList { min, .. } => return format!("list of integers ≥ {min}"),
        Kind::Duration { .. } => "duration",
        Kind::OneOf(words) => {
            return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        }
        Kind::DatabaseLocation => "path or URL",
        Kind::ListenAddress => "host:port",
        Kind::AllowList | Kind::NetworkList => "list of addresses",
        Kind::AllowEntry | Kind::Network => "address",
    };
    name.to_owned()
}
