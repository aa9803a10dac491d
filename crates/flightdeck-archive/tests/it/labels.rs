//! Tags and metadata that are written into a meta.json: what changes in the file, and what does not.

use crate::folder::{ArchiveFolder, labels, meta_json, second_key};
use flightdeck_model::{ArchiveEntry, JobArchive, JobKey, JobLabels, PortErrorKind, Tag, UnixTime};
use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

const SECOND: &str = "emmy/0/002/100/meta.json";

/// Writes labels of the second job and checks that the fingerprint is the one that readers see.
#[track_caller]
fn write(folder: &ArchiveFolder, labels: &JobLabels) {
    let archive = folder.open();
    let written = archive.write_labels(&second_key(), labels).unwrap();
    match archive.read_meta("emmy/0/002/100") {
        ArchiveEntry::Job { fingerprint, .. } => assert_eq!(written, Some(fingerprint)),
        ArchiveEntry::Problem(problem) => panic!("{problem:?}"),
    }
}

/// A file that says no more than needed, with one more member at its end: `,"key":value`.
fn file_with(member: &str) -> String {
    let whole = meta_json(2);
    format!("{}{member}}}\n", whole.strip_suffix('}').unwrap())
}

#[test]
fn a_file_without_labels_gets_them_at_its_end() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write(SECOND, file_with(""));
    write(&folder, &labels(&[["app", "vasp", "global"], ["note", "mine", "mona"]], &[("message", "hi")]));
    let expected = file_with(
        r#","tags":[{"type":"app","name":"vasp","scope":"global","id":0},{"type":"note","name":"mine","scope":"mona","id":0}],"metaData":{"message":"hi"}"#,
    );
    assert_eq!(folder.read(SECOND), expected);
}

#[test]
fn metadata_that_are_null_become_an_object() {
    let folder = ArchiveFolder::with_three_jobs();
    for old in [r#","metaData":null"#, r#","metaData": {}"#, r#","metaData":{ }"#] {
        folder.write(SECOND, file_with(old));
        write(&folder, &labels(&[], &[("a", "1"), ("b", "2")]));
        let meta = folder.second_job();
        assert_eq!(meta.meta_data, labels(&[], &[("a", "1"), ("b", "2")]).meta_data, "{old}");
    }
}

#[test]
fn metadata_are_merged_where_they_stand() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write(
        SECOND,
        file_with(r#", "metaData" : { "same":"\u003c1\u003e" ,"b":"old", "only here" : "\u00e9" }, "z": 1"#),
    );
    write(&folder, &labels(&[], &[("b", "new"), ("same", "<1>"), ("c", "3"), ("a", "\"")]));
    let expected = file_with(
        r#", "metaData" : { "same":"\u003c1\u003e" ,"b":"new", "only here" : "\u00e9","a":"\"","c":"3" }, "z": 1"#,
    );
    assert_eq!(folder.read(SECOND), expected);
}

