//! The file `.env`: variables that need not be in the environment of every process, mostly the server's keys.
//!
//! They are read into a map and never put into the process environment. Error texts do not quote its lines.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    super::Environment,
    super::problem::{Fault, Problem},
    BYTE_ORDER_MARK,
};

const FILE_NAME: &str = ".env";

/// Returns the variables of `.env` together with those of `environment`, which win.
///
/// The file is looked for beside the configuration file, and if there is none, in the working directory, where the
/// reference server has it. That there is none at all is no problem.
pub(super) fn merged(
    config_file: &Path,
    environment: &Environment,
    problems: &mut Vec<Problem>,
) -> Environment {
    let mut variables = match read(config_file) {
        Ok(variables) => variables,
        Err(problem) => {
            problems.push(problem);
            Environment::new()
        }
    };
    variables.extend(environment.iter().map(|(name, value)| (name.clone(), value.clone())));
    variables
}

fn read(config_file: &Path) -> Result<Environment, Problem> {
    let beside = config_file.with_file_name(FILE_NAME);
    for file in [beside, PathBuf::from(FILE_NAME)] {
        match fs::read_to_string(&file) {
            Ok(text) => return parse(&file, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(problem(&file, format!("cannot be read: {error}"))),
        }
    }
    Ok(Environment::new())
}

fn parse(file: &Path, text: &str) -> Result<Environment, Problem> {
    let content = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut variables = Environment::new();
    for entry in dotenvy::from_read_iter(content.as_bytes()) {
        let (name, value) = entry.map_err(|error| problem(file, describe(&error, content)))?;
        // As the library does it when it loads a file: the first of several counts.
        variables.entry(name).or_insert(value);
    }
    Ok(variables)
}

fn describe(error: &dotenvy::Error, content: &str) -> String {
    let dotenvy::Error::LineParse(bad_line, _) = error else {
        return format!("cannot be read: {error}");
    };
    // The library quotes the line or only its value, and both up to the end of the line.
    let bad_end = bad_line.lines().next().unwrap_or_default().trim_end();
    match content.lines().position(|line| !bad_end.is_empty() && line.trim_end().ends_with(bad_end)) {
        Some(index) => format!("line {} is not of the form NAME=value or NAME=\"value\"", index + 1),
        None => "a line is not of the form NAME=value or NAME=\"value\"".to_owned(),
    }
}

fn problem(file: &Path, words: String) -> Problem {
    Problem::new(file.display().to_string(), Fault::Other(words))
}
