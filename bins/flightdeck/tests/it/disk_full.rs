//! A server whose disk is full: nothing that was acknowledged is lost, reading goes on, and writing resumes by itself.
//!
//! Where the machine allows no small disk (see [`SmallDisk`]) the tests say so on standard error and test nothing.

use crate::listing::{all_jobs, wait_until};
use crate::site::{Answer, Site, get, send};
use crate::small_disk::SmallDisk;
use crate::writing::start_of;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;

const T: i64 = 1_760_000_000;
const START: &str = "/api/jobs/start_job/";
const STOP: &str = "/api/jobs/stop_job/";

/// A start with a few pages of metadata.
pub(crate) fn large_start(job_id: i64) -> Value {
    let mut start = start_of(job_id, T);
    start["metaData"] = json!({ "jobScript": "x".repeat(20_000) });
    start
}

pub(crate) fn is_no_room(answer: &Answer) -> bool {
    [503, 507].contains(&answer.status) && answer.asks_to_come_again()
}

/// Starts jobs of these numbers until one finds no room; returns those that were acknowledged.
fn start_until_refused(address: SocketAddr, token: &str, numbers: std::ops::Range<i64>) -> Vec<i64> {
    let mut started = Vec::new();
    for job_id in numbers {
        let answer = send(address, "POST", START, token, &large_start(job_id));
        if answer.status != 201 {
            assert!(is_no_room(&answer), "{} {}", answer.status, answer.body);
            return started;
        }
        started.push(job_id);
    }
    panic!("{} jobs found room on a full disk", started.len());
}

pub(crate) fn wait_until_writing_resumes(address: SocketAddr, token: &str, job_id: i64) {
    wait_until("writing resumes", || {
        let answer = send(address, "POST", START, token, &large_start(job_id));
        assert!(answer.status == 201 || is_no_room(&answer), "{} {}", answer.status, answer.body);
        answer.status == 201
    });
}

/// Tries every kind of change, each of which finds room or does not. Which jobs were stopped.
fn try_changes(address: SocketAddr, token: &str, running: &[i64]) -> BTreeSet<i64> {
    let id = all_jobs(address, token)[&running[0]]["id"].clone();
    for (method, path, body) in [
        ("POST", format!("/api/jobs/tag_job/{id}"), json!([{ "type": "kind", "name": "late" }])),
        ("PATCH", format!("/api/jobs/edit_meta/{id}"), json!({ "key": "note", "value": "y".repeat(20_000) })),
        ("DELETE", "/api/tags/".to_owned(), json!([{ "type": "never", "name": "there" }])),
        ("POST", "/api/user/mona".to_owned(), json!({ "add-project": "proj07" })),
        (
            "POST",
            "/api/nodestate/".to_owned(),
            json!({ "cluster": "aurora", "nodes": [{ "hostname": "a0001" }] }),
        ),
        ("PUT", "/api/machine_state/aurora/a0001".to_owned(), json!("z".repeat(20_000))),
    ] {
        let answer = send(address, method, &path, token, &body);
        let has_room = (200..300).contains(&answer.status);
        assert!(has_room || is_no_room(&answer), "{method} {path}: {} {}", answer.status, answer.body);
    }
    let mut stopped = BTreeSet::new();
    for job_id in &running[1..] {
        let stop = json!({ "jobId": job_id, "cluster": "aurora", "stopTime": T + 60 });
        let answer = send(address, "POST", STOP, token, &stop);
        assert!(answer.status == 200 || is_no_room(&answer), "{} {}", answer.status, answer.body);
        if answer.status == 200 {
            stopped.insert(*job_id);
        }
    }
    stopped
}

fn started_jobs(address: SocketAddr, token: &str) -> BTreeSet<i64> {
    all_jobs(address, token).into_iter().filter(|(_, job)| job["startTime"] == T).map(|(id, _)| id).collect()
}

