use super::*;
use proptest::prelude::*;
use rstest::rstest;

#[test]
fn a_generated_pair_survives_being_written_and_read() {
    let key_pair = KeyPair::generate().unwrap();
    let read_back = KeyPair::from_base64(&format!(" {}\n", key_pair.private_key_base64())).unwrap();
    assert_eq!(read_back.public_key(), key_pair.public_key());
    assert_eq!(PublicKey::from_base64(&key_pair.public_key_base64()).unwrap(), key_pair.public_key());
}

#[test]
fn no_two_keys_are_alike() {
    let (one, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    assert_ne!(one.public_key(), other.public_key());
    assert_ne!(generate_session_key_base64().unwrap(), generate_session_key_base64().unwrap());
}

#[test]
fn a_session_key_has_32_bytes() {
    let key = STANDARD.decode(generate_session_key_base64().unwrap()).unwrap();
    assert_eq!(key.len(), 32);
}

#[test]
fn a_private_key_whose_halves_differ_is_refused() {
    let seed = KeyPair::generate().unwrap().0.to_bytes();
    let foreign_half = *KeyPair::generate().unwrap().public_key().as_bytes();
    let mixed = STANDARD.encode([seed, foreign_half].concat());
    assert!(matches!(KeyPair::from_base64(&mixed), Err(KeyError::HalvesDiffer)));
}

#[test]
fn a_wrong_length_is_named_with_the_right_one() {
    let seed_alone = STANDARD.encode(KeyPair::generate().unwrap().0.to_bytes());
    let error = KeyPair::from_base64(&seed_alone).unwrap_err();
    assert_eq!(error.to_string(), "the private key has 32 bytes, wanted are 64");

    let error = PublicKey::from_base64("").unwrap_err();
    assert_eq!(error.to_string(), "the public key has 0 bytes, wanted are 32");
}

// The point of order one, a point of order two, and a number that is no point at all.
#[rstest]
#[case(1, 0)]
#[case(0xec, 0x7f)]
#[case(2, 0)]
fn a_public_key_that_protects_nothing_is_refused(#[case] first_byte: u8, #[case] last_byte: u8) {
    let mut bytes = [if last_byte == 0 { 0 } else { 0xff }; PUBLIC_KEY_LENGTH];
    bytes[0] = first_byte;
    bytes[PUBLIC_KEY_LENGTH - 1] = last_byte;
    assert!(matches!(PublicKey::from_base64(&STANDARD.encode(bytes)), Err(KeyError::Unusable)));
}

#[test]
fn printing_a_pair_shows_the_public_half_alone() {
    let key_pair = KeyPair::generate().unwrap();
    let printed = format!("{key_pair:?} {key_pair:#?}");
    assert!(printed.contains(&key_pair.public_key_base64()));
    assert_shows_no_part_of(&printed, &key_pair.private_key_base64());
    assert_shows_no_part_of(&printed, &STANDARD.encode(key_pair.0.to_bytes()));
    assert!(!printed.contains(&format!("{:?}", key_pair.0.to_bytes())));
}

/// The seed is the first half of the private key; the second half is public.
fn assert_shows_no_part_of(printed: &str, private_key: &str) {
    for start in (0..40).step_by(4) {
        let part = &private_key[start..start + 4];
        assert!(!printed.contains(part), "four characters of the seed are shown");
    }
}

proptest! {
    #[test]
    fn no_error_repeats_what_was_given(text in "[A-Za-z0-9+/=_ -]{8,120}") {
        for error in [KeyPair::from_base64(&text).err(), PublicKey::from_base64(&text).err()].into_iter().flatten() {
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(&text));
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>()) {
        prop_assert!(KeyPair::from_base64(&text).is_err());
        prop_assert!(PublicKey::from_base64(&text).is_err());
    }
}
