//! Rules that join several keys: what one of them demands or forbids of another.
//!
//! They read well-typed values only; what is not of its type has been reported by `check`.

use serde_json::{Map, Value};

use super::problem::{Fault, Problem};

/// The archive kind that this version can serve.
const SERVED_ARCHIVE_KIND: &str = "file";
/// What this version can do with old node states.
const SERVED_NODE_STATE_POLICY: &str = "delete";

/// Checks all rules.
pub(crate) fn check(sections: &Map<String, Value>, problems: &mut Vec<Problem>) {
    if let Some(main) = table(sections, "main") {
        check_https_files(main, problems);
        if let Some(retention) = table(main, "nodestate-retention") {
            check_node_state_policy(retention, problems);
        }
    }
    if let Some(archive) = table(sections, "archive") {
        check_archive_kind(archive, problems);
    }
    if let Some(cleanup) = table(sections, "metric-store").and_then(|store| table(store, "cleanup")) {
        check_cleanup(cleanup, problems);
    }
}

fn check_https_files(main: &Map<String, Value>, problems: &mut Vec<Problem>) {
    const PAIR: [&str; 2] = ["https-cert-file", "https-key-file"];
    for (missing, present) in [(PAIR[0], PAIR[1]), (PAIR[1], PAIR[0])] {
        if main.contains_key(present) && !main.contains_key(missing) {
            let allowed = format!("the path of a PEM file, since main.{present} is set");
            problems.push(Problem::new(format!("main.{missing}"), Fault::Missing { allowed }));
        }
    }
}

fn check_archive_kind(archive: &Map<String, Value>, problems: &mut Vec<Problem>) {
    match text(archive, "kind") {
        Some(SERVED_ARCHIVE_KIND) if !archive.contains_key("path") => {
            let allowed = "the archive's root folder, such as \"./var/job-archive\"".to_owned();
            problems.push(Problem::new("archive.path", Fault::Missing { allowed }));
        }
        Some(kind @ ("s3" | "sqlite")) => {
            let found = format!("\"{kind}\"");
            let allowed = format!("\"{SERVED_ARCHIVE_KIND}\", the only kind that this version serves");
            problems.push(Problem::new("archive.kind", Fault::Invalid { found, allowed }));
        }
        _ => {}
    }
}

fn check_node_state_policy(retention: &Map<String, Value>, problems: &mut Vec<Problem>) {
    if text(retention, "policy") == Some("move") {
        let found = "\"move\"".to_owned();
        let allowed = format!("\"{SERVED_NODE_STATE_POLICY}\", the only policy that this version serves");
        problems.push(Problem::new("main.nodestate-retention.policy", Fault::Invalid { found, allowed }));
    }
}

fn check_cleanup(cleanup: &Map<String, Value>, problems: &mut Vec<Problem>) {
    let directory_given = text(cleanup, "directory").is_some_and(|directory| !directory.trim().is_empty());
    if text(cleanup, "mode") == Some("archive") && !directory_given {
        let allowed = "a folder, since metric-store.cleanup.mode is \"archive\"".to_owned();
        problems.push(Problem::new("metric-store.cleanup.directory", Fault::Missing { allowed }));
    }
}

fn table<'a>(around: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    around.get(name)?.as_object()
}

fn text<'a>(around: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    around.get(name)?.as_str()
}
