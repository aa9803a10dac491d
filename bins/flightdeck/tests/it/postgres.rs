//! Databases on the PostgreSQL server that the environment variable `TEST_POSTGRES_URL` names.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use std::io::Write as _;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// A database that goes when this is dropped, also when the test has failed.
pub(crate) struct PostgresDatabase {
    server_url: String,
    name: String,
}

impl PostgresDatabase {
    /// A new database. Without a server, a line on stderr says that tests are left out.
    pub(crate) fn make() -> Option<Self> {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let server_url = server_of_environment()?;
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("flightdeck_server_test_{}_{number}", std::process::id());
        execute(&server_url, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")).unwrap();
        Some(Self { server_url, name })
    }

    pub(crate) fn url(&self) -> String {
        let (place, parameters) = self.server_url.split_once('?').unwrap_or((&self.server_url, ""));
        let (scheme, rest) = place.split_once("://").unwrap();
        let authority = rest.split('/').next().unwrap();
        format!("{scheme}://{authority}/{}?{parameters}", self.name)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let dropped =
            execute(&self.server_url, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        if let Err(error) = dropped {
            eprintln!("the database {} stays behind: {error}", self.name);
        }
    }
}

fn execute(server_url: &str, statement: &str) -> Result<(), Box<dyn std::error::Error>> {
    Ok(PgConnection::establish(server_url)?.batch_execute(statement)?)
}

#[expect(clippy::disallowed_methods, reason = "whether there is a server is a matter of the machine")]
fn server_of_environment() -> Option<String> {
    static SAID: Once = Once::new();
    let named = std::env::var("TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty());
    if named.is_none() {
        // Not by eprintln!, which the test harness keeps to itself.
        let text = b"TEST_POSTGRES_URL is not set: the tests of servers on PostgreSQL are left out\n";
        SAID.call_once(|| std::io::stderr().write_all(text).unwrap());
    }
    named
}
