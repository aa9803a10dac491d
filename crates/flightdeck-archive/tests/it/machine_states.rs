//! The state files of machines.

use flightdeck_archive::{ArchiveError, FileMachineStates};
use flightdeck_model::{MachineStates, PortErrorKind, UnixTime};
use proptest::prelude::*;
use std::fs::{self, File};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;

fn open(folder: &TempDir) -> FileMachineStates {
    FileMachineStates::open(folder.path()).unwrap()
}

#[test]
fn a_state_comes_back_as_it_was_sent_from_where_other_programs_expect_it() {
    let folder = tempfile::tempdir().unwrap();
    let states = open(&folder);
    assert_eq!(states.read("emmy", "n01").unwrap(), None);
    // Not JSON at all: nobody here looks into it.
    for json in [b"{\"a\":  1}\r\n".as_slice(), b"", b"\xff\0"] {
        states.store("emmy", "n01", json).unwrap();
        assert_eq!(states.read("emmy", "n01").unwrap().unwrap().json, json);
        assert_eq!(fs::read(folder.path().join("emmy/n01.json")).unwrap(), json);
    }
    assert_eq!(states.read("emmy", "n02").unwrap(), None);
    assert_eq!(states.read("alex", "n01").unwrap(), None);
}

#[test]
fn the_time_is_that_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let states = open(&folder);
    states.store("emmy", "n01", b"{}").unwrap();
    let time = UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
    File::open(folder.path().join("emmy/n01.json")).unwrap().set_modified(time).unwrap();
    assert_eq!(states.read("emmy", "n01").unwrap().unwrap().modified, UnixTime(1_700_000_000));
}

#[test]
fn the_folder_is_made_when_it_is_missing_but_not_in_the_place_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let states = FileMachineStates::open(&folder.path().join("var/machine-state")).unwrap();
    states.store("emmy", "n01", b"{}").unwrap();
    assert!(folder.path().join("var/machine-state/emmy/n01.json").is_file());

    fs::write(folder.path().join("file"), "").unwrap();
    let error = FileMachineStates::open(&folder.path().join("file")).unwrap_err();
    assert!(matches!(error, ArchiveError::Write { .. }), "{error:?}");
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("states");
    let states = FileMachineStates::open(&root).unwrap();
    let too_long = "x".repeat(256);
    let bad =
        ["", ".", "..", ".hidden", "../x", "a/b", "/etc", "a\\b", "a\0b", "a\nb", "a\u{85}b", &too_long];
    for name in bad {
        for (cluster, host) in [(name, "n01"), ("emmy", name)] {
            let error = states.store(cluster, host, b"{}").unwrap_err();
            assert_eq!(error.kind, PortErrorKind::Conflict, "{cluster:?} {host:?}");
            assert_eq!(states.read(cluster, host).unwrap(), None, "{cluster:?} {host:?}");
        }
    }
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    states.store(&"x".repeat(255), &"x".repeat(250), b"{}").unwrap();
    assert!(states.store("emmy", &"x".repeat(251), b"{}").is_err());
}

#[test]
fn what_is_too_large_to_be_read_is_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let states = open(&folder);
    states.store("emmy", "n01", b"old").unwrap();
    let error = states.store("emmy", "n01", &vec![b' '; (32 << 20) + 1]).unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Conflict);
    assert_eq!(states.read("emmy", "n01").unwrap().unwrap().json, b"old");
}

#[test]
fn what_is_no_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let states = open(&folder);
    fs::create_dir_all(folder.path().join("emmy/n01.json")).unwrap();
    assert_eq!(states.read("emmy", "n01").unwrap_err().kind, PortErrorKind::Corrupt);
    assert!(states.store("emmy", "n01", b"{}").unwrap_err().what.ends_with("n01.json cannot be written"));

    fs::write(folder.path().join("alex"), "no folder").unwrap();
    assert_eq!(states.read("alex", "n01").unwrap(), None);
    assert!(states.store("alex", "n01", b"{}").is_err());
}

#[test]
fn readers_see_a_whole_state_whoever_writes() {
    let folder = tempfile::tempdir().unwrap();
    let states = open(&folder);
    let state = |writer: u8| vec![b'0' + writer; 1 << (2 * writer)];
    let all: Vec<Vec<u8>> = (0..8).map(state).collect();
    states.store("emmy", "n01", &all[0]).unwrap();
    thread::scope(|scope| {
        for own in &all {
            scope.spawn(|| {
                for _ in 0..10 {
                    states.store("emmy", "n01", own).unwrap();
                    assert!(all.contains(&states.read("emmy", "n01").unwrap().unwrap().json));
                }
            });
        }
    });
    assert_eq!(fs::read_dir(folder.path().join("emmy")).unwrap().count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_name_leads_out_of_the_folder(cluster in r"[a./\\é\x00-\x1f]{0,8}", host in r"[a./\\é\x00-\x1f]{0,8}") {
        let folder = tempfile::tempdir().unwrap();
        let states = FileMachineStates::open(&folder.path().join("states")).unwrap();
        let stored = states.store(&cluster, &host, b"{}").is_ok();
        prop_assert_eq!(states.read(&cluster, &host).unwrap().is_some(), stored);
        prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let expected = folder.path().join("states").join(&cluster).join(format!("{host}.json"));
        prop_assert!(!stored || expected.is_file());
    }
}
