//! What of a metric store outlives the program: a log of samples, and snapshots of blocks.
mod disk; mod error; mod file_header; mod folder; mod frame; mod log; mod record; mod series_code; mod snapshot; pub mod testing; mod value_code; mod varint;
pub use disk::{Disk, FileEntry, OsDisk, ReadFile, WriteFile};
pub use error::LogError;
pub use file_header::FORMAT_VERSION;
pub use frame::MAX_PAYLOAD_BYTES;
pub use log::{Durability, Log, LogOptions, LogStart, ReplayReport, SegmentNumber, UnreadableFile};
pub use record::{FreeRecord, LoggedSample, Record, RecordBuilder, RecordError, RecordReader};
pub use snapshot::{LoadReport, SnapshotBlock, SnapshotHead, SnapshotInfo, SnapshotWriter, Snapshots};
