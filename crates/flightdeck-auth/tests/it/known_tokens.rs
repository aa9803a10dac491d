//! Tokens that were made by other software, with the public half of the key they were made with.

use flightdeck_auth::{PublicKey, TokenError, TokenVerifier, bearer_token};
use flightdeck_model::{Role, Roles, UnixTime};
use rstest::rstest;
use serde::Deserialize;
use std::collections::BTreeMap;

/// When the tokens were made.
const ISSUED_AT: i64 = 1_767_225_600;
const LATER: UnixTime = UnixTime(ISSUED_AT + 86_400);

#[derive(Deserialize)]
struct KnownTokens {
    public_key: String,
    tokens: BTreeMap<String, String>,
}

fn known_tokens() -> KnownTokens {
    serde_json::from_str(include_str!("../fixtures/tokens.json")).unwrap()
}

/// Verifies each token twice: the second time it may be remembered.
fn verify_known(name: &str, now: UnixTime) -> Result<(String, Roles), TokenError> {
    let known = known_tokens();
    let verifier = TokenVerifier::new(PublicKey::from_base64(&known.public_key).unwrap());
    let token = &known.tokens[name];
    let first = verifier.verify(token, now).map(|verified| (verified.username, verified.roles));
    let second = verifier.verify(token, now).map(|verified| (verified.username, verified.roles));
    assert_eq!(first, second);
    first
}

#[rstest]
#[case("admin", "root", &[Role::Admin, Role::Api])]
#[case("adminonly", "boss", &[Role::Admin])]
#[case("api", "robot", &[Role::Api])]
#[case("user", "user007", &[Role::User])]
#[case("userapi", "user007", &[Role::User, Role::Api])]
#[case("manager", "mona", &[Role::Manager, Role::Api])]
#[case("support", "sue", &[Role::Support, Role::Api])]
#[case("noroles", "nobody", &[])]
#[case("noexp", "root", &[Role::Admin, Role::Api])]
fn a_good_token_names_its_user_and_roles(#[case] name: &str, #[case] username: &str, #[case] roles: &[Role]) {
    assert_eq!(verify_known(name, LATER), Ok((username.to_owned(), Roles::of(roles))));
}

#[test]
fn a_role_that_does_not_exist_is_no_right_but_is_no_empty_set_either() {
    let (_, roles) = verify_known("badrole", LATER).unwrap();
    assert!(!roles.is_empty());
    assert!(!roles.has_any(&Role::ALL));
}

#[rstest]
#[case("expired", TokenError::Expired)]
#[case("wrongkey", TokenError::Signature)]
#[case("none", TokenError::Algorithm)]
#[case("hs256_with_public_key", TokenError::Algorithm)]
#[case("nosub", TokenError::MissingSubject)]
#[case("garbage", TokenError::Malformed)]
fn a_bad_token_is_refused_for_its_own_reason(#[case] name: &str, #[case] reason: TokenError) {
    assert_eq!(verify_known(name, LATER), Err(reason));
}

#[test]
fn the_expired_token_was_good_for_its_one_second() {
    assert!(verify_known("expired", UnixTime(ISSUED_AT)).is_ok());
    assert_eq!(verify_known("expired", UnixTime(ISSUED_AT + 1)), Err(TokenError::Expired));
}

#[test]
fn no_refusal_shows_the_token() {
    let known = known_tokens();
    let verifier = TokenVerifier::new(PublicKey::from_base64(&known.public_key).unwrap());
    for token in known.tokens.values() {
        if let Err(error) = verifier.verify(token, LATER) {
            let shown = format!("{error} {error:?}");
            assert!(token.split('.').filter(|part| part.len() > 8).all(|part| !shown.contains(part)));
        }
    }
}

#[test]
fn a_token_is_accepted_from_either_header() {
    let admin = &known_tokens().tokens["admin"];
    assert_eq!(bearer_token(Some(admin), None), Ok(admin.as_str()));
    assert_eq!(bearer_token(None, Some(&format!("Bearer {admin}"))), Ok(admin.as_str()));
    assert_eq!(bearer_token(None, Some(admin)), Ok(admin.as_str()));
    assert_eq!(bearer_token(None, Some("Basic cm9vdDpyb290")), Err(TokenError::UnsupportedScheme));
    assert_eq!(bearer_token(None, None), Err(TokenError::Missing));
}
