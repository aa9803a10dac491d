//! The extremes of each stretch of samples: no spike is lost.

/// Picks `points` of the samples: of each of `points` / 2 buckets the smallest and the largest.
///
/// The buckets are neighbouring stretches of floor(n / buckets) samples, the last ones of one more where n
/// is no multiple. Each gives its first smallest and its first largest sample in the order of time; a
/// bucket with a single value gives it twice, and only one without any value gives NaN. When `points` is odd, the
/// last sample stands alone at the end, as its own bucket. So the extremes of what is picked are those of the
/// samples.
///
/// One point counts as two. No points, or as many as there are samples, give the samples as they are.
#[must_use]
pub fn min_max(samples: &[f64], points: usize) -> Vec<f64> {
    if points == 0 || points >= samples.len() {
        return samples.to_vec();
    }
    let (mut rest, alone) = match samples.split_last() {
        Some((last, before)) if points > 2 && !points.is_multiple_of(2) => (before, Some(last)),
        _ => (samples, None),
    };
    let buckets = (points / 2).max(1);
    let mut picked = Vec::with_capacity(points.max(2));
    for buckets_left in (1..=buckets).rev() {
        let Some((bucket, later)) = rest.split_at_checked(rest.len() / buckets_left) else { break };
        picked.extend(extremes(bucket));
        rest = later;
    }
    picked.extend(alone);
    picked
}

/// The smallest and the largest sample in the order of time.
fn extremes(bucket: &[f64]) -> [f64; 2] {
    let mut values = bucket.iter().copied().enumerate().filter(|(_, value)| !value.is_nan());
    let Some(first) = values.next() else { return [f64::NAN; 2] };
    let (mut smallest, mut largest) = (first, first);
    for sample in values {
        if sample.1 < smallest.1 {
            smallest = sample;
        }
        if sample.1 > largest.1 {
            largest = sample;
        }
    }
    if smallest.0 <= largest.0 { [smallest.1, largest.1] } else { [largest.1, smallest.1] }
}
