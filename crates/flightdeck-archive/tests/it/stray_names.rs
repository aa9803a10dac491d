//! What else can lie in an archive.

use crate::folder::{ArchiveFolder, meta_json};
use flightdeck_model::{ArchiveEntry, JobArchive};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn names_that_do_not_fit_are_passed_over() {
    let folder = ArchiveFolder::with_three_jobs();
    for place in [
        "emmy/notes",
        "emmy/0/04/100",
        "emmy/0/0004/100",
        "emmy/0/abc/100",
        "emmy/00/004/100",
        "emmy/01/004/100",
        "emmy/-1/004/100",
        "emmy/99999999999999999999/004/100",
        "emmy/9223372036854775807/004/100",
        "emmy/0/004/latest",
        "emmy/0/004/0100",
        "emmy/0/004/100.new",
        "emmy/0/004/.100",
        "unconfigured/0/004/100",
        ".emmy/0/004/100",
    ] {
        folder.write(&format!("{place}/meta.json"), meta_json(4));
    }
    for place in
        ["compress.txt", "emmy/README", "emmy/7", "emmy/0/007", "emmy/0/005/100", "emmy/0/001/meta.json"]
    {
        folder.write(place, "");
    }
    let (good, problems) = folder.read_all();
    assert_eq!(good, [1, 2, 3]);
    assert_eq!(problems, []);
}

#[test]
fn links_are_not_followed() {
    let folder = ArchiveFolder::with_three_jobs();
    symlink(folder.root(), folder.path("loop")).unwrap();
    symlink(folder.path("emmy"), folder.path("emmy/1")).unwrap();
    symlink(folder.path("emmy/0"), folder.path("emmy/0/004")).unwrap();
    symlink(folder.path("emmy/0/001"), folder.path("emmy/0/001/200")).unwrap();
    let (good, problems) = folder.read_all();
    assert_eq!(good, [1, 2, 3]);
    assert_eq!(problems, []);
}

#[test]
fn jobs_of_an_unusable_cluster_are_not_listed() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write("emmy/cluster.json", "{");
    assert_eq!(folder.open().list_jobs().unwrap(), Vec::<String>::new());
    fs::remove_file(folder.path("emmy/cluster.json")).unwrap();
    assert_eq!(folder.open().list_jobs().unwrap(), Vec::<String>::new());
}

#[test]
fn a_folder_that_cannot_be_listed_is_said() {
    let folder = ArchiveFolder::with_three_jobs();
    let closed = folder.path("emmy/0/002");
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    let (good, problems) = folder.read_all();
    let may_read_everything = fs::read_dir(&closed).is_ok();
    fs::set_permissions(&closed, Permissions::from_mode(0o755)).unwrap();
    if may_read_everything {
        assert_eq!((good, problems), (vec![1, 2, 3], vec![]));
    } else {
        assert_eq!(good, [1, 3]);
        assert_eq!(problems[0].path, "emmy/0/002");
        assert!(problems[0].reason.starts_with("the folder cannot be listed: "), "{problems:?}");
    }

    folder.write("emmy/0/004", "no folder any more");
    match folder.open().read_meta("emmy/0/004") {
        ArchiveEntry::Problem(problem) => {
            assert!(problem.reason.starts_with("the folder cannot be listed: "));
        }
        other @ ArchiveEntry::Job { .. } => panic!("{other:?}"),
    }
}

#[test]
fn a_location_never_leads_out_of_the_archive() {
    let folder = ArchiveFolder::with_three_jobs();
    let inner = ArchiveFolder::with_three_jobs();
    let root = inner.root().display();
    for location in [
        format!("{root}/emmy/0/001/100"),
        "../emmy/0/001/100".to_owned(),
        "emmy/../emmy/0/001/100".to_owned(),
        "emmy/0/001/../001/100".to_owned(),
        "emmy//0/001/100".to_owned(),
        "emmy/0/001/100/".to_owned(),
        "emmy/0/001".to_owned(),
    ] {
        match folder.open().read_meta(&location) {
            ArchiveEntry::Job { .. } => panic!("{location} was read"),
            ArchiveEntry::Problem(problem) => assert_eq!(problem.reason, "not the place of a job"),
        }
    }
}
