//! Query strings: from text to what a use case takes. Every refusal names the parameter.

mod job_list;
mod metrics;
mod pairs;
mod range;
#[cfg(test)]
mod tests;

pub(crate) use job_list::JobListQuery;
pub(crate) use metrics::{ResampleQuery, ScopeQuery};
pub(crate) use pairs::{QueryPairs, flag, whole_number};
