//! For tests of this workspace and of tools that embed its crates: a clock that can be set, builders,
//! fakes of the ports, and one suite per port that every implementation has to pass.
//!
//! ```
//! use flightdeck_model::Clock;
//! use flightdeck_testkit::FixedClock;
//!
//! let clock = FixedClock::at(1_700_000_000);
//! clock.advance(60);
//! assert_eq!(clock.now().0, 1_700_000_060);
//! ```

mod archive_suite;
mod builders;
mod clock;
mod job_repository_suite;
mod memory_archive;
mod memory_jobs;
mod memory_users;
mod user_repository_suite;

pub use archive_suite::{ArchiveUnderTest, job_archive_suite};
pub use builders::{ArchivedJobBuilder, FIRST_START, PRESENT, archived_job, every_job};
pub use clock::FixedClock;
pub use job_repository_suite::{JobStoreUnderTest, job_repository_suite};
pub use memory_archive::MemoryArchive;
pub use memory_jobs::MemoryJobs;
pub use memory_users::MemoryUsers;
pub use user_repository_suite::user_repository_suite;
