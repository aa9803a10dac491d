//! Reads snapshots, binary ones and JSON. Must not know how their levels are called.

mod binary;
mod json;

pub(crate) use binary::read_binary;
pub(crate) use json::read_json;

use crate::error::Reason;

/// Nobody can have sent a sample that is further from 1970 than this: that server counts nanoseconds in 64 bits.
pub(crate) const TIME_MAX_S: i64 = i64::MAX / 1_000_000_000;
/// Levels below a host: that server makes two.
const DEPTH_MAX: usize = 8;

/// A series of a snapshot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Series<'a> {
    pub(crate) levels: &'a [&'a str],
    pub(crate) metric: &'a str,
    pub(crate) timestep_s: i64,
    pub(crate) start_s: i64,
    /// One a step; NaN is a hole.
    pub(crate) values: &'a [f32],
}

/// What stands in a snapshot.
#[derive(Debug)]
pub(crate) enum Entry<'a> {
    Series(Series<'a>),
    Damage(Reason),
}

/// Whether a series of so many steps lies within the times that there can be.
fn are_times_possible(timestep_s: i64, start_s: i64, step_count: usize) -> bool {
    let span_s = i64::try_from(step_count).ok().and_then(|steps| steps.checked_mul(timestep_s));
    let end_s = span_s.and_then(|span_s| start_s.checked_add(span_s));
    timestep_s > 0 && start_s >= -TIME_MAX_S && end_s.is_some_and(|end_s| end_s <= TIME_MAX_S)
}

#[cfg(test)]
mod tests;
