use super::*;
use std::path::PathBuf;
use tempfile::TempDir;

fn folder_with_old_file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meta.json");
    fs::write(&path, "old").unwrap();
    (folder, path)
}

fn names(folder: &TempDir) -> Vec<String> {
    let names = fs::read_dir(folder.path()).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_write_that_fails_half_way_leaves_the_old_file_whole_and_nothing_else() {
    let (folder, path) = folder_with_old_file();
    let disk_is_full = |file: &mut File| {
        file.write_all(b"half of the ne")?;
        Err(io::ErrorKind::StorageFull.into())
    };
    let error = write(&path, true, disk_is_full).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(&folder), ["meta.json"]);
}

#[test]
fn until_the_last_step_readers_see_the_old_file() {
    let (folder, path) = folder_with_old_file();
    let look = |file: &mut File| {
        file.write_all(b"new")?;
        assert_eq!(fs::read(&path)?, b"old");
        Ok(())
    };
    write(&path, true, look).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(&folder), ["meta.json"]);
}

#[test]
fn what_cannot_be_replaced_stays_and_nothing_is_left_behind() {
    let (folder, path) = folder_with_old_file();
    let occupied = folder.path().join("occupied");
    fs::create_dir(&occupied).unwrap();
    fs::write(occupied.join("file"), "").unwrap();
    assert!(matches!(write_atomically(&occupied, b"new"), Err(ArchiveError::Write { .. })));
    assert!(occupied.join("file").exists() && path.exists());
    assert_eq!(names(&folder).len(), 2);
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_permissions() {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    let (_folder, path) = folder_with_old_file();
    for mode in [0o600, 0o640, 0o664, 0o444] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
    }
}
