//! Largest triangle, three buckets: picks the samples that keep the shape of a curve.

/// Picks `points` of the samples, so that a line through them looks like a line through all.
///
/// "Largest triangle, three buckets" (S. Steinarsson, Downsampling Time Series for Visual Representation,
/// 2013) with the field's bucket bounds: the first and the last sample stay; of each bucket between them the
/// sample is picked that spans the largest triangle with the previous pick and the mean of the next bucket.
/// A missing sample (NaN) wins its bucket; where the previous pick or the mean is NaN, the bucket's last
/// sample is picked. So gaps stay visible.
///
/// One or two points give the first and the last sample. No points, or as many as there are samples, give the
/// samples as they are.
#[must_use]
pub fn lttb(samples: &[f64], points: usize) -> Vec<f64> {
    let [first, .., last] = samples else { return samples.to_vec() };
    if points == 0 || points >= samples.len() {
        return samples.to_vec();
    }
    let mut picked = Vec::with_capacity(points.max(2));
    picked.push(*first);
    if points > 2 {
        pick_between(samples, points, &mut picked);
    }
    picked.push(*last);
    picked
}

/// A sample with its index as x.
#[derive(Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
}

fn pick_between(samples: &[f64], points: usize, picked: &mut Vec<f64>) {
    let last = samples.len() - 1;
    let bucket_width = as_f64(samples.len() - 2) / as_f64(points - 2);
    let mut start = 1;
    let mut end = bucket_bound(1, bucket_width);
    let mut previous = Point { x: 0.0, y: samples.first().copied().unwrap_or(f64::NAN) };
    for bucket in 2..points {
        let bound = bucket_bound(bucket, bucket_width);
        let next_end = if bound >= last { last - 1 } else { bound };
        // The next bucket's mean takes in the sample at its end, which is that of the bucket after it.
        let mean = mean_point(samples, end, next_end);
        previous = largest_triangle(samples, start..end, previous, mean);
        picked.push(previous.y);
        start = end;
        end = next_end;
    }
}

/// The index after the last sample of the bucket with this number, counted from 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative and at most the number of samples"
)]
fn bucket_bound(bucket: usize, width: f64) -> usize {
    (as_f64(bucket) * width) as usize + 1
}

/// The mean of the samples from `start` to `end`, both included. NaN when one of them is, or there is none.
fn mean_point(samples: &[f64], start: usize, end: usize) -> Point {
    let bucket = samples.get(start..=end).unwrap_or_default();
    let sum: f64 = bucket.iter().sum();
    // One sample too many may be counted off the end: then the bucket is empty and its mean 0/0.
    let middle = if bucket.is_empty() { f64::NAN } else { as_f64(start + end) / 2.0 };
    Point { x: middle, y: sum / as_f64(bucket.len()) }
}

fn largest_triangle(samples: &[f64], bucket: std::ops::Range<usize>, previous: Point, mean: Point) -> Point {
    let to_mean = Point { x: mean.x - previous.x, y: mean.y - previous.y };
    let candidates = samples.get(bucket.clone()).unwrap_or_default();
    let mut largest = -1.0;
    let mut pick = previous;
    for (index, &y) in bucket.zip(candidates) {
        let candidate = Point { x: as_f64(index), y };
        let doubled_area =
            ((previous.x - candidate.x) * to_mean.y + to_mean.x * (candidate.y - previous.y)).abs();
        if doubled_area > largest || doubled_area.is_nan() {
            largest = doubled_area;
            pick = candidate;
        }
    }
    pick
}

#[expect(clippy::cast_precision_loss, reason = "a series has far fewer than 2^52 samples")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
