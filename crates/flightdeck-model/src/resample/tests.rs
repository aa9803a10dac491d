use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{SeriesStatistics, StatisticsSeries};

const NAN: f64 = f64::NAN;

/// Largest triangle, three buckets, written down step by step from its description, with indices.
#[expect(clippy::many_single_char_names, reason = "the description's own letters")]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "indices of a few hundred samples"
)]
#[expect(clippy::needless_range_loop, reason = "written as described")]
fn lttb_by_the_book(data: &[f64], m: usize) -> Vec<f64> {
    let n = data.len();
    if m == 0 || m >= n {
        return data.to_vec();
    }
    if m <= 2 {
        return vec![data[0], data[n - 1]];
    }
    let w = (n - 2) as f64 / (m - 2) as f64;
    let mut picked = vec![data[0]];
    let (mut lo, mut mid, mut prev) = (1, w.floor() as usize + 1, 0);
    for i in 0..=m - 3 {
        let mut hi = ((i + 2) as f64 * w).floor() as usize + 1;
        if hi >= n - 1 {
            hi = n - 2;
        }
        let next: Vec<usize> = (mid..=hi).collect();
        let x_mean = next.iter().map(|&x| x as f64).sum::<f64>() / next.len() as f64;
        let y_mean = next.iter().map(|&x| data[x]).sum::<f64>() / next.len() as f64;
        let (x_prev, y_prev) = (prev as f64, data[prev]);
        let mut best = -1.0;
        for c in lo..mid {
            let (x, y) = (c as f64, data[c]);
            let area = ((x_prev - x) * (y_mean - y_prev) - (x_prev - x_mean) * (y - y_prev)).abs() / 2.0;
            if area > best || area.is_nan() {
                best = area;
                prev = c;
            }
        }
        picked.push(data[prev]);
        (lo, mid) = (mid, hi);
    }
    picked.push(data[n - 1]);
    picked
}

/// Samples whose bits can be compared: NaN equals NaN.
fn bits(samples: &[f64]) -> Vec<u64> {
    samples.iter().map(|sample| sample.to_bits()).collect()
}

fn sample() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -1e3..1e3, 1 => Just(0.0), 1 => Just(NAN)]
}

fn samples(most: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(sample(), 0..most)
}

fn smallest(samples: &[f64]) -> Option<f64> {
    samples.iter().copied().filter(|sample| !sample.is_nan()).reduce(f64::min)
}

fn largest(samples: &[f64]) -> Option<f64> {
    samples.iter().copied().filter(|sample| !sample.is_nan()).reduce(f64::max)
}

proptest! {
    #[test]
    fn lttb_picks_what_the_book_picks(data in samples(400), points in 0_usize..420) {
        prop_assert_eq!(bits(&lttb(&data, points)), bits(&lttb_by_the_book(&data, points)));
    }

    #[test]
    fn lttb_picks_samples_only(data in samples(200), points in 1_usize..200) {
        let picked = lttb(&data, points);
        let given = bits(&data);
        prop_assert!(bits(&picked).iter().all(|it| given.contains(it)));
    }

    #[test]
    fn both_methods_give_as_many_points_as_asked_for(data in samples(300), points in 0_usize..300) {
        let expected = if points == 0 || points >= data.len() { data.len() } else { points.max(2) };
        prop_assert_eq!(lttb(&data, points).len(), expected);
        prop_assert_eq!(min_max(&data, points).len(), expected);
    }

    #[test]
    fn min_max_keeps_the_extremes(data in samples(300), points in 0_usize..300) {
        let picked = min_max(&data, points);
        prop_assert_eq!(smallest(&picked), smallest(&data));
        prop_assert_eq!(largest(&picked), largest(&data));
    }

    #[test]
    fn no_series_is_longer_than_max_points(
        data in prop::collection::vec(samples(300), 1..4),
        max_points in 2_usize..320,
        resolution_s in prop::option::of(0_u32..5000),
    ) {
        let metric = metric(60, data);
        let rule = ResampleRule { max_points: Some(max_points), resolution_s, ..ResampleRule::default() };
        let shown = metric.resampled(&rule).unwrap_or(metric);
        prop_assert!(shown.series.iter().all(|series| series.data.len() <= max_points));
    }

    #[test]
    fn a_resampled_metric_has_the_extremes_of_the_native_samples(
        data in prop::collection::vec(samples(100), 8..12),
        step in 2_u32..120,
    ) {
        let native = metric(1, data);
        let Some(shown) = native.resampled(&resolution(step)) else { return Ok(()) };
        let all: Vec<f64> = native.series.iter().flat_map(|series| series.data.clone()).collect();
        let statistics = shown.statistics_series.unwrap();
        prop_assert_eq!(smallest(&statistics.min), smallest(&all));
        prop_assert_eq!(largest(&statistics.max), largest(&all));
        let longest = shown.series.iter().map(|series| series.data.len()).max();
        prop_assert_eq!(Some(statistics.median.len()), longest);
    }
}

