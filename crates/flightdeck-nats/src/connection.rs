//! Connects to the broker, for ever, and logs when the connection comes and goes. Passwords and keys get into no log.

use crate::NatsOptions;
use crate::counts::add;
use crate::options::Servers;
use crate::settling::delay;
use crate::work::Work;
use async_nats::{Client, ClientError, ConnectOptions, Event};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Messages that the client keeps for one subscription until they are fetched, which is at once.
const FETCHED_LATE_MAX: usize = 65_536;
/// How often a silent connection is tested; two tests without an answer end it.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// A client that connects in the background. `None` when the listener is to stop before there is one.
pub(crate) async fn client(options: &NatsOptions, servers: &Servers, work: &Arc<Work>) -> Option<Client> {
    let mut failures = 0;
    loop {
        let error = match begin(options, servers, work).await {
            Ok(client) => return Some(client),
            Err(error) => error,
        };
        if let Some(times) = work.logs.connecting.count(1) {
            tracing::warn!("cannot connect to NATS ({times} attempts since the last word): {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(delay(failures)) => failures += 1,
            () = work.stopping.come() => return None,
        }
    }
}

async fn begin(options: &NatsOptions, servers: &Servers, work: &Arc<Work>) -> io::Result<Client> {
    let told = Arc::clone(work);
    let names = servers.names();
    let mut connect = ConnectOptions::new()
        .name("flightdeck")
        .retry_on_initial_connect()
        .ping_interval(PING_INTERVAL)
        .subscription_capacity(FETCHED_LATE_MAX)
        .event_callback(move |event| {
            log(&event, &names, &told);
            std::future::ready(())
        });
    if let Some(path) = &options.credentials_file {
        connect = connect.credentials(&credentials(path.clone()).await?)?;
    } else if let Some((name, password)) = &servers.login {
        connect = connect.user_and_password(name.clone(), password.clone());
    }
    connect.connect(servers.addresses.as_slice()).await.map_err(io::Error::other)
}

/// The content of a file with credentials.
async fn credentials(path: PathBuf) -> io::Result<String> {
    let named = path.display().to_string();
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await?;
    read.map_err(|error| io::Error::new(error.kind(), format!("the file of credentials {named}: {error}")))
}

fn log(event: &Event, names: &str, work: &Work) {
    match event {
        Event::Connected => {
            work.connected.send_replace(true);
            tracing::info!("connected to NATS at {names}");
        }
        Event::Disconnected => {
            work.connected.send_replace(false);
            if !work.stopping.has_come() {
                tracing::warn!("the connection to NATS at {names} is lost");
            }
        }
        Event::Closed => {
            work.connected.send_replace(false);
            tracing::info!("the connection to NATS is closed");
        }
        Event::SlowConsumer(_) => say_dropped(work),
        Event::ServerError(error) => {
            if let Some(times) = work.logs.server_errors.count(1) {
                tracing::warn!("the NATS server reports an error ({times} since the last word): {error}");
            }
        }
        Event::ClientError(ClientError::Other(error)) => {
            if let Some(times) = work.logs.connecting.count(1) {
                tracing::warn!(
                    "cannot connect to NATS at {names} ({times} attempts since the last word): {error}"
                );
            }
        }
        Event::ClientError(error) => tracing::warn!("cannot connect to NATS at {names}: {error}"),
        Event::LameDuckMode | Event::Draining => tracing::debug!("NATS: {event}"),
    }
}

/// Counts a message that was thrown away.
pub(crate) fn say_dropped(work: &Work) {
    add(&work.counters.dropped_messages, 1);
    if let Some(times) = work.logs.dropped.count(1) {
        tracing::error!(
            "{times} messages from NATS were thrown away since the last word: they come faster than they can be stored"
        );
    }
}
