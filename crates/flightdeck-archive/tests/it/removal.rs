//! The removal of a job's files: what goes with them, and what stays.

use crate::folder::{ArchiveFolder, data_json, gzip, meta_json, second_key};
use flightdeck_model::{JobArchive, JobKey, UnixTime};
use std::fs;
use std::os::unix::fs::symlink;

fn key(job_id: i64, start: i64) -> JobKey {
    JobKey { cluster: "emmy".to_owned(), job_id, start_time: UnixTime(start) }
}

#[test]
fn all_files_of_a_job_go_and_no_others() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write("emmy/0/002/100/data.json", data_json());
    folder.write("emmy/0/002/100/data.json.gz", gzip(data_json().as_bytes()));
    folder.write("emmy/0/002/100/data.parquet", "");
    folder.write("emmy/0/002/100/plots/load.png", "");
    folder.write("emmy/0/002/200/meta.json", meta_json(2).replace(": 100", ": 200"));
    let archive = folder.open();

    assert!(archive.remove_job(&second_key()).unwrap());
    assert_eq!(folder.names("emmy/0/002"), ["200"]);
    assert_eq!(folder.read_all(), (vec![1, 2, 3], vec![]));
    assert_eq!(archive.load_data(&second_key()).unwrap(), None);
    assert_eq!(archive.data_stamp(&second_key()).unwrap(), None);
}

#[test]
fn empty_folders_go_with_the_last_of_their_jobs_but_the_cluster_stays() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write("emmy/7/007/100/meta.json", meta_json(7007));
    let archive = folder.open();
    assert!(archive.remove_job(&key(7007, 100)).unwrap());
    assert_eq!(folder.names("emmy"), ["0", "cluster.json"]);
    for job_id in 1..=3 {
        assert!(archive.remove_job(&key(job_id, 100)).unwrap());
    }
    assert_eq!(folder.names("emmy"), ["cluster.json"]);
    assert_eq!(archive.list_jobs().unwrap(), Vec::<String>::new());
    assert_eq!(archive.load_clusters().unwrap().clusters.len(), 1);

    fs::remove_file(folder.path("emmy/cluster.json")).unwrap();
    folder.write("emmy/0/001/100/meta.json", meta_json(1));
    assert!(archive.remove_job(&key(1, 100)).unwrap());
    assert!(folder.path("emmy").is_dir());
}

#[test]
fn a_job_that_is_not_there_is_removed_already() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write("emmy/0/005", "no folder");
    let archive = folder.open();
    assert!(archive.remove_job(&second_key()).unwrap());
    for absent in [
        second_key(),
        key(2, 101),
        key(4, 100),
        key(5, 100),
        key(4_000_000, 100),
        key(-1, 100),
        JobKey { cluster: "alex".to_owned(), ..second_key() },
        JobKey { cluster: "..".to_owned(), ..second_key() },
        JobKey { cluster: "emmy/0/001/100/..".to_owned(), ..second_key() },
        JobKey { cluster: String::new(), ..second_key() },
    ] {
        assert!(!archive.remove_job(&absent).unwrap(), "{absent}");
    }
    assert_eq!(folder.names("emmy/0"), ["001", "003", "005"]);
}

#[test]
fn a_removal_that_was_interrupted_is_completed_by_the_next() {
    let folder = ArchiveFolder::with_three_jobs();
    let archive = folder.open();

    folder.write("emmy/0/002/100/data.json", data_json());
    fs::remove_file(folder.path("emmy/0/002/100/meta.json")).unwrap();
    assert_eq!(folder.read_all().0, [1, 3]);
    assert!(archive.remove_job(&second_key()).unwrap());
    assert_eq!(folder.names("emmy/0"), ["001", "003"]);

    for left in ["emmy/0/002/100", "emmy/0/002"] {
        fs::create_dir_all(folder.path(left)).unwrap();
        archive.remove_job(&second_key()).unwrap();
        assert_eq!(folder.names("emmy/0"), ["001", "003"], "{left}");
    }
    fs::create_dir_all(folder.path("emmy/9")).unwrap();
    assert!(!archive.remove_job(&key(9001, 100)).unwrap());
    assert_eq!(folder.names("emmy"), ["0", "cluster.json"]);
}

#[test]
fn links_are_removed_and_not_followed() {
    let folder = ArchiveFolder::with_three_jobs();
    let outside = ArchiveFolder::with_three_jobs();
    let own = folder.path("emmy/0/002/100");
    symlink(outside.path("emmy"), own.join("folder")).unwrap();
    symlink(outside.path("version.txt"), own.join("data.json")).unwrap();
    fs::remove_file(own.join("meta.json")).unwrap();
    symlink(outside.path("emmy/0/002/100/meta.json"), own.join("meta.json")).unwrap();

    assert!(folder.open().remove_job(&second_key()).unwrap());
    assert!(!own.exists());
    assert_eq!(outside.read_all(), (vec![1, 2, 3], vec![]));
}

#[test]
fn an_archive_that_is_not_mounted_does_not_pass_for_one_without_the_job() {
    let folder = ArchiveFolder::with_three_jobs();
    let archive = folder.open();
    fs::remove_file(folder.path("version.txt")).unwrap();
    assert!(archive.remove_job(&key(9, 100)).is_err());
}
