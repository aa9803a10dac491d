//! flightdeck as a library: the whole server, to be started by its own program, by tests, and by tools that
//! embed it.
//!
//! ```no_run
//! use flightdeck::{Server, config::Config};
//! use flightdeck_model::Role;
//!
//! let mut config = Config::for_archive("var/job-archive");
//! config.secrets = flightdeck::config::Secrets::generate()?;
//! let server = Server::builder(config).start()?;
//! println!("{} with token {}", server.url(), server.token_for(Role::Admin)?);
//! server.stop()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod cli;
pub mod config;
mod server;

pub use server::{RunningServer, Server, ServerBuilder, StartError, TokenRefused};