#[rstest]
#[case::spike(&[0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0], 4, &[0.0, 9.0, 0.0, 0.0])]
#[case::gap_wins(&[0.0, 1.0, NAN, 5.0, 1.0, 0.0, 0.0], 4, &[0.0, NAN, 1.0, 0.0])]
#[case::one_point(&[1.0, 2.0, 3.0], 1, &[1.0, 3.0])]
#[case::two_points(&[1.0, 2.0, 3.0], 2, &[1.0, 3.0])]
#[case::all(&[1.0, 2.0, 3.0], 3, &[1.0, 2.0, 3.0])]
#[case::none(&[], 3, &[])]
fn lttb_keeps_the_ends_and_what_stands_out(
    #[case] data: &[f64],
    #[case] points: usize,
    #[case] expected: &[f64],
) {
    assert_eq!(bits(&lttb(data, points)), bits(expected));
}

#[rstest]
#[case::in_the_order_of_time(&[3.0, 1.0, 2.0, 4.0, 5.0, 0.0], 4, &[3.0, 1.0, 5.0, 0.0])]
#[case::a_single_value_twice(&[NAN, 5.0, NAN, 1.0, 2.0, 3.0], 4, &[5.0, 5.0, 1.0, 3.0])]
#[case::a_gap(&[NAN, NAN, NAN, 1.0, 2.0, 3.0], 4, &[NAN, NAN, 1.0, 3.0])]
#[case::odd(&[1.0, 2.0, 3.0, 4.0, 5.0, 9.0], 3, &[1.0, 5.0, 9.0])]
#[case::one_point(&[2.0, 1.0, 3.0], 1, &[1.0, 3.0])]
#[case::all(&[1.0, 2.0], 2, &[1.0, 2.0])]
fn min_max_keeps_the_extremes_of_each_bucket(
    #[case] data: &[f64],
    #[case] points: usize,
    #[case] expected: &[f64],
) {
    assert_eq!(bits(&min_max(data, points)), bits(expected));
}

fn metric(timestep_s: u32, data: Vec<Vec<f64>>) -> JobMetric {
    let series = data.into_iter().map(|data| Series { data, ..Series::default() }).collect();
    JobMetric { series, timestep_s, ..JobMetric::default() }
}

/// A metric with one series of this many samples, each its own index.
fn rising(timestep_s: u32, count: u32) -> JobMetric {
    metric(timestep_s, vec![(0..count).map(f64::from).collect()])
}

fn resolution(resolution_s: u32) -> ResampleRule {
    ResampleRule { resolution_s: Some(resolution_s), ..ResampleRule::default() }
}

#[rstest]
#[case(1440, 120, 120, 720)]
#[case(1440, 240, 240, 360)]
#[case(1440, 300, 300, 288)]
#[case(1440, 600, 600, 144)]
#[case(630, 240, 240, 157)]
#[case(698, 240, 240, 174)]
#[case::rounded_up_to_the_metrics_grid(1440, 90, 120, 720)]
#[case::one_step_only(700, 36_000, 36_000, 2)]
fn a_resolution_gives_a_multiple_of_the_timestep(
    #[case] samples: u32,
    #[case] resolution_s: u32,
    #[case] timestep_s: u32,
    #[case] points: usize,
    #[values(ResampleMethod::Lttb, ResampleMethod::MinMax)] method: ResampleMethod,
) {
    let rule = ResampleRule { minimum_points: 600, method, ..resolution(resolution_s) };
    let shown = rising(60, samples).resampled(&rule).unwrap();
    assert_eq!((shown.timestep_s, shown.series[0].data.len()), (timestep_s, points));
}

