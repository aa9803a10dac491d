//! What the operating system's files do that the log relies on.

use super::{Disk, OsDisk};

#[test]
fn folders_are_made_with_those_above_them() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b/c");
    OsDisk.create_folders(&deep).unwrap();
    OsDisk.create_folders(&deep).unwrap();
    assert!(deep.is_dir());
}

#[test]
fn a_file_that_is_there_is_not_created_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    OsDisk.create(&path).unwrap().write_all(b"here").unwrap();
    assert!(OsDisk.create(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"here");
}

#[test]
fn writing_goes_on_behind_a_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut file = OsDisk.create(&path).unwrap();
    file.write_all(b"good bad").unwrap();
    file.truncate(5).unwrap();
    file.write_all(b"better").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"good better");
}

#[test]
fn only_files_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    std::fs::write(folder.path().join("file"), b"123").unwrap();
    let files = OsDisk.list(folder.path()).unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!((files[0].name.as_str(), files[0].bytes), ("file", 3));
}
