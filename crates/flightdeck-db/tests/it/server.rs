//! A server of PostgreSQL for tests, named by the environment variable `TEST_POSTGRES_URL`, and databases on it.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use flightdeck_db::DatabaseLocation;
use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// A server on which databases may be made.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    url: String,
}

impl Server {
    /// The server that the environment names. Without one, a line on stderr says that tests are left out.
    #[expect(clippy::disallowed_methods, reason = "whether there is a server is a matter of the machine")]
    pub(crate) fn of_environment() -> Option<Self> {
        static SAID: Once = Once::new();
        let named = std::env::var("TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty());
        if named.is_none() {
            // Not by eprintln!, which the test harness keeps to itself.
            let text = b"TEST_POSTGRES_URL is not set: the tests on PostgreSQL are left out\n";
            SAID.call_once(|| std::io::stderr().write_all(text).unwrap());
        }
        named.map(|url| Self { url })
    }

    /// Makes a database; `options` as `CREATE DATABASE` takes them.
    pub(crate) fn make_database(&self, options: &str) -> ServerDatabase {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("flightdeck_test_{}_{number}", std::process::id());
        self.execute(&format!("CREATE DATABASE {name} TEMPLATE template0 {options}"));
        ServerDatabase { server: self.clone(), name }
    }

    /// Runs statements in the server's own database.
    fn execute(&self, statements: &str) {
        PgConnection::establish(&self.url).unwrap().batch_execute(statements).unwrap();
    }

    /// The URL of a database, with further parameters if there are any.
    fn url_of(&self, database: &str) -> String {
        let (place, parameters) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (scheme, rest) = place.split_once("://").unwrap();
        let authority = rest.split('/').next().unwrap();
        format!("{scheme}://{authority}/{database}?{parameters}")
    }
}

/// A database that goes when this is dropped, also when the test has failed.
#[derive(Debug)]
pub(crate) struct ServerDatabase {
    server: Server,
    name: String,
}

impl ServerDatabase {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> String {
        self.server.url_of(&self.name)
    }

    pub(crate) fn location(&self) -> DatabaseLocation {
        DatabaseLocation::parse(&self.url())
    }

    pub(crate) fn connect(&self) -> PgConnection {
        let mut connection = PgConnection::establish(&self.url()).unwrap();
        connection.batch_execute("SET client_min_messages = warning").unwrap();
        connection
    }

    /// Ends all connections to the database, as a server does that is started anew.
    pub(crate) fn hang_up(&self) {
        self.server.execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        ));
    }
}

impl Drop for ServerDatabase {
    fn drop(&mut self) {
        let drop_it = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropped = PgConnection::establish(&self.server.url)
            .map_err(|error| error.to_string())
            .and_then(|mut it| it.batch_execute(&drop_it).map_err(|error| error.to_string()));
        if let Err(error) = dropped {
            eprintln!("the database {} stays behind: {error}", self.name);
        }
    }
}
