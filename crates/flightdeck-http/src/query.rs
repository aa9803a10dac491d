//! Query strings: from text to what a use case takes. Every refusal names the parameter.

mod audit;
mod deletion;
mod job_list;
mod metrics;
mod pages;
mod pairs;
mod range;
mod samples;
#[cfg(test)]
mod tests;

pub(crate) use audit::AuditQuery;
pub(crate) use deletion::{DeleteJobQuery, DeleteJobsQuery};
pub(crate) use job_list::JobListQuery;
pub(crate) use metrics::{ResampleQuery, ScopeQuery};
pub(crate) use pages::PageQuery;
pub(crate) use pairs::{QueryPairs, flag, quoted, whole_number};
pub(crate) use samples::{ContentQuery, FreeQuery, WriteQuery};
