//! The server in a test of another program: on a temporary folder and a free port, asked as three roles, and
//! stopped cleanly.
//!
//! ```console
//! cargo run --example harness
//! ```

use flightdeck::Server;
use flightdeck::config::{Config, Secrets};
use flightdeck_archive::synthetic;
use flightdeck_model::Role;
use flightdeck_service::{ImportOptions, ImportProgress};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// Nobody watches.
struct Unwatched;

impl ImportProgress for Unwatched {
    fn begins(&self, _: u64) {}
    fn advances(&self, _: u64) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let archive = folder.path().join("job-archive");
    synthetic::write(&archive, synthetic::Options { jobs: 20, ..synthetic::Options::default() })?;

    let mut config = Config::for_archive(archive);
    config.secrets = Secrets::generate()?;
    let builder = Server::builder(config);
    let report = builder.import(ImportOptions { rebuild: false, readers: 2 }, &Unwatched)?;
    let server = builder.start()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} jobs imported, serving on {}", report.counts.added, server.url())?;

    for role in [Role::User, Role::Support, Role::Admin] {
        let token = server.token_for(role)?;
        let users = get(server.address(), "/api/users/", &token)?;
        let jobs = get(server.address(), "/userapi/jobs/?items-per-page=1", &token)?;
        writeln!(out, "{role}: accounts {}, jobs {}", first_line(&users), first_line(&jobs))?;
    }
    server.stop()?;
    writeln!(out, "stopped")?;
    Ok(())
}

/// A GET request over a socket of its own, without any HTTP library.
fn get(address: SocketAddr, path: &str, token: &str) -> std::io::Result<String> {
    let mut socket = TcpStream::connect(address)?;
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

fn first_line(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}
