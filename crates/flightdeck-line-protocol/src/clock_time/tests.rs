use super::{Precision, nanoseconds, whole_seconds};

#[test]
fn the_unit_is_told_from_the_magnitude() {
    let moment_s = 1_795_450_020;
    for unit in [1, 1_000, 1_000_000, 1_000_000_000] {
        assert_eq!(whole_seconds(moment_s * unit, None), moment_s);
        assert_eq!(nanoseconds(moment_s * unit), moment_s * 1_000_000_000);
    }
}

#[test]
fn the_largest_second_is_followed_by_the_smallest_millisecond_and_so_on() {
    for sign in [1, -1] {
        assert_eq!(whole_seconds(sign * 9_223_372_036, None), sign * 9_223_372_036);
        assert_eq!(whole_seconds(sign * 9_223_373_000, None), sign * 9_223_373);
        assert_eq!(whole_seconds(sign * 9_223_372_036_000, None), sign * 9_223_372_036);
        assert_eq!(whole_seconds(sign * 9_223_373_000_000, None), sign * 9_223_373);
        assert_eq!(whole_seconds(sign * 9_223_372_036_000_000, None), sign * 9_223_372_036);
        assert_eq!(whole_seconds(sign * 9_223_373_000_000_000, None), sign * 9_223_373);
    }
    assert_eq!(whole_seconds(i64::MIN, None), -9_223_372_037);
    assert_eq!(nanoseconds(i64::MAX), i64::MAX);
}

#[test]
fn a_time_before_1970_belongs_to_the_second_it_lies_in() {
    assert_eq!(whole_seconds(-1, Some(Precision::Milliseconds)), -1);
    assert_eq!(whole_seconds(-1_000_000_001, Some(Precision::Nanoseconds)), -2);
}

#[test]
fn a_precision_that_is_given_overrules_the_magnitude() {
    assert_eq!(whole_seconds(5_000, Some(Precision::Milliseconds)), 5);
    assert_eq!(whole_seconds(i64::MAX, Some(Precision::Seconds)), i64::MAX);
}

#[test]
fn precisions_have_the_symbols_of_the_query_parameter() {
    assert_eq!(Precision::from_symbol("us"), Some(Precision::Microseconds));
    assert_eq!(Precision::from_symbol("minutes"), None);
}
