//! The server as a process of its own, as it can be killed, and clients that keep their connection.

use crate::site::Site;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

/// A serving process. Killed, as if the power had gone, when it is dropped.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl ServerProcess {
    /// Starts `flightdeck serve` and waits until it says where it listens.
    pub(crate) fn start(site: &Site) -> Self {
        Self::start_as(Command::new(assert_cmd::cargo::cargo_bin!("flightdeck")), site)
    }

    /// As [`start`](Self::start), by a command that becomes the program and passes on its arguments.
    pub(crate) fn start_as(mut program: Command, site: &Site) -> Self {
        let mut child = program
            .args(["--log-json", "serve"])
            .env_clear()
            .env("FLIGHTDECK_MAIN__ADDR", "127.0.0.1:0")
            .current_dir(site.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the server ended before it served");
            if let Some(address) = address_in(&line) {
                break address;
            }
        };
        // The pipe must not fill up.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, address }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, as service managers stop a server, and the end of the process.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").arg(self.id().to_string()).status().unwrap();
        assert!(asked.success());
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "the server stopped with {ended}");
    }

    /// SIGKILL, and the end of the process.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the server listens, in the line of its log that says so.
pub(crate) fn address_in(line: &str) -> Option<SocketAddr> {
    let entry: Value = serde_json::from_str(line).ok()?;
    let url = entry.pointer("/fields/url")?.as_str()?;
    url.strip_prefix("http://")?.parse().ok()
}

/// A client on one connection. Every failure of it is the server's end.
pub(crate) struct Client {
    connection: BufReader<TcpStream>,
    token: String,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr, token: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { connection: BufReader::new(stream), token: token.to_owned() })
    }

    /// Sends a request and reads the whole answer: status and body.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: flightdeck\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        self.connection.get_mut().write_all(request.as_bytes())?;
        let mut line = self.line()?;
        let broken = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(broken)?;
        let mut length = 0;
        while !line.trim_end().is_empty() {
            line = self.line()?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
        }
        let mut bytes = vec![0; length];
        self.connection.read_exact(&mut bytes)?;
        Ok((status, String::from_utf8(bytes).map_err(std::io::Error::other)?))
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        if self.connection.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line)
    }
}
