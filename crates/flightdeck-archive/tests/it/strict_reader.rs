//! Files of the reference with other labels, read by its importer's rules: no key that it does not know, and every value
//! of the type that it wants.

use crate::folder::labels;
use crate::importer::StrictJob;
use flightdeck_archive::FileArchive;
use flightdeck_model::{ArchiveEntry, JobArchive, JobKey, JobLabels, JobMeta, UnixTime};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// With tags and metadata; with metadata that are null; with metadata, but without tags and statistics.
const JOBS: [(i64, i64); 3] = [(9005, 1_795_448_487), (9008, 1_795_448_527), (9010, 1_795_445_987)];

fn place(job_id: i64, start: i64) -> String {
    format!("cirrus/{}/{:03}/{start}", job_id / 1000, job_id % 1000)
}

/// A copy of the reference's archive.
fn copy() -> TempDir {
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference-archive");
    let folder = tempfile::tempdir().unwrap();
    let mut places = vec!["version.txt".to_owned(), "cirrus/cluster.json".to_owned()];
    places.extend(JOBS.map(|(job_id, start)| place(job_id, start) + "/meta.json"));
    for place in places {
        let target = folder.path().join(&place);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(original.join(&place), target).unwrap();
    }
    folder
}

fn read(archive: &FileArchive, location: &str) -> JobMeta {
    match archive.read_meta(location) {
        ArchiveEntry::Job { meta, .. } => *meta,
        ArchiveEntry::Problem(problem) => panic!("{problem:?}"),
    }
}

fn strict(folder: &TempDir, location: &str) -> StrictJob {
    let file = fs::read_to_string(folder.path().join(location).join("meta.json")).unwrap();
    assert!(file.ends_with("}\n") && file.lines().count() == 1, "one line: {file}");
    serde_json::from_str(&file).unwrap()
}

#[test]
fn the_importer_takes_files_of_the_reference_with_any_labels() {
    let folder = copy();
    let archive = FileArchive::open(folder.path()).unwrap();
    let many = labels(
        &[["jobClass", "low<load>", "global"], ["note", "\"mine\" 🚀\u{1}", "mona"]],
        &[("message", "a\n\u{0}b"), ("jobName", "other"), ("ключ", "\u{2028}")],
    );
    for (job_id, start) in JOBS {
        let location = place(job_id, start);
        let key = JobKey { cluster: "cirrus".to_owned(), job_id, start_time: UnixTime(start) };
        let before = read(&archive, &location);
        strict(&folder, &location);

        archive.write_labels(&key, &many).unwrap().unwrap();
        let written = strict(&folder, &location);
        let tags: Vec<[&str; 3]> =
            written.tags.iter().map(|tag| [&*tag.r#type, &*tag.name, &*tag.scope]).collect();
        assert_eq!(tags, [["jobClass", "low<load>", "global"], ["note", "\"mine\" 🚀\u{1}", "mona"]]);
        let mut meta_data = before.meta_data.clone();
        meta_data.extend(many.meta_data.clone());
        assert_eq!(written.meta_data, Some(meta_data.clone()));

        archive.write_labels(&key, &JobLabels::default()).unwrap().unwrap();
        strict(&folder, &location);
        let after = read(&archive, &location);
        assert_eq!(after, JobMeta { tags: Vec::new(), meta_data, ..before });
    }
}

#[test]
fn labels_that_the_reference_wrote_leave_its_files_as_they_are() {
    let folder = copy();
    let archive = FileArchive::open(folder.path()).unwrap();
    for (job_id, start) in JOBS {
        let location = place(job_id, start);
        let file = folder.path().join(&location).join("meta.json");
        let before = fs::read(&file).unwrap();
        let JobMeta { tags, meta_data, .. } = read(&archive, &location);
        let key = JobKey { cluster: "cirrus".to_owned(), job_id, start_time: UnixTime(start) };
        archive.write_labels(&key, &JobLabels { tags, meta_data }).unwrap().unwrap();
        assert_eq!(fs::read(&file).unwrap(), before);
    }
}

#[test]
fn tags_that_come_and_go_leave_the_file_as_it_was() {
    let folder = copy();
    let archive = FileArchive::open(folder.path()).unwrap();
    let (job_id, start) = JOBS[1];
    let file = folder.path().join(place(job_id, start)).join("meta.json");
    let before = fs::read(&file).unwrap();
    let key = JobKey { cluster: "cirrus".to_owned(), job_id, start_time: UnixTime(start) };
    let old = archive.write_labels(&key, &JobLabels::default()).unwrap();
    let tagged = archive.write_labels(&key, &labels(&[["a", "b", "global"]], &[])).unwrap();
    assert_ne!(tagged, old);
    assert_eq!(archive.write_labels(&key, &JobLabels::default()).unwrap(), old);
    assert_eq!(fs::read(&file).unwrap(), before);
}
