//! The line protocol of `InfluxDB` as the collectors of HPC nodes send it.
//!
//! [`Lines`] goes over a body once and gives, line by line, the sample in it, why there is none, or what is wrong with
//! the line; it allocates nothing for a line without backslashes. No line ever changes what another one gives.
//! [`Events`] reads the messages in which job starts and node states come.
//!
//! It must not know which clusters, hosts or metrics there are, nor what time it is.
//!
//! ```
//! use flightdeck_line_protocol::{Line, Lines};
//!
//! let body = b"cpu_load,cluster=fritz,hostname=f0101,type=node value=70.5 1700000000\nnot a line\n";
//! let mut lines = Lines::new(body, None);
//! while let Some(line) = lines.next_line() {
//!     match line {
//!         Ok(Line::Sample(sample)) => {
//!             assert_eq!((sample.measurement, sample.host, sample.kind), ("cpu_load", "f0101", ""));
//!             assert_eq!((sample.value, sample.time_s), (70.5, Some(1_700_000_000)));
//!         }
//!         Ok(Line::Skipped(_)) => {}
//!         Err(problem) => assert_eq!((lines.number(), problem.column), (2, 6)),
//!     }
//! }
//! ```
mod clock_time;
mod cursor;
mod error;
mod escape;
mod event;
mod lines;
mod number;
mod scan;

pub use clock_time::Precision;
pub use error::{LineError, Problem};
pub use event::{Event, Events};
pub use lines::{Line, Lines, Sample, SkipReason};
