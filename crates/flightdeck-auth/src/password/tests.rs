use super::*;
use proptest::prelude::*;

#[test]
fn a_password_fits_its_own_hash_alone() {
    let hash = hash_password("correct horse").unwrap();
    assert!(verify_password(&hash, "correct horse").unwrap());
    for wrong in ["correct horsE", "correct horse ", "", &"x".repeat(MAX_PASSWORD_BYTES + 1)] {
        assert!(!verify_password(&hash, wrong).unwrap());
    }
}

#[test]
fn a_hash_is_salted_and_says_how_it_was_made() {
    let hashes = [hash_password("twice").unwrap(), hash_password("twice").unwrap()];
    assert_ne!(hashes[0], hashes[1]);
    assert!(hashes[0].starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}

// From the test vectors of the reference implementation of Argon2: password "password", salt "somesalt".
#[test]
fn a_hash_with_other_parameters_is_checked_with_those() {
    let hash = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    assert!(verify_password(hash, "password").unwrap());
    assert!(!verify_password(hash, "passwort").unwrap());
}

#[test]
fn every_byte_of_the_longest_password_counts() {
    let longest = "ä".repeat(MAX_PASSWORD_BYTES / 2);
    let hash = hash_password(&longest).unwrap();
    assert!(verify_password(&hash, &longest).unwrap());
    assert!(!verify_password(&hash, &format!("{}ö", &longest[..MAX_PASSWORD_BYTES - 2])).unwrap());
}

#[test]
fn an_empty_or_oversized_password_is_not_hashed() {
    assert!(matches!(hash_password(""), Err(PasswordError::Empty)));
    let oversized = "x".repeat(MAX_PASSWORD_BYTES + 1);
    assert!(matches!(hash_password(&oversized), Err(PasswordError::TooLong { found_bytes: 1025 })));
}

#[test]
fn what_is_no_argon2_hash_is_an_error_that_does_not_show_it() {
    let bcrypt = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    for stored in [bcrypt, "", "secret", "$argon2id$", "$scrypt$ln=15,r=8,p=1$c29tZXNhbHQ$c29tZWhhc2g"] {
        let error = verify_password(stored, "password").unwrap_err();
        assert!(matches!(error, PasswordError::MalformedHash(_)), "{stored}: {error:?}");
        assert!(stored.is_empty() || !error.to_string().contains(stored));
    }
}

#[test]
fn a_truncated_hash_is_an_error_and_not_a_wrong_password() {
    let hash = hash_password("correct horse").unwrap();
    let (without_output, _) = hash.rsplit_once('$').unwrap();
    let (without_salt, _) = without_output.rsplit_once('$').unwrap();
    for truncated in [without_output, without_salt] {
        assert!(matches!(verify_password(truncated, "correct horse"), Err(PasswordError::MalformedHash(_))));
    }
}

proptest! {
    #[test]
    fn any_text_is_taken_for_a_hash_without_a_panic(
        text in any::<String>(),
        likely in "\\$argon2(id|i|d)(\\$v=[0-9]{1,2})?\\$m=[0-9]{1,3},t=[0-9],p=[0-9](\\$[A-Za-z0-9+/]{0,24}){0,3}",
    ) {
        prop_assert!(verify_password(&text, "password").is_err());
        prop_assert!(!verify_password(&likely, "password").unwrap_or(false));
    }
}
