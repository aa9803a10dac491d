//! Making tokens.
//!
//! It states what it is told: that the user exists and has the roles is the caller's business.

use std::fmt;

use flightdeck_model::{Roles, UnixTime};
use jsonwebtoken::{Algorithm, EncodingKey, Header};

use super::claims::IssuedClaims;
use super::{MAX_TOKEN_BYTES, install_crypto};
use crate::error::TokenError;
use crate::keys::KeyPair;

/// Issues tokens in the name of a key pair.
#[derive(Clone)]
pub struct TokenIssuer {
    signing_key: EncodingKey,
    max_age_s: Option<i64>,
}

impl TokenIssuer {
    /// An issuer whose tokens expire `max_age_s` seconds after they are issued; `None`: never.
    #[must_use]
    pub fn new(key_pair: &KeyPair, max_age_s: Option<i64>) -> Self {
        install_crypto();
        Self { signing_key: EncodingKey::from_ed_der(&key_pair.to_pkcs8_der()), max_age_s }
    }

    /// Issues a token with the claims `sub`, `roles` (the names of the known roles), `iat` and, when the issuer
    /// has a maximum age, `exp`.
    ///
    /// # Errors
    ///
    /// [`TokenError::MissingSubject`] when the name is empty, [`TokenError::TooLong`] when it makes the token
    /// so long that no verifier takes it, [`TokenError::Signing`] when the cryptography fails.
    pub fn issue(&self, username: &str, roles: Roles, now: UnixTime) -> Result<String, TokenError> {
        if username.is_empty() {
            return Err(TokenError::MissingSubject);
        }
        let claims = IssuedClaims {
            sub: username,
            roles: roles.names(),
            iat: now.0,
            exp: self.max_age_s.map(|max_age_s| now.0.saturating_add(max_age_s)),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.signing_key)
            .map_err(|error| TokenError::Signing { reason: error.to_string() })?;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong { found_bytes: token.len() });
        }
        Ok(token)
    }
}

impl fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenIssuer").field("max_age_s", &self.max_age_s).finish_non_exhaustive()
    }
}