#[test]
fn tags_are_replaced_and_go_with_the_last_of_them() {
    let folder = ArchiveFolder::with_three_jobs();
    let old = r#","tags":[{"type":"a","name":"b","scope":"global","id":17}]"#;
    for (before, after) in [("", r#","z":[1, 2]"#), (r#","y":{}"#, "")] {
        folder.write(SECOND, file_with(&format!("{before}{old}{after}")));
        write(&folder, &labels(&[["c", "d", "admin"]], &[]));
        let new = r#","tags":[{"type":"c","name":"d","scope":"admin","id":0}]"#;
        assert_eq!(folder.read(SECOND), file_with(&format!("{before}{new}{after}")));
        write(&folder, &labels(&[], &[]));
        assert_eq!(folder.read(SECOND), file_with(&format!("{before}{after}")));
    }
}

#[test]
fn tags_can_go_from_the_beginning_of_a_file_while_metadata_come_to_its_end() {
    let folder = ArchiveFolder::with_three_jobs();
    let rest = meta_json(2);
    let members = rest.strip_prefix('{').unwrap();
    folder.write(SECOND, format!(r#"{{ "tags": [{{"type":"a","name":"b"}}], {members}"#));
    write(&folder, &labels(&[], &[("k", "v")]));
    let members_before_brace = members.strip_suffix('}').unwrap();
    assert_eq!(folder.read(SECOND), format!(r#"{{ {members_before_brace},"metaData":{{"k":"v"}}}}"#));

    folder.write(SECOND, file_with(r#","tags":[{"type":"a","name":"b"}]"#));
    write(&folder, &labels(&[], &[("k", "v")]));
    assert_eq!(folder.read(SECOND), file_with(r#","metaData":{"k":"v"}"#));
}

#[test]
fn what_the_file_says_already_is_not_written() {
    let folder = ArchiveFolder::with_three_jobs();
    // Without scope a tag is a global one.
    let file = file_with(r#","tags": [{"type":"a","name":"b"}], "metaData":{"k":"v", "more":""}"#);
    folder.write(SECOND, &file);
    let hour_ago = fs::metadata(folder.path(SECOND)).unwrap().modified().unwrap() - Duration::from_hours(1);
    fs::File::open(folder.path(SECOND)).unwrap().set_modified(hour_ago).unwrap();

    write(&folder, &labels(&[["a", "b", "global"]], &[("k", "v")]));
    assert_eq!(folder.read(SECOND), file);
    assert_eq!(fs::metadata(folder.path(SECOND)).unwrap().modified().unwrap(), hour_ago);

    for empty in ["", r#","tags":null,"metaData":null"#, r#","tags":[]"#] {
        folder.write(SECOND, file_with(empty));
        write(&folder, &JobLabels::default());
        assert_eq!(folder.read(SECOND), file_with(empty));
    }
}

#[test]
fn bytes_that_are_no_utf_8_stay_as_they_are() {
    let folder = ArchiveFolder::with_three_jobs();
    let start = &meta_json(2).into_bytes()[1..];
    let old = [b"\xef\xbb\xbf{\"metaData\": {\"jobName\": \"gr\xfc\xdfe\"}, ".as_slice(), start].concat();
    folder.write(SECOND, &old);
    // What the database knows of such a name.
    write(&folder, &labels(&[], &[("jobName", "gr\u{fffd}\u{fffd}e"), ("message", "grüße")]));
    let new = [
        b"\xef\xbb\xbf{\"metaData\": {\"jobName\": \"gr\xfc\xdfe\",\"message\":\"gr\xc3\xbc\xc3\x9fe\"}, ",
        start,
    ]
    .concat();
    assert_eq!(fs::read(folder.path(SECOND)).unwrap(), new);
}

#[test]
fn the_job_of_another_start_is_not_touched() {
    let folder = ArchiveFolder::with_three_jobs();
    let archive = folder.open();
    let key = |cluster: &str, job_id, start| JobKey {
        cluster: cluster.to_owned(),
        job_id,
        start_time: UnixTime(start),
    };
    let some = labels(&[], &[("k", "v")]);
    let others = [
        key("emmy", 2, 101),
        key("emmy", 4, 100),
        key("alex", 2, 100),
        key("..", 2, 100),
        key("", 2, 100),
        key("emmy", -2, 100),
    ];
    for other in others {
        assert_eq!(archive.write_labels(&other, &some).unwrap(), None, "{other}");
    }
    assert!(folder.second_job().meta_data.is_empty());

    // A job of which nothing but data is archived.
    folder.write("emmy/0/004/100/data.json", "{}");
    assert_eq!(archive.write_labels(&key("emmy", 4, 100), &some).unwrap(), None);
    assert_eq!(folder.names("emmy/0/004/100"), ["data.json"]);
}

#[test]
fn a_file_that_cannot_be_understood_stays_as_it_is() {
    let folder = ArchiveFolder::with_three_jobs();
    let archive = folder.open();
    let whole = meta_json(2);
    let bad = [
        String::new(),
        whole[..whole.len() / 2].to_owned(),
        meta_json(3),
        whole.replace("completed", "running"),
        file_with(r#","metaData":{"k":1}"#),
        file_with(r#","tags":[],"tags":[]"#),
    ];
    for content in bad {
        folder.write(SECOND, &content);
        let error = archive.write_labels(&second_key(), &labels(&[], &[("k", "v")])).unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Corrupt, "{content}");
        assert!(error.what.ends_with("emmy/0/002/100/meta.json cannot be used"), "{}", error.what);
        assert_eq!(folder.read(SECOND), content);
    }
}

#[test]
fn a_file_never_becomes_too_large_to_be_read() {
    let folder = ArchiveFolder::with_three_jobs();
    let file = file_with("");
    let padded = format!("{file}{}", " ".repeat((32 << 20) - file.len()));
    folder.write(SECOND, &padded);
    let error = folder.open().write_labels(&second_key(), &labels(&[], &[("k", "v")])).unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Conflict);
    assert!(folder.read(SECOND) == padded, "the file stays as it was");
}

fn any_text() -> impl Strategy<Value = String> {
    let odd =
        prop::sample::select(vec!['"', '\\', '\0', '\u{1f}', '\u{7f}', '\u{2028}', '\u{fffd}', '🚀', '<']);
    let sign = prop_oneof![any::<char>(), odd];
    prop::collection::vec(sign, 0..12).prop_map(|signs| signs.into_iter().collect())
}

fn any_labels() -> impl Strategy<Value = JobLabels> {
    let tag = (any_text(), any_text(), prop::sample::select(vec!["global", "admin", "mona"]));
    let tags = prop::collection::vec(tag, 0..4).prop_map(|tags| {
        let tag = |(tag_type, name, scope): (String, String, &str)| Tag {
            id: 5,
            tag_type,
            name,
            scope: scope.to_owned(),
        };
        tags.into_iter().map(tag).collect()
    });
    (tags, prop::collection::btree_map(any_text(), any_text(), 0..4))
        .prop_map(|(tags, meta_data)| JobLabels { tags, meta_data })
}

/// A file of the second job with foreign members, in any order, with or without white space.
fn any_file() -> impl Strategy<Value = String> {
    let foreign = json!({
        "zeta": {"tags": [1], "metaData": {"k": "v"}}, "tags ": "}", "alpha": null, "energy": 1e300, "monitoringStatus": 1,
        "concurrentJobs": {"items": null, "count": 0}, "nested": [[["]"]], {"a": "\"{"}],
    });
    let own: Value = serde_json::from_str(&meta_json(2)).unwrap();
    let mut members: Vec<(String, Value)> = Vec::new();
    for object in [own, foreign] {
        members.extend(object.as_object().unwrap().clone());
    }
    let labels = (any_labels(), any::<bool>(), any::<bool>());
    (labels, any::<bool>()).prop_flat_map(move |((labels, has_tags, has_metadata), is_wide)| {
        let mut all = members.clone();
        if has_tags {
            all.push(("tags".to_owned(), serde_json::to_value(labels.tags).unwrap()));
        }
        if has_metadata {
            all.push(("metaData".to_owned(), serde_json::to_value(labels.meta_data).unwrap()));
        }
        let space = if is_wide { "\n  " } else { "" };
        Just(all).prop_shuffle().prop_map(move |shuffled| {
            let texts: Vec<String> = shuffled
                .iter()
                .map(|(key, value)| format!("{}{space}:{space}{value}", Value::from(key.as_str())))
                .collect();
            format!("{{{space}{}{space}}}", texts.join(&format!("{space},")))
        })
    })
}

/// The members of a file but tags and metadata, in order, each as its text.
fn foreign_members(file: &str) -> BTreeMap<String, String> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(file).unwrap();
    let own = BTreeSet::from(["tags", "metaData"]);
    let foreign = members.into_iter().filter(|(key, _)| !own.contains(key.as_str()));
    foreign.map(|(key, value)| (key, value.get().to_owned())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn all_labels_come_back_and_all_else_stays(file in any_file(), first in any_labels(), second in any_labels()) {
        let folder = ArchiveFolder::empty();
        folder.write(SECOND, &file);
        let mut meta_data = folder.second_job().meta_data;
        for wanted in [first, second] {
            write(&folder, &wanted);
            let meta = folder.second_job();
            meta_data.extend(wanted.meta_data.clone());
            prop_assert_eq!(&meta.meta_data, &meta_data);
            let archived: Vec<Tag> = wanted.tags.iter().map(|tag| Tag { id: 0, ..tag.clone() }).collect();
            prop_assert_eq!(&meta.tags, &archived);

            let written = folder.read(SECOND);
            prop_assert_eq!(foreign_members(&written), foreign_members(&file));
            write(&folder, &wanted);
            prop_assert_eq!(folder.read(SECOND), written);
        }
    }
}
