//! Floating-point numbers that are counts in a span, as two integers each: 16.99 % are 17 ticks in 1.0005… s.
//!
//! cc-metric-collector divides what a kernel counted by the seconds since it last looked, and it measures those in
//! nanoseconds. (cpu_* of its `cpustatMetric.go`; checked on the bytes of a real one.) Such a quotient has 15 to 17 digits
//! with nothing in them, but count and span have few bits: the count moves little, the span hardly more than the
//! collector's clock ticks unevenly. Knows no blocks.

const SECOND_NS: i64 = 1_000_000_000;

/// Spans that collectors are set to, in seconds.
const INTERVALS_S: [u32; 9] = [1, 5, 10, 15, 20, 30, 60, 120, 300];

/// A span is within this part of the interval, or of the span before it.
const TOLERANCE: f64 = 0.02;

/// Counts on either side of the likeliest one that are tried for the first value. More would cost other values time.
const FIRST_TRIES: u8 = 8;

/// The same for the others, whose spans are about known.
const TRIES: u8 = 32;

/// Values as counts and spans.
#[derive(Debug)]
pub(super) struct Quotients {
    /// How much was counted.
    pub(super) counts: Vec<i64>,
    /// In how many nanoseconds.
    pub(super) spans_ns: Vec<i64>,
}

/// The quotient of a count and a span in nanoseconds. The seconds are put together as Go's `Duration.Seconds` does it,
/// which is not always the nearest number.
#[expect(
    clippy::cast_precision_loss,
    reason = "what values are made of is exact; else the value is another one"
)]
pub(super) fn to_value(count: i64, span_ns: i64) -> f64 {
    let seconds = span_ns.div_euclid(SECOND_NS) as f64 + span_ns.rem_euclid(SECOND_NS) as f64 / 1e9;
    count as f64 / seconds
}

/// The values as quotients, each of which gives exactly its value; `None` when one of them is none.
pub(super) fn to_quotients(values: &[f64]) -> Option<Quotients> {
    // The smallest has the smallest count, and so the fewest that could be meant.
    let positive = values.iter().copied().filter(|value| *value > 0.0);
    let smallest = positive.fold(f64::INFINITY, f64::min);
    let intervals_ns = INTERVALS_S.iter().map(|seconds| i64::from(*seconds) * SECOND_NS);
    let has_quotient = |span_ns: &i64| quotient_near(smallest, *span_ns, FIRST_TRIES).is_some();
    intervals_ns.filter(has_quotient).find_map(|span_ns| with_spans_about(values, span_ns))
}

/// All values as quotients whose first span is about `interval_ns`.
fn with_spans_about(values: &[f64], interval_ns: i64) -> Option<Quotients> {
    let mut quotients = Quotients { counts: Vec::new(), spans_ns: Vec::new() };
    let mut about_ns = interval_ns;
    for value in values {
        // Nothing was counted, in whatever span.
        let is_zero = value.to_bits() == 0;
        let (count, span_ns) = if is_zero { (0, about_ns) } else { quotient_near(*value, about_ns, TRIES)? };
        quotients.counts.push(count);
        quotients.spans_ns.push(span_ns);
        about_ns = span_ns;
    }
    Some(quotients)
}

/// Count and span of a value, where the span is about `about_ns`.
#[expect(clippy::cast_precision_loss, reason = "only what gives exactly the value is taken")]
fn quotient_near(value: f64, about_ns: i64, tries: u8) -> Option<(i64, i64)> {
    let about = about_ns as f64;
    let likeliest = whole((value * (about / 1e9)).round());
    let nearest_first = (0..=i64::from(tries)).flat_map(|off| [off, -off]).skip(1);
    let counts = nearest_first.map(|off| likeliest.saturating_add(off)).filter(|count| *count > 0);
    counts.map(|count| (count, (count as f64 / value * 1e9).round())).find_map(|(count, span)| {
        let quotient = (count, whole(span));
        let is_near = (span - about).abs() <= about * TOLERANCE;
        (is_near && to_value(quotient.0, quotient.1).to_bits() == value.to_bits()).then_some(quotient)
    })
}

/// A number without digits behind the point as an integer.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it saturates, and what comes of it is compared with the value"
)]
fn whole(number: f64) -> i64 {
    number as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a collector sent within one interval, and the one before: `cpu_idle` and `cpu_system` of nodes and hardware
    /// threads.
    const SENT: [f64; 8] = [
        196.707_502_631_641_83,
        0.998_515_241_784_983_9,
        197.031_865_372_491_1,
        0.0,
        99.016_013_562_825_46,
        2.000_323_506_319_706_5,
        198.067_617_115_401_3,
        1.000_341_500_582_834_9,
    ];

    /// Counts, each in a span that is so many nanoseconds longer than the interval.
    fn quotients(interval_s: u32, samples: &[(i64, i64)]) -> Vec<f64> {
        let whole_ns = i64::from(interval_s) * SECOND_NS;
        samples.iter().map(|(count, off_ns)| to_value(*count, whole_ns + off_ns)).collect()
    }

    #[test]
    fn finds_what_a_collector_divided() {
        let found = to_quotients(&SENT).unwrap();
        assert_eq!(found.counts, [197, 1, 197, 0, 99, 2, 198, 1]);
        let (second, third, fourth) = (1_001_486_966, 999_838_273, 999_658_616);
        assert_eq!(found.spans_ns, [second, second, third, third, third, third, fourth, fourth]);
    }

    proptest! {
        #[test]
        fn gives_exactly_the_values(
            interval_s in prop::sample::select(INTERVALS_S.to_vec()),
            samples in prop::collection::vec((0_i64..1_000_000, -500_000_i64..500_000), 1..256),
        ) {
            let values = quotients(interval_s, &samples);
            if let Some(found) = to_quotients(&values) {
                let again = found.counts.iter().zip(&found.spans_ns).map(|(count, span)| to_value(*count, *span));
                prop_assert!(again.eq(values));
            }
        }

        #[test]
        fn finds_counts_that_were_made_from(
            interval_s in prop::sample::select(vec![10_u32, 60]),
            samples in prop::collection::vec((1_i64..6000, -500_000_i64..500_000), 1..256),
        ) {
            prop_assert!(to_quotients(&quotients(interval_s, &samples)).is_some());
        }

        #[test]
        fn other_values_are_none(values in prop::collection::vec(any::<f64>(), 8..64)) {
            prop_assert!(to_quotients(&values).is_none());
        }
    }
}
