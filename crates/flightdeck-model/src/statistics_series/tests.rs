use proptest::prelude::*;

use super::*;

const NAN: f64 = f64::NAN;

fn series(samples: &[f64]) -> Series {
    Series { data: samples.to_vec(), ..Series::default() }
}

/// NaN as `None`, so that results can be compared.
fn shown(numbers: &[f64]) -> Vec<Option<f64>> {
    numbers.iter().map(|&number| (!number.is_nan()).then_some(number)).collect()
}

#[test]
fn missing_values_count_for_nothing() {
    let all =
        [series(&[10.0, NAN, 1.0]), series(&[10.0, NAN, NAN]), series(&[NAN, NAN, 4.0]), series(&[7.0])];
    let statistics = statistics_series(&all, 1);
    assert_eq!(shown(&statistics.min), [Some(7.0), None, Some(1.0)]);
    assert_eq!(shown(&statistics.median), [Some(10.0), None, Some(2.5)]);
    assert_eq!(shown(&statistics.mean), [Some(9.0), None, Some(2.5)]);
    assert_eq!(shown(&statistics.max), [Some(10.0), None, Some(4.0)]);
}

#[test]
fn it_is_as_long_as_the_longest_series() {
    let all = [series(&[1.0; 3]), series(&[2.0; 7])];
    assert_eq!(statistics_series(&all, 1).max, [2.0; 7]);
    assert_eq!(statistics_series(&all, 3).max, [2.0; 3]);
    assert_eq!(statistics_series(&all, 3).min, [1.0, 2.0, 2.0]);
    assert_eq!(statistics_series(&all, 0).max.len(), 7);
    assert_eq!(statistics_series(&[], 1), StatisticsSeries::default());
}

#[test]
fn eight_series_get_statistics_over_them_seven_do_not() {
    let seven = JobMetric { series: vec![series(&[1.0]); 7], ..JobMetric::default() };
    let eight = JobMetric { series: vec![series(&[1.0]); 8], ..JobMetric::default() };
    assert_eq!(seven.with_statistics_series().statistics_series, None);
    assert_eq!(eight.with_statistics_series().statistics_series.unwrap().median, [1.0]);
}

#[test]
fn stored_statistics_are_computed_anew() {
    let zeros_counted = StatisticsSeries { median: vec![0.0], ..StatisticsSeries::default() };
    let mut all = vec![series(&[10.0]); 3];
    all.extend(vec![series(&[NAN]); 5]);
    let metric = JobMetric { statistics_series: Some(zeros_counted), series: all, ..JobMetric::default() };
    let statistics = metric.with_statistics_series().statistics_series.unwrap();
    assert_eq!((statistics.median, statistics.mean), (vec![10.0], vec![10.0]));
}

#[test]
fn stored_statistics_without_their_series_stay() {
    let stored = StatisticsSeries { median: vec![1.0], ..StatisticsSeries::default() };
    let metric = JobMetric { statistics_series: Some(stored.clone()), ..JobMetric::default() };
    assert_eq!(metric.with_statistics_series().statistics_series, Some(stored));
}

proptest! {
    #[test]
    fn the_median_parts_the_values_in_halves(values in prop::collection::vec(-1e6..1e6, 1..40)) {
        let all: Vec<Series> = values.iter().map(|&value| series(&[value])).collect();
        let median = statistics_series(&all, 1).median[0];
        let below = values.iter().filter(|&&value| value < median).count();
        let above = values.iter().filter(|&&value| value > median).count();
        prop_assert!(below <= values.len() / 2 && above <= values.len() / 2);
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        prop_assert!(median <= sorted[middle] && median >= sorted[(sorted.len() - 1) / 2]);
    }
}