#[rstest]
#[case::no_wish(rising(60, 1440), ResampleRule::default())]
#[case::no_resolution(rising(60, 1440), resolution(0))]
#[case::finer_than_the_metric(rising(60, 1440), resolution(30))]
#[case::the_metrics_own(rising(60, 1440), resolution(60))]
#[case::too_few_samples(rising(60, 599), ResampleRule { minimum_points: 600, ..resolution(240) })]
#[case::coarser_than_the_job_is_long(rising(60, 10), resolution(660))]
#[case::few_enough(rising(60, 500), ResampleRule { max_points: Some(500), ..ResampleRule::default() })]
#[case::no_series(metric(60, vec![]), resolution(240))]
#[case::no_samples(metric(60, vec![vec![]]), resolution(240))]
#[case::no_timestep(rising(0, 1440), resolution(240))]
fn a_metric_stays_as_it_is(#[case] metric: JobMetric, #[case] rule: ResampleRule) {
    assert_eq!(metric.resampled(&rule), None);
}

#[rstest]
#[case(1440, 720, None, 120, 720)]
#[case(1440, 1000, None, 120, 720)]
#[case(1440, 719, None, 180, 480)]
#[case::regardless_of_minimum_points(100, 50, None, 120, 50)]
#[case::the_coarser_of_both_limit(1440, 200, Some(120), 480, 180)]
#[case::the_coarser_of_both_resolution(1440, 1000, Some(600), 600, 144)]
#[case::resolution_too_coarse_to_count(1440, 720, Some(1_000_000), 120, 720)]
#[case::first_and_last_stay(1440, 1, None, 28_860, 2)]
#[case::zero_is_no_way_out(1440, 0, None, 28_860, 2)]
fn max_points_takes_the_smallest_step_that_does(
    #[case] samples: u32,
    #[case] max_points: usize,
    #[case] resolution_s: Option<u32>,
    #[case] timestep_s: u32,
    #[case] points: usize,
) {
    let rule = ResampleRule {
        resolution_s,
        max_points: Some(max_points),
        minimum_points: 600,
        ..ResampleRule::default()
    };
    let shown = rising(60, samples).resampled(&rule).unwrap();
    assert_eq!((shown.timestep_s, shown.series[0].data.len()), (timestep_s, points));
}

#[test]
fn series_of_different_lengths_share_one_grid() {
    let lengths = [100, 57, 12, 3, 1, 0];
    let metric = metric(10, lengths.iter().map(|&length| vec![1.0; length]).collect());
    let shown = metric.resampled(&resolution(50)).unwrap();
    let points: Vec<usize> = shown.series.iter().map(|series| series.data.len()).collect();
    assert_eq!(shown.timestep_s, 50);
    assert_eq!(points, [20, 11, 2, 2, 1, 0]);
}

#[test]
fn statistics_of_a_series_stay_those_of_its_native_samples() {
    let mut native = rising(60, 1440);
    let statistics = SeriesStatistics { avg: 719.5, min: 0.0, max: 1439.0 };
    native.series[0].statistics = statistics;
    native.series[0].id = Some("3".into());
    let shown = native.resampled(&resolution(600)).unwrap();
    assert_eq!(shown.series[0].statistics, statistics);
    assert_eq!(shown.series[0].id.as_deref(), Some("3"));
}

#[test]
fn statistics_over_the_series_see_samples_that_are_not_picked() {
    let mut data = vec![vec![1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]; 8];
    data[3][2] = 100.0;
    data[4][5] = -5.0;
    data[5][6] = NAN;
    let shown = metric(60, data).resampled(&resolution(180)).unwrap();
    let expected = StatisticsSeries {
        mean: vec![(23.0 + 100.0) / 24.0, (30.0 - 5.0) / 31.0],
        median: vec![1.0, 1.0],
        min: vec![1.0, -5.0],
        max: vec![100.0, 1.0],
    };
    assert_eq!(shown.statistics_series, Some(expected));
}

#[test]
fn few_series_have_no_statistics_over_them_unless_they_were_archived_with_some() {
    let mut native = metric(60, vec![vec![1.0, 3.0, 5.0, 7.0]; 2]);
    assert_eq!(native.resampled(&resolution(120)).unwrap().statistics_series, None);
    native.statistics_series = Some(StatisticsSeries::default());
    let anew = native.resampled(&resolution(120)).unwrap().statistics_series.unwrap();
    assert_eq!(anew.mean, [2.0, 6.0]);
}

#[test]
fn methods_are_named_as_in_the_api() {
    for method in [ResampleMethod::Lttb, ResampleMethod::MinMax] {
        assert_eq!(method.as_str().parse(), Ok(method));
    }
    let refused = "LTTB".parse::<ResampleMethod>().unwrap_err();
    assert_eq!(refused.to_string(), "\"LTTB\" is not a resampling method: allowed are lttb and minmax");
}
