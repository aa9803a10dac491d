//! A broker for tests, named by the environment variable `TEST_NATS_URL`, and one that a test starts and kills itself, by
//! the program that `TEST_NATS_SERVER` names.

use async_nats::{Client, jetstream};
use flightdeck_nats::{NatsListener, NatsOptions, StreamOptions};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long anything may take, with much to spare.
const PATIENCE: Duration = Duration::from_mins(1);

/// A broker, and names on it that nobody else has.
pub(crate) struct Broker {
    url: String,
    pub(crate) client: Client,
    name: String,
}

impl Broker {
    /// The broker that the environment names. Without one, a line on stderr says that tests are left out.
    pub(crate) async fn of_environment() -> Option<Self> {
        Some(Self::at(named_by_environment("TEST_NATS_URL")?).await)
    }

    /// The broker at this address, as soon as it answers.
    pub(crate) async fn at(url: String) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let give_up = Instant::now() + PATIENCE;
        let client = loop {
            match async_nats::connect(&url).await {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < give_up, "no broker at {url}: {error}"),
            }
        };
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        Self { url, client, name: format!("test-{}-{number}", std::process::id()) }
    }

    /// A subject of this test.
    pub(crate) fn subject(&self, name: &str) -> String {
        format!("{}.{name}", self.name)
    }

    /// Options that name the broker, and nothing else.
    pub(crate) fn options(&self) -> NatsOptions {
        NatsOptions { addresses: vec![self.url.clone()], ..NatsOptions::default() }
    }

    /// Makes a stream of all subjects of this test.
    pub(crate) async fn make_stream(&self) -> StreamOptions {
        let config = jetstream::stream::Config {
            name: self.name.clone(),
            subjects: vec![self.subject(">")],
            ..jetstream::stream::Config::default()
        };
        jetstream::new(self.client.clone()).create_stream(config).await.unwrap();
        StreamOptions { name: self.name.clone(), consumer_prefix: "flightdeck".to_owned() }
    }

    /// Messages of the stream that were not acknowledged yet, over all its consumers.
    pub(crate) async fn unacknowledged(&self) -> u64 {
        use futures_util::TryStreamExt;
        let stream = jetstream::new(self.client.clone()).get_stream(&self.name).await.unwrap();
        let consumers: Vec<_> = stream.consumers().try_collect().await.unwrap();
        consumers.iter().map(|one| one.num_pending + one.num_ack_pending as u64).sum()
    }

    pub(crate) async fn publish(&self, subject: &str, message: impl Into<String>) {
        self.client.publish(subject.to_owned(), message.into().into()).await.unwrap();
    }

    /// Publishes, and waits until the stream has the message; again when there was no answer.
    pub(crate) async fn publish_kept(&self, subject: &str, message: String) {
        let context = jetstream::new(self.client.clone());
        loop {
            let sent = context.publish(subject.to_owned(), message.clone().into()).await;
            if let Ok(acknowledged) = sent
                && acknowledged.await.is_ok()
            {
                return;
            }
        }
    }

    /// Waits until the listener hears what is said on each of the subjects. It is told empty messages.
    pub(crate) async fn wait_for_listener(&self, listener: &NatsListener, subjects: &[&str]) {
        for subject in subjects {
            let before = listener.counts().messages;
            let give_up = Instant::now() + PATIENCE;
            while listener.counts().messages == before {
                assert!(Instant::now() < give_up, "nobody listens on {subject}");
                self.publish(subject, "").await;
                self.client.flush().await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < give_up, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A broker of one test, which may be killed.
pub(crate) struct OwnBroker {
    program: String,
    arguments: Vec<String>,
    port: u16,
    child: Option<Child>,
}

impl OwnBroker {
    /// A broker on a free port that does not run yet; `None`, with a line on stderr, without a program for it.
    pub(crate) fn of_environment(arguments: &[&str]) -> Option<Self> {
        let program = named_by_environment("TEST_NATS_SERVER")?;
        // The port is free again when the listener is dropped.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
        Some(Self { program, arguments, port, child: None })
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn start(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(["--addr", "127.0.0.1", "--port", &self.port.to_string()]).args(&self.arguments);
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a variable of the environment names. Without it, a line on stderr says that tests are left out.
#[expect(clippy::disallowed_methods, reason = "whether there is a broker is a matter of the machine")]
fn named_by_environment(variable: &str) -> Option<String> {
    static SAID: Once = Once::new();
    let named = std::env::var(variable).ok().filter(|text| !text.is_empty());
    if named.is_none() {
        // Not by eprintln!, which the test harness keeps to itself.
        let text = format!("{variable} is not set: the tests with a NATS server are left out\n");
        SAID.call_once(|| std::io::stderr().write_all(text.as_bytes()).unwrap());
    }
    named
}
