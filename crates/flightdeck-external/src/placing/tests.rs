use super::*;
use flightdeck_model::UnixTime;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn span(from: i64, to: i64) -> TimeSpan {
    TimeSpan { from: UnixTime(from), to: UnixTime(to) }
}

fn element(from: i64, resolution: i64, data: &[f64]) -> Element {
    Element { error: None, data: data.to_vec(), from, resolution }
}

/// The values as text: NaN equals nothing.
fn placed(span: TimeSpan, element: &Element) -> String {
    match Placing::new(span).place("7", element).unwrap() {
        None => "none".to_owned(),
        Some(FoundSeries { id, timestep_s, values }) => format!("{id} {timestep_s} {values:?}"),
    }
}

#[test]
fn samples_begin_with_the_step_that_the_span_begins_in() {
    let hour = span(7230, 10_830);
    assert_eq!(placed(hour, &element(7230, 60, &[1.0, 2.0])), "7 60 [1.0, 2.0]");
    assert_eq!(placed(hour, &element(7259, 60, &[1.0])), "7 60 [1.0]");
    assert_eq!(placed(hour, &element(7200, 60, &[1.0])), "7 60 [1.0]");
    assert_eq!(placed(hour, &element(7330, 60, &[1.0, f64::NAN])), "7 60 [NaN, NaN, 1.0]");
    assert_eq!(placed(hour, &element(7199, 60, &[9.0, 1.0])), "7 60 [1.0]", "what is too early goes");
    assert_eq!(
        placed(hour, &element(10_829, 60, &[1.0, 9.0])).matches("NaN").count(),
        60,
        "and what is too late"
    );
    assert_eq!(placed(hour, &element(7230, 60, &[f64::NAN, f64::NAN])), "none");
    assert_eq!(placed(hour, &element(7230, 60, &[])), "none");
    assert_eq!(placed(hour, &element(10_860, 60, &[1.0])), "none");
    assert_eq!(placed(hour, &element(7000, 60, &[1.0, 2.0])), "none");
}

#[test]
fn times_that_make_no_sense_do_no_harm() {
    let all = span(0, 2_000_000_000);
    for from in [i64::MIN, -1, i64::MAX] {
        placed(all, &element(from, 1, &[1.0]));
    }
    for resolution in [0, -60, i64::MAX] {
        assert!(Placing::new(all).place("", &element(0, resolution, &[1.0])).is_err(), "{resolution}");
    }
    let late = element(1_999_999_999, 1, &[1.0]);
    assert!(Placing::new(all).place("", &late).is_err(), "16 GB for one sample");
}

#[test]
fn many_series_that_begin_late_are_all_placed() {
    // 40 nodes with 128 hardware threads each, six days before the first sample.
    let six_days = 6 * 86_400;
    let late = element(six_days, 60, &[1.0]);
    let mut placing = Placing::new(span(0, six_days + 60));
    for _ in 0..40 * 128 {
        let placed = placing.place("7", &late).unwrap().unwrap();
        assert_eq!(placed.values.len(), 8641);
    }
}

proptest! {
    #[test]
    fn every_sample_of_the_span_is_where_its_time_says(
        (from, length) in (0..5000_i64, 1..5000_i64),
        (given_from, resolution) in (0..9000_i64, 1..100_i64),
        data in proptest::collection::vec(prop_oneof![Just(f64::NAN), 0.0..10.0_f64], 0..60),
    ) {
        let asked = span(from, from + length);
        let (first, last) = (from.div_euclid(resolution), (from + length - 1).div_euclid(resolution));
        let expected: BTreeMap<i64, u64> = (0_i64..)
            .zip(&data)
            .map(|(index, value)| ((given_from + index * resolution).div_euclid(resolution), value))
            .filter(|(step, value)| (first..=last).contains(step) && !value.is_nan())
            .map(|(step, value)| (step, value.to_bits()))
            .collect();
        let found = Placing::new(asked).place("", &element(given_from, resolution, &data)).unwrap();
        let values = found.map(|series| series.values).unwrap_or_default();
        prop_assert!(values.last().is_none_or(|value| !value.is_nan()));
        let placed: BTreeMap<i64, u64> = (first..)
            .zip(&values)
            .filter(|(_, value)| !value.is_nan())
            .map(|(step, value)| (step, value.to_bits()))
            .collect();
        prop_assert_eq!(placed, expected);
    }
}
