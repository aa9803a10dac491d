//! Two server processes on one PostgreSQL: together they behave as one.

use crate::listing::{all_jobs, lasting_state};
use crate::postgres::PostgresDatabase;
use crate::process::{Client, ServerProcess};
use crate::site::{Site, get, send};
use crate::writing::start_of;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Barrier;

const T: i64 = 1_760_000_000;
const JOBS: i64 = 60;
const CLIENTS_OF_EACH: usize = 8;

fn stop_of(job_id: i64) -> Value {
    json!({ "jobId": job_id, "cluster": "aurora", "startTime": T, "stopTime": T + job_id })
}

/// All clients send the same requests, job by job at the same time. How often each job was answered how.
fn race(
    servers: &[ServerProcess; 2],
    token: &str,
    path: &str,
    body: fn(i64) -> Value,
) -> BTreeMap<i64, BTreeMap<u16, usize>> {
    let barrier = Barrier::new(2 * CLIENTS_OF_EACH);
    let mut answers = BTreeMap::new();
    std::thread::scope(|scope| {
        let racer = |server: &ServerProcess| {
            let mut client = Client::connect(server.address, token).unwrap();
            let barrier = &barrier;
            scope.spawn(move || {
                let mut statuses = Vec::new();
                for job_id in 1..=JOBS {
                    barrier.wait();
                    // A failure is told when all are through: whoever stays away would hold up the others.
                    let answer = client.send("POST", path, &body(job_id).to_string());
                    statuses.push((job_id, answer.map_or(0, |(status, _)| status)));
                }
                statuses
            })
        };
        let racers: Vec<_> = (0..2 * CLIENTS_OF_EACH).map(|number| racer(&servers[number % 2])).collect();
        for (job_id, status) in racers.into_iter().flat_map(|racer| racer.join().unwrap()) {
            *answers.entry(job_id).or_insert_with(BTreeMap::new).entry(status).or_insert(0) += 1;
        }
    });
    answers
}

fn assert_one_won(answers: &BTreeMap<i64, BTreeMap<u16, usize>>, won: u16) {
    assert_eq!(answers.len(), usize::try_from(JOBS).unwrap());
    for (job_id, statuses) in answers {
        let expected = BTreeMap::from([(won, 1), (422, 2 * CLIENTS_OF_EACH - 1)]);
        assert_eq!(statuses, &expected, "job {job_id}");
    }
}

fn assert_same_lists([one, other]: &[ServerProcess; 2], token: &str) {
    let jobs = lasting_state(one.address, token);
    assert_eq!(jobs.len(), usize::try_from(JOBS).unwrap());
    assert_eq!(lasting_state(other.address, token), jobs);
    for query in ["jobs/?state=running&items-per-page=1", "jobs/used_nodes?ts=9999999999", "nodestate/"] {
        let path = format!("/api/{query}");
        let total = |server: &ServerProcess| {
            let mut answer = get(server.address, &path, token).json();
            // What a page shows of a running job grows.
            answer["jobs"].take();
            answer
        };
        assert_eq!(total(one), total(other), "{query}");
    }
}

/// Two servers share a database, but never a folder of samples: here neither has one.
fn configure(site: &Site, database: &PostgresDatabase) {
    site.configure(|config| {
        config["main"]["db"] = database.url().into();
        config.as_object_mut().unwrap().remove("metric-store");
    });
}

#[test]
fn each_job_is_started_once_and_stopped_once_and_both_show_the_same() {
    let Some(database) = PostgresDatabase::make() else { return };
    let site = Site::with_jobs(0);
    configure(&site, &database);
    let token = site.output(&["token", "slurm", "--roles", "api"]).trim().to_owned();
    let servers = [ServerProcess::start(&site), ServerProcess::start(&site)];

    let starts = race(&servers, &token, "/api/jobs/start_job/", |job_id| start_of(job_id, T));
    assert_one_won(&starts, 201);
    assert_same_lists(&servers, &token);
    let stops = race(&servers, &token, "/api/jobs/stop_job/", stop_of);
    assert_one_won(&stops, 200);
    assert_same_lists(&servers, &token);
    for (job_id, job) in all_jobs(servers[1].address, &token) {
        assert_eq!((&job["jobState"], &job["duration"]), (&json!("completed"), &json!(job_id)));
    }
    let ids: std::collections::BTreeSet<String> =
        all_jobs(servers[0].address, &token).values().map(|job| job["id"].to_string()).collect();
    assert_eq!(ids.len(), usize::try_from(JOBS).unwrap());
}

#[test]
fn what_one_server_has_acknowledged_the_other_shows_at_once() {
    let Some(database) = PostgresDatabase::make() else { return };
    let site = Site::with_jobs(0);
    configure(&site, &database);
    let token = site.output(&["token", "slurm", "--roles", "admin,api"]).trim().to_owned();
    let servers = [ServerProcess::start(&site), ServerProcess::start(&site)];
    for job_id in 1..=20_i64 {
        let turn = usize::try_from(job_id % 2).unwrap();
        let (writes, reads) = (servers[turn].address, servers[1 - turn].address);
        // Seen before it is there: a server that remembers what it has listed must notice.
        assert_eq!(get(reads, "/api/jobs/", &token).json()["total"], job_id - 1);
        let started = send(writes, "POST", "/api/jobs/start_job/", &token, &start_of(job_id, T));
        assert_eq!(started.status, 201, "{}", started.body);
        assert_eq!(get(reads, "/api/jobs/", &token).json()["total"], job_id);
        assert_eq!(get(reads, "/api/jobs/?state=running", &token).json()["total"], 1);
        let used = get(reads, "/api/jobs/used_nodes?ts=9999999999", &token).json();
        assert_eq!(used["usedNodes"]["aurora"], json!(["a0001"]));

        let id = started.json()["id"].as_i64().unwrap();
        let tags = json!([{ "type": "round", "name": format!("number {job_id}") }]);
        let tagged = send(writes, "POST", &format!("/api/jobs/tag_job/{id}"), &token, &tags);
        assert_eq!(tagged.status, 200, "{}", tagged.body);
        let shown = get(reads, &format!("/api/jobs/{id}"), &token).json();
        assert_eq!(shown["Meta"]["tags"][0]["name"], format!("number {job_id}"), "{shown}");

        assert_eq!(send(writes, "POST", "/api/jobs/stop_job/", &token, &stop_of(job_id)).status, 200);
        assert_eq!(get(reads, "/api/jobs/?state=running", &token).json()["total"], 0);
        assert_eq!(send(reads, "POST", "/api/jobs/stop_job/", &token, &stop_of(job_id)).status, 422);
    }
}
