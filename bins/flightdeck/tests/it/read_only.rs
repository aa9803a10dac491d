//! A database that cannot be written to: reading goes on, and writing resumes by itself.

use crate::disk_full::{is_no_room, large_start, wait_until_writing_resumes};
use crate::listing::{all_jobs, lasting_state};
use crate::process::ServerProcess;
use crate::site::{Answer, Site, send};
use serde_json::json;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A server that can be kept from writing to any file, and a token.
fn server_that_can_be_kept_from_writing(site: &Site) -> (ServerProcess, String) {
    let token = site.output(&["token", "slurm", "--roles", "admin,api"]).trim().to_owned();
    // Without the trap the system would end the process; so it only fails to write.
    let mut launcher = Command::new("/bin/sh");
    launcher.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
    launcher.arg(assert_cmd::cargo::cargo_bin!("flightdeck"));
    (ServerProcess::start_as(launcher, site), token)
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let outcome = Command::new(program).args(arguments).stderr(Stdio::null()).status();
    outcome.is_ok_and(|status| status.success())
}

fn start(server: &ServerProcess, token: &str, job_id: i64) -> Answer {
    send(server.address, "POST", "/api/jobs/start_job/", token, &large_start(job_id))
}

fn start_some(server: &ServerProcess, token: &str) {
    for job_id in 1..=5 {
        assert_eq!(start(server, token, job_id).status, 201);
    }
}

fn check_that_only_reading_works(server: &ServerProcess, token: &str) {
    let before = lasting_state(server.address, token);
    for job_id in 6..10 {
        let refused = start(server, token, job_id);
        assert!(is_no_room(&refused), "{} {}", refused.status, refused.body);
        let stop = json!({ "jobId": 1, "cluster": "aurora", "stopTime": 1_760_000_060_i64 });
        let refused = send(server.address, "POST", "/api/jobs/stop_job/", token, &stop);
        assert!(is_no_room(&refused), "{} {}", refused.status, refused.body);
        assert_eq!(lasting_state(server.address, token), before);
    }
}

fn check_that_writing_works(server: &ServerProcess, token: &str) {
    wait_until_writing_resumes(server.address, token, 6);
    let jobs = all_jobs(server.address, token);
    assert_eq!(jobs.into_keys().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
}

/// No file of the process may grow or be written to: as when a disk's errors have made it read-only.
#[test]
fn a_disk_that_takes_no_writing_is_read_on_and_written_to_later() {
    let site = Site::with_jobs(0);
    let (server, token) = server_that_can_be_kept_from_writing(&site);
    let process = format!("--pid={}", server.id());
    let limit = |most: &str| run("prlimit", &[&process, &format!("--fsize={most}:unlimited")]);
    start_some(&server, &token);
    assert!(limit("0"));
    check_that_only_reading_works(&server, &token);
    assert!(limit("unlimited"));
    check_that_writing_works(&server, &token);
    server.stop();
    assert!(site.output(&["db", "check"]).starts_with("ok"));
}

/// Files that nobody can write to, root included, until this is dropped.
struct ReadOnlyFiles(Vec<PathBuf>);

impl ReadOnlyFiles {
    /// None where the file system or the machine does not allow it.
    fn make(files: Vec<PathBuf>) -> Option<Self> {
        let files = Self(files);
        files.change("+i").then_some(files)
    }

    fn change(&self, flag: &str) -> bool {
        let names = self.0.iter().map(|path| path.to_str().unwrap());
        run("chattr", &std::iter::once(flag).chain(names).collect::<Vec<_>>())
    }
}

impl Drop for ReadOnlyFiles {
    fn drop(&mut self) {
        self.change("-i");
    }
}

/// Only root can do this, and only on some file systems; elsewhere the test says so and tests nothing.
#[test]
fn database_files_that_become_read_only_are_read_on_and_written_to_later() {
    let site = Site::with_jobs(0);
    let token = site.output(&["token", "slurm", "--roles", "admin,api"]).trim().to_owned();
    let server = ServerProcess::start(&site);
    start_some(&server, &token);
    let files = ["var/job.db", "var/job.db-wal"].map(|name| site.path(name));
    let Some(files) = ReadOnlyFiles::make(files.to_vec()) else {
        // Not by eprintln!, which the test harness keeps to itself.
        let text = b"files cannot be made read-only here: a test is left out\n";
        return std::io::stderr().write_all(text).unwrap();
    };
    check_that_only_reading_works(&server, &token);
    drop(files);
    check_that_writing_works(&server, &token);
    server.stop();
    assert!(site.output(&["db", "check"]).starts_with("ok"));
}
