//! A time-series store for what a cluster's nodes measure: samples come in as line protocol, are on disk before they are
//! acknowledged, and are read from memory, where the past is compressed.
//!
//! [`SampleStore`] is the store; [`StoreOptions`] says where and how much; [`Site`] estimates what a site needs. Every
//! series is on the grid of its metric's timestep, which the cluster's configuration has: one value a step, the last one
//! wins, in whatever order they come. What was acknowledged is found after a crash at any moment; damaged files cost what is
//! damaged in them, are counted in the [`OpenReport`], and never keep the store from opening. How the files look says the
//! crate `flightdeck-sample-log`.
//!
//! It must not know jobs, users, HTTP or configuration files: hosts that must be kept are named to it with `hold`. Before
//! that was called once, nothing is dropped for its age; who has nothing to name sets
//! [`waits_for_hold`](StoreOptions::waits_for_hold) to false. `maintain` and `checkpoint` are to be called now and then.
//!
//! ```
//! use flightdeck_metrics::{SampleStore, StoreOptions};
//! use flightdeck_model::{Cluster, Clock, MetricSource, SeriesParts, SeriesRequest, TimeSpan, UnixTime, WriteContext};
//! # use flightdeck_testkit::FixedClock;
//! # use std::sync::Arc;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! # let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(1_700_000_400));
//! let (cluster, _) = Cluster::from_json(br#"{"name": "alpha", "metricConfig": [{"name": "cpu_load", "timestep": 60}],
//!     "subClusters": [{"name": "main", "nodes": "a[1-4]", "topology": {"node": [0, 1], "socket": [[0, 1]],
//!     "memoryDomain": [[0, 1]], "core": [[0], [1]]}}]}"#)?;
//! let (store, found) = SampleStore::open(StoreOptions::new(folder, vec![Arc::new(cluster)]), clock)?;
//! assert_eq!(found.damaged, 0);
//!
//! let body = b"cpu_load,cluster=alpha,hostname=a1,type=node value=0.5 1700000340\n\
//!              cpu_load,cluster=alpha,hostname=a1,type=node value=0.75 1700000400\n";
//! let context = WriteContext { default_cluster: None, precision: None, received: UnixTime(1_700_000_400) };
//! // The answer comes when the samples are on disk.
//! let report = futures_executor::block_on(store.write(body, &context))?;
//! assert_eq!((report.stored, report.bad), (2, 0));
//!
//! let request = SeriesRequest { metric: "cpu_load".into(), host: "a1".into(), parts: SeriesParts::Node };
//! let span = TimeSpan { from: UnixTime(1_700_000_340), to: UnixTime(1_700_000_460) };
//! let answers = store.read_series("alpha", &[request], span)?;
//! assert_eq!(answers[0].series[0].values, [0.5, 0.75]);
//! store.close()?;
//! # Ok(())
//! # }
//! ```

mod block;
mod catalogue;
mod estimate;
mod intake;
mod line_totals;
mod memory;
mod store;

pub use catalogue::Catalogue;
pub use estimate::{Need, Site};
pub use store::{Durability, OpenReport, SampleStore, StoreError, StoreOptions, TakenOver};

/// The parts the store is made of, for its benchmarks. Not meant for others: they change with every version.
#[doc(hidden)]
pub mod internals {
    pub use crate::block::{BLOCK_STEPS, Block, DamagedBlock};
    pub use crate::memory::{
        BlockVisitor, Counters, Dropped, Held, Limits, Memory, Refusal, Resolver, Sample, SeriesNumber,
        SeriesRef,
    };
}
