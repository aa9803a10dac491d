//! What cc-slurm-adapter sends, replayed from its recording (`tests/fixtures/slurm-adapter`): with
//! `refused-jobs: "quarantine"` it is never kept from going on, and without it gets what the recorded server answered.

use crate::site::{Answer, Site, exchange, get, send};
use flightdeck::RunningServer;
use flightdeck_model::Role;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Jobs whose stop was recorded alone: number and start.
const STARTED_BEFORE: [(i64, i64); 10] = [
    (2003, 1_795_368_427),
    (2004, 1_795_368_427),
    (2005, 1_795_369_867),
    (2007, 1_795_372_747),
    (2008, 1_795_372_747),
    (2009, 1_795_374_187),
    (2011, 1_795_375_627),
    (4021, 1_795_450_781),
    (4051, 1_795_450_853),
    (4056, 1_795_450_863),
];

/// Replayed after all others of their kind, since they repeat one of those.
const REPETITIONS: [&str; 2] = ["start-duplicate.json", "stop-duplicate.json"];

/// A recorded request and the status that it was answered with.
struct Recorded {
    name: String,
    request: Value,
    status: u16,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/slurm-adapter")
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixtures().join(name)).unwrap()).unwrap()
}

/// The single requests of a kind in an order in which they make sense.
fn recorded(kind: &str) -> Vec<Recorded> {
    let files = std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> =
        files.map(|name| name.into_string().unwrap()).filter(|name| name.starts_with(kind)).collect();
    names.sort_by_key(|name| (REPETITIONS.contains(&name.as_str()), name.clone()));
    let read_one = |name: String| {
        let request = read(&name);
        let status = request["reference"]["status"].as_u64().unwrap().try_into().unwrap();
        Recorded { name, request, status }
    };
    names.into_iter().map(read_one).collect()
}

/// A site whose server treats refused jobs in this way, and a token for the adapter.
fn site(refused_jobs: &str) -> (Site, RunningServer, String) {
    let site = Site::with_jobs(1);
    site.configure(|config| config["main"]["refused-jobs"] = refused_jobs.into());
    let server = site.serve();
    let token = server.token("slurm", &[Role::Api]).unwrap();
    (site, server, token)
}

/// Sends a request as the adapter does: its headers, and its JSON, in which three characters are escaped.
fn replay(server: &RunningServer, token: &str, request: &Value) -> Answer {
    let headers = format!(
        "User-Agent: Go-http-client/1.1\r\nAccept: application/ld+json\r\nContent-Type: application/json\r\n\
         X-Auth-Token: {token}\r\nAccept-Encoding: gzip\r\n"
    );
    let body = match &request["body"] {
        Value::Null => String::new(),
        body => {
            let compact = body.to_string();
            compact.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
        }
    };
    let text = |key: &str| request[key].as_str().unwrap();
    exchange(server.address(), text("method"), text("path"), &headers, &body)
}

/// Replays all single requests; answers with the name, the recorded status and the one of now.
fn replay_single_requests(server: &RunningServer, token: &str) -> Vec<(String, u16, u16)> {
    let mut answers = Vec::new();
    let mut replay_kind = |kind| {
        for Recorded { name, request, status } in recorded(kind) {
            answers.push((name, status, replay(server, token, &request).status));
        }
    };
    replay_kind("start-");
    for (job_id, start_time) in STARTED_BEFORE {
        let job = json!({ "jobId": job_id, "cluster": "aurora", "user": "user007", "startTime": start_time,
            "numNodes": 1, "resources": [{ "hostname": "a0001" }] });
        assert_eq!(send(server.address(), "POST", "/api/jobs/start_job/", token, &job).status, 201);
    }
    replay_kind("stop-");
    replay_kind("nodestate-");
    assert_eq!(answers.len(), 40, "fixtures are missing");
    answers
}

#[test]
fn by_default_the_adapter_gets_what_it_got_in_the_recording() {
    let (_site, server, token) = site("error");
    for (name, recorded, answered) in replay_single_requests(&server, &token) {
        assert_eq!(answered, recorded, "{name}");
    }
}

#[test]
fn with_a_quarantine_every_answer_lets_the_adapter_go_on() {
    let (_site, server, token) = site("quarantine");
    for (name, recorded, answered) in replay_single_requests(&server, &token) {
        let expected = if recorded == 400 { 422 } else { recorded };
        assert_eq!(answered, expected, "{name}");
    }
    let admin = server.token_for(Role::Admin).unwrap();
    let kept = get(server.address(), "/api/quarantine/?items-per-page=100", &admin).json();
    assert_eq!(kept["total"], 5, "{kept}");
}

/// How each job of the day ends: state and, if it does end, duration in seconds.
fn outcome_of(day: &[Value]) -> BTreeMap<(String, i64), (String, Option<i64>)> {
    let mut jobs = BTreeMap::new();
    let mut starts = BTreeMap::new();
    for request in day {
        let body = &request["body"];
        let key = || (body["cluster"].as_str().unwrap().to_owned(), body["jobId"].as_i64().unwrap());
        match request["path"].as_str().unwrap() {
            "/api/jobs/start_job/" => {
                starts.insert(key(), body["startTime"].as_i64().unwrap());
                jobs.insert(key(), ("running".to_owned(), None));
            }
            "/api/jobs/stop_job/" => {
                let duration = body["stopTime"].as_i64().unwrap() - starts[&key()];
                jobs.insert(key(), (body["jobState"].as_str().unwrap().to_owned(), Some(duration)));
            }
            _ => {}
        }
    }
    jobs
}

#[test]
fn a_day_of_a_batch_system_ends_with_every_job_as_it_was() {
    let day = read("day.json");
    let day = day.as_array().unwrap();
    for refused_jobs in ["error", "quarantine"] {
        let (_site, server, token) = site(refused_jobs);
        for request in day {
            let answer = replay(&server, &token, request);
            assert_eq!(u64::from(answer.status), request["status"], "{refused_jobs}: {request}");
        }
        let list = get(server.address(), "/api/jobs/?items-per-page=100", &token).json();
        let jobs = list["jobs"].as_array().unwrap().iter().map(|job| {
            let key = (job["cluster"].as_str().unwrap().to_owned(), job["jobId"].as_i64().unwrap());
            let state = job["jobState"].as_str().unwrap().to_owned();
            let duration = job["duration"].as_i64().filter(|_| state != "running");
            (key, (state, duration))
        });
        assert_eq!(jobs.collect::<BTreeMap<_, _>>(), outcome_of(day), "{refused_jobs}");
    }
}
