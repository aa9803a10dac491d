//! Jobs that are stored while something goes wrong, or several times, or while others read.

use crate::folder::ArchiveFolder;
use crate::stored_jobs::{folder_of_emmy, full_job, read_job, small_data};
use flightdeck_model::{FinishedJob, JobArchive, JobData, JobMeta, MetricScope, PortErrorKind};
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::thread;

const PLACE: &str = "emmy/1403/244/1608923076";

/// The job after another attempt: its duration says which.
fn attempt(number: i32) -> FinishedJob {
    FinishedJob { meta: JobMeta { duration: number, ..full_job().meta }, ..full_job() }
}

/// The data of an attempt: every sample says which. Those of odd ones are long enough to be packed.
fn data_of(number: i32) -> JobData {
    let mut data = small_data();
    let samples = if number % 2 == 0 { 3 } else { 1000 };
    let metric = data.get_mut("flops").unwrap().get_mut(&MetricScope::Node).unwrap();
    metric.series[0].data = vec![f64::from(number); samples];
    data
}

/// Which attempt the data are of.
fn number_of(data: &JobData) -> i32 {
    let sample = data["flops"][&MetricScope::Node].series[0].data[0];
    #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
    let number = sample as i32;
    number
}

fn stored(folder: &ArchiveFolder) -> (i32, i32) {
    let archive = folder.open();
    let (meta, _) = read_job(&archive, PLACE);
    (meta.duration, number_of(&archive.load_data(&meta.key()).unwrap().unwrap()))
}

#[test]
fn a_job_that_is_stored_again_is_replaced_whichever_file_its_data_had() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    // From plain to plain, to packed, to packed, to plain.
    for number in [0, 2, 1, 3, 4] {
        archive.store_job(&attempt(number), &data_of(number)).unwrap();
        assert_eq!(stored(&folder), (number, number));
        let data_file = if number % 2 == 0 { "data.json" } else { "data.json.gz" };
        assert_eq!(folder.names(PLACE), [data_file, "meta.json"]);
    }
}

#[test]
fn data_alone_are_no_job_and_the_next_attempt_completes_them() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    archive.store_job(&attempt(1), &data_of(1)).unwrap();
    fs::remove_file(folder.path(PLACE).join("meta.json")).unwrap();
    assert_eq!(folder.read_all().0, Vec::<i64>::new());
    archive.store_job(&attempt(2), &data_of(2)).unwrap();
    assert_eq!(stored(&folder), (2, 2));
}

#[test]
fn what_killed_attempts_left_behind_disturbs_nobody() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    let file = |name: &str| format!("{PLACE}/{name}");
    // Killed while the data, and while the meta.json were written.
    folder.write(&file(".new-Ab12Cd"), "{\"flops\":{\"no");
    folder.write(&file(".new-Ef34Gh"), "{\"cluster\":\"em");
    assert_eq!(folder.read_all().0, Vec::<i64>::new());
    archive.store_job(&attempt(2), &data_of(2)).unwrap();
    assert_eq!(stored(&folder), (2, 2));

    // Killed between the new data and the removal of those before.
    folder.write(&file("data.json.gz"), crate::folder::gzip(b"{}"));
    archive.store_job(&attempt(4), &data_of(4)).unwrap();
    assert_eq!(stored(&folder), (4, 4));
    assert!(archive.remove_job(&full_job().meta.key()).unwrap());
    assert_eq!(folder.names("emmy"), ["cluster.json"]);
}

#[test]
fn a_step_that_fails_leaves_the_job_as_it_was_and_the_next_attempt_sets_it_right() {
    // What stands in the way of each step, and whether the data are those of the failed attempt.
    for (obstacle, are_data_new) in [("data.json.gz", false), ("data.json", true), ("meta.json", true)] {
        let folder = folder_of_emmy();
        let archive = folder.open();
        if obstacle != "meta.json" {
            archive.store_job(&attempt(1), &data_of(1)).unwrap();
        }
        let path = folder.path(PLACE).join(obstacle);
        let moved = folder.path("moved");
        let was_there = fs::rename(&path, &moved).is_ok();
        folder.write(&format!("{PLACE}/{obstacle}/file"), "");

        let error = archive.store_job(&attempt(3), &data_of(3)).unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Unavailable, "{obstacle}: {error:?}");
        assert!(error.what.contains(obstacle), "{}", error.what);
        fs::remove_dir_all(&path).unwrap();
        if was_there {
            fs::rename(&moved, &path).unwrap();
        }
        let names = folder.names(PLACE);
        assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
        if obstacle == "meta.json" {
            assert_eq!(folder.read_all().0, Vec::<i64>::new());
        } else {
            assert_eq!(stored(&folder), (1, if are_data_new { 3 } else { 1 }), "{obstacle}");
        }

        archive.store_job(&attempt(5), &data_of(5)).unwrap();
        assert_eq!(stored(&folder), (5, 5), "{obstacle}");
        assert_eq!(folder.names(PLACE), ["data.json.gz", "meta.json"]);
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_said() {
    for place in ["emmy/1403", "emmy/1403/244", PLACE] {
        let folder = folder_of_emmy();
        folder.write(place, "no folder");
        let error = folder.open().store_job(&full_job(), &small_data()).unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Unavailable);
        assert!(error.what.ends_with(&format!("{place} cannot be written")), "{}", error.what);
        assert_eq!(folder.read(place), "no folder");
    }
}

