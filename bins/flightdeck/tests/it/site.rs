//! A site in a temporary folder: config.json, keys, a synthetic archive, and the program itself.

use assert_cmd::Command;
use flightdeck::config::Config;
use flightdeck::{RunningServer, Server};
use flightdeck_archive::synthetic;
use flightdeck_db::DatabaseLocation;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder as `flightdeck init` leaves it, with a synthetic archive.
pub(crate) struct Site {
    folder: TempDir,
}

impl Site {
    /// A site with this many jobs, the last few of them with data.
    pub(crate) fn with_jobs(jobs: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Self { folder };
        site.run(&["init", "."]).success();
        std::fs::remove_dir_all(site.archive()).unwrap();
        let options =
            synthetic::Options { jobs, data: synthetic::DataFor::Last(5), ..synthetic::Options::default() };
        synthetic::write(&site.archive(), options).unwrap();
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn archive(&self) -> PathBuf {
        self.path("var/job-archive")
    }

    /// The program in the site's folder, with an environment that holds nothing of the developer's.
    pub(crate) fn command(&self) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> assert_cmd::assert::Assert {
        self.command().args(arguments).assert()
    }

    /// Standard output of a command that succeeds.
    pub(crate) fn output(&self, arguments: &[&str]) -> String {
        let assert = self.run(arguments).success();
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    }

    /// Rewrites config.json.
    pub(crate) fn configure(&self, change: impl FnOnce(&mut Value)) {
        let path = self.path("config.json");
        let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut config);
        std::fs::write(path, serde_json::to_vec_pretty(&config).unwrap()).unwrap();
    }

    /// The configuration for a server in this process: the site's, with paths that do not depend on the working
    /// directory, on any free port.
    pub(crate) fn config(&self) -> Config {
        let environment = std::collections::BTreeMap::new();
        let mut config = Config::load_with(&self.path("config.json"), &environment).unwrap().config;
        if let DatabaseLocation::Sqlite(path) = &mut config.main.database.location {
            *path = self.folder.path().join(&path);
        }
        if let Some(folder) = &mut config.main.machine_state_dir {
            *folder = self.folder.path().join(&folder);
        }
        if let Some(store) = &mut config.metric_store {
            store.directory = self.folder.path().join(&store.directory);
            store.reference_checkpoints = self.folder.path().join(&store.reference_checkpoints);
        }
        config.archive.path = self.archive();
        config.main.addr.port = 0;
        config
    }

    /// Starts the server of this configuration in this process.
    pub(crate) fn serve(&self) -> RunningServer {
        Server::builder(self.config()).start().unwrap()
    }

    /// Folders of all jobs of the archive, sorted.
    pub(crate) fn job_folders(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.archive()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.ends_with("meta.json") {
                    found.push(folder.clone());
                }
            }
        }
        found.sort();
        found
    }
}

/// The program, with an environment that holds nothing of the developer's.
pub(crate) fn program() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("flightdeck"));
    command.env_clear();
    command
}

/// What a command wrote to standard error.
pub(crate) fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

/// An answer over a socket.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Whether the client is told to come again.
    pub(crate) fn asks_to_come_again(&self) -> bool {
        self.head.to_ascii_lowercase().contains("\r\nretry-after: ")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// A GET request on a connection of its own.
pub(crate) fn get(address: SocketAddr, path: &str, token: &str) -> Answer {
    exchange(address, "GET", path, &format!("Authorization: Bearer {token}\r\n"), "")
}

/// A request with a JSON body on a connection of its own.
pub(crate) fn send(address: SocketAddr, method: &str, path: &str, token: &str, body: &Value) -> Answer {
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    exchange(address, method, path, &headers, &body.to_string())
}

/// Any request on a connection of its own; each line of `headers` with its end.
pub(crate) fn exchange(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut socket = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        socket,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Content-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).unwrap();
    // A compressed body is not looked at.
    let text = String::from_utf8_lossy(&bytes);
    let (head, sent_body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let whole_body = if is_chunked { joined_chunks(&bytes[head.len() + 4..]) } else { sent_body.to_owned() };
    Answer { status, head: head.to_owned(), body: whole_body }
}

/// The body of an answer that was sent in chunks: before each its length, at the end one of length 0.
fn joined_chunks(mut rest: &[u8]) -> String {
    let mut joined = Vec::new();
    loop {
        let line_end = rest.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line_end]).unwrap(), 16).unwrap();
        if length == 0 {
            return String::from_utf8_lossy(&joined).into_owned();
        }
        let chunk = &rest[line_end + 2..];
        joined.extend_from_slice(&chunk[..length]);
        rest = &chunk[length + 2..];
    }
}

/// Whether a file's mode lets its owner alone read it.
pub(crate) fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600
}
