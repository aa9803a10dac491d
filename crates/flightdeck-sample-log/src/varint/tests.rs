//! Numbers come back; bytes that are none are refused.

use super::{Cursor, put_signed, put_unsigned, signed_bytes};
use proptest::prelude::*;

proptest! {
    #[test]
    fn numbers_come_back(unsigned in any::<u64>(), shift in 0..64_u32, signed in any::<i64>()) {
        let mut bytes = Vec::new();
        put_unsigned(&mut bytes, unsigned >> shift);
        let before = bytes.len();
        put_signed(&mut bytes, signed >> shift);
        prop_assert_eq!(u32::try_from(bytes.len() - before).unwrap(), signed_bytes(signed >> shift));
        let mut cursor = Cursor::new(&bytes);
        prop_assert_eq!(cursor.unsigned(), Ok(unsigned >> shift));
        prop_assert_eq!(cursor.signed(), Ok(signed >> shift));
        prop_assert!(cursor.is_empty());
    }

    #[test]
    fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut cursor = Cursor::new(&bytes);
        let _any = (cursor.clone().unsigned(), cursor.clone().text(), cursor.bytes());
    }
}

#[test]
fn more_than_64_bits_are_refused() {
    assert_eq!(
        Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).unsigned(),
        Ok(u64::MAX)
    );
    assert!(Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]).unsigned().is_err());
    assert!(Cursor::new(&[0x80; 12]).unsigned().is_err());
}
