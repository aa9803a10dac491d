//! Where a configuration comes from: config.json, the files that its `<section>-file` keys name, `.env`, and the
//! environment. Later ones win over earlier ones.
//!
//! Puts the layers together and leaves judging them to `check`.

mod dotenv;
mod overrides;

use std::{collections::BTreeMap, fs, path::Path};

use config::FileFormat;
use serde_json::{Map, Value};

use self::overrides::Override;
use super::{
    Environment, Secrets, keys,
    problem::{Fault, Problem, shown},
};

/// The end of a top-level key whose value is the path of a section's own file.
const FILE_KEY_ENDING: &str = "-file";
/// Some editors put this mark before UTF-8 text; JSON does not know it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// All layers in one.
#[derive(Debug)]
pub(crate) struct Sources {
    /// The known sections; `None` when the configuration file itself could not be read.
    pub(crate) sections: Option<Map<String, Value>>,
    /// Sections whose own file could not be read, which is among the problems.
    pub(crate) unreadable: Vec<&'static str>,
    /// Which keys do not come from config.json.
    pub(crate) origins: Origins,
    /// The keys of the server.
    pub(crate) secrets: Secrets,
    /// Files and values that could not be read.
    pub(crate) problems: Vec<Problem>,
    /// What is ignored.
    pub(crate) warnings: Vec<String>,
}

/// Which keys come from where, unless from config.json: the path of a key and a variable's name or a file's path.
#[derive(Debug, Default)]
pub(crate) struct Origins(BTreeMap<String, String>);

impl Origins {
    /// Adds to a problem where its value comes from.
    pub(crate) fn attach_to(&self, problem: Problem) -> Problem {
        // The longest path is the most exact one. A path below the problem's made an object of what is no object.
        let around = self
            .0
            .iter()
            .filter(|(key, _)| is_at_or_below(&problem.key, key))
            .max_by_key(|(key, _)| key.len());
        let origin = around.or_else(|| self.0.iter().find(|(key, _)| is_at_or_below(key, &problem.key)));
        let origin = origin.map(|(_, origin)| origin.clone());
        Problem { origin: problem.origin.or(origin), ..problem }
    }
}

fn is_at_or_below(key: &str, around: &str) -> bool {
    key.strip_prefix(around).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Reads the configuration file at `path` and all that belongs to it.
pub(crate) fn read(path: &Path, environment: &Environment) -> Sources {
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let mut origins = Origins::default();
    let mut unreadable = Vec::new();
    let variables = dotenv::merged(path, environment, &mut problems);
    let secrets = Secrets::of(&variables);
    let sections = match read_object(path) {
        Ok(top_level) => {
            let sorted = sort_top_level(top_level);
            let mut from_files = sorted.sections;
            warnings.extend(sorted.unknown.iter().map(|name| unknown_section(name)));
            for (section, name, value) in sorted.file_keys {
                match read_section_file(&name, &value) {
                    Ok((file, content)) => {
                        origins.0.insert(section.to_owned(), file);
                        from_files.insert(section.to_owned(), content);
                    }
                    Err(problem) => {
                        unreadable.push(section);
                        problems.push(problem);
                    }
                }
            }
            let overrides = overrides::of(&variables, &mut warnings);
            layered(from_files, &overrides, &mut origins, &mut problems)
        }
        Err(words) => {
            problems.push(Problem::new(path.display().to_string(), Fault::Other(words)));
            None
        }
    };
    Sources { sections, unreadable, origins, secrets, problems, warnings }
}

/// The top level of a configuration, before any section is looked into.
#[derive(Debug, Default)]
struct TopLevel {
    sections: Map<String, Value>,
    /// Section, key and value of each `<section>-file`.
    file_keys: Vec<(&'static str, String, Value)>,
    unknown: Vec<String>,
}

fn sort_top_level(top_level: Map<String, Value>) -> TopLevel {
    let mut sorted = TopLevel::default();
    for (name, value) in top_level {
        if is_section(&name) {
            sorted.sections.insert(name, value);
            continue;
        }
        let file_of = name.strip_suffix(FILE_KEY_ENDING).filter(|stem| is_section(stem)).and_then(keys::find);
        match file_of {
            Some(section) => sorted.file_keys.push((section.path, name, value)),
            None => sorted.unknown.push(name),
        }
    }
    sorted
}

fn is_section(name: &str) -> bool {
    keys::children("").any(|section| section.path == name)
}

fn unknown_section(name: &str) -> String {
    let known = || keys::children("").map(|key| key.path).collect::<Vec<_>>().join(", ");
    let hint = keys::nearest("", name).map_or_else(
        || format!("known sections: {}", known()),
        |nearest| format!("the nearest known key is {}", nearest.path),
    );
    format!("unknown section {name} is ignored; {hint}")
}

fn read_section_file(name: &str, value: &Value) -> Result<(String, Value), Problem> {
    let Value::String(file) = value else {
        let fault = Fault::Invalid {
            found: shown(name, value),
            allowed: "the path of the section's own JSON file".into(),
        };
        return Err(Problem::new(name, fault));
    };
    match read_json(Path::new(file)) {
        Ok(content) => Ok((file.clone(), content)),
        Err(words) => Err(Problem::new(name, Fault::Other(format!("{file}: {words}")))),
    }
}

fn read_object(path: &Path) -> Result<Map<String, Value>, String> {
    match read_json(path)? {
        Value::Object(object) => Ok(object),
        _ => Err("has to hold one JSON object with the sections of the configuration".to_owned()),
    }
}

fn read_json(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            "does not exist (`flightdeck init` writes a new configuration)".to_owned()
        }
        _ => format!("cannot be read: {error}"),
    })?;
    let json = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    serde_json::from_str(json).map_err(|error| format!("is not JSON: {error}"))
}

/// Lays the overrides over what the files say.
fn layered(
    sections: Map<String, Value>,
    overrides: &[Override],
    origins: &mut Origins,
    problems: &mut Vec<Problem>,
) -> Option<Map<String, Value>> {
    let mut layers = config::Config::builder().add_source(layer(&Value::Object(sections)));
    for change in overrides {
        layers = layers.add_source(layer(&change.as_object()));
        origins.0.insert(change.key(), change.variable.clone());
    }
    match layers.build().and_then(config::Config::try_deserialize) {
        Ok(merged) => Some(merged),
        Err(error) => {
            let words = format!("cannot be put together with the environment: {error}");
            problems.push(Problem::new("configuration", Fault::Other(words)));
            None
        }
    }
}

fn layer(object: &Value) -> config::File<config::FileSourceString, FileFormat> {
    config::File::from_str(&object.to_string(), FileFormat::Json)
}

/// Tells whether the value of the key at `path` is a text, so that it needs no JSON quotes in the environment.
fn takes_text(path: &str) -> bool {
    keys::find(path).is_none_or(|key| key.kind.is_text())
}
