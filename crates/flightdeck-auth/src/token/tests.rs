use super::verifier::REMEMBERED_S;
use super::*;
use crate::{KeyPair, TokenError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flightdeck_model::{Role, Roles, UnixTime};
use jsonwebtoken::{Algorithm, EncodingKey};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

const NOW: UnixTime = UnixTime(1_700_000_000);
const EDDSA_HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT"}"#;

fn after(seconds: i64) -> UnixTime {
    UnixTime(NOW.0 + seconds)
}

/// Signs whatever it is given.
fn signed(key_pair: &KeyPair, header: &str, payload: &str) -> String {
    install_crypto();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let key = EncodingKey::from_ed_der(&key_pair.to_pkcs8_der());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn verify_claims(claims: &Value) -> Result<VerifiedToken, TokenError> {
    let key_pair = KeyPair::generate().unwrap();
    let token = signed(&key_pair, EDDSA_HEADER, &claims.to_string());
    TokenVerifier::new(key_pair.public_key()).verify(&token, NOW)
}

fn verify_header(header: &str) -> Result<VerifiedToken, TokenError> {
    let key_pair = KeyPair::generate().unwrap();
    let token = signed(&key_pair, header, r#"{"sub":"mona"}"#);
    TokenVerifier::new(key_pair.public_key()).verify(&token, NOW)
}

fn decoded_part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn an_issued_token_says_who_what_and_until_when() {
    let issuer = TokenIssuer::new(&KeyPair::generate().unwrap(), Some(3600));
    let token = issuer.issue("mona", Roles::of(&[Role::Admin, Role::Api]), NOW).unwrap();
    assert_eq!(decoded_part(&token, 0), json!({"alg": "EdDSA", "typ": "JWT"}));
    let expected = json!({"sub": "mona", "roles": ["api", "admin"], "iat": NOW.0, "exp": NOW.0 + 3600});
    assert_eq!(decoded_part(&token, 1), expected);
}

#[test]
fn without_a_maximum_age_a_token_never_expires() {
    let key_pair = KeyPair::generate().unwrap();
    let token = TokenIssuer::new(&key_pair, None).issue("mona", Roles::default(), NOW).unwrap();
    assert_eq!(decoded_part(&token, 1), json!({"sub": "mona", "roles": [], "iat": NOW.0}));
    let verifier = TokenVerifier::new(key_pair.public_key());
    assert!(verifier.verify(&token, UnixTime(i64::MAX)).unwrap().roles.is_empty());
}

#[test]
fn no_token_is_issued_that_would_not_be_accepted() {
    let issuer = TokenIssuer::new(&KeyPair::generate().unwrap(), None);
    assert_eq!(issuer.issue("", Roles::default(), NOW), Err(TokenError::MissingSubject));
    let endless_name = "m".repeat(MAX_TOKEN_BYTES);
    let refusal = issuer.issue(&endless_name, Roles::default(), NOW);
    assert!(matches!(refusal, Err(TokenError::TooLong { .. })));
}

#[test]
fn printing_an_issuer_or_a_verifier_shows_no_key() {
    let key_pair = KeyPair::generate().unwrap();
    let printed = format!(
        "{:?} {:?}",
        TokenIssuer::new(&key_pair, Some(60)),
        TokenVerifier::new(key_pair.public_key())
    );
    assert_eq!(printed, "TokenIssuer { max_age_s: Some(60), .. } TokenVerifier { remembered_tokens: 0, .. }");
}

#[rstest]
#[case::array(json!(["api", "admin"]), Roles::of(&[Role::Api, Role::Admin]))]
#[case::twice(json!(["api", "api"]), Roles::of(&[Role::Api]))]
#[case::unknown(json!(["emperor"]), Roles::from_names(["emperor"]))]
#[case::other_case(json!(["API"]), Roles::from_names(["API"]))]
#[case::empty(json!([]), Roles::default())]
#[case::plain_text(json!("admin"), Roles::default())]
#[case::null(json!(null), Roles::default())]
#[case::object(json!({"admin": true}), Roles::default())]
#[case::not_all_texts(json!(["admin", 1]), Roles::default())]
fn roles_are_a_list_of_texts(#[case] roles: Value, #[case] expected: Roles) {
    let verified = verify_claims(&json!({"sub": "mona", "roles": roles})).unwrap();
    assert_eq!(verified, VerifiedToken { username: "mona".to_owned(), roles: expected });
}

#[test]
fn missing_roles_are_no_roles() {
    assert!(verify_claims(&json!({"sub": "mona"})).unwrap().roles.is_empty());
}

#[rstest]
#[case::missing(json!({}))]
#[case::empty(json!({"sub": ""}))]
#[case::null(json!({"sub": null}))]
#[case::number(json!({"sub": 7}))]
fn a_token_has_to_name_somebody(#[case] claims: Value) {
    assert_eq!(verify_claims(&claims), Err(TokenError::MissingSubject));
}

#[rstest]
#[case::at_exp(json!({"exp": NOW.0}), Err(TokenError::Expired))]
#[case::before_exp(json!({"exp": NOW.0 + 1}), Ok(()))]
#[case::fraction_after_now(json!({"exp": 1_700_000_000.5}), Ok(()))]
#[case::fraction_before_now(json!({"exp": 1_699_999_999.5}), Err(TokenError::Expired))]
#[case::float(json!({"exp": 1.8e9}), Ok(()))]
#[case::far_future(json!({"exp": 1e300}), Ok(()))]
#[case::beyond_63_bits(json!({"exp": u64::MAX}), Ok(()))]
#[case::zero(json!({"exp": 0}), Err(TokenError::Expired))]
#[case::negative(json!({"exp": -1}), Err(TokenError::Expired))]
#[case::text(json!({"exp": "4102444800"}), Err(TokenError::NotATime { claim: "exp" }))]
#[case::null(json!({"exp": null}), Err(TokenError::NotATime { claim: "exp" }))]
#[case::at_nbf(json!({"nbf": NOW.0}), Ok(()))]
#[case::before_nbf(json!({"nbf": NOW.0 + 1}), Err(TokenError::NotYetValid))]
#[case::half_a_second_before_nbf(json!({"nbf": 1_700_000_000.5}), Err(TokenError::NotYetValid))]
#[case::nbf_text(json!({"nbf": "0"}), Err(TokenError::NotATime { claim: "nbf" }))]
#[case::other_claims_are_ignored(
    json!({"iat": "tomorrow", "iss": 5, "aud": ["elsewhere", 1], "name": {}, "projects": 0, "jti": null}), Ok(())
)]
fn times_are_checked_to_the_second(#[case] more_claims: Value, #[case] expected: Result<(), TokenError>) {
    let mut claims = more_claims;
    claims["sub"] = json!("mona");
    assert_eq!(verify_claims(&claims).map(|_| ()), expected);
}

#[rstest]
#[case::not_json("sub=mona")]
#[case::an_array("[]")]
#[case::a_claim_twice(r#"{"sub":"mona","sub":"root"}"#)]
#[case::roles_twice(r#"{"sub":"mona","roles":["user"],"roles":["admin"]}"#)]
#[case::something_after_it(r#"{"sub":"mona"}{}"#)]
#[case::number_without_bounds(r#"{"sub":"mona","exp":1e999}"#)]
fn a_signed_content_that_is_no_set_of_claims_is_refused(#[case] payload: &str) {
    let key_pair = KeyPair::generate().unwrap();
    let token = signed(&key_pair, EDDSA_HEADER, payload);
    let verifier = TokenVerifier::new(key_pair.public_key());
    assert_eq!(verifier.verify(&token, NOW), Err(TokenError::MalformedClaims));
}

#[test]
fn deep_nesting_is_refused() {
    let nested = format!(r#"{{"sub":"mona","roles":{}{}}}"#, "[".repeat(2500), "]".repeat(2500));
    let key_pair = KeyPair::generate().unwrap();
    let token = signed(&key_pair, EDDSA_HEADER, &nested);
    assert!(TokenVerifier::new(key_pair.public_key()).verify(&token, NOW).is_err());
}

#[rstest]
#[case::plain(r#"{"alg":"EdDSA"}"#, Ok(()))]
#[case::none(r#"{"alg":"none"}"#, Err(TokenError::Algorithm))]
#[case::hmac(r#"{"alg":"HS256"}"#, Err(TokenError::Algorithm))]
#[case::rsa(r#"{"alg":"RS256"}"#, Err(TokenError::Algorithm))]
#[case::made_up(r#"{"alg":"eddsa"}"#, Err(TokenError::Algorithm))]
#[case::missing(r#"{"typ":"JWT"}"#, Err(TokenError::Malformed))]
#[case::twice(r#"{"alg":"EdDSA","alg":"EdDSA"}"#, Err(TokenError::Malformed))]
#[case::extensions(r#"{"alg":"EdDSA","crit":["exp"],"exp":1}"#, Err(TokenError::Extensions))]
fn only_eddsa_is_accepted(#[case] header: &str, #[case] expected: Result<(), TokenError>) {
    assert_eq!(verify_header(header).map(|_| ()), expected);
}

#[test]
fn a_token_of_another_key_is_refused() {
    let token = TokenIssuer::new(&KeyPair::generate().unwrap(), None)
        .issue("root", Roles::of(&[Role::Admin]), NOW)
        .unwrap();
    let verifier = TokenVerifier::new(KeyPair::generate().unwrap().public_key());
    assert_eq!(verifier.verify(&token, NOW), Err(TokenError::Signature));
}

#[test]
fn an_oversized_token_is_refused_unread() {
    let key_pair = KeyPair::generate().unwrap();
    let token = signed(&key_pair, EDDSA_HEADER, &json!({"sub": "m".repeat(MAX_TOKEN_BYTES)}).to_string());
    let refusal = TokenVerifier::new(key_pair.public_key()).verify(&token, NOW);
    assert_eq!(refusal, Err(TokenError::TooLong { found_bytes: token.len() }));
}

#[test]
fn a_remembered_token_expires_on_time() {
    let key_pair = KeyPair::generate().unwrap();
    let token = TokenIssuer::new(&key_pair, Some(10)).issue("mona", Roles::default(), NOW).unwrap();
    let verifier = TokenVerifier::new(key_pair.public_key());
    assert!(verifier.verify(&token, NOW).is_ok());
    assert!(verifier.verify(&token, after(9)).is_ok());
    assert_eq!(verifier.verify(&token, after(10)), Err(TokenError::Expired));
}

#[test]
fn a_remembered_token_is_not_valid_before_its_time_when_the_clock_is_set_back() {
    let key_pair = KeyPair::generate().unwrap();
    let token = signed(&key_pair, EDDSA_HEADER, &json!({"sub": "mona", "nbf": NOW.0}).to_string());
    let verifier = TokenVerifier::new(key_pair.public_key());
    assert!(verifier.verify(&token, NOW).is_ok());
    assert_eq!(verifier.verify(&token, after(-1)), Err(TokenError::NotYetValid));
}

#[test]
fn a_token_is_remembered_for_a_minute() {
    let key_pair = KeyPair::generate().unwrap();
    let token = TokenIssuer::new(&key_pair, None).issue("mona", Roles::default(), NOW).unwrap();
    let verifier = TokenVerifier::new(key_pair.public_key());
    assert!(!verifier.remembers(&token, NOW));
    verifier.verify(&token, NOW).unwrap();
    assert!(verifier.remembers(&token, after(REMEMBERED_S - 1)));
    assert!(!verifier.remembers(&token, after(REMEMBERED_S)));
    assert!(!verifier.remembers(&token, after(-1)));

    verifier.verify(&token, after(REMEMBERED_S)).unwrap();
    assert!(verifier.remembers(&token, after(REMEMBERED_S + 1)));
}

#[test]
fn a_refused_token_is_not_remembered() {
    let key_pair = KeyPair::generate().unwrap();
    let token = TokenIssuer::new(&key_pair, Some(10)).issue("mona", Roles::default(), NOW).unwrap();
    let verifier = TokenVerifier::new(key_pair.public_key());
    assert_eq!(verifier.verify(&token, after(10)), Err(TokenError::Expired));
    assert!(!verifier.remembers(&token, after(10)));
}

/// The token with one bit of one byte the other way round; `None` when no text has such bytes.
fn with_bit_flipped(token: &str, bit: usize) -> Option<String> {
    let mut bytes = token.as_bytes().to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    String::from_utf8(bytes).ok()
}

#[test]
fn each_single_bit_flipped_is_refused() {
    let key_pair = KeyPair::generate().unwrap();
    let roles = Roles::of(&[Role::Admin, Role::Api]);
    let token = TokenIssuer::new(&key_pair, Some(3600)).issue("root", roles, NOW).unwrap();
    let verifier = TokenVerifier::new(key_pair.public_key());
    assert!(verifier.verify(&token, NOW).is_ok());
    for bit in 0..token.len() * 8 {
        if let Some(forged) = with_bit_flipped(&token, bit) {
            assert!(verifier.verify(&forged, NOW).is_err(), "bit {bit} of {token}");
        }
    }
}

fn role_sets() -> impl Strategy<Value = Roles> {
    proptest::sample::subsequence(Role::ALL.to_vec(), 0..=Role::ALL.len()).prop_map(|roles| Roles::of(&roles))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_issued_is_verified_and_nothing_else(
        username in "\\PC{1,40}", roles in role_sets(), max_age_s in proptest::option::of(1_i64..100_000_000),
        flips in proptest::collection::vec(any::<proptest::sample::Index>(), 8),
    ) {
        let key_pair = KeyPair::generate().unwrap();
        let token = TokenIssuer::new(&key_pair, max_age_s).issue(&username, roles, NOW).unwrap();
        let verifier = TokenVerifier::new(key_pair.public_key());
        let expected = VerifiedToken { username, roles };
        prop_assert_eq!(verifier.verify(&token, NOW).unwrap(), expected.clone());
        prop_assert_eq!(verifier.verify(&token, NOW).unwrap(), expected);
        for flip in flips {
            if let Some(forged) = with_bit_flipped(&token, flip.index(token.len() * 8)) {
                prop_assert!(verifier.verify(&forged, NOW).is_err());
            }
        }
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in any::<String>(), parts in "[A-Za-z0-9_=.-]{0,200}") {
        let verifier = TokenVerifier::new(KeyPair::generate().unwrap().public_key());
        for token in [text, parts.clone(), format!("eyJhbGciOiJFZERTQSJ9.{parts}")] {
            prop_assert!(verifier.verify(&token, NOW).is_err());
        }
    }

    #[test]
    fn any_signed_content_is_read_without_a_panic(payload in any::<String>(), sub in any::<String>(), exp in any::<f64>()) {
        let key_pair = KeyPair::generate().unwrap();
        let verifier = TokenVerifier::new(key_pair.public_key());
        let claims = json!({"sub": sub, "exp": exp}).to_string();
        for content in [payload, claims] {
            let verdict = verifier.verify(&signed(&key_pair, EDDSA_HEADER, &content), NOW);
            prop_assert!(!matches!(verdict, Err(TokenError::Signature | TokenError::Algorithm)));
        }
    }
}
