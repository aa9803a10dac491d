//! The Ed25519 keys that tokens are signed with, in the base64 form that the environment carries.
//!
//! It does not know where keys are kept, and none of its types shows a secret when printed.

#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{KEYPAIR_LENGTH, PUBLIC_KEY_LENGTH, SECRET_KEY_LENGTH, SigningKey, VerifyingKey};

use crate::error::{KeyError, KeyPart};

/// Size of a session key.
const SESSION_KEY_BYTES: usize = 32;

/// What stands before the 32-byte seed in the PKCS#8 form of an Ed25519 private key (RFC 8410, section 7):
/// a sequence of the version, the algorithm 1.3.101.112, and the seed as an octet string in an octet string.
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A key pair that signs tokens.
#[derive(Clone)]
pub struct KeyPair(SigningKey);

impl KeyPair {
    /// Makes a new pair from the operating system's random bytes.
    ///
    /// # Errors
    ///
    /// [`KeyError::Random`] when there are none.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; SECRET_KEY_LENGTH];
        getrandom::fill(&mut seed)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads a private key: 64 bytes, the seed and then the public key, in standard base64. White space around
    /// it does not count.
    ///
    /// # Errors
    ///
    /// When it is not base64, has another length, or its two halves do not belong together. The error tells
    /// nothing of the key but its length.
    pub fn from_base64(private_key: &str) -> Result<Self, KeyError> {
        let bytes: [u8; KEYPAIR_LENGTH] = decode_key(private_key, KeyPart::Private)?;
        let Ok(signing_key) = SigningKey::from_keypair_bytes(&bytes) else {
            return Err(KeyError::HalvesDiffer);
        };
        Ok(Self(signing_key))
    }

    /// The private key in the form that [`from_base64`](Self::from_base64) reads. A secret.
    #[must_use]
    pub fn private_key_base64(&self) -> String {
        STANDARD.encode(self.0.to_keypair_bytes())
    }

    /// The public key in the form that [`PublicKey::from_base64`] reads.
    #[must_use]
    pub fn public_key_base64(&self) -> String {
        self.public_key().to_base64()
    }

    /// The half that verifies.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The private key in PKCS#8, the form in which the signing code takes it. A secret.
    pub(crate) fn to_pkcs8_der(&self) -> Vec<u8> {
        [PKCS8_PREFIX.as_slice(), self.0.as_bytes()].concat()
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("public_key", &self.public_key()).finish_non_exhaustive()
    }
}

/// A key that verifies tokens. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a public key: 32 bytes in standard base64. White space around it does not count.
    ///
    /// # Errors
    ///
    /// When it is not base64, has another length, is no point of the curve, or is one of the few points for
    /// which signatures can be made without a private key.
    pub fn from_base64(public_key: &str) -> Result<Self, KeyError> {
        let bytes: [u8; PUBLIC_KEY_LENGTH] = decode_key(public_key, KeyPart::Public)?;
        let Ok(verifying_key) = VerifyingKey::from_bytes(&bytes) else {
            return Err(KeyError::Unusable);
        };
        if verifying_key.is_weak() {
            return Err(KeyError::Unusable);
        }
        Ok(Self(verifying_key))
    }

    /// The key in standard base64.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.as_bytes())
    }

    /// The key's 32 bytes.
    pub(crate) fn as_bytes(&self) -> &[u8; PUBLIC_KEY_LENGTH] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.to_base64()).finish()
    }
}

/// Makes a new key for signing session cookies: 32 random bytes in standard base64. A secret.
///
/// # Errors
///
/// [`KeyError::Random`] when the operating system has no random bytes.
pub fn generate_session_key_base64() -> Result<String, KeyError> {
    let mut key = [0; SESSION_KEY_BYTES];
    getrandom::fill(&mut key)?;
    Ok(STANDARD.encode(key))
}

// The decoder's own error is dropped on purpose: it quotes a character of the key.
fn decode_key<const BYTES: usize>(text: &str, part: KeyPart) -> Result<[u8; BYTES], KeyError> {
    let Ok(bytes) = STANDARD.decode(text.trim()) else {
        return Err(KeyError::NotBase64 { part });
    };
    let Ok(key) = <[u8; BYTES]>::try_from(bytes.as_slice()) else {
        return Err(KeyError::WrongLength { part, found_bytes: bytes.len(), wanted_bytes: BYTES });
    };
    Ok(key)
}
