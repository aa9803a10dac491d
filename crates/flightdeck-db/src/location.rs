//! Where a database is. Knows nothing of connections.

use std::fmt;
use std::path::PathBuf;

/// Where a database is: a file of SQLite, or a server of `PostgreSQL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseLocation {
    /// A file of the embedded database.
    Sqlite(PathBuf),
    /// A database on a server.
    Postgres(PostgresUrl),
}

/// A URL as libpq takes it. What is printed of it has no password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    /// The whole URL, with its password.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl DatabaseLocation {
    /// Understands a text that begins with `postgres://` or `postgresql://` as a URL, any other as a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let is_url = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        if is_url { Self::Postgres(PostgresUrl(text.to_owned())) } else { Self::Sqlite(PathBuf::from(text)) }
    }
}

impl fmt::Display for DatabaseLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl PostgresUrl {
    /// Checks the form of the URL. What libpq says of a URL that it cannot understand repeats it, with its password;
    /// hence it is only asked to open what has passed this.
    pub(crate) fn check(&self) -> Result<(), UrlProblem> {
        let Some((_, rest)) = self.0.split_once("://") else { return Err(UrlProblem::NoScheme) };
        if rest.contains('#') {
            return Err(UrlProblem::Reserved('#'));
        }
        check_percent_signs(rest)?;
        let (place, parameters) = match rest.split_once('@') {
            Some((account, _)) if account.contains('/') => return Err(UrlProblem::Reserved('/')),
            Some((account, _)) if account.contains('?') => return Err(UrlProblem::Reserved('?')),
            Some((_, after)) if after.contains('@') => return Err(UrlProblem::Reserved('@')),
            Some((_, after)) => split_parameters(after),
            None => split_parameters(rest),
        };
        let hosts = place.split('/').next().unwrap_or_default();
        if !hosts.split(',').all(is_host_and_port) {
            return Err(UrlProblem::Host);
        }
        let mut named = parameters.split('&').filter(|_| !parameters.is_empty());
        if named.any(|parameter| parameter.matches('=').count() != 1) {
            return Err(UrlProblem::Parameter);
        }
        Ok(())
    }
}

/// What is wrong with a URL. It does not repeat any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    /// It does not begin as a URL.
    #[error("it does not begin with postgres://")]
    NoScheme,
    /// A character stands where it means something else.
    #[error("a {0} in a name or password has to be written as %{code:X}", code = u32::from(*.0))]
    Reserved(char),
    /// A percent sign does not begin the code of a character.
    #[error("a % has to be followed by two hexadecimal digits, and is itself written as %25")]
    Percent,
    /// A host or port is none.
    #[error("a host is a name or an address, those of IPv6 in brackets, and perhaps : and a number")]
    Host,
    /// A parameter is none.
    #[error("a parameter is a name, = and a value, in which & and = are written as %26 and %3D")]
    Parameter,
}

fn split_parameters(text: &str) -> (&str, &str) {
    text.split_once('?').unwrap_or((text, ""))
}

fn check_percent_signs(text: &str) -> Result<(), UrlProblem> {
    let is_code = |code: &str| {
        let mut digits = code.chars();
        let both = [digits.next(), digits.next()];
        both.iter().all(|digit| digit.is_some_and(|it| it.is_ascii_hexdigit())) && !code.starts_with("00")
    };
    if text.split('%').skip(1).all(is_code) { Ok(()) } else { Err(UrlProblem::Percent) }
}

fn is_host_and_port(text: &str) -> bool {
    let after_host = match text.strip_prefix('[') {
        Some(address) => address.split_once(']').map(|(_, after)| after),
        None => Some(text.find(':').and_then(|colon| text.get(colon..)).unwrap_or_default()),
    };
    match after_host {
        None => false,
        Some("") => true,
        Some(after) => {
            after.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
        }
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("postgres", ""));
        if self.check().is_err() {
            // Any part of it may be one of the password.
            return write!(f, "{scheme}://…");
        }
        // The parameters may name a password as well.
        let (without_parameters, _) = split_parameters(rest);
        match without_parameters.split_once('@') {
            None => write!(f, "{scheme}://{without_parameters}"),
            Some((account, place)) => {
                let user = account.split(':').next().unwrap_or_default();
                write!(f, "{scheme}://{user}@{place}")
            }
        }
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PostgresUrl {
        PostgresUrl(text.to_owned())
    }

    #[test]
    fn a_password_is_never_printed() {
        for (text, shown) in [
            ("postgres://mona:secret@db.example:5432/jobs", "postgres://mona@db.example:5432/jobs"),
            ("postgres://mona:se:cret@[::1]:5432/jobs?sslmode=require", "postgres://mona@[::1]:5432/jobs"),
            ("postgres:///jobs?host=/run/postgresql&password=secret", "postgres:///jobs"),
            ("postgresql://mona:se@cret@db/jobs?password=secret", "postgresql://…"),
            ("postgres://mona:se?cret@db/jobs", "postgres://…"),
            ("postgres://mona:se/cret@db/jobs", "postgres://…"),
            ("postgres://mona:se#cret@db/jobs", "postgres://…"),
            ("postgres://mona:secret", "postgres://…"),
        ] {
            let location = DatabaseLocation::parse(text);
            assert_eq!(location.to_string(), shown);
            assert!(!format!("{location:?}").contains("cret"));
        }
    }

    #[test]
    fn what_a_server_is_named_by_is_let_pass() {
        for text in [
            "postgres://",
            "postgresql:///jobs",
            "postgres://db",
            "postgres://db:/jobs",
            "postgres://mona@db:5432,[fe80::1]:5433,other/jobs?target_session_attrs=read-write&sslmode=require",
            "postgres://mona:%40%3A%25@db/jobs",
            "postgres://%2Frun%2Fpostgresql/jobs",
        ] {
            assert_eq!(url(text).check(), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_without_repeating_it() {
        let slash = "a / in a name or password has to be written as %2F";
        for (text, problem) in [
            ("postgres://mona:se/cret@db/jobs", slash),
            (
                "postgres://mona:100%@db/jobs",
                "a % has to be followed by two hexadecimal digits, and is itself written as %25",
            ),
            (
                "postgres://[::1/jobs",
                "a host is a name or an address, those of IPv6 in brackets, and perhaps : and a number",
            ),
            (
                "postgres://db/jobs?x",
                "a parameter is a name, = and a value, in which & and = are written as %26 and %3D",
            ),
        ] {
            assert_eq!(url(text).check().unwrap_err().to_string(), problem);
        }
    }

    #[test]
    fn anything_but_a_url_is_a_path() {
        for path in ["./var/job.db", "postgres", "mysql://db/jobs"] {
            assert_eq!(DatabaseLocation::parse(path), DatabaseLocation::Sqlite(PathBuf::from(path)));
        }
    }
}
