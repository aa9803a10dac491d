//! Where the samples of running jobs are read: the server's own metric store, or that of another server.

use super::PortError;
use crate::UnixTime;
use std::fmt::Debug;

/// Which parts of a host a [`SeriesRequest`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeriesParts {
    /// The host as a whole: samples with `type=node`, or without a type. If there are none, what lies below the host itself
    /// (`stype`), made one series by the metric's aggregation; several without an aggregation are a problem.
    Node,
    /// Parts of one kind, each by its id.
    Parts {
        /// `socket`, `core`, `accelerator` and so on, as in the tag `type`.
        kind: String,
        /// Their ids, as in the tag `type-id`.
        ids: Vec<String>,
        /// Parts below these; `None`: these themselves.
        below: Option<SubParts>,
    },
    /// Every series of the metric on the host, whatever part it is of.
    Everything,
}

/// Parts below parts, such as the network interfaces of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubParts {
    /// As in the tag `stype`.
    pub kind: String,
    /// As in the tag `stype-id`.
    pub ids: Vec<String>,
}

/// Asks for the series of one metric on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesRequest {
    /// The metric's name.
    pub metric: String,
    /// The host's name.
    pub host: String,
    /// Which parts of it.
    pub parts: SeriesParts,
}

/// Seconds from `from` on and before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    /// The first second.
    pub from: UnixTime,
    /// The first second that is no longer of it.
    pub to: UnixTime,
}

impl TimeSpan {
    /// How many steps of the metric's grid the span touches: the grid's steps begin at multiples of the timestep, and the
    /// first is the one that `from` lies in. 0 for an empty span.
    #[must_use]
    pub fn steps(self, timestep_s: u32) -> usize {
        let step = i64::from(timestep_s.max(1));
        if self.to <= self.from {
            return 0;
        }
        let first = self.from.0.div_euclid(step);
        let last = (self.to.0 - 1).div_euclid(step);
        usize::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(0)
    }
}

/// The samples of one part of one host.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundSeries {
    /// Id of the part (for [`SubParts`] that of the part below); empty for the node.
    pub id: String,
    /// Seconds between two samples.
    pub timestep_s: u32,
    /// The samples: number `i` is the value of the step that begins at
    /// `floor(from / timestep) × timestep + i × timestep`; NaN where there is none. Ends with the last sample that is
    /// there.
    pub values: Vec<f64>,
}

/// What was found for a [`SeriesRequest`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeriesAnswer {
    /// The series that have a sample in the span; in the order of the requested ids.
    pub series: Vec<FoundSeries>,
    /// Why this request could not be answered, in words; the others may have been.
    pub problem: Option<String>,
}

/// Reads samples.
pub trait MetricSource: Send + Sync + Debug {
    /// Answers requests about one cluster, in their order, one answer each. A host, metric or part that is not known has
    /// no series; that is no error. Never allocates more than the samples that are there, however long the span is.
    ///
    /// # Errors
    ///
    /// When nothing can be read: kind Unavailable when a store does not answer.
    fn read_series(
        &self,
        cluster: &str,
        requests: &[SeriesRequest],
        span: TimeSpan,
    ) -> Result<Vec<SeriesAnswer>, PortError>;

    /// A number that is another one as soon as a sample of one of the hosts was stored or dropped, so that what was
    /// derived from the samples can be kept until then; `None` when that cannot be known.
    fn change_stamp(&self, cluster: &str, hosts: &[&str]) -> Option<u64>;
}
