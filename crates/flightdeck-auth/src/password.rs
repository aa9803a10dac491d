//! Hashing and checking the passwords of local accounts.
//!
//! Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane), as a PHC string that
//! carries its salt and parameters. It does not know where hashes are kept. One call takes tens of
//! milliseconds of a core: keep it off the threads that answer requests.

#[cfg(test)]
mod tests;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as HashError, PasswordHasher as _, PasswordVerifier as _};

use crate::error::PasswordError;

/// Longest password, in bytes of UTF-8.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// Hashes a password with a fresh salt. The answer is a PHC string, `$argon2id$v=19$...`.
///
/// # Errors
///
/// When the password is empty or longer than [`MAX_PASSWORD_BYTES`], or memory or random bytes are wanting.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    if password.is_empty() {
        return Err(PasswordError::Empty);
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::TooLong { found_bytes: password.len() });
    }
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(PasswordError::Hashing)?;
    Ok(hash.to_string())
}

/// Tells whether `hash` was made of this password. One that [`hash_password`] would refuse never fits.
///
/// # Errors
///
/// When the hash is no complete PHC string of the Argon2 family, or there is not enough memory to check it.
pub fn verify_password(hash: &str, password: &str) -> Result<bool, PasswordError> {
    let parsed_hash =
        PasswordHash::new(hash).map_err(|error| PasswordError::MalformedHash(HashError::from(error)))?;
    // A PHC string may lack both, and to the library no password fits such a one; here it is a damaged hash.
    if parsed_hash.salt.is_none() || parsed_hash.hash.is_none() {
        return Err(PasswordError::MalformedHash(HashError::EncodingInvalid));
    }
    if password.is_empty() || password.len() > MAX_PASSWORD_BYTES {
        return Ok(false);
    }
    match Argon2::default().verify_password(password.as_bytes(), &parsed_hash) {
        Ok(()) => Ok(true),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(error @ HashError::OutOfMemory) => Err(PasswordError::Hashing(error)),
        Err(error) => Err(PasswordError::MalformedHash(error)),
    }
}
