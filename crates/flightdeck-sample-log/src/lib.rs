//! What of a metric store outlives the program: a log of samples that is on disk before their sender is answered, and
//! snapshots of compressed blocks, after which the log can be cut.
//!
//! This crate knows series by their names, samples, and bytes. It knows nothing of what is in a block, of memory, of
//! clusters, or of the network. Nothing here waits for or locks anything but the disk; one thread writes at a time.
//!
//! # What is promised
//!
//! - What [`Log::append`] answered with `Ok` is found by [`Log::replay`], or in a snapshot, whatever happened since:
//!   failed writes, a full disk, a killed program; with [`Durability::Sync`] also a loss of power.
//! - Nothing is read that was not written: everything has a CRC32C. What is damaged costs only the record or section
//!   that it is in, and is counted; a damaged file is kept in the folder `damaged` from when it is found.
//! - Opening works whatever state the files are in; only a file of a later version is refused.
//!
//! # How to use it
//!
//! At start: [`Snapshots::open`], [`Snapshots::load`] for each that is [`needed`](Snapshots::needed), [`Log::open`] with
//! [`Snapshots::log_start`], [`Log::replay`]. Now and then: [`Log::rotate`], a snapshot that
//! [covers the log through](SnapshotHead::covers_log_through) the segment that this gave, and when it is published
//! [`Log::remove_through`] that segment. Blocks that were dropped come back with the snapshots that have them, until a
//! full one takes their place.
//!
//! ```
//! use flightdeck_model::SeriesName;
//! use flightdeck_sample_log::{Log, LogOptions, OsDisk, Record, RecordBuilder, Snapshots};
//! use std::sync::Arc;
//!
//! let folder = tempfile::tempdir()?;
//! let snapshots = Snapshots::open(Arc::new(OsDisk), folder.path())?;
//! let mut log = Log::open(Arc::new(OsDisk), folder.path(), LogOptions::default(), snapshots.log_start())?;
//!
//! let load = SeriesName { cluster: "alpha", host: "node01", metric: "cpu_load", ..Default::default() };
//! let mut builder = RecordBuilder::new();
//! builder.push(&load, 1_700_000_000, 12.5);
//! log.append(&[&builder.finish()])?;
//! drop(log);
//!
//! let mut again = Log::open(Arc::new(OsDisk), folder.path(), LogOptions::default(), snapshots.log_start())?;
//! let mut values = Vec::new();
//! let report = again.replay(&mut |record| {
//!     if let Record::Samples(samples) = record {
//!         for sample in samples {
//!             values.push(sample?.value);
//!         }
//!     }
//!     Ok(())
//! });
//! assert_eq!((values, report.damaged_records), (vec![12.5], 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The files
//!
//! The modules say what their part of the files looks like: `file_header` how every file begins, `frame` how records lie
//! in it and how the next one is found behind damage, `log` and `snapshot` which files and records there are, `record`
//! and `snapshot/section` what a record has, `series_code`, `value_code` and `varint` its names and numbers. The files
//! in `tests/golden` are version 1, to the byte.

mod disk;
mod error;
mod file_header;
mod folder;
mod frame;
mod log;
mod record;
mod series_code;
mod snapshot;
pub mod testing;
mod value_code;
mod varint;

pub use disk::{Disk, FileEntry, OsDisk, ReadFile, WriteFile};
pub use error::LogError;
pub use file_header::FORMAT_VERSION;
pub use frame::MAX_PAYLOAD_BYTES;
pub use log::{Durability, Log, LogOptions, LogStart, ReplayReport, SegmentNumber, UnreadableFile};
pub use record::{FreeRecord, LoggedSample, Record, RecordBuilder, RecordError, RecordReader};
pub use snapshot::{LoadReport, SnapshotBlock, SnapshotHead, SnapshotInfo, SnapshotWriter, Snapshots};
