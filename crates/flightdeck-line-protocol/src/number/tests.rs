use super::{integer_at_front, number_at_front};
use crate::Problem;
use proptest::prelude::*;

fn number(text: &str) -> Result<f64, Problem> {
    let (value, length) = number_at_front(text.as_bytes())?;
    assert_eq!(length, text.len(), "{text} is taken wholly");
    Ok(value)
}

#[test]
fn every_way_to_write_a_number_is_understood() {
    for (text, value) in [
        ("0", 0.0),
        ("0.04", 0.04),
        ("-1.5", -1.5),
        ("+2", 2.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("2.4684084e+07", 24_684_084.0),
        ("1.5e-12", 1.5e-12),
        ("1E3", 1_000.0),
        ("197.98415869351047", 197.984_158_693_510_47),
        ("100000000000000000000000", 1e23),
        ("-40i", -40.0),
        ("-9223372036854775808i", -9_223_372_036_854_775_808.0),
        ("00000000000000000000007i", 7.0),
        ("18446744073709551615u", 18_446_744_073_709_551_615.0),
    ] {
        assert_eq!(number(text), Ok(value), "{text}");
    }
    assert!(number("-0").unwrap().is_sign_negative());
}

#[test]
fn what_is_no_finite_number_is_refused() {
    for text in ["", "-", "nan", "NaN", "inf", "-Infinity", "e5", ".", "1e", "1e+", "-1u", "i", "u", "0x"] {
        let read = number_at_front(text.as_bytes());
        assert!(read.is_err() || read.is_ok_and(|(_, length)| length < text.len()), "{text}");
    }
    for text in ["1e999", "9223372036854775808i", "-9223372036854775809i", "18446744073709551616u"] {
        assert_eq!(number_at_front(text.as_bytes()), Err(Problem::ValueRange), "{text}");
    }
}

#[test]
fn integers_end_where_their_digits_end() {
    assert_eq!(integer_at_front(b"1795450020 x"), Some((1_795_450_020, 10)));
    assert_eq!(integer_at_front(b"-9223372036854775808"), Some((i64::MIN, 20)));
    assert_eq!(integer_at_front(b"9223372036854775808"), None);
    assert_eq!(integer_at_front(b"0000000000000000000000012"), Some((12, 25)));
    assert_eq!(integer_at_front(b"-"), None);
}

proptest! {
    #[test]
    fn decimals_are_read_as_exactly_as_the_standard_library_reads_them(
        text in "[-+]?([0-9]{1,24}(\\.[0-9]{0,24})?|\\.[0-9]{1,24})([eE][-+]?[0-9]{1,3})?"
    ) {
        let expected: f64 = text.parse().unwrap();
        match number_at_front(text.as_bytes()) {
            Ok((value, length)) => {
                prop_assert_eq!(length, text.len());
                prop_assert_eq!(value.to_bits(), expected.to_bits());
            }
            Err(problem) => {
                prop_assert_eq!(problem, Problem::ValueRange);
                prop_assert!(expected.is_infinite());
            }
        }
    }

    #[test]
    fn floats_come_back_as_they_were_written(value in prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL) {
        prop_assert_eq!(number(&value.to_string()).unwrap().to_bits(), value.to_bits());
        prop_assert_eq!(number(&format!("{value:e}")).unwrap().to_bits(), value.to_bits());
    }

    #[test]
    fn integers_come_back_as_they_were_written(value: i64) {
        let text = value.to_string();
        prop_assert_eq!(integer_at_front(text.as_bytes()), Some((value, text.len())));
    }
}
