//! HTTPS from a certificate and a key in PEM files.

use super::StartError;
use crate::config::TlsFiles;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// Reads the files; TLS 1.2 and 1.3.
pub(super) fn server_config(files: &TlsFiles) -> Result<ServerConfig, StartError> {
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| refuse(&files.certificate, &error))?;
    if certificates.is_empty() {
        return Err(refuse(&files.certificate, &"there is no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.private_key)
        .map_err(|error| refuse(&files.private_key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|error| refuse(&files.certificate, &error))
}

fn refuse(path: &Path, reason: &dyn std::fmt::Display) -> StartError {
    StartError::Tls { path: path.to_owned(), reason: reason.to_string() }
}
