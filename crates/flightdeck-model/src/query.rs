//! What a job list is asked for: filters, order, page. Knows nothing of query strings or SQL.

use crate::{JobState, JobVisibility, TagVisibility, UnixTime};

/// An inclusive range; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range<T> {
    /// Smallest value.
    pub from: Option<T>,
    /// Largest value.
    pub to: Option<T>,
}

/// Which tag a job must carry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagFilter {
    /// The tag's type; `None`: any.
    pub tag_type: Option<String>,
    /// The tag's name.
    pub name: String,
}

/// Conditions on jobs; all given ones must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobFilter {
    /// One of these states; empty: any.
    pub states: Vec<JobState>,
    /// The cluster's name.
    pub cluster: Option<String>,
    /// The subcluster's name.
    pub subcluster: Option<String>,
    /// The partition.
    pub partition: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The owner's login name.
    pub user: Option<String>,
    /// The batch system's job number.
    pub job_id: Option<i64>,
    /// Number of the job array.
    pub array_job_id: Option<i64>,
    /// Start time in Unix seconds.
    pub start_time: Option<Range<i64>>,
    /// Number of nodes.
    pub num_nodes: Option<Range<i64>>,
    /// Duration in seconds; of a running job, until now.
    pub duration_s: Option<Range<i64>>,
    /// Energy in kWh.
    pub energy_kwh: Option<Range<f64>>,
    /// Name of a host the job runs on.
    pub node: Option<String>,
    /// Tags, all of which the job must carry. Only tags that the asker may see count.
    pub tags: Vec<TagFilter>,
}

impl JobFilter {
    /// Whether cluster and states are the only conditions, if there are any.
    #[must_use]
    pub fn is_by_cluster_and_state(&self) -> bool {
        let rest = Self { states: Vec::new(), cluster: None, ..self.clone() };
        rest == Self::default()
    }
}

/// What a job list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// Start time.
    StartTime,
    /// Duration; of a running job, until now.
    Duration,
    /// Number of nodes.
    NumNodes,
    /// Energy.
    Energy,
    /// A key of the footprint, such as `mem_used_max`. Jobs without it come last.
    Footprint(String),
}

/// The order of a job list. Ties are broken by database id in the same direction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobOrder {
    /// What to sort by.
    pub key: SortKey,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Default for JobOrder {
    /// Newest start first.
    fn default() -> Self {
        Self { key: SortKey::StartTime, descending: true }
    }
}

/// Which jobs are asked for, by whom and when.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSelection {
    /// The jobs that the asker may see.
    pub visibility: JobVisibility,
    /// The tags that the asker may see.
    pub tags: TagVisibility,
    /// Conditions.
    pub filter: JobFilter,
    /// The order.
    pub order: JobOrder,
    /// The present, for the durations of running jobs.
    pub now: UnixTime,
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Number of jobs to skip.
    pub offset: u64,
    /// Number of jobs at most.
    pub limit: u64,
}
