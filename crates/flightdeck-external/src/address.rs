//! The address of a store: what is asked, and what of it may be shown.

use crate::ExternalError;
use ureq::http::Uri;

#[cfg(test)]
mod tests;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Its base address, fit to be shown.
    pub(crate) shown: String,
    /// Where it answers questions.
    pub(crate) query: String,
    /// Whether it is asked over TLS.
    pub(crate) is_https: bool,
}

impl Address {
    /// Understands a base address.
    ///
    /// # Errors
    ///
    /// [`ExternalError::Address`] when it is none of a server, or has parts that have no place in a base.
    pub(crate) fn parse(url: &str) -> Result<Self, ExternalError> {
        let refuse = |what| Err(ExternalError::Address { what });
        let Ok(uri) = url.trim().parse::<Uri>() else { return refuse("is not an address") };
        let is_https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return refuse("begins neither with http:// nor with https://"),
        };
        let Some(authority) = uri.authority().filter(|it| !it.host().is_empty()) else {
            return refuse("names no host");
        };
        if authority.as_str().contains('@') {
            return refuse("holds a user or password, which would be shown with it: use a token");
        }
        if uri.query().is_some() || url.contains('#') {
            return refuse("has a query or a fragment, but is only the base of addresses");
        }
        let scheme = if is_https { "https" } else { "http" };
        let shown = format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/'));
        Ok(Self { query: format!("{shown}/api/query?version=v2"), shown, is_https })
    }
}
