//! The claims of a token, as they are written and as they are read.
//!
//! Reading is in two steps: first any JSON object, then each claim by its own rule, so that the error can name
//! the claim. It does not know of signatures.

use flightdeck_model::{Roles, UnixTime};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

use crate::error::TokenError;

/// What an issued token says.
#[derive(Debug, Serialize)]
pub(super) struct IssuedClaims<'a> {
    pub(super) sub: &'a str,
    pub(super) roles: Vec<&'static str>,
    pub(super) iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exp: Option<i64>,
}

/// What a received token says, as far as it matters here. `None` is an absent claim; one that is null is there.
#[derive(Debug, Deserialize)]
pub(super) struct ReceivedClaims {
    #[serde(default, deserialize_with = "present")]
    sub: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    roles: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    exp: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<Value>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl ReceivedClaims {
    /// The claim `sub`.
    pub(super) fn username(&self) -> Result<&str, TokenError> {
        let username = self.sub.as_ref().and_then(Value::as_str).unwrap_or_default();
        if username.is_empty() { Err(TokenError::MissingSubject) } else { Ok(username) }
    }

    /// The claim `roles`; anything but a list of texts names no role.
    pub(super) fn roles(&self) -> Roles {
        let Some(Value::Array(items)) = &self.roles else {
            return Roles::default();
        };
        let names: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
        Roles::from_names(names.unwrap_or_default())
    }

    /// The claims `nbf` and `exp`.
    pub(super) fn validity(&self) -> Result<Validity, TokenError> {
        Ok(Validity {
            starts_at: numeric_date(self.nbf.as_ref(), "nbf")?,
            ends_at: numeric_date(self.exp.as_ref(), "exp")?,
        })
    }
}

/// When a token is valid: from `starts_at` on, and before `ends_at`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    starts_at: Option<UnixTime>,
    ends_at: Option<UnixTime>,
}

impl Validity {
    /// Tells whether the token is valid now. There is no leeway.
    pub(super) fn check(self, now: UnixTime) -> Result<(), TokenError> {
        if self.ends_at.is_some_and(|end| now >= end) {
            return Err(TokenError::Expired);
        }
        if self.starts_at.is_some_and(|start| now < start) {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }
}

fn numeric_date(value: Option<&Value>, claim: &'static str) -> Result<Option<UnixTime>, TokenError> {
    match value {
        None => Ok(None),
        Some(Value::Number(number)) => match whole_seconds(number) {
            Some(seconds) => Ok(Some(UnixTime(seconds))),
            None => Err(TokenError::NotATime { claim }),
        },
        Some(_) => Err(TokenError::NotATime { claim }),
    }
}

/// A `NumericDate` (RFC 7519, section 2) may have a fraction. The clock shows whole seconds, and it reaches a
/// time with a fraction when it reaches the next whole second.
fn whole_seconds(number: &Number) -> Option<i64> {
    if let Some(seconds) = number.as_i64() {
        return Some(seconds);
    }
    let seconds = number.as_f64()?.ceil();
    #[expect(clippy::cast_possible_truncation, reason = "times beyond 64 bits become the last one there is")]
    Some(seconds as i64)
}
