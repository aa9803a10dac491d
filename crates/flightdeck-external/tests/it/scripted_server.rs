//! A small HTTP server, one answer for each request, in the order of a script.

use flightdeck_external::{ExternalStore, Options};
use flightdeck_model::{Clock, SeriesParts, SeriesRequest, TimeSpan, UnixTime};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the server does with a request.
pub(crate) enum Reply {
    /// Answers with a status, further header lines and a body.
    Answer(u16, String, String),
    /// Sends these bytes and closes the connection.
    Bytes(Vec<u8>),
    /// Sends these bytes, and no more until the client has gone.
    Stall(Vec<u8>),
}

impl Reply {
    pub(crate) fn ok(json: &str) -> Self {
        Self::Answer(200, String::new(), json.to_owned())
    }
}

/// A request as it came.
pub(crate) struct Received {
    /// Request line and headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) struct ScriptedServer {
    pub(crate) url: String,
    received: Mutex<Receiver<Received>>,
}

impl ScriptedServer {
    /// A server that answers so many requests, and refuses connections after the last.
    pub(crate) fn new(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, received) = channel();
        thread::spawn(move || {
            for reply in script {
                let (mut connection, _) = listener.accept().unwrap();
                sender.send(read_request(&connection)).unwrap();
                // A client that has gone is its own affair.
                let _ = answer(&mut connection, reply);
            }
        });
        Self { url, received: Mutex::new(received) }
    }

    /// The next request that came.
    pub(crate) fn next(&self) -> Received {
        self.received.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap()
    }

    /// How many more requests came.
    pub(crate) fn further(&self) -> usize {
        self.received.lock().unwrap().try_iter().count()
    }

    pub(crate) fn store(&self) -> ExternalStore {
        self.store_with(|options| options, &Arc::new(HandSetClock::default()))
    }

    pub(crate) fn store_with(
        &self,
        change: impl FnOnce(Options) -> Options,
        clock: &Arc<HandSetClock>,
    ) -> ExternalStore {
        let options = change(Options::new(&self.url, "s3cret-token"));
        ExternalStore::new(options, Arc::<HandSetClock>::clone(clock)).unwrap()
    }
}

pub(crate) fn read_request(connection: &TcpStream) -> Received {
    let mut reader = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "the head ends with an empty line");
    }
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:").map(str::trim).map(str::to_owned)
        })
        .expect("the length of the body is said");
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Received { head, body: String::from_utf8(body).unwrap() }
}

pub(crate) fn answer(connection: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Answer(status, headers, body) => write!(
            connection,
            "HTTP/1.1 {status} Whatever\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ),
        Reply::Bytes(bytes) => connection.write_all(&bytes),
        Reply::Stall(bytes) => {
            connection.write_all(&bytes)?;
            connection.read_to_end(&mut Vec::new()).map(drop)
        }
    }
}

/// A clock that stands where it was put.
#[derive(Debug, Default)]
pub(crate) struct HandSetClock(AtomicI64);

impl HandSetClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for HandSetClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::SeqCst))
    }
}

/// Ten minutes from 6000 on.
pub(crate) const SPAN: TimeSpan = TimeSpan { from: UnixTime(6000), to: UnixTime(6600) };

pub(crate) fn node(host: &str) -> SeriesRequest {
    SeriesRequest { metric: "load".to_owned(), host: host.to_owned(), parts: SeriesParts::Node }
}

pub(crate) fn cores(ids: &[&str]) -> SeriesRequest {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    SeriesRequest { parts: SeriesParts::Parts { kind: "core".to_owned(), ids, below: None }, ..node("n01") }
}

/// An element of an answer: samples from 6000 on, one a minute.
pub(crate) fn series(samples: &str) -> String {
    format!(
        r#"{{"data": [{samples}], "from": 6000, "to": 6600, "resolution": 60, "avg": 0.00, "min": 0.00, "max": 0.00}}"#
    )
}

/// An answer of rows, each of some elements.
pub(crate) fn answer_of(rows: &[&[String]]) -> Reply {
    let rows: Vec<String> = rows.iter().map(|row| format!("[{}]", row.join(", "))).collect();
    Reply::ok(&format!(r#"{{"results": [{}]}}"#, rows.join(", ")))
}
