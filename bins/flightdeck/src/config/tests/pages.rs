//! The committed pages that are made from the table of keys: the example configuration and the table of
//! docs/CONFIGURATION.md.
//!
//! `FLIGHTDECK_WRITE_DOCS=1 cargo test -p flightdeck --lib pages` writes them anew.

use super::*;
use crate::config::keys::Kind;

const TABLE_BEGIN: &str =
    "<!-- table of keys: begin (made from the program's own table; a test compares them) -->\n";
const TABLE_END: &str = "<!-- table of keys: end -->\n";

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

fn compare_or_write(name: &str, expected: &str) {
    if process_environment().contains_key("FLIGHTDECK_WRITE_DOCS") {
        fs::write(docs(name), expected).unwrap();
    }
    let committed = fs::read_to_string(docs(name)).unwrap();
    assert!(
        committed == expected,
        "docs/{name} is out of date: run FLIGHTDECK_WRITE_DOCS=1 cargo test -p flightdeck --lib pages"
    );
}

#[test]
fn the_example_configuration_is_up_to_date_and_loads_without_warnings() {
    let example = manual::example_config_json();
    compare_or_write("config.example.json", &example);
    let folder = Folder::with(&minimal()).write("config.json", &example);
    assert_eq!(folder.warnings(), Vec::<String>::new());
    // The table's defaults are those of the code, so the example differs only where it has examples.
    let config = folder.config();
    let with_examples = MainConfig {
        api_allowed_ips: config.main.api_allowed_ips.clone(),
        resampling: ResamplingConfig {
            resolutions_s: vec![240, 60],
            trigger: Some(300),
            ..ResamplingConfig::default()
        },
        node_state_retention_s: Some(86_400),
        ..MainConfig::default()
    };
    assert_eq!(config.main, with_examples);
    assert_eq!(config.archive, ArchiveConfig::default());
    assert!(!config.auth.jwts.validate_user);
}

#[test]
fn the_table_in_the_manual_is_up_to_date() {
    let page = fs::read_to_string(docs("CONFIGURATION.md")).unwrap();
    let (before, rest) = page.split_once(TABLE_BEGIN).unwrap();
    let (_, after) = rest.split_once(TABLE_END).unwrap();
    let table = manual::table_of_keys_markdown();
    compare_or_write("CONFIGURATION.md", &format!("{before}{TABLE_BEGIN}\n{table}\n{TABLE_END}{after}"));
}

#[test]
fn every_key_stands_once_and_within_a_known_object() {
    let mut seen = std::collections::BTreeSet::new();
    for key in keys::all() {
        assert!(seen.insert(key.path), "{} stands twice", key.path);
        let parent = key.parent();
        if let Some(list) = parent.strip_suffix("[]") {
            assert_eq!(keys::find(list).unwrap().kind, Kind::TableList, "{list}");
        } else if !parent.is_empty() {
            assert_eq!(keys::find(parent).unwrap().kind, Kind::Table, "{parent}");
        }
    }
}