#[test]
fn a_full_disk_loses_nothing_and_writing_resumes_when_there_is_room() {
    let site = Site::with_jobs(3);
    site.configure(|config| config["main"]["machine-state-dir"] = "var/machines".into());
    site.run(&["import"]).success();
    site.run(&["user", "add", "mona", "--roles", "manager", "--projects", "proj03"]).success();
    let token = site.output(&["token", "slurm", "--roles", "admin,api"]).trim().to_owned();
    let Some(mut disk) = SmallDisk::under(&site, "var", 12) else { return };
    let mut address = disk.serve(&site);
    let mut acknowledged: BTreeSet<i64> = (1..=20).collect();
    for job_id in &acknowledged {
        assert_eq!(send(address, "POST", START, &token, &large_start(*job_id)).status, 201);
    }
    let mut stopped = BTreeSet::new();
    for round in 1..=2_i64 {
        disk.fill("var");
        acknowledged.extend(start_until_refused(address, &token, round * 1000..round * 1000 + 500));
        let running: Vec<i64> = acknowledged.difference(&stopped).copied().collect();
        stopped.extend(try_changes(address, &token, &running));
        assert_eq!(started_jobs(address, &token), acknowledged, "neither lost nor half there");
        for path in ["jobs/?state=running&sort=duration", "jobs/used_nodes?ts=9999999999", "nodestate/"] {
            assert_eq!(get(address, &format!("/api/{path}"), &token).status, 200, "{path}");
        }
        if round == 2 {
            // Stopped while there is no room, and started when there is some.
            disk.stop_server();
            disk.make_room("var");
            address = disk.serve(&site);
        } else {
            disk.make_room("var");
        }
        wait_until_writing_resumes(address, &token, round * 1000 + 900);
        acknowledged.insert(round * 1000 + 900);
    }
    let jobs = all_jobs(address, &token);
    assert_eq!(started_jobs(address, &token), acknowledged);
    for job_id in &acknowledged {
        let is_running = jobs[job_id]["jobState"] == "running";
        assert_eq!(is_running, !stopped.contains(job_id), "job {job_id}");
        assert_eq!(jobs[job_id]["metaData"]["jobScript"].as_str().map(str::len), Some(20_000));
    }
    disk.stop_server();
    let program = assert_cmd::cargo::cargo_bin!("flightdeck").display();
    assert!(disk.run(&format!("'{program}' db check | grep -q '^ok'")), "the database is damaged");
}

#[test]
fn an_archive_on_a_full_disk_is_brought_up_to_date_when_there_is_room() {
    let site = Site::with_jobs(3);
    site.run(&["import"]).success();
    let token = site.output(&["token", "slurm", "--roles", "admin,api"]).trim().to_owned();
    let Some(mut disk) = SmallDisk::under(&site, "var/job-archive", 12) else { return };
    let mut address = disk.serve(&site);
    let job = get(address, "/api/jobs/?items-per-page=1", &token).json()["jobs"][0].clone();
    let path = format!("/api/jobs/edit_meta/{}", job["id"]);
    let has_note = format!("grep -q a-note-of-the-test var/job-archive/*/*/*/{}/meta.json", job["startTime"]);
    let none_is_cut_off = "( for meta in $(find var/job-archive -name meta.json); do tail -c 3 $meta | grep -q '}' || exit 1; done )";

    disk.fill("var/job-archive");
    let note = json!({ "key": "note", "value": format!("a-note-of-the-test {}", "n".repeat(50_000)) });
    let edited = send(address, "PATCH", &path, &token, &note);
    assert_eq!(edited.status, 200, "the database has room: {}", edited.body);
    assert_eq!(edited.json()["metaData"]["note"], note["value"]);
    assert!(!disk.run(&has_note), "there is no room for this");
    assert!(disk.run(none_is_cut_off), "a file is cut off");

    disk.make_room("var/job-archive");
    // At start, and every minute, what is left is done.
    disk.stop_server();
    address = disk.serve(&site);
    wait_until("the archive is brought up to date", || disk.run(&has_note));
    let shown = get(address, "/api/jobs/?items-per-page=1&with-metadata=true", &token).json();
    assert_eq!(shown["jobs"][0]["metaData"]["note"], note["value"]);
}
