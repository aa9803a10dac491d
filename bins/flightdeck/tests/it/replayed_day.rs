//! A day of a batch system, sent in order, with the server stopped and started in the middle.

use crate::listing::{all_jobs, lasting_state};
use crate::process::{Client, ServerProcess};
use crate::site::{Site, get};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MIDNIGHT: i64 = 1_760_054_400;
const JOBS: i64 = 500;
const STATES: [&str; 5] = ["completed", "failed", "cancelled", "timeout", "out_of_memory"];

/// When the job starts and, unless it runs over midnight, ends; in seconds of the day.
fn times(job_id: i64) -> (i64, Option<i64>) {
    let start = job_id * 86_400 / (JOBS + 1);
    let end = start + job_id * 7919 % 20_000;
    (start, (end < 86_400).then_some(end))
}

fn state(job_id: i64) -> &'static str {
    STATES[usize::try_from(job_id).unwrap() % STATES.len()]
}

fn start_of(job_id: i64) -> Value {
    let hosts = (0..=job_id % 4).map(|host| format!("a{:04}", (job_id * 5 + host) % 250 + 1));
    let resources: Vec<Value> = hosts.map(|hostname| json!({ "hostname": hostname })).collect();
    json!({
        "jobId": job_id, "cluster": "aurora", "user": format!("user{:03}", job_id % 20),
        "project": format!("proj{:02}", job_id % 5), "partition": "main", "walltime": 86_400,
        "startTime": MIDNIGHT + times(job_id).0, "submitTime": MIDNIGHT + times(job_id).0 - 60,
        // Not archived: when that happens is the archiver's business, and would be seen in one look and not in another.
        "monitoringStatus": 0,
        "numNodes": resources.len(), "resources": resources, "numHwthreads": resources.len() * 64,
        "metaData": { "jobName": format!("step {job_id}") },
        "tags": if job_id % 10 == 0 { json!([{ "type": "kind", "name": "tenth" }]) } else { json!([]) }
    })
}

fn stop_of(job_id: i64, end: i64) -> Value {
    json!({ "jobId": job_id, "cluster": "aurora", "stopTime": MIDNIGHT + end, "jobState": state(job_id) })
}

/// The day's requests in order: time, path, body and the status that is expected.
fn requests() -> Vec<(i64, &'static str, Value, u16)> {
    let mut requests = Vec::new();
    for job_id in 1..=JOBS {
        let (start, end) = times(job_id);
        requests.push((start, "/api/jobs/start_job/", start_of(job_id), 201));
        if let Some(end) = end {
            requests.push((end, "/api/jobs/stop_job/", stop_of(job_id, end), 200));
        }
    }
    requests.sort_by_key(|(time, path, ..)| (*time, *path));
    requests
}

fn replay(server: &ServerProcess, token: &str, requests: &[(i64, &'static str, Value, u16)]) {
    let mut client = Client::connect(server.address, token).unwrap();
    for (_, path, body, expected) in requests {
        let (status, answer) = client.send("POST", path, &body.to_string()).unwrap();
        assert_eq!(status, *expected, "{path} {body}: {answer}");
    }
}

/// What clients look at: all jobs, and answers that are worked out of them.
fn shown(server: &ServerProcess, token: &str) -> (BTreeMap<i64, Value>, Vec<Value>) {
    let paths = [
        "jobs/?state=completed&items-per-page=100",
        "jobs/?tag=kind:tenth&state=completed&items-per-page=100",
        "jobs/?node=a0018&state=timeout&sort=duration&items-per-page=100",
        "jobs/?user=user007&duration=100-10000&items-per-page=100",
        "jobs/used_nodes?ts=9999999999",
    ];
    let answers = paths.map(|path| {
        let answer = get(server.address, &format!("/api/{path}"), token);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    });
    (lasting_state(server.address, token), answers.to_vec())
}

#[test]
fn a_day_with_a_restart_in_the_middle_is_there_as_it_was() {
    let site = Site::with_jobs(0);
    let token = site.output(&["token", "slurm", "--roles", "api"]).trim().to_owned();
    let requests = requests();
    let (morning, afternoon) = requests.split_at(requests.len() / 2);

    let server = ServerProcess::start(&site);
    replay(&server, &token, morning);
    let before = shown(&server, &token);
    assert!(before.0.values().any(|job| job["jobState"] == "running"), "some run over the restart");
    server.stop();

    let server = ServerProcess::start(&site);
    assert_eq!(shown(&server, &token), before);
    replay(&server, &token, afternoon);
    let after = shown(&server, &token);
    server.stop();

    let server = ServerProcess::start(&site);
    assert_eq!(shown(&server, &token), after);
    assert!(after.1.iter().all(|answer| answer["total"] != 0), "every question has an answer");
    let jobs = all_jobs(server.address, &token);
    assert_eq!(jobs.len(), usize::try_from(JOBS).unwrap());
    for (job_id, job) in jobs {
        let (start, end) = times(job_id);
        let sent = start_of(job_id);
        for key in ["user", "project", "partition", "startTime", "submitTime", "numNodes", "walltime"] {
            assert_eq!(job[key], sent[key], "{key} of job {job_id}");
        }
        assert_eq!(job["metaData"], sent["metaData"], "job {job_id}");
        match end {
            Some(end) => {
                let known = (&job["jobState"], &job["duration"]);
                assert_eq!(known, (&json!(state(job_id)), &json!(end - start)), "job {job_id}");
            }
            None => assert_eq!(job["jobState"], "running", "job {job_id}"),
        }
    }
}
