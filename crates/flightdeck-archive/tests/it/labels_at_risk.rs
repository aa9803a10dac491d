//! Tags and metadata that are written while something goes wrong, or by several at once.

use crate::folder::{ArchiveFolder, data_json, labels, second_key};
use flightdeck_model::{ArchiveEntry, JobArchive, JobLabels, PortErrorKind};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::mpsc;
use std::thread;

const SECOND: &str = "emmy/0/002/100/meta.json";
const WRITERS: usize = 8;
const WRITES: usize = 15;

#[test]
fn in_a_folder_that_cannot_be_written_the_file_stays_as_it_is() {
    let folder = ArchiveFolder::with_three_jobs();
    let before = folder.read(SECOND);
    let closed = folder.path("emmy/0/002/100");
    fs::set_permissions(&closed, Permissions::from_mode(0o555)).unwrap();
    let written = folder.open().write_labels(&second_key(), &labels(&[], &[("k", "v")]));
    let removed = folder.open().remove_job(&second_key());
    // The administrator may write everywhere.
    let may_write_everywhere = fs::set_permissions(&closed, Permissions::from_mode(0o755)).is_err();
    if may_write_everywhere {
        assert!(written.unwrap().is_some() && removed.unwrap());
    } else {
        let error = written.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Unavailable);
        assert!(error.what.ends_with("meta.json cannot be written"), "{}", error.what);
        assert!(removed.unwrap_err().what.ends_with("meta.json cannot be removed"));
        assert_eq!(folder.read(SECOND), before);
        assert_eq!(folder.names("emmy/0/002/100"), ["meta.json"]);
    }
}

#[test]
fn what_a_killed_writer_left_behind_is_nothing_to_anybody() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write("emmy/0/002/100/data.json", data_json());
    let half = folder.read(SECOND).replace("mona", "mallory");
    for place in
        ["emmy/0/002/100/.new-Ab12Cd", "emmy/0/002/100/.new-Ef34Gh", "emmy/.new-Ij56Kl", ".new-Mn78Op"]
    {
        folder.write(place, &half[..half.len() / 2]);
    }
    assert_eq!(folder.read_all(), (vec![1, 2, 3], vec![]));
    assert_eq!(folder.second_job().user, "mona");

    let archive = folder.open();
    assert!(archive.write_labels(&second_key(), &labels(&[], &[("k", "v")])).unwrap().is_some());
    assert_eq!(folder.second_job().meta_data["k"], "v");
    assert!(archive.load_data(&second_key()).unwrap().is_some());
    assert!(archive.remove_job(&second_key()).unwrap());
    assert_eq!(folder.names("emmy/0"), ["001", "003"]);
}

#[test]
fn nothing_is_written_over_a_link_that_leads_out_of_the_archive() {
    let folder = ArchiveFolder::with_three_jobs();
    let outside = ArchiveFolder::with_three_jobs();
    let before = outside.read(SECOND);
    let some = labels(&[["a", "b", "global"]], &[("k", "v")]);

    for place in ["emmy/0/002/100", "emmy/0/002", "emmy/0", "emmy"] {
        fs::remove_dir_all(folder.path(place)).unwrap();
        symlink(outside.path(place), folder.path(place)).unwrap();
        assert_eq!(folder.open().write_labels(&second_key(), &some).unwrap(), None, "{place}");
        assert!(!folder.open().remove_job(&second_key()).unwrap(), "{place}");
        assert_eq!(outside.read(SECOND), before, "{place}");
    }

    // A linked file is read; the new one takes the place of the link.
    let linked = ArchiveFolder::with_three_jobs();
    fs::remove_file(linked.path(SECOND)).unwrap();
    symlink(outside.path(SECOND), linked.path(SECOND)).unwrap();
    assert!(linked.open().write_labels(&second_key(), &some).unwrap().is_some());
    assert_eq!(linked.second_job().meta_data["k"], "v");
    assert_eq!(outside.read(SECOND), before);
}

#[test]
fn many_writers_leave_one_of_their_states_and_readers_never_see_another() {
    let folder = ArchiveFolder::with_three_jobs();
    let archive = folder.open();
    // Of very different lengths, so that a mixture would be seen.
    let state = |writer: usize| {
        let text = writer.to_string().repeat(1 << (2 * writer));
        labels(&[["state", &text, "global"]], &[("message", &text), ("script", &text)])
    };
    let initial = JobLabels::default();
    let states: Vec<JobLabels> = (0..WRITERS).map(state).collect();
    let read_state = || match archive.read_meta("emmy/0/002/100") {
        ArchiveEntry::Job { meta, .. } => JobLabels { tags: meta.tags, meta_data: meta.meta_data },
        ArchiveEntry::Problem(problem) => panic!("{problem:?}"),
    };
    thread::scope(|scope| {
        for own in &states {
            scope.spawn(|| {
                for _ in 0..WRITES {
                    assert!(archive.write_labels(&second_key(), own).unwrap().is_some());
                    let seen = read_state();
                    assert!(states.contains(&seen), "{seen:?}");
                }
            });
        }
        for _ in 0..WRITES * WRITERS {
            let seen = read_state();
            assert!(seen == initial || states.contains(&seen), "{seen:?}");
        }
    });
    assert!(states.contains(&read_state()));
    assert_eq!(folder.names("emmy/0/002/100"), ["meta.json"]);
}

#[test]
fn a_job_that_is_removed_while_it_is_written_does_not_come_back() {
    let folder = ArchiveFolder::with_three_jobs();
    let archive = folder.open();
    let file = folder.read(SECOND);
    for _ in 0..20 {
        folder.write(SECOND, &file);
        let (report, written) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let report = report;
                for number in 0_u64.. {
                    let text = number.to_string();
                    let own = labels(&[], &[("number", &text)]);
                    if archive.write_labels(&second_key(), &own).unwrap().is_none() {
                        break;
                    }
                    // Nobody listens any more after the first time.
                    report.send(()).ok();
                }
            });
            written.recv().unwrap();
            assert!(archive.remove_job(&second_key()).unwrap());
        });
        assert_eq!(folder.names("emmy/0"), ["001", "003"]);
    }
}

#[test]
fn a_file_keeps_its_permissions() {
    let folder = ArchiveFolder::with_three_jobs();
    fs::set_permissions(folder.path(SECOND), Permissions::from_mode(0o640)).unwrap();
    folder.open().write_labels(&second_key(), &labels(&[], &[("k", "v")])).unwrap();
    assert_eq!(fs::metadata(folder.path(SECOND)).unwrap().permissions().mode() & 0o777, 0o640);
}
