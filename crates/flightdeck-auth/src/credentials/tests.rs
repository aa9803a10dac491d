use super::*;
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case::x_auth_token(Some("a.b.c"), None, "a.b.c")]
#[case::x_auth_token_goes_first(Some("a.b.c"), Some("Bearer d.e.f"), "a.b.c")]
#[case::x_auth_token_is_empty(Some(""), Some("Bearer d.e.f"), "d.e.f")]
#[case::bearer(None, Some("Bearer d.e.f"), "d.e.f")]
#[case::without_prefix(None, Some("d.e.f"), "d.e.f")]
fn the_token_is_found(
    #[case] x_auth_token: Option<&str>,
    #[case] authorization: Option<&str>,
    #[case] token: &str,
) {
    assert_eq!(bearer_token(x_auth_token, authorization), Ok(token));
}

#[rstest]
#[case::no_header(None, None, TokenError::Missing)]
#[case::empty_headers(Some(""), Some(""), TokenError::Missing)]
#[case::prefix_alone(None, Some("Bearer "), TokenError::Missing)]
#[case::prefix_alone_and_trimmed(None, Some("Bearer"), TokenError::Missing)]
#[case::lower_case_prefix(None, Some("bearer d.e.f"), TokenError::UnsupportedScheme)]
#[case::basic(None, Some("Basic cm9vdDpyb290"), TokenError::UnsupportedScheme)]
#[case::two_spaces(None, Some("Bearer  d.e.f"), TokenError::UnsupportedScheme)]
#[case::two_tokens(None, Some("Bearer d.e.f g.h.i"), TokenError::UnsupportedScheme)]
#[case::prefix_in_the_wrong_header(Some("Bearer a.b.c"), None, TokenError::NotBare)]
#[case::a_bad_first_header_is_not_made_up_for(
    Some("Bearer a.b.c"),
    Some("Bearer d.e.f"),
    TokenError::NotBare
)]
fn anything_else_is_refused(
    #[case] x_auth_token: Option<&str>,
    #[case] authorization: Option<&str>,
    #[case] error: TokenError,
) {
    assert_eq!(bearer_token(x_auth_token, authorization), Err(error));
}

proptest! {
    #[test]
    fn what_is_found_is_one_word_of_a_header(first in any::<Option<String>>(), second in any::<Option<String>>()) {
        if let Ok(token) = bearer_token(first.as_deref(), second.as_deref()) {
            prop_assert!(!token.is_empty() && !token.contains(char::is_whitespace));
            prop_assert!([&first, &second].into_iter().flatten().any(|header| header.ends_with(token)));
        }
    }
}
