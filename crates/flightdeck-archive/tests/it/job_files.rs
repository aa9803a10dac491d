//! The meta.json files: what spoils one of them, and what does not.

use crate::folder::{ArchiveFolder, meta_json};
use flightdeck_model::{ArchiveEntry, JobArchive, JobState, Shared};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::os::unix::fs::symlink;

const SECOND: &str = "emmy/0/002/100/meta.json";

/// Checks that the second of three jobs is a problem with this reason, and the others are not touched by it.
#[track_caller]
fn assert_spoils_the_second_alone(folder: &ArchiveFolder, reason: &str) {
    let (good, problems) = folder.read_all();
    assert_eq!(good, [1, 3], "{problems:?}");
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(problem.path, folder.path(SECOND).to_str().unwrap());
    assert!(problem.reason.contains(reason), "{:?} does not say {reason:?}", problem.reason);
}

/// The second job with one key changed, or removed when the value is `null`.
fn with_key(key: &str, value: &Value) -> String {
    let mut meta: Value = serde_json::from_str(&meta_json(2)).unwrap();
    let keys = meta.as_object_mut().unwrap();
    if value.is_null() {
        keys.remove(key);
    } else {
        keys.insert(key.to_owned(), value.clone());
    }
    meta.to_string()
}

#[test]
fn a_file_that_cannot_be_read_spoils_one_job() {
    let folder = ArchiveFolder::with_three_jobs();
    let path = folder.path(SECOND);
    fs::remove_file(&path).unwrap();
    assert_spoils_the_second_alone(&folder, "the file is missing");

    fs::create_dir(&path).unwrap();
    assert_spoils_the_second_alone(&folder, "not a regular file");
    fs::remove_dir(&path).unwrap();

    symlink("/dev/zero", &path).unwrap();
    assert_spoils_the_second_alone(&folder, "not a regular file");
    fs::remove_file(&path).unwrap();

    symlink(&path, &path).unwrap();
    assert_spoils_the_second_alone(&folder, "cannot be read");
    fs::remove_file(&path).unwrap();

    File::create(&path).unwrap().set_len((32 << 20) + 1).unwrap();
    assert_spoils_the_second_alone(&folder, "larger than 33554432 bytes");
}

#[test]
fn a_file_that_is_no_job_spoils_one_job() {
    let folder = ArchiveFolder::with_three_jobs();
    let whole = meta_json(2);
    let cases = [
        ("", "EOF"),
        ("not JSON", "cannot be decoded"),
        ("[]", "cannot be decoded"),
        ("null", "cannot be decoded"),
        ("{}", "jobId"),
        (&whole[..whole.len() / 2], "EOF"),
        (&format!("{whole}{whole}"), "trailing characters"),
        (&"[".repeat(100_000), "cannot be decoded"),
    ];
    for (content, reason) in cases {
        folder.write(SECOND, content);
        assert_spoils_the_second_alone(&folder, reason);
    }
}

#[test]
fn a_job_that_makes_no_sense_spoils_itself() {
    let folder = ArchiveFolder::with_three_jobs();
    let cases = [
        ("jobId", json!(3), "is the job emmy/3/100, but lies in the folder of emmy/2/100"),
        ("jobId", json!("2"), "cannot be decoded"),
        ("cluster", json!("alex"), "is the job alex/2/100"),
        ("startTime", json!(101), "is the job emmy/2/101"),
        ("user", json!(""), "\"user\" is missing or empty"),
        ("user", Value::Null, "\"user\" is missing or empty"),
        ("resources", json!([]), "\"resources\" is missing or empty"),
        ("resources", Value::Null, "\"resources\" is missing or empty"),
        ("resources", json!([{"hostname": "n01"}, {"hostname": ""}]), "without hostname"),
        ("resources", json!([{"hostname": "n01"}, {}]), "hostname"),
        ("numNodes", json!(0), "\"numNodes\" is 0, but there are 2 resources"),
        ("numNodes", json!(-2), "\"numNodes\" is -2"),
        ("numNodes", json!(1), "\"numNodes\" is 1"),
        ("numNodes", json!(2.5), "cannot be decoded"),
        ("numAcc", json!(-1), "\"numAcc\" is -1"),
        ("numHwthreads", json!(-1), "\"numHwthreads\" is -1"),
        ("duration", json!(-60), "\"duration\" is -60"),
        ("jobState", json!("running"), "\"jobState\" is running"),
        ("jobState", json!("pending"), "\"jobState\" is pending"),
        ("jobState", json!("finished"), "finished"),
        ("shared", json!("everybody"), "everybody"),
        ("metaData", json!([1]), "cannot be decoded"),
    ];
    for (key, value, reason) in cases {
        folder.write(SECOND, with_key(key, &value));
        assert_spoils_the_second_alone(&folder, reason);
    }
}

