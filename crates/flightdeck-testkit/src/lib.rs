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
mod archive_work_suite;
mod archiving_queue_suite;
mod audit_log_suite;
mod builders;
mod clock;
mod job_changes_suite;
mod job_repository_suite;
mod memory_archive;
mod memory_jobs;
mod memory_metrics;
mod memory_users;
mod metric_source_suite;
mod node_repository_suite;
mod quarantine_suite;
mod store_under_test;
mod task_log_suite;
mod user_repository_suite;
mod waiting;

pub use archive_suite::{ArchiveUnderTest, job_archive_suite};
pub use archive_work_suite::archive_work_suite;
pub use archiving_queue_suite::archiving_queue_suite;
pub use audit_log_suite::audit_log_suite;
pub use builders::{ArchivedJobBuilder, FIRST_START, PRESENT, archived_job, audit_entry, every_job};
pub use clock::FixedClock;
pub use job_changes_suite::job_changes_suite;
pub use job_repository_suite::job_repository_suite;
pub use memory_archive::MemoryArchive;
pub use memory_jobs::MemoryJobs;
pub use memory_metrics::MemoryMetrics;
pub use memory_users::MemoryUsers;
pub use metric_source_suite::{METRICS_OF_SUITE, MetricsUnderTest, START_OF_SUITE_S, metric_source_suite};
pub use node_repository_suite::node_repository_suite;
pub use quarantine_suite::quarantine_suite;
pub use store_under_test::{Store, StoreUnderTest};
pub use task_log_suite::task_log_suite;
pub use user_repository_suite::user_repository_suite;
pub use waiting::wait;
