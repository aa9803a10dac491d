//! Takes job events, node states and samples from NATS and hands them to the use cases.
//!
//! A [`NatsListener`] lives on a thread of its own, keeps connecting for as long as it runs, and never keeps a server
//! from starting: a broker that is away is a line in the log. Job events are worked on by several workers, those of one
//! job always by the same one, so that its start and its stop keep their order.
//!
//! Without a stream, messages are taken as they pass by: each at most once. With a [`StreamOptions`] they come from a
//! `JetStream` stream and are acknowledged when what they say is on disk; until then, and after a crash, they come again.
//! That does no harm: a start that is there already is refused, and a sample that is there already is the same sample.
//!
//! It must not know how a job or a sample is stored, nor where its options come from.
//!
//! ```no_run
//! use flightdeck_nats::{NatsListener, NatsOptions, SampleSubscription};
//!
//! # async fn listen(services: flightdeck_service::Services) -> Result<(), flightdeck_nats::NatsError> {
//! let options = NatsOptions {
//!     addresses: vec!["nats://127.0.0.1:4222".into()],
//!     job_event_subject: Some("cc.job.event".into()),
//!     samples: vec![SampleSubscription { subject: "alpha.metrics".into(), cluster_tag: Some("alpha".into()) }],
//!     ..NatsOptions::default()
//! };
//! let listener = NatsListener::start(options, services)?;
//! // As long as the server runs; then:
//! listener.stop().await;
//! # Ok(())
//! # }
//! ```

mod attempts;
mod connection;
mod counts;
mod delivery;
mod error;
mod event_lane;
mod events;

mod listener;

mod options;
mod plain_source;
mod quiet_log;
mod samples;
mod session;
mod settling;
mod stream_source;
mod work;

pub use counts::NatsCounts;
pub use error::NatsError;
pub use listener::NatsListener;
pub use options::{NatsOptions, SampleSubscription, StreamOptions};