#[test]
fn a_start_at_or_before_the_epoch_is_none() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write("emmy/0/004/0/meta.json", meta_json(4).replace("\"startTime\": 100", "\"startTime\": 0"));
    let (good, problems) = folder.read_all();
    assert_eq!(good, [1, 2, 3]);
    assert!(problems[0].reason.contains("\"startTime\" is 0"), "{problems:?}");
}

#[test]
fn legacy_and_foreign_keys_are_passed_over() {
    let folder = ArchiveFolder::with_three_jobs();
    let mut meta: Value = serde_json::from_str(&meta_json(2)).unwrap();
    let legacy = json!({
        "stopTime": 160, "id": 4711, "monitoringStatus": 1, "energy": 0, "energyFootprint": null,
        "footprint": null, "concurrentJobs": {"items": null, "count": 0}, "metaData": null, "tags": null,
        "partition": null, "somethingNew": {"deep": [1, 2]},
        "statistics": {
            "load": {"unit": {"base": "load"}, "avg": 1, "min": null, "max": 2},
            "filesystems": [{"name": "scratch"}], "gone": null,
        },
    });
    meta.as_object_mut().unwrap().extend(legacy.as_object().unwrap().clone());
    folder.write(SECOND, meta.to_string());
    let job = folder.second_job();
    assert_eq!(job.job_state, JobState::Completed);
    assert!(job.meta_data.is_empty() && job.tags.is_empty());
    assert_eq!(job.statistics.keys().collect::<Vec<_>>(), ["load"]);
    assert!(job.statistics["load"].min.is_nan());
}

#[test]
fn what_may_be_missing_may_be_missing() {
    let folder = ArchiveFolder::with_three_jobs();
    for key in ["shared", "statistics", "smt", "numAcc", "numHwthreads", "subCluster", "project", "duration"]
    {
        folder.write(SECOND, with_key(key, &Value::Null));
        assert_eq!(folder.second_job().shared, Shared::None, "without {key}");
    }
}

#[test]
fn a_byte_order_mark_and_foreign_characters_spoil_nothing() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write(SECOND, format!("\u{feff}{}\r\n", meta_json(2)));
    assert_eq!(folder.second_job().user, "mona");

    let latin_1 =
        [b"{\"metaData\": {\"jobName\": \"gr\xfc\xdfe\"}, ".as_slice(), &meta_json(2).as_bytes()[1..]]
            .concat();
    folder.write(SECOND, latin_1);
    assert_eq!(folder.second_job().meta_data["jobName"], "gr\u{fffd}\u{fffd}e");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_reader_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = ArchiveFolder::empty();
        folder.write(SECOND, content);
        let entry = folder.open().read_meta("emmy/0/002/100");
        prop_assert!(matches!(entry, ArchiveEntry::Problem(_)));
    }

    #[test]
    fn a_file_that_breaks_off_anywhere_is_a_problem(position in any::<prop::sample::Index>()) {
        let whole = meta_json(2);
        let end = position.index(whole.len());
        let folder = ArchiveFolder::empty();
        folder.write(SECOND, &whole[..end]);
        let entry = folder.open().read_meta("emmy/0/002/100");
        prop_assert!(matches!(entry, ArchiveEntry::Problem(_)));
    }

    #[test]
    fn a_changed_byte_gives_a_problem_or_a_sensible_job(position in any::<prop::sample::Index>(), byte: u8) {
        let mut content = meta_json(2).into_bytes();
        let at = position.index(content.len());
        content[at] = byte;
        let folder = ArchiveFolder::empty();
        folder.write(SECOND, content);
        if let ArchiveEntry::Job { meta, .. } = folder.open().read_meta("emmy/0/002/100") {
            prop_assert_eq!(meta.key(), crate::folder::second_key());
            prop_assert_eq!(usize::try_from(meta.num_nodes).unwrap(), meta.resources.len());
            prop_assert!(meta.duration >= 0 && !meta.user.is_empty());
        }
    }
}
