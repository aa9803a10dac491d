//! The whole server as one value: composes the crates, serves, and stops cleanly.
//!
//! `main`, the tests of this project and tools that embed the server all start it here.

mod archiver;
mod compose;
mod error;
mod idle_memory;
mod metrics;
#[cfg(feature = "nats")]
mod nats;
mod schedule;
mod tls;

pub use error::StartError;

use crate::config::Config;
use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use archiver::Archiver;
use compose::{Composition, OpenedFor};
pub(crate) use compose::{database_options, issuer, open_database, services};
use flightdeck_auth::{TokenError, TokenIssuer};
use flightdeck_http::{AppState, app};
use flightdeck_metrics::SampleStore;
use flightdeck_model::{Clock, MetricStore as _, Role, Roles, SystemClock, with_causes};
use flightdeck_service::{ImportOptions, ImportProgress, ImportReport, Services};
use idle_memory::IdleMemory;
use schedule::Schedule;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::JoinHandle;

/// How long a stopping server waits for requests under way; less than service managers wait.
const SHUTDOWN_TIMEOUT_S: u64 = 10;
/// Threads for blocking work of one worker. More would only take the cores from each other, and wait for
/// database connections; with fewer, another server's store that hangs, which may hold two, would hold up all else.
const BLOCKING_THREADS_PER_WORKER: usize = 4;

/// The server.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Begins with a configuration.
    #[must_use]
    pub fn builder(config: Config) -> ServerBuilder {
        ServerBuilder { config, clock: Arc::new(SystemClock), workers: None, handle_signals: false }
    }
}

/// What a server is started with.
#[derive(Debug)]
pub struct ServerBuilder {
    config: Config,
    clock: Arc<dyn Clock>,
    workers: Option<NonZeroUsize>,
    handle_signals: bool,
}

impl ServerBuilder {
    /// Takes the time from this clock instead of the machine's.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Number of threads that answer requests; by default one per core.
    #[must_use]
    pub fn workers(self, workers: NonZeroUsize) -> Self {
        Self { workers: Some(workers), ..self }
    }

    /// Stops the server on SIGINT and SIGTERM, as a program of its own wants it.
    #[must_use]
    pub fn handle_signals(self) -> Self {
        Self { handle_signals: true, ..self }
    }

    /// Imports the configured archive into the configured database, without serving.
    ///
    /// # Errors
    ///
    /// When a part cannot be opened, or the import as a whole fails. Single jobs that cannot be imported are in
    /// the report.
    pub fn import(
        &self,
        options: ImportOptions,
        progress: &dyn ImportProgress,
    ) -> Result<ImportReport, StartError> {
        let Composition { services, .. } = Composition::of(&self.config, &self.clock, OpenedFor::Command)?;
        Ok(services.import_archive(options, progress)?)
    }

    /// Opens all parts, binds the address and serves in the background.
    ///
    /// # Errors
    ///
    /// When a part cannot be opened or the address cannot be bound.
    pub fn start(self) -> Result<RunningServer, StartError> {
        let composition = Composition::of(&self.config, &self.clock, OpenedFor::Serving)?;
        let state = composition.state(&self.config)?;
        let tls = self.config.main.tls.as_ref().map(tls::server_config).transpose()?;
        let plan = ServingPlan {
            state,
            https: tls.is_some(),
            tls,
            address: self.config.main.addr.to_string(),
            workers: self.workers.or_else(|| std::thread::available_parallelism().ok()),
            handle_signals: self.handle_signals,
        };
        let https = plan.https;
        let (started, start) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("flightdeck-http".to_owned())
            .spawn(move || plan.serve(&started))
            .map_err(StartError::Thread)?;
        let (address, handle) = start.recv().unwrap_or(Err(StartError::Stopped))?;
        let Composition { services, issuer, samples } = composition;
        let mut server = RunningServer {
            address,
            https,
            issuer,
            clock: self.clock,
            services,
            schedules: Vec::new(),
            archiver: None,
            idle_memory: None,
            #[cfg(feature = "nats")]
            nats: None,
            samples,
            handle,
            thread: Some(thread),
        };
        let schedules = Schedule::start(&server.services).map_err(StartError::Thread)?;
        server.schedules.extend(schedules);
        server.archiver = Some(Archiver::start(server.services.clone()).map_err(StartError::Thread)?);
        server.idle_memory = Some(IdleMemory::start().map_err(StartError::Thread)?);
        #[cfg(feature = "nats")]
        {
            server.nats = nats::listen(&self.config, &server.services)?;
        }
        #[cfg(not(feature = "nats"))]
        if self.config.nats.is_some() {
            tracing::warn!("this program was built without NATS: the section nats has no effect");
        }
        Ok(server)
    }
}

/// Told once by the serving thread: where it listens and how to stop it, or why it does not serve.
type Started = std::sync::mpsc::SyncSender<Result<(SocketAddr, ServerHandle), StartError>>;

/// What the serving thread needs.
struct ServingPlan {
    state: AppState,
    https: bool,
    tls: Option<rustls::ServerConfig>,
    address: String,
    workers: Option<NonZeroUsize>,
    handle_signals: bool,
}

