//! Checking tokens, and remembering for a minute which ones were right.
//!
//! It knows one public key and the time it is told. Whether the roles suffice, and whether the user exists, is
//! decided elsewhere.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flightdeck_model::{Roles, UnixTime};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::sync::Cache;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

use super::claims::{ReceivedClaims, Validity};
use super::{MAX_TOKEN_BYTES, install_crypto};
use crate::error::TokenError;
use crate::keys::PublicKey;

/// How many verified tokens are remembered, at about 200 bytes each.
const MAX_REMEMBERED_TOKENS: u64 = 10_000;
/// For how long a verified token is remembered.
pub(super) const REMEMBERED_S: i64 = 60;

/// The only method of signing that is accepted, as the header names it (RFC 8037, section 3.1).
const EDDSA: &str = "EdDSA";

/// SHA-256 of a whole token.
type TokenDigest = [u8; 32];

/// Who a token speaks of. Its signature and times were right when it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// The claim `sub`; not empty.
    pub username: String,
    /// The claim `roles`. It may be empty: whoever asks decides what that means.
    pub roles: Roles,
}

/// A token that was right at a time.
#[derive(Debug)]
struct Remembered {
    token: VerifiedToken,
    validity: Validity,
    verified_at: UnixTime,
}

/// Verifies the tokens of one key. Shared by all threads that answer requests.
pub struct TokenVerifier {
    verifying_key: DecodingKey,
    validation: Validation,
    remembered: Cache<TokenDigest, Arc<Remembered>>,
}

impl TokenVerifier {
    /// A verifier of the tokens that were signed with the other half of this key.
    #[must_use]
    pub fn new(public_key: PublicKey) -> Self {
        install_crypto();
        Self {
            verifying_key: DecodingKey::from_ed_der(public_key.as_bytes()),
            validation: signature_alone(),
            remembered: Cache::new(MAX_REMEMBERED_TOKENS),
        }
    }

    /// Tells whom a token speaks of.
    ///
    /// The signature has to be `EdDSA`, over the token's exact bytes. `sub` has to be a text that is not
    /// empty. `exp` and `nbf` are checked when they are there, without leeway: at `exp` a token has expired.
    /// `roles` that are missing or not a list of texts name no role. All other claims are ignored.
    ///
    /// # Errors
    ///
    /// The first reason not to believe the token.
    pub fn verify(&self, token: &str, now: UnixTime) -> Result<VerifiedToken, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong { found_bytes: token.len() });
        }
        let digest = digest_of(token);
        if let Some(remembered) = self.recall(&digest, now) {
            remembered.validity.check(now)?;
            return Ok(remembered.token.clone());
        }

        check_header(token)?;
        let claims = self.signed_claims(token)?;
        let verified = VerifiedToken { username: claims.username()?.to_owned(), roles: claims.roles() };
        let validity = claims.validity()?;
        validity.check(now)?;

        let remembered = Remembered { token: verified.clone(), validity, verified_at: now };
        self.remembered.insert(digest, Arc::new(remembered));
        Ok(verified)
    }

    /// A token that was found right less than a minute ago. A clock that was set back counts as a long time.
    fn recall(&self, digest: &TokenDigest, now: UnixTime) -> Option<Arc<Remembered>> {
        let remembered = self.remembered.get(digest)?;
        let is_recent =
            now >= remembered.verified_at && now.seconds_since(remembered.verified_at) < REMEMBERED_S;
        is_recent.then_some(remembered)
    }

    /// Whether the token would be recognised without looking at its signature again.
    #[cfg(test)]
    pub(super) fn remembers(&self, token: &str, now: UnixTime) -> bool {
        self.recall(&digest_of(token), now).is_some()
    }

    fn signed_claims(&self, token: &str) -> Result<ReceivedClaims, TokenError> {
        match jsonwebtoken::decode::<ReceivedClaims>(token, &self.verifying_key, &self.validation) {
            Ok(decoded) => Ok(decoded.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::InvalidSignature => TokenError::Signature,
                ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
                ErrorKind::Json(_) => TokenError::MalformedClaims,
                _ => TokenError::Malformed,
            }),
        }
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier")
            .field("remembered_tokens", &self.remembered.entry_count())
            .finish_non_exhaustive()
    }
}

fn digest_of(token: &str) -> TokenDigest {
    Sha256::digest(token.as_bytes()).into()
}

/// Has the library check the signature and nothing else: it reads times from the machine's clock, which is an
/// argument here, and `aud` and `iss` are ignored as in the reference.
fn signature_alone() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

#[derive(Deserialize)]
struct TokenHeader {
    alg: String,
    crit: Option<IgnoredAny>,
}

/// Refuses other methods of signing before any cryptography, and tells them from damaged headers.
fn check_header(token: &str) -> Result<(), TokenError> {
    let mut parts = token.split('.');
    let (Some(encoded_header), Some(_), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Malformed);
    };
    let Ok(json) = URL_SAFE_NO_PAD.decode(encoded_header) else {
        return Err(TokenError::Malformed);
    };
    let Ok(header) = serde_json::from_slice::<TokenHeader>(&json) else {
        return Err(TokenError::Malformed);
    };
    if header.alg != EDDSA {
        return Err(TokenError::Algorithm);
    }
    if header.crit.is_some() {
        return Err(TokenError::Extensions);
    }
    Ok(())
}
