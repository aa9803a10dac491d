//! What is refused before anything is asked.

use crate::scripted_server::HandSetClock;
use flightdeck_external::{ExternalError, ExternalStore, Options};
use std::fs;
use std::sync::Arc;

fn open(options: Options) -> Result<ExternalStore, ExternalError> {
    ExternalStore::new(options, Arc::new(HandSetClock::default()))
}

#[test]
fn neither_options_nor_store_show_the_token() {
    let options = Options::new("http://store:8082", "s3cret-token");
    assert!(!format!("{options:?}").contains("s3cret"));
    let store = open(options).unwrap();
    assert!(!format!("{store:?}").contains("s3cret"), "{store:?}");
}

#[test]
fn tokens_that_cannot_be_sent_are_refused_and_not_shown() {
    let error = open(Options::new("http://store", "s3cret\r\nX-Admin: yes")).unwrap_err();
    assert!(matches!(error, ExternalError::Token { .. }));
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

#[test]
fn a_store_over_tls_needs_certificates_to_trust() {
    let folder = tempfile::tempdir().unwrap();
    let with_file = |name: &str| {
        let certificates = Some(folder.path().join(name));
        open(Options { certificates, ..Options::new("https://store", "") })
    };
    fs::write(folder.path().join("empty.pem"), "# nothing\n").unwrap();
    fs::write(
        folder.path().join("some.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    assert!(matches!(with_file("absent.pem"), Err(ExternalError::Certificates { .. })));
    assert!(matches!(with_file("empty.pem"), Err(ExternalError::NoCertificates)));
    assert!(with_file("some.pem").is_ok());
    // Without TLS they are not even looked for.
    let certificates = Some(folder.path().join("absent.pem"));
    assert!(open(Options { certificates, ..Options::new("http://store", "") }).is_ok());
}
