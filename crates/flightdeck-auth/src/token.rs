//! Tokens: signed statements of who somebody is and what roles they have.
//!
//! JSON web tokens (RFC 7519) signed with Ed25519 (RFC 8037). Where a token stands in a request, whether its
//! roles suffice and whether its user exists is decided elsewhere.

mod claims;
mod issuer;
#[cfg(test)]
mod tests;
mod verifier;

use jsonwebtoken::crypto::rust_crypto;

pub use issuer::TokenIssuer;
pub use verifier::{TokenVerifier, VerifiedToken};

/// Largest token that is read or issued. Real ones have a few hundred bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Chooses the cryptography that signs and verifies tokens, for the whole process.
///
/// The first choice stays, so it may be called any number of times. [`TokenIssuer::new`] and
/// [`TokenVerifier::new`] do so; a program that embeds other users of `jsonwebtoken` calls it first of all.
pub fn install_crypto() {
    if rust_crypto::DEFAULT_PROVIDER.install_default().is_err() {
        // Somebody has chosen before; that is as good.
    }
}
