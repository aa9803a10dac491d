//! Finding the token in the two headers that may carry it.
//!
//! It takes the header values as text and knows no framework; whether the token is any good is not its business.

#[cfg(test)]
mod tests;

use crate::error::TokenError;

/// What stands before the token in `Authorization`. Unlike RFC 9110 has it, the case counts, as in the reference.
const BEARER_PREFIX: &str = "Bearer ";

/// Finds the token of a request, given the values of its headers `X-Auth-Token` and `Authorization`.
///
/// `X-Auth-Token` goes first and holds the token alone. When it is absent or empty, `Authorization` is read,
/// where the prefix `Bearer ` may be left out.
///
/// # Errors
///
/// [`TokenError::Missing`] when there is no token, [`TokenError::UnsupportedScheme`] and
/// [`TokenError::NotBare`] when a header holds something else.
pub fn bearer_token<'a>(
    x_auth_token: Option<&'a str>,
    authorization: Option<&'a str>,
) -> Result<&'a str, TokenError> {
    let bare_token = x_auth_token.unwrap_or_default();
    if !bare_token.is_empty() {
        return if is_one_word(bare_token) { Ok(bare_token) } else { Err(TokenError::NotBare) };
    }

    let credentials = authorization.unwrap_or_default();
    // Servers cut white space at the end of a header, so a prefix without a token arrives without its space.
    if credentials.is_empty() || credentials == BEARER_PREFIX || credentials == BEARER_PREFIX.trim_end() {
        return Err(TokenError::Missing);
    }
    let token = credentials.strip_prefix(BEARER_PREFIX).unwrap_or(credentials);
    if is_one_word(token) { Ok(token) } else { Err(TokenError::UnsupportedScheme) }
}

fn is_one_word(text: &str) -> bool {
    !text.contains(char::is_whitespace)
}
