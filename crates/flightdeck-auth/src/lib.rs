//! Bytes to identity and back: tokens and the keys they are signed with, passwords, lists of addresses.
//!
//! It knows nothing of HTTP frameworks, databases, files or the environment: headers come in as text, keys as
//! base64, the time as an argument. What a verified identity may do is decided elsewhere.
//!
//! ```
//! use flightdeck_auth::{KeyPair, TokenIssuer, TokenVerifier, bearer_token};
//! use flightdeck_model::{Role, Roles, UnixTime};
//!
//! let keys = KeyPair::generate()?;
//! let now = UnixTime(1_700_000_000);
//! let token = TokenIssuer::new(&keys, Some(3600)).issue("robot", Roles::of(&[Role::Api]), now)?;
//!
//! let verifier = TokenVerifier::new(keys.public_key());
//! let header = format!("Bearer {token}");
//! let verified = verifier.verify(bearer_token(None, Some(&header))?, now)?;
//! assert_eq!(verified.username, "robot");
//! assert!(verified.roles.is_exactly(Role::Api));
//! assert!(verifier.verify(&token, UnixTime(now.0 + 3600)).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod addresses;
mod credentials;
mod error;
mod keys;
mod password;
mod token;

pub use addresses::{AllowList, TrustedProxies, client_address};
pub use credentials::bearer_token;
pub use error::{AddressListError, KeyError, KeyPart, PasswordError, TokenError};
pub use keys::{KeyPair, PublicKey, generate_session_key_base64};
pub use password::{MAX_PASSWORD_BYTES, hash_password, verify_password};
pub use token::{MAX_TOKEN_BYTES, TokenIssuer, TokenVerifier, VerifiedToken, install_crypto};
