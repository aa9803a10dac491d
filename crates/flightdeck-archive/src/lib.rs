//! The archive of finished jobs: versioned JSON in files, as the field's tools write and read it.
//!
//! [`FileArchive`] reads such an archive, whoever wrote it. A damaged file spoils one job, never a list; what is
//! odd but understandable is read. It stores finished jobs with their data, and changes the tags and metadata of a job in
//! place, leaving all else of the file as it is.
//! [`FileMachineStates`] keeps what nodes say of themselves. [`synthetic`] writes archives of made-up jobs. Nothing here
//! knows of the database or of the network, and nothing is kept in memory between two calls.
//!
//! ```
//! use flightdeck_archive::{FileArchive, synthetic};
//! use flightdeck_model::{ArchiveEntry, JobArchive};
//!
//! let folder = tempfile::tempdir()?;
//! synthetic::write(folder.path(), synthetic::Options { jobs: 3, ..Default::default() })?;
//!
//! let archive = FileArchive::open(folder.path())?;
//! assert_eq!(archive.load_clusters()?.clusters.len(), 2);
//! let locations = archive.list_jobs()?;
//! assert_eq!(locations.len(), 3);
//! let ArchiveEntry::Job { meta, .. } = archive.read_meta(&locations[0]) else { panic!("damaged") };
//! let data = archive.load_data(&meta.key())?.ok_or("no data")?;
//! assert!(data.contains_key("cpu_load"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod atomic_write;
mod bounded_read;
mod clusters;
mod data_file;
mod error;
mod file_archive;
mod job_folder;
mod layout;
mod machine_states;
mod meta_file;
mod store_job;
pub mod synthetic;
mod version;
mod walk;

pub use error::{ArchiveError, FileError};
pub use file_archive::FileArchive;
pub use machine_states::FileMachineStates;
