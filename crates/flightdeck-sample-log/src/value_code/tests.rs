//! Every value comes back to the bit, and the usual ones are short.

use super::{Coded, read};
use crate::varint::Cursor;
use proptest::prelude::*;

fn bytes_and_back(value: f64, form_before: u8) -> (usize, f64) {
    let coded = Coded::of(value, form_before);
    let mut bytes = Vec::new();
    coded.put(&mut bytes);
    let mut cursor = Cursor::new(&bytes);
    let back = read(coded.form(), &mut cursor).unwrap();
    assert!(cursor.is_empty());
    (bytes.len(), back)
}

proptest! {
    #[test]
    fn every_bit_pattern_comes_back(bits in any::<u64>(), form in 0..9_u8) {
        let value = f64::from_bits(bits);
        prop_assert_eq!(bytes_and_back(value, form).1.to_bits(), bits);
    }

    #[test]
    fn decimals_come_back(mantissa in -(1_i64 << 54)..1 << 54, digits in 0..9, form in 0..9_u8) {
        let value: f64 = format!("{mantissa}e-{digits}").parse().unwrap();
        prop_assert_eq!(bytes_and_back(value, form).1.to_bits(), value.to_bits());
    }

    #[test]
    fn single_precision_takes_at_most_four_bytes_after_another(bits in any::<u32>()) {
        let value = f64::from(f32::from_bits(bits));
        prop_assert!(bytes_and_back(value, super::SINGLE).0 <= 4);
    }
}

#[test]
fn special_values_come_back() {
    for value in [
        0.0,
        -0.0,
        f64::NAN,
        -f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::EPSILON,
        5e-324,
        9_007_199_254_740_993.0,
        -9.223_372_036_854_775e18,
    ] {
        for form in 0..=8 {
            assert_eq!(bytes_and_back(value, form).1.to_bits(), value.to_bits(), "{value} after form {form}");
        }
    }
}

#[test]
fn loads_and_temperatures_take_at_most_two_bytes() {
    for value in [0.31, 12.5, 79.99, 63.0] {
        assert!(bytes_and_back(value, 2).0 <= 2, "{value}");
    }
}

#[test]
fn an_unknown_form_is_refused() {
    assert!(read(9, &mut Cursor::new(&[0; 8])).is_err());
}
