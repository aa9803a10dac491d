//! From a body in line protocol to what is written down and what goes into memory: which samples are stored, and why the
//! others are not. Knows nothing of files or threads.

use crate::memory::{Memory, Refusal, Sample};
use flightdeck_line_protocol::{Line, Lines, Precision, Sample as LineSample};
use flightdeck_model::{SeriesName, TimePrecision, WriteContext, WriteReport};
use flightdeck_sample_log::RecordBuilder;
use std::collections::BTreeMap;

/// A sample may be ahead of the server's clock by this much.
pub(crate) const FUTURE_MAX_S: i64 = 3600;

const NO_CLUSTER: &str = "no cluster";
const NO_HOSTNAME: &str = "no hostname";
const UNKNOWN_CLUSTER: &str = "unknown cluster";
const TOO_NEW: &str = "too far in the future";
const TOO_OLD: &str = "older than the retention";
const BAD_NAME: &str = "name with characters that are not allowed";
const TOO_MANY_SERIES: &str = "too many series";

/// The reasons for which lines are passed over that somebody wanted to have stored. Events and texts are none, and unknown
/// metrics are no loss: collectors send more than a site wants.
pub(crate) const LOSSES: [&str; 7] =
    [NO_CLUSTER, NO_HOSTNAME, UNKNOWN_CLUSTER, TOO_NEW, TOO_OLD, BAD_NAME, TOO_MANY_SERIES];

/// Samples of a part of a body. Parts of this size need little memory, and the first of them are written while the others
/// are read.
const PART_SAMPLES: usize = 2048;

/// No line with a sample is shorter.
const SHORTEST_LINE_BYTES: usize = 16;

/// Bytes that a sample mostly takes in a record, at most.
const USUAL_RECORD_BYTES: usize = 12;

/// Some samples of a body, at least one once it is given away.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// The samples as they go into the log.
    pub(crate) record: Vec<u8>,
    /// The same samples as they go into memory.
    pub(crate) samples: Vec<Sample>,
}

/// Up to when and since when samples are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// The oldest time that is kept, in seconds.
    pub(crate) oldest_s: i64,
    /// The newest, in seconds.
    pub(crate) newest_s: i64,
}

/// Reads a body and gives the samples that are to be stored part by part to `take`. `is_held` says whether a host's
/// samples of this time are kept, however old they are; `room` gives empty parts, with what memory they have. Returns what
/// becomes of the lines once the parts are stored.
///
/// # Errors
///
/// The first error of `take`; nothing is read behind it.
pub(crate) fn read_body<E>(
    body: &[u8],
    context: &WriteContext,
    window: Window,
    memory: &Memory,
    is_held: impl Fn(&str, &str, i64) -> bool,
    room: &dyn Fn() -> Part,
    take: &mut dyn FnMut(Part) -> Result<(), E>,
) -> Result<WriteReport, E> {
    let mut lines = Lines::new(body, context.precision.map(precision));
    let mut resolver = memory.resolver();
    let mut builder = RecordBuilder::new();
    let mut samples = Vec::new();
    // As much as a body can need: growing step by step would leave pieces of all sizes behind.
    let samples_max = PART_SAMPLES.min(body.len() / SHORTEST_LINE_BYTES + 1);
    let mut tally = Tally::default();
    while let Some(line) = lines.next_line() {
        let sample = match line {
            Ok(Line::Sample(sample)) => sample,
            Ok(Line::Skipped(reason)) => {
                tally.skip(reason.as_str());
                continue;
            }
            Err(problem) => {
                tally.bad(lines.number(), || problem.to_string());
                continue;
            }
        };
        let (name, time_s) = match accepted(&sample, context, window, &is_held) {
            Ok(accepted) => accepted,
            Err(reason) => {
                tally.skip(reason);
                continue;
            }
        };
        match resolver.resolve(&name) {
            Ok(series) => {
                if samples.is_empty() {
                    let mut part = room();
                    part.record.reserve_exact(samples_max * USUAL_RECORD_BYTES);
                    builder.write_into(part.record);
                    samples = part.samples;
                    samples.reserve_exact(samples_max);
                }
                builder.push(&name, time_s, sample.value);
                samples.push(Sample { series: series.number, time_s, value: sample.value });
                tally.stored += 1;
                if samples.len() >= PART_SAMPLES || builder.is_full() {
                    take(Part { record: builder.finish(), samples: std::mem::take(&mut samples) })?;
                }
            }
            Err(refusal) => tally.skip(refusal_words(refusal)),
        }
    }
    if !builder.is_empty() {
        take(Part { record: builder.finish(), samples })?;
    }
    Ok(tally.into_report())
}

/// The series and the time of a sample; or why it is passed over, whatever its series.
fn accepted<'s>(
    sample: &LineSample<'s>,
    context: &'s WriteContext,
    window: Window,
    is_held: &impl Fn(&str, &str, i64) -> bool,
) -> Result<(SeriesName<'s>, i64), &'static str> {
    let default_cluster = context.default_cluster.as_deref().unwrap_or_default();
    let cluster = if sample.cluster.is_empty() { default_cluster } else { sample.cluster };
    if cluster.is_empty() {
        return Err(NO_CLUSTER);
    }
    if sample.host.is_empty() {
        return Err(NO_HOSTNAME);
    }
    let time_s = sample.time_s.unwrap_or(context.received.0);
    if time_s > window.newest_s {
        return Err(TOO_NEW);
    }
    if time_s < window.oldest_s && !is_held(cluster, sample.host, time_s) {
        return Err(TOO_OLD);
    }
    let name = SeriesName {
        cluster,
        host: sample.host,
        kind: sample.kind,
        id: sample.id,
        sub_kind: sample.sub_kind,
        sub_id: sample.sub_id,
        metric: sample.measurement,
    };
    Ok((name, time_s))
}

const fn precision(wanted: TimePrecision) -> Precision {
    match wanted {
        TimePrecision::Seconds => Precision::Seconds,
        TimePrecision::Milliseconds => Precision::Milliseconds,
        TimePrecision::Microseconds => Precision::Microseconds,
        TimePrecision::Nanoseconds => Precision::Nanoseconds,
    }
}

const fn refusal_words(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownCluster => UNKNOWN_CLUSTER,
        Refusal::UnknownMetric => "unknown metric",
        Refusal::BadName => BAD_NAME,
        Refusal::TooManySeries => TOO_MANY_SERIES,
    }
}

/// Counts lines by what became of them.
#[derive(Default)]
struct Tally {
    stored: u64,
    /// The reason that came last, and how often in a row: lines of one kind mostly follow each other.
    run: Option<(&'static str, u64)>,
    skipped: BTreeMap<&'static str, u64>,
    bad: u64,
    first_bad: Option<(u64, String)>,
}

impl Tally {
    fn skip(&mut self, reason: &'static str) {
        match &mut self.run {
            Some((last, count)) if std::ptr::eq(*last, reason) => *count += 1,
            _ => {
                self.end_run();
                self.run = Some((reason, 1));
            }
        }
    }

    fn end_run(&mut self) {
        if let Some((reason, count)) = self.run.take() {
            *self.skipped.entry(reason).or_default() += count;
        }
    }

    fn bad(&mut self, number: u64, problem: impl FnOnce() -> String) {
        self.bad += 1;
        if self.first_bad.is_none() {
            self.first_bad = Some((number, problem()));
        }
    }

    fn into_report(mut self) -> WriteReport {
        self.end_run();
        WriteReport { stored: self.stored, skipped: self.skipped, bad: self.bad, first_bad: self.first_bad }
    }
}
