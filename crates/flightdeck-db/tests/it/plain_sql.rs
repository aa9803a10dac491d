//! All values are bound: nobody in the sources writes statements as text in diesel's back ways.

use std::fs;
use std::path::{Path, PathBuf};

/// Sources that may, each with its reason.
const ALLOWED: [&str; 0] = [];

/// What takes a statement, or a part of one, as text.
const BACK_WAYS: [&str; 3] = ["sql_query", "sql::<", "sql("];

/// Whether the text has the word, not as the end of another one: `into_sql` binds a value.
fn has_word(text: &str, word: &str) -> bool {
    let is_end = |before: &str| before.ends_with(|last: char| last == '_' || last.is_alphanumeric());
    text.match_indices(word).any(|(position, _)| !is_end(&text[..position]))
}

/// The Rust files of the `src` folders of all crates.
fn sources(root: &Path) -> Vec<PathBuf> {
    let members = ["crates", "bins"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let mut folders: Vec<PathBuf> =
        members.into_iter().flatten().map(|member| member.unwrap().path().join("src")).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn words_are_told_from_ends_of_words() {
    assert!(has_word("diesel::dsl::sql::<Text>(x)", "sql::<"));
    assert!(!has_word("x.into_sql::<Text>(); push_sql(y)", "sql::<"));
}

#[test]
fn no_statement_is_put_together_as_text() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let files = sources(&root);
    assert!(files.len() > 50, "the sources were found");
    for path in files {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for back_way in BACK_WAYS {
            let is_allowed = ALLOWED.contains(&name) || !has_word(&text, back_way);
            assert!(is_allowed, "{name}: {back_way} takes statements as text");
        }
    }
}
