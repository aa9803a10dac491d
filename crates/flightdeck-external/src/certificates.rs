//! The certificates of those whose word is taken for who a server is.

use crate::ExternalError;
use std::fs;
use std::path::{Path, PathBuf};
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// Where the usual systems keep them: Debian and its like, Red Hat and its like, SUSE, Alpine.
const SYSTEM_FILES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Reads the certificates of a file, or those of the system.
///
/// # Errors
///
/// When the file cannot be read, or there is no certificate.
pub(crate) fn load(named: Option<&Path>) -> Result<RootCerts, ExternalError> {
    let of_system = || SYSTEM_FILES.map(PathBuf::from).into_iter().find(|path| path.is_file());
    let path = named.map(Path::to_owned).or_else(of_system).ok_or(ExternalError::NoCertificates)?;
    let pem = fs::read(&path).map_err(|source| ExternalError::Certificates { path, source })?;
    let certificates: Vec<Certificate<'static>> = parse_pem(&pem).filter_map(certificate).collect();
    if certificates.is_empty() { Err(ExternalError::NoCertificates) } else { Ok(certificates.into()) }
}

/// What else is in the file, or is damaged, does not take away from the others.
fn certificate(item: Result<PemItem<'static>, ureq::Error>) -> Option<Certificate<'static>> {
    match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    }
}
