//! The certificates of those whose word is taken for who a server is.

use crate::ExternalError;
use std::fs;
use std::path::Path;
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// Reads the certificates of a file, or those of the system.
///
/// # Errors
///
/// When the file cannot be read, or there is no certificate.
pub(crate) fn load(named: Option<&Path>) -> Result<RootCerts, ExternalError> {
    let certificates = match named {
        Some(path) => of_file(path)?,
        None => of_system(),
    };
    if certificates.is_empty() { Err(ExternalError::NoCertificates) } else { Ok(certificates.into()) }
}

fn of_file(path: &Path) -> Result<Vec<Certificate<'static>>, ExternalError> {
    let pem =
        fs::read(path).map_err(|source| ExternalError::Certificates { path: path.to_owned(), source })?;
    Ok(parse_pem(&pem).filter_map(certificate).collect())
}

/// Those that could be read; one that is damaged does not take away from the others.
fn of_system() -> Vec<Certificate<'static>> {
    let found = rustls_native_certs::load_native_certs().certs;
    found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
}

/// What else is in the file, or is damaged, does not take away from the others.
fn certificate(item: Result<PemItem<'static>, ureq::Error>) -> Option<Certificate<'static>> {
    match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    }
}
