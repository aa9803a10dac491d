//! After an outage everything comes at once: what batch systems kept is sent by many connections as fast as they go.

use crate::listing::all_jobs;
use crate::process::{Client, ServerProcess};
use crate::site::Site;
use crate::writing::start_of;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const T: i64 = 1_760_000_000;
const CONNECTIONS: i64 = 64;
const JOBS_OF_CONNECTION: i64 = 79;

fn stop_of(job_id: i64) -> Value {
    json!({ "jobId": job_id, "cluster": "aurora", "stopTime": T + job_id, "jobState": "completed" })
}

/// Sends the starts of a connection's jobs, then their stops, and returns the ids that were given.
fn send_all(client: &mut Client, first_job: i64) -> BTreeMap<i64, i64> {
    let jobs = first_job..first_job + JOBS_OF_CONNECTION;
    let mut ids = BTreeMap::new();
    for job_id in jobs.clone() {
        let start = start_of(job_id, T).to_string();
        let (status, body) = client.send("POST", "/api/jobs/start_job/", &start).unwrap();
        assert_eq!(status, 201, "start of job {job_id}: {body}");
        ids.insert(job_id, serde_json::from_str::<Value>(&body).unwrap()["id"].as_i64().unwrap());
    }
    for job_id in jobs {
        let (status, body) =
            client.send("POST", "/api/jobs/stop_job/", &stop_of(job_id).to_string()).unwrap();
        assert_eq!(status, 200, "stop of job {job_id}: {body}");
    }
    ids
}

#[test]
fn ten_thousand_starts_and_stops_at_once_are_all_taken() {
    const { assert!(CONNECTIONS * JOBS_OF_CONNECTION * 2 >= 10_000) }
    let site = Site::with_jobs(0);
    let token = site.output(&["token", "slurm", "--roles", "api"]).trim().to_owned();
    let server = ServerProcess::start(&site);
    let mut ids = BTreeMap::new();
    std::thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|connection| {
                let mut client = Client::connect(server.address, &token).unwrap();
                scope.spawn(move || send_all(&mut client, connection * JOBS_OF_CONNECTION + 1))
            })
            .collect();
        for connection in connections {
            ids.extend(connection.join().unwrap());
        }
    });
    let jobs = all_jobs(server.address, &token);
    assert_eq!(jobs.len(), ids.len());
    for (job_id, id) in &ids {
        let job = &jobs[job_id];
        assert_eq!(
            (&job["id"], &job["jobState"], &job["duration"]),
            (&json!(id), &json!("completed"), &json!(job_id))
        );
    }
    server.stop();
    assert!(site.output(&["db", "check"]).starts_with("ok"));
}
