//! Metric stores of other servers, asked over HTTP: `<url>/api/query?version=v2`, as the stand-alone store of the field
//! and this server answer it.
//!
//! [`ExternalStore`] is a [`MetricSource`](flightdeck_model::MetricSource). What the other server says is not trusted:
//! the length of its answers is bounded, samples outside of the asked span are dropped, redirects are not followed. One
//! that does not answer is left alone for some seconds, so that it costs one time-out and not one for each job. Knows
//! nothing of jobs and scopes.
//!
//! ```no_run
//! use flightdeck_external::{ExternalStore, Options};
//! use flightdeck_model::{MetricSource, SeriesParts, SeriesRequest, SystemClock, TimeSpan, UnixTime};
//! use std::sync::Arc;
//!
//! let store = ExternalStore::new(Options::new("http://store:8082", "token"), Arc::new(SystemClock))?;
//! let request =
//!     SeriesRequest { metric: "cpu_load".to_owned(), host: "n01".to_owned(), parts: SeriesParts::Node };
//! let span = TimeSpan { from: UnixTime(1_700_000_000), to: UnixTime(1_700_003_600) };
//! let answers = store.read_series("emmy", &[request], span)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod answer;
mod breaker;
mod certificates;
mod error;
mod options;
mod placing;
mod question;
mod store;
mod turns;

pub use error::ExternalError;
pub use options::{Options, Token};
pub use store::ExternalStore;