impl ServingPlan {
    /// Serves until it is told to stop.
    fn serve(self, started: &Started) -> std::io::Result<()> {
        actix_web::rt::System::new().block_on(async move {
            let state = self.state;
            let mut server = HttpServer::new(move || app(state.clone()))
                .workers(self.workers.map_or(1, NonZeroUsize::get))
                .worker_max_blocking_threads(BLOCKING_THREADS_PER_WORKER)
                .shutdown_timeout(SHUTDOWN_TIMEOUT_S)
                // Large answers leave in several writes; none of them is to wait for a late acknowledgement.
                .tcp_nodelay(true);
            if !self.handle_signals {
                server = server.disable_signals();
            }
            let bound = match self.tls {
                Some(config) => server.bind_rustls_0_23(&self.address, config),
                None => server.bind(&self.address),
            };
            let bound = bound.and_then(|server| match server.addrs().first() {
                Some(address) => Ok((*address, server)),
                None => Err(std::io::ErrorKind::AddrNotAvailable.into()),
            });
            match bound {
                Err(source) => {
                    // The other side waits for this one message.
                    let _ = started.send(Err(StartError::Bind { address: self.address, source }));
                    Ok(())
                }
                Ok((address, server)) => {
                    let running = server.run();
                    let _ = started.send(Ok((address, running.handle())));
                    running.await
                }
            }
        })
    }
}

/// A server that answers requests. Stops when it is dropped.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    https: bool,
    issuer: Option<TokenIssuer>,
    clock: Arc<dyn Clock>,
    services: Services,
    schedules: Vec<Schedule>,
    archiver: Option<Archiver>,
    idle_memory: Option<IdleMemory>,
    #[cfg(feature = "nats")]
    nats: Option<flightdeck_nats::NatsListener>,
    samples: Option<Arc<SampleStore>>,
    handle: ServerHandle,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl RunningServer {
    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The beginning of every URL of this server, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Issues a token for somebody with these roles. The REST API wants `api` among them.
    ///
    /// # Errors
    ///
    /// When the server has no key to sign with, or the name is empty.
    pub fn token(&self, username: &str, roles: &[Role]) -> Result<String, TokenRefused> {
        let issuer = self.issuer.as_ref().ok_or(TokenRefused::NoKey)?;
        Ok(issuer.issue(username, Roles::of(roles), self.clock.now())?)
    }

    /// Issues a token for the admin or the user API: for the role itself and `api`, in the role's name.
    ///
    /// # Errors
    ///
    /// When the server has no key to sign with.
    pub fn token_for(&self, role: Role) -> Result<String, TokenRefused> {
        self.token(role.as_str(), &[role, Role::Api])
    }

    /// The use cases that the server serves, for tools that live in the same process.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Stops taking requests, lets those under way end, and waits for that.
    ///
    /// # Errors
    ///
    /// When the server ended with an error.
    pub fn stop(mut self) -> std::io::Result<()> {
        self.stop_and_join()
    }

    /// Waits until the server is stopped by a signal.
    ///
    /// # Errors
    ///
    /// When the server ended with an error.
    pub fn wait(mut self) -> std::io::Result<()> {
        let ended = join(self.thread.take());
        self.end_background();
        ended
    }

    fn stop_and_join(&mut self) -> std::io::Result<()> {
        self.schedules.iter_mut().for_each(Schedule::begin_to_stop);
        if let Some(archiver) = &self.archiver {
            archiver.begin_to_stop();
        }
        #[cfg(feature = "nats")]
        if let Some(nats) = &self.nats {
            nats.begin_to_stop();
        }
        if self.thread.is_some() {
            // The command is sent at once; the future is only for waiting, which the thread's end does as well.
            drop(self.handle.stop(true));
        }
        let ended = join(self.thread.take());
        self.end_background();
        ended
    }

    /// Ends what works in the background, then writes the samples to a snapshot, so that the next start is quick.
    fn end_background(&mut self) {
        #[cfg(feature = "nats")]
        if let Some(nats) = self.nats.take() {
            nats.stop_and_wait();
        }
        self.schedules.clear();
        self.archiver = None;
        self.idle_memory = None;
        let Some(store) = self.samples.take() else { return };
        match store.checkpoint() {
            Ok(what) => tracing::debug!(what, "the metric store was written to a snapshot"),
            Err(error) => tracing::warn!(
                error = with_causes(&error),
                "no snapshot of the metric store could be written; its log has everything"
            ),
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        if let Err(error) = self.stop_and_join() {
            tracing::error!(%error, "the server ended with an error");
        }
    }
}

fn join(thread: Option<JoinHandle<std::io::Result<()>>>) -> std::io::Result<()> {
    match thread.map(JoinHandle::join) {
        None => Ok(()),
        Some(Ok(ended)) => ended,
        Some(Err(_)) => Err(std::io::Error::other("the serving thread panicked")),
    }
}

/// A token could not be issued.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefused {
    /// There is no key to sign with.
    #[error("no key to sign tokens with: JWT_PRIVATE_KEY is not set")]
    NoKey,
    /// The claims were refused.
    #[error(transparent)]
    Token(#[from] TokenError),
}
