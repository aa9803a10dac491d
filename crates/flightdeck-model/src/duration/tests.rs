use proptest::prelude::*;
use rstest::rstest;

use super::*;

const MINUTE_NS: i64 = 60_000_000_000;
const HOUR_NS: i64 = 60 * MINUTE_NS;

#[rstest]
#[case("0", 0)]
#[case("-0", 0)]
#[case("+0", 0)]
#[case("0s", 0)]
#[case("2000h", 2000 * HOUR_NS)]
#[case("90s", 90_000_000_000)]
#[case("1h30m", 90 * MINUTE_NS)]
#[case("1.5h", 90 * MINUTE_NS)]
#[case("-1m", -MINUTE_NS)]
#[case("+5s", 5_000_000_000)]
#[case("100ms", 100_000_000)]
#[case("2us", 2_000)]
#[case("2\u{b5}s", 2_000)]
#[case("2\u{3bc}s", 2_000)]
#[case("3ns", 3)]
#[case(".5s", 500_000_000)]
#[case("5.s", 5_000_000_000)]
#[case("1s1h1s", HOUR_NS + 2_000_000_000)]
#[case("0.9ns", 0)]
#[case("0.3333333333333333333h", 20 * MINUTE_NS)]
#[case("0.100000000000000000000h", 6 * MINUTE_NS)]
#[case("0.830103483285477580700h", 2_988_372_539_827)]
#[case("9223372036854775807ns", i64::MAX)]
#[case("-9223372036854775808ns", i64::MIN)]
#[case("-2562047h47m16.854775808s", i64::MIN)]
fn reads_what_go_reads(#[case] text: &str, #[case] nanoseconds: i64) {
    assert_eq!(text.parse(), Ok(GoDuration::from_nanos(nanoseconds)));
}

#[rstest]
#[case("", "empty duration: give a number with a unit, such as 90s or 1h30m, or 0")]
#[case("-", "empty duration: give a number with a unit, such as 90s or 1h30m, or 0")]
#[case("90", "missing unit in \"90\": allowed are ns, us, ms, s, m, h")]
#[case("1h30", "missing unit in \"1h30\": allowed are ns, us, ms, s, m, h")]
#[case("00", "missing unit in \"00\": allowed are ns, us, ms, s, m, h")]
#[case("1.2.3s", "missing unit in \"1.2.3s\": allowed are ns, us, ms, s, m, h")]
#[case("2d", "unknown unit \"d\" in \"2d\": allowed are ns, us, ms, s, m, h")]
#[case("2H", "unknown unit \"H\" in \"2H\": allowed are ns, us, ms, s, m, h")]
#[case("1h 30m", "unknown unit \"h \" in \"1h 30m\": allowed are ns, us, ms, s, m, h")]
#[case("1h-30m", "unknown unit \"h-\" in \"1h-30m\": allowed are ns, us, ms, s, m, h")]
#[case("h", "expected a number at \"h\" in \"h\": a duration is written like 90s or 1h30m")]
#[case("1s.h", "expected a number at \".h\" in \"1s.h\": a duration is written like 90s or 1h30m")]
#[case("--1s", "expected a number at \"-1s\" in \"--1s\": a duration is written like 90s or 1h30m")]
#[case(
    "9223372036854775808ns",
    "duration \"9223372036854775808ns\" is out of range: at most 2562047h47m16s either way"
)]
#[case("3000000h", "duration \"3000000h\" is out of range: at most 2562047h47m16s either way")]
#[case("2562047h48m", "duration \"2562047h48m\" is out of range: at most 2562047h47m16s either way")]
fn refuses_with_what_is_allowed(#[case] text: &str, #[case] message: &str) {
    assert_eq!(text.parse::<GoDuration>().unwrap_err().to_string(), message);
}

#[test]
fn an_error_repeats_only_the_beginning_of_a_long_text() {
    let message = "µ".repeat(1_000_000).parse::<GoDuration>().unwrap_err().to_string();
    assert!(message.contains('…') && message.len() < 500, "{message}");
}

#[rstest]
#[case(0, "0s")]
#[case(3, "3ns")]
#[case(1_500, "1.5\u{b5}s")]
#[case(100_000_000, "100ms")]
#[case(1_000_001, "1.000001ms")]
#[case(1_500_000_000, "1.5s")]
#[case(90_000_000_000, "1m30s")]
#[case(-60_000_000_000, "-1m0s")]
#[case(90 * MINUTE_NS, "1h30m0s")]
#[case(HOUR_NS + 1, "1h0m0.000000001s")]
#[case(i64::MAX, "2562047h47m16.854775807s")]
#[case(i64::MIN, "-2562047h47m16.854775808s")]
fn prints_gos_canonical_form(#[case] nanoseconds: i64, #[case] text: &str) {
    assert_eq!(GoDuration::from_nanos(nanoseconds).to_string(), text);
}

#[test]
fn seconds_are_cut_towards_zero_and_saturate() {
    assert_eq!("1.9s".parse::<GoDuration>().unwrap().as_secs_i64(), 1);
    assert_eq!("-1.9s".parse::<GoDuration>().unwrap().as_secs_i64(), -1);
    assert_eq!(GoDuration::from_secs(i64::MAX).as_nanos(), i64::MAX);
    assert_eq!(GoDuration::from_secs(i64::MIN).as_nanos(), i64::MIN);
}

#[test]
fn a_negative_duration_has_no_standard_counterpart() {
    assert_eq!(GoDuration::from_secs(-1).as_std(), None);
    assert_eq!(GoDuration::from_secs(90).as_std(), Some(Duration::from_secs(90)));
}

#[test]
fn is_a_string_in_json() {
    let duration: GoDuration = serde_json::from_str("\"1h30m\"").unwrap();
    assert_eq!(serde_json::to_string(&duration).unwrap(), "\"1h30m0s\"");

    let wrong_type = serde_json::from_str::<GoDuration>("90").unwrap_err().to_string();
    assert!(wrong_type.contains("expected a duration such as \"90s\""), "{wrong_type}");
    let no_unit = serde_json::from_str::<GoDuration>("\"90\"").unwrap_err().to_string();
    assert!(no_unit.starts_with("missing unit in \"90\""), "{no_unit}");
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(nanoseconds in prop_oneof![any::<i64>(), -10_000_000_000..10_000_000_000_i64]) {
        let duration = GoDuration::from_nanos(nanoseconds);
        prop_assert_eq!(duration.to_string().parse(), Ok(duration));
    }

    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = text.parse::<GoDuration>();
    }

    #[test]
    fn no_text_that_looks_like_a_duration_panics(text in "[-+]?([0-9]{0,25}(\\.[0-9]{0,25})?(ns|us|\u{b5}s|ms|s|m|h|d)?){0,4}") {
        if let Ok(duration) = text.parse::<GoDuration>() {
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }
    }

    #[test]
    fn components_add_up(hours in 0..2_000_000_i64, minutes in 0..1_000_000_i64, seconds in 0..1_000_000_i64, millis in 0..1_000_000_i64) {
        let sum_ns = hours * HOUR_NS + minutes * MINUTE_NS + seconds * 1_000_000_000 + millis * 1_000_000;
        let text = format!("{hours}h{minutes}m{seconds}s{millis}ms");
        prop_assert_eq!(text.parse(), Ok(GoDuration::from_nanos(sum_ns)));
        prop_assert_eq!(format!("-{text}").parse(), Ok(GoDuration::from_nanos(-sum_ns)));
    }
}
