//! What can go wrong on the way from bytes to identity.
//!
//! The texts are shown to whoever sent the bytes, and logged: none of them repeats a key, a password, or a
//! token, not even a part of one.

use std::fmt;

use crate::{MAX_PASSWORD_BYTES, MAX_TOKEN_BYTES};

/// Which half of a key pair an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPart {
    /// The half that signs.
    Private,
    /// The half that verifies.
    Public,
}

impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Private => "private key",
            Self::Public => "public key",
        })
    }
}

/// A key could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is not base64.
    #[error("the {part} is not base64 (standard alphabet, with padding)")]
    NotBase64 {
        /// The half that was read.
        part: KeyPart,
    },
    /// The text is base64, but of the wrong number of bytes.
    #[error("the {part} has {found_bytes} bytes, wanted are {wanted_bytes}")]
    WrongLength {
        /// The half that was read.
        part: KeyPart,
        /// Bytes that were there.
        found_bytes: usize,
        /// Bytes that an Ed25519 key of this half has.
        wanted_bytes: usize,
    },
    /// The last 32 bytes of the private key are not the public key of the first 32.
    #[error("the private key is damaged: its public half does not belong to its seed")]
    HalvesDiffer,
    /// The bytes are no point of the curve, or one for which anybody can make signatures.
    #[error("the public key is not a usable Ed25519 key")]
    Unusable,
    /// The operating system gave no random bytes.
    #[error("no random bytes to make a key of")]
    Random(#[from] getrandom::Error),
}

/// A token was not there, not accepted, or could not be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Neither header carries anything.
    #[error("no token: send it as \"Authorization: Bearer TOKEN\" or \"X-Auth-Token: TOKEN\"")]
    Missing,
    /// `Authorization` is of another scheme than `Bearer`, or has something beside the token.
    #[error("the Authorization header is not of the form \"Bearer TOKEN\" (the prefix is case-sensitive)")]
    UnsupportedScheme,
    /// `X-Auth-Token` has something beside the token.
    #[error("the X-Auth-Token header holds more than a token: it takes no prefix")]
    NotBare,
    /// Larger than any token has reason to be.
    #[error("the token has {found_bytes} bytes, at most {MAX_TOKEN_BYTES} are allowed")]
    TooLong {
        /// Its size.
        found_bytes: usize,
    },
    /// Not header, claims and signature in base64url with dots between, or the header is not JSON.
    #[error("the token is not a JSON web token")]
    Malformed,
    /// Signed by another method than `EdDSA`, or not at all.
    #[error("the token is not signed with EdDSA, the only method that is accepted")]
    Algorithm,
    /// The header asks for extensions (`crit`), and none is known here (RFC 7515, section 4.1.11).
    #[error("the token demands extensions that are not supported")]
    Extensions,
    /// Made with another key, or changed since.
    #[error("the token's signature is wrong: it was made with another key, or changed since")]
    Signature,
    /// The signature is right, but what was signed are not claims.
    #[error("the token's content is not a JSON object of claims, each of them once")]
    MalformedClaims,
    /// `sub` is missing, empty or not a text.
    #[error("the token names nobody: its claim \"sub\" has to be a text that is not empty")]
    MissingSubject,
    /// `exp` or `nbf` is there, but is not a number.
    #[error("the token's claim \"{claim}\" is not a number of seconds")]
    NotATime {
        /// Name of the claim.
        claim: &'static str,
    },
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time is yet to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The cryptography refused to sign.
    #[error("the token could not be signed: {reason}")]
    Signing {
        /// What it says.
        reason: String,
    },
}

/// An entry of a list of addresses, or the list as a whole, makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressListError {
    /// An allow list without entries.
    #[error("the list of allowed addresses is empty: name addresses or networks, or \"*\" for all")]
    Empty,
    /// Neither an address nor a network.
    #[error(
        "\"{entry}\" is neither an address (192.0.2.7, 2001:db8::7) nor a network (192.0.2.0/24, 2001:db8::/32)"
    )]
    NotAnAddress {
        /// The entry as it stands in the list.
        entry: String,
    },
}

/// A password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Nothing was given.
    #[error("the password is empty")]
    Empty,
    /// Longer than it needs to be for any strength.
    #[error("the password has {found_bytes} bytes, at most {MAX_PASSWORD_BYTES} are allowed")]
    TooLong {
        /// Its size.
        found_bytes: usize,
    },
    /// What is stored is no hash that can be checked.
    #[error("the stored password hash is not an Argon2 hash")]
    MalformedHash(#[source] argon2::password_hash::Error),
    /// Hashing itself failed, for want of memory or random bytes.
    #[error("the password could not be hashed")]
    Hashing(#[source] argon2::password_hash::Error),
}
