//! Puts the samples of another server onto the grid that all series here lie on. Knows nothing of HTTP.

use crate::answer::Element;
use flightdeck_model::{FoundSeries, TimeSpan};
use std::iter;

#[cfg(test)]
mod tests;

/// Missing values that are put before the first sample of a series, at most: 256 MiB. Only an answer that says nonsense of
/// its times needs as many.
const GAPS_MAX: usize = 1 << 25;

/// Those of all series of a call, at most: 2 GiB, as many values as jobs are read with at once. A job on many nodes of
/// which nothing was measured at first has its samples all the same.
const GAPS_OF_CALL_MAX: usize = 1 << 28;

/// What is said when either is reached.
const TOO_MANY_GAPS: &str = "too many samples are missing before the first one of each series";

/// Places series, one after the other.
#[derive(Debug)]
pub(crate) struct Placing {
    span: TimeSpan,
    gaps_left: usize,
}

impl Placing {
    /// Begins to place series of a span.
    pub(crate) fn new(span: TimeSpan) -> Self {
        Self { span, gaps_left: GAPS_OF_CALL_MAX }
    }

    /// The series of an element under its id: what of it lies in the span; `None` when that is no sample.
    ///
    /// # Errors
    ///
    /// Why it cannot be placed, in words.
    pub(crate) fn place(&mut self, id: &str, element: &Element) -> Result<Option<FoundSeries>, String> {
        let Some(newest) = element.data.iter().rposition(|sample| !sample.is_nan()) else { return Ok(None) };
        let timestep_s = u32::try_from(element.resolution)
            .ok()
            .filter(|timestep_s| *timestep_s > 0)
            .ok_or_else(|| format!("{} is no number of seconds between two samples", element.resolution))?;
        let step = i64::from(timestep_s);
        let steps = self.span.steps(timestep_s);
        let first_wanted = self.span.from.0.div_euclid(step);
        let first_given = element.from.div_euclid(step);
        // Both differences are 0 where the other is not.
        let gaps = difference(first_given, first_wanted);
        let too_early = difference(first_wanted, first_given);
        if gaps >= steps {
            return Ok(None);
        }
        if gaps > GAPS_MAX {
            return Err(TOO_MANY_GAPS.to_owned());
        }
        self.gaps_left = self.gaps_left.checked_sub(gaps).ok_or(TOO_MANY_GAPS)?;

        let samples = element.data.iter().take(newest + 1).skip(too_early).take(steps - gaps);
        let mut values: Vec<f64> = iter::repeat_n(f64::NAN, gaps).chain(samples.copied()).collect();
        // The newest may have been outside of the span.
        let length = values.iter().rposition(|value| !value.is_nan()).map_or(0, |last| last + 1);
        values.truncate(length);
        Ok((length > 0).then(|| FoundSeries { id: id.to_owned(), timestep_s, values }))
    }
}

/// How much larger the first is; 0 when it is not.
fn difference(larger: i64, smaller: i64) -> usize {
    usize::try_from(larger.saturating_sub(smaller)).unwrap_or(0)
}
