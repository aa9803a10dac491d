//! Under way.

mod block;
mod catalogue;
mod estimate;
mod intake;
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
