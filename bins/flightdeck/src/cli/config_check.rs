//! `flightdeck config check`: everything that is wrong or odd in a configuration, without starting anything.

#[cfg(test)]
mod tests;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::config::{Config, ConfigErrors, Environment, LoadedConfig, Problem, process_environment};

/// What the check found. Its `Display` is the whole report, one finding a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The configuration file.
    pub file: PathBuf,
    /// What keeps the server from starting.
    pub errors: Vec<Problem>,
    /// What does not.
    pub warnings: Vec<String>,
}

impl Report {
    /// Tells whether the server can start with the configuration.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.errors {
            writeln!(f, "error: {problem}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        let verdict = if self.is_ok() { "can be used" } else { "cannot be used" };
        let (errors, warnings) = (self.errors.len(), self.warnings.len());
        write!(f, "{} {verdict}: {errors} error(s), {warnings} warning(s)", self.file.display())
    }
}

/// Checks the configuration file at `path` with the process environment.
#[must_use]
pub fn run(path: &Path) -> Report {
    run_with(path, &process_environment())
}

/// Checks the configuration file at `path` with `environment` in place of the process environment.
#[must_use]
pub fn run_with(path: &Path, environment: &Environment) -> Report {
    match Config::load_with(path, environment) {
        Ok(LoadedConfig { warnings, .. }) => Report { file: path.to_owned(), errors: Vec::new(), warnings },
        Err(ConfigErrors { file, problems, warnings }) => Report { file, errors: problems, warnings },
    }
}
