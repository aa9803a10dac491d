use std::fs;

use tempfile::TempDir;

use super::*;

#[test]
fn the_check_reports_errors_and_warnings_together() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("config.json");
    fs::write(&file, r#"{ "main": { "addr": 1, "db": 2, "api-allowed-ips": ["*"] }, "extra": {} }"#).unwrap();

    let report = run_with(&file, &Environment::new());

    assert!(!report.is_ok());
    let text = report.to_string();
    assert_eq!(text.matches("error: ").count(), 2, "{text}");
    assert!(text.contains("warning: unknown section extra is ignored"), "{text}");
    assert!(text.contains("cannot be used: 2 error(s)"), "{text}");
}
