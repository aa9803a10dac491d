//! Jobs, tags and users in SQL: the repository ports by diesel.
//!
//! ```
//! use flightdeck_db::{Database, DatabaseOptions};
//! use flightdeck_model::{JobRepository, Page};
//! use flightdeck_testkit::{archived_job, every_job};
//!
//! let folder = tempfile::tempdir()?;
//! let database = Database::open(&folder.path().join("flightdeck.db"), &DatabaseOptions::default())?;
//! database.import_jobs(&[archived_job(4711).user("mona").build()])?;
//!
//! let page = database.list_jobs(&every_job(), Page { offset: 0, limit: 25 }, false)?;
//! assert_eq!(page.total, 1);
//! assert!(page.jobs.iter().all(|job| job.user == "mona"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audit_log;
mod check;
mod connection;
mod copy;
mod database;
mod direct;
mod error;
mod ignoring;
mod jobs;
mod location;
mod nodes;
mod paging;
mod quarantine;
mod reference;
mod schema;
mod task_log;
mod transaction;
mod users;
mod writer;

pub use copy::{CopyProgress, CopyReport, copy_database};
pub use database::{Database, DatabaseOptions};
pub use error::DbError;
pub use location::{DatabaseLocation, PostgresUrl, UrlProblem};
pub use reference::{ReferenceReport, import_reference};
