//! HTTPS with the certificate of the fixtures, which is for `localhost` and for nothing but this test.

use crate::site::Site;
use flightdeck::config::TlsFiles;
use flightdeck::{Server, StartError};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn client() -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(fixture("localhost-cert.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(versions.with_root_certificates(roots).with_no_client_auth())
}

#[test]
fn with_a_certificate_the_server_speaks_https_and_tells_browsers_to_stay() {
    let site = Site::with_jobs(1);
    let mut config = site.config();
    config.main.tls = Some(TlsFiles {
        certificate: fixture("localhost-cert.pem"),
        private_key: fixture("localhost-key.pem"),
    });
    let server = Server::builder(config).start().unwrap();
    assert!(server.url().starts_with("https://"));

    let connection = ClientConnection::new(client(), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(server.address()).unwrap());
    stream.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8(answer).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{}", text.lines().next().unwrap());
    assert!(text.to_lowercase().contains("strict-transport-security: max-age=31536000"));
}

#[test]
fn a_file_that_is_no_certificate_or_key_is_named() {
    let site = Site::with_jobs(1);
    for (certificate, private_key, named) in [
        ("localhost-cert.pem", "absent.pem", "absent.pem"),
        ("localhost-key.pem", "localhost-key.pem", "localhost-key.pem"),
    ] {
        let mut config = site.config();
        config.main.tls =
            Some(TlsFiles { certificate: fixture(certificate), private_key: fixture(private_key) });
        let refused = Server::builder(config).start();
        assert!(matches!(&refused, Err(StartError::Tls { .. })), "{refused:?}");
        assert!(refused.unwrap_err().to_string().contains(named));
    }
}
