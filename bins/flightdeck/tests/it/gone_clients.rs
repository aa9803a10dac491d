//! Clients that are gone before they are answered: what they asked for is done as a whole or not at all.

use crate::listing::all_jobs;
use crate::site::{Site, send};
use flightdeck_model::Role;
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::{Shutdown, SocketAddr, TcpStream};

const T: i64 = 1_760_000_000;
const JOBS: i64 = 160;

fn start_of(job_id: i64) -> Value {
    json!({
        "jobId": job_id, "cluster": "aurora", "user": "mona", "startTime": T, "numNodes": 2,
        "resources": [{ "hostname": "a0001" }, { "hostname": "a0002" }],
        "metaData": { "jobName": "train", "jobScript": "x".repeat(20_000) },
        "tags": [{ "type": "kind", "name": "left" }]
    })
}

fn stop_of(job_id: i64) -> Value {
    json!({ "jobId": job_id, "cluster": "aurora", "stopTime": T + 60, "jobState": "failed" })
}

/// Sends this part of a request, and is gone.
fn send_and_go(address: SocketAddr, path: &str, token: &str, body: &Value, part: f64) {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: flightdeck\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "any place in the request will do"
    )]
    let sent = (request.len() as f64 * part) as usize;
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(&request.as_bytes()[..sent]).unwrap();
    // Some say goodbye, others just go: unread answers then reset the connection.
    if sent.is_multiple_of(2) {
        socket.shutdown(Shutdown::Both).unwrap();
    }
}

fn assert_is_whole(job: &Value) {
    assert_eq!(job["resources"].as_array().unwrap().len(), 2, "{job}");
    assert_eq!(job["metaData"]["jobScript"].as_str().unwrap().len(), 20_000);
    assert_eq!(job["tags"][0]["name"], "left", "{job}");
}

#[test]
fn a_start_whose_client_is_gone_is_there_whole_or_not_at_all() {
    let site = Site::with_jobs(0);
    let server = site.serve();
    let (address, token) = (server.address(), server.token("slurm", &[Role::Api]).unwrap());
    for job_id in 1..=JOBS {
        let part = if job_id % 4 == 0 { 0.7 } else { 1.0 };
        send_and_go(address, "/api/jobs/start_job/", &token, &start_of(job_id), part);
        if job_id % 16 == 0 {
            all_jobs(address, &token).values().for_each(assert_is_whole);
        }
    }
    for job_id in 1..=JOBS {
        let again = send(address, "POST", "/api/jobs/start_job/", &token, &start_of(job_id));
        assert!([201, 422].contains(&again.status), "{} {}", again.status, again.body);
        assert!(job_id % 4 != 0 || again.status == 201, "job {job_id} came with half of its request");
    }
    let jobs = all_jobs(address, &token);
    assert_eq!(jobs.len(), usize::try_from(JOBS).unwrap());
    jobs.values().for_each(assert_is_whole);
}

#[test]
fn a_stop_whose_client_is_gone_is_done_once_or_not_at_all() {
    let site = Site::with_jobs(0);
    let server = site.serve();
    let (address, token) = (server.address(), server.token("slurm", &[Role::Api]).unwrap());
    for job_id in 1..=JOBS {
        let started = send(address, "POST", "/api/jobs/start_job/", &token, &start_of(job_id));
        assert_eq!(started.status, 201, "{}", started.body);
        send_and_go(address, "/api/jobs/stop_job/", &token, &stop_of(job_id), 1.0);
    }
    for job_id in 1..=JOBS {
        let again = send(address, "POST", "/api/jobs/stop_job/", &token, &stop_of(job_id));
        assert!([200, 422].contains(&again.status), "{} {}", again.status, again.body);
    }
    for (job_id, job) in all_jobs(address, &token) {
        assert_is_whole(&job);
        assert_eq!((&job["jobState"], &job["duration"]), (&json!("failed"), &json!(60)), "job {job_id}");
    }
}
