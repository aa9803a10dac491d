//! `flightdeck import` on real files.

use crate::site::{Site, get};
use flightdeck::Server;
use flightdeck_model::Role;
use std::process::{Command, Stdio};

#[test]
fn an_import_done_twice_changes_nothing_more() {
    let site = Site::with_jobs(40);
    assert!(site.output(&["import"]).starts_with("imported: 40 new, 0 updated, 0 unchanged, 0 skipped"));
    assert!(site.output(&["import"]).starts_with("imported: 0 new, 0 updated, 40 unchanged, 0 skipped"));
}

#[test]
fn damaged_jobs_are_skipped_with_path_and_reason_and_spoil_no_other() {
    let site = Site::with_jobs(12);
    let folders = site.job_folders();
    std::fs::write(folders[0].join("meta.json"), b"{\"jobId\": 7").unwrap();
    std::fs::remove_file(folders[1].join("meta.json")).unwrap();
    std::fs::write(folders[2].join("meta.json"), b"").unwrap();
    let lost_and_found = site.archive().join("lost+found/1/002/3");
    std::fs::create_dir_all(lost_and_found).unwrap();
    std::fs::write(site.archive().join("aurora/README"), "stray").unwrap();

    let summary = site.output(&["import"]);
    assert!(summary.starts_with("imported: 9 new, 0 updated, 0 unchanged, 3 skipped"), "{summary}");
    for folder in folders.iter().take(3) {
        let place = folder.strip_prefix(site.archive()).unwrap().to_str().unwrap();
        assert!(summary.lines().any(|line| line.contains(place)), "{place} is not named: {summary}");
    }
    let server = Server::builder(site.config()).start().unwrap();
    let list =
        get(server.address(), "/api/jobs/?items-per-page=100", &server.token("robot", &[Role::Api]).unwrap());
    assert_eq!((list.status, list.json()["total"].as_u64()), (200, Some(9)));
}

#[test]
fn a_mended_job_is_taken_in_by_the_next_import() {
    let site = Site::with_jobs(5);
    let meta = site.job_folders()[0].join("meta.json");
    let whole = std::fs::read_to_string(&meta).unwrap();
    std::fs::write(&meta, "{}").unwrap();
    assert!(site.output(&["import"]).starts_with("imported: 4 new"));
    std::fs::write(&meta, &whole).unwrap();
    assert!(site.output(&["import"]).starts_with("imported: 1 new, 0 updated, 4 unchanged"));
    std::fs::write(&meta, whole.replacen("\"project\":\"", "\"project\":\"new-", 1)).unwrap();
    assert!(site.output(&["import"]).starts_with("imported: 0 new, 1 updated, 4 unchanged"));
}

#[test]
fn rebuild_starts_from_scratch_and_keeps_the_users() {
    let site = Site::with_jobs(6);
    site.run(&["user", "add", "uma"]).success();
    site.run(&["import"]).success();
    std::fs::remove_dir_all(&site.job_folders()[0]).unwrap();
    let summary = site.output(&["import", "--rebuild"]);
    assert!(summary.starts_with("imported: 5 new") && summary.contains("removed before: 6"), "{summary}");
    assert!(site.output(&["user", "list"]).starts_with("uma"));
}

/// Kills the import at different moments; whatever was written, the next one completes it.
#[test]
fn an_import_that_was_killed_goes_on_where_it_was() {
    let site = Site::with_jobs(3000);
    let database = site.path("var/job.db");
    let mut interrupted = false;
    for _ in 0..20 {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("flightdeck"))
            .args(["import"])
            .current_dir(site.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed as soon as the log of the database has grown: in the middle of the writing.
        let wal = site.path("var/job.db-wal");
        let before = std::fs::metadata(&wal).map_or(0, |file| file.len());
        while child.try_wait().unwrap().is_none() {
            if std::fs::metadata(&wal).is_ok_and(|file| file.len() != before) {
                child.kill().unwrap();
            }
            std::thread::yield_now();
        }
        interrupted |= !child.wait().unwrap().success();
        if interrupted {
            break;
        }
    }
    assert!(interrupted, "the import was never caught in the act");
    assert!(database.exists());
    site.run(&["import"]).success();
    let unchanged = site.output(&["import"]);
    assert!(unchanged.starts_with("imported: 0 new, 0 updated, 3000 unchanged, 0 skipped"), "{unchanged}");
}
