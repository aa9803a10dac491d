//! The keys of the server, which stand in `.env` or in the environment and never in config.json.
//!
//! Nothing here prints them. Where they are read from stands in the sources.

use std::fmt;

use flightdeck_auth::{KeyError, KeyPair, PublicKey, generate_session_key_base64};

use super::{
    Environment,
    problem::{Fault, Problem},
};

const JWT_PUBLIC_KEY: &str = "JWT_PUBLIC_KEY";
const JWT_PRIVATE_KEY: &str = "JWT_PRIVATE_KEY";
const SESSION_KEY: &str = "SESSION_KEY";

/// The keys of the server, each in standard base64.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Verifies tokens: 32 bytes (`JWT_PUBLIC_KEY`).
    pub jwt_public_key: Option<String>,
    /// Signs tokens: 64 bytes, the seed and the public key (`JWT_PRIVATE_KEY`).
    pub jwt_private_key: Option<String>,
    /// Signs session cookies (`SESSION_KEY`).
    pub session_key: Option<String>,
}

impl Secrets {
    /// Makes fresh keys.
    ///
    /// # Errors
    ///
    /// When the operating system has no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let token_keys = KeyPair::generate()?;
        Ok(Self {
            jwt_public_key: Some(token_keys.public_key_base64()),
            jwt_private_key: Some(token_keys.private_key_base64()),
            session_key: Some(generate_session_key_base64()?),
        })
    }

    /// Writes the keys that are set as lines of `.env`, each with its line end. The text is a secret.
    #[must_use]
    pub fn to_dotenv(&self) -> String {
        [
            (JWT_PUBLIC_KEY, &self.jwt_public_key),
            (JWT_PRIVATE_KEY, &self.jwt_private_key),
            (SESSION_KEY, &self.session_key),
        ]
        .into_iter()
        .filter_map(|(name, key)| Some(format!("{name}={}\n", key.as_ref()?)))
        .collect()
    }

    /// Takes the keys out of `environment`; an empty value counts as none.
    pub(crate) fn of(environment: &Environment) -> Self {
        let get = |name| environment.get(name).filter(|value| !value.trim().is_empty()).cloned();
        Self {
            jwt_public_key: get(JWT_PUBLIC_KEY),
            jwt_private_key: get(JWT_PRIVATE_KEY),
            session_key: get(SESSION_KEY),
        }
    }
}

impl fmt::Debug for Secrets {
    /// Tells which keys are there, and nothing of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let presence = |key: &Option<String>| if key.is_some() { "set" } else { "not set" };
        f.debug_struct("Secrets")
            .field("jwt_public_key", &presence(&self.jwt_public_key))
            .field("jwt_private_key", &presence(&self.jwt_private_key))
            .field("session_key", &presence(&self.session_key))
            .finish()
    }
}

/// Checks that the token keys are there and belong together. A missing one only keeps parts of the server from
/// working and is a warning.
pub(crate) fn check(secrets: &Secrets, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    let public_key = match secrets.jwt_public_key.as_deref().map(PublicKey::from_base64) {
        Some(Ok(key)) => Some(key),
        Some(Err(error)) => {
            problems.push(Problem::new(JWT_PUBLIC_KEY, Fault::Other(error.to_string())));
            None
        }
        None => {
            warnings.push(missing(JWT_PUBLIC_KEY, "`flightdeck serve` does not start"));
            None
        }
    };
    let key_pair = match secrets.jwt_private_key.as_deref().map(KeyPair::from_base64) {
        Some(Ok(pair)) => Some(pair),
        Some(Err(error)) => {
            problems.push(Problem::new(JWT_PRIVATE_KEY, Fault::Other(error.to_string())));
            None
        }
        None => {
            warnings.push(missing(JWT_PRIVATE_KEY, "no token can be issued"));
            None
        }
    };
    if let (Some(public), Some(pair)) = (public_key, key_pair)
        && pair.public_key() != public
    {
        let words =
            format!("does not belong to {JWT_PUBLIC_KEY}, so this server would refuse its own tokens");
        problems.push(Problem::new(JWT_PRIVATE_KEY, Fault::Other(words)));
    }
}

fn missing(name: &str, consequence: &str) -> String {
    format!(
        "{name} is neither in the environment nor in .env: {consequence} (`flightdeck keygen` makes keys)"
    )
}