#[test]
fn nothing_is_stored_where_the_archive_or_the_cluster_is_not() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    let job = FinishedJob { meta: JobMeta { cluster: "alex".to_owned(), ..full_job().meta }, ..full_job() };
    let error = archive.store_job(&job, &small_data()).unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unavailable);
    assert!(error.what.contains("alex"), "{}", error.what);
    assert!(!folder.path("alex").exists());

    // What is left of an archive that is not mounted.
    fs::remove_file(folder.path("version.txt")).unwrap();
    assert_eq!(archive.store_job(&full_job(), &small_data()).unwrap_err().kind, PortErrorKind::Unavailable);
    assert_eq!(folder.names("emmy"), ["cluster.json"]);
}

#[test]
fn nothing_is_stored_over_a_link_that_leads_out_of_the_archive() {
    for place in ["emmy", "emmy/1403", "emmy/1403/244", PLACE] {
        let folder = folder_of_emmy();
        let outside = folder_of_emmy();
        outside.open().store_job(&attempt(1), &data_of(1)).unwrap();
        folder.open().store_job(&attempt(2), &data_of(2)).unwrap();
        fs::remove_dir_all(folder.path(place)).unwrap();
        symlink(outside.path(place), folder.path(place)).unwrap();
        let error = folder.open().store_job(&attempt(3), &data_of(3)).unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Unavailable, "{place}");
        assert_eq!(stored(&outside), (1, 1), "{place}");
    }
}

#[test]
fn linked_files_are_replaced_and_what_they_lead_to_is_left_alone() {
    let folder = folder_of_emmy();
    let outside = folder_of_emmy();
    outside.open().store_job(&attempt(1), &data_of(1)).unwrap();
    fs::create_dir_all(folder.path(PLACE)).unwrap();
    for (name, target) in
        [("data.json", "data.json.gz"), ("data.json.gz", "data.json.gz"), ("meta.json", "meta.json")]
    {
        symlink(outside.path(PLACE).join(target), folder.path(PLACE).join(name)).unwrap();
    }
    folder.open().store_job(&attempt(2), &data_of(2)).unwrap();
    assert_eq!((stored(&folder), stored(&outside)), ((2, 2), (1, 1)));
    assert_eq!(folder.names(PLACE), ["data.json", "meta.json"]);
}

/// The number of stores during which somebody reads.
const STORES: i32 = 40;

#[test]
fn who_reads_meanwhile_never_meets_half_a_job_or_a_new_job_with_old_data() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    archive.store_job(&attempt(1), &data_of(1)).unwrap();
    let reads_begun = AtomicUsize::new(0);
    let stored_last = AtomicI32::new(1);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 2..STORES {
                archive.store_job(&attempt(number), &data_of(number)).unwrap();
                stored_last.store(number, Ordering::SeqCst);
                // No read is to meet two stores: one that outruns the reader is what no reader can stand.
                let begun = reads_begun.load(Ordering::SeqCst);
                while reads_begun.load(Ordering::SeqCst) < begun + 2 {
                    thread::yield_now();
                }
            }
            stored_last.store(STORES, Ordering::SeqCst);
        });
        loop {
            reads_begun.fetch_add(1, Ordering::SeqCst);
            let at_least = stored_last.load(Ordering::SeqCst);
            if at_least == STORES {
                break;
            }
            let (meta, _) = read_job(&archive, PLACE);
            let data = archive.load_data(&meta.key()).unwrap().expect("the data are always there");
            assert!(archive.data_stamp(&meta.key()).unwrap().is_some());
            let number = number_of(&data);
            assert!(at_least <= meta.duration && meta.duration <= number, "{at_least} {meta:?} {number}");
        }
    });
    assert_eq!(stored(&folder), (STORES - 1, STORES - 1));
}

#[test]
fn jobs_that_are_stored_and_removed_side_by_side_do_not_hinder_each_other() {
    let folder = folder_of_emmy();
    let archive = folder.open();
    let archive = &archive;
    thread::scope(|scope| {
        for worker in 0..4 {
            scope.spawn(move || {
                for round in 0..25 {
                    let mut job = attempt(round);
                    // Each has folders of its own below one that all share, and that comes and goes.
                    job.meta.job_id = 7_000 + worker;
                    archive.store_job(&job, &data_of(round)).unwrap();
                    let location = format!("emmy/7/00{worker}/{}", job.meta.start_time.0);
                    assert_eq!(read_job(archive, &location).0.duration, round);
                    assert!(archive.remove_job(&job.meta.key()).unwrap());
                }
            });
        }
    });
    assert_eq!(folder.names("emmy"), ["cluster.json"]);
}
