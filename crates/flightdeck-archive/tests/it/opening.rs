//! Which folders are an archive.

use crate::folder::ArchiveFolder;
use flightdeck_archive::{ArchiveError, FileArchive};
use flightdeck_model::JobArchive;
use std::fs;

#[test]
fn version_3_is_read_with_and_without_a_line_end() {
    for version in ["3", "3\n"] {
        let folder = ArchiveFolder::empty();
        folder.write("version.txt", version);
        assert!(FileArchive::open(folder.root()).is_ok(), "{version:?}");
    }
}

#[test]
fn another_version_is_refused_with_what_to_do() {
    for version in
        ["", "\n", "2", "2\n", "4", "03", "3 ", "3\r\n", "3\n\n", "-3", "three", "\u{0}", "\u{fffd}"]
    {
        let folder = ArchiveFolder::empty();
        folder.write("version.txt", version);
        let error = FileArchive::open(folder.root()).unwrap_err();
        assert!(matches!(error, ArchiveError::Version { .. }), "{version:?}: {error}");
        assert!(error.to_string().contains("version.txt"), "{error}");
        assert!(error.to_string().contains("archive-migration"), "{error}");
    }
}

#[test]
fn a_folder_that_is_no_archive_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.tex"), "").unwrap();
    let error = FileArchive::open(folder.path()).unwrap_err();
    assert!(matches!(error, ArchiveError::NoVersion { .. }), "{error}");

    let missing = folder.path().join("missing");
    let error = FileArchive::open(&missing).unwrap_err();
    assert!(matches!(error, ArchiveError::NoFolder { .. }), "{error}");
    assert!(error.to_string().contains(missing.to_str().unwrap()), "{error}");

    let error = FileArchive::open(&folder.path().join("thesis.tex")).unwrap_err();
    assert!(matches!(error, ArchiveError::NotAFolder { .. }), "{error}");
}

#[test]
fn an_empty_folder_is_an_empty_archive_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".nfs0001"), "").unwrap();
    fs::create_dir(folder.path().join(".snapshot")).unwrap();

    let archive = FileArchive::open(folder.path()).unwrap();
    assert!(archive.load_clusters().unwrap().clusters.is_empty());
    assert!(archive.list_jobs().unwrap().is_empty());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn an_archive_that_goes_away_is_an_error_and_not_an_empty_list() {
    let folder = ArchiveFolder::with_three_jobs();
    let archive = folder.open();
    fs::remove_dir_all(folder.root()).unwrap();
    assert!(archive.list_jobs().is_err());
    assert!(archive.load_clusters().is_err());
}
