//! The server is killed at random moments while jobs start and stop. Whatever it acknowledged is there afterwards, once.

use crate::process::{Client, ServerProcess};
use crate::site::{Site, get};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const T: i64 = 1_760_000_000;
const CLIENTS: i64 = 6;

/// What the clients know: what was acknowledged, and what was under way when the server was killed.
#[derive(Default)]
struct Known {
    /// Job number to database id.
    started: BTreeMap<i64, i64>,
    /// Job number to duration in seconds.
    stopped: BTreeMap<i64, i64>,
    unsure_starts: BTreeSet<i64>,
    unsure_stops: BTreeSet<i64>,
    /// Starts that broke a rule and were kept.
    kept: BTreeSet<i64>,
}

/// Whether the start of a job breaks a rule, where such are kept: every seventh does.
fn is_poor(job_id: i64) -> bool {
    job_id % 7 == 3
}

fn job(job_id: i64) -> String {
    json!({
        "jobId": job_id, "user": "mona", "project": "proj", "cluster": "aurora", "subCluster": "milan",
        "numNodes": 1, "startTime": T, "walltime": 3600, "resources": [{"hostname": "a0001"}],
        "metaData": {"jobName": "x".repeat(usize::try_from(job_id % 3000).unwrap())}
    })
    .to_string()
}

/// Starts jobs, and stops every second one, until the server is gone.
fn load(
    client: &mut Client,
    first_job: i64,
    keeps_refused: bool,
    known: &Mutex<Known>,
    acknowledged: &AtomicUsize,
) {
    for job_id in (first_job..).step_by(usize::try_from(CLIENTS).unwrap()) {
        if keeps_refused && is_poor(job_id) {
            let poor = job(job_id).replace("\"mona\"", "\"\"");
            let Ok((status, body)) = client.send("POST", "/api/jobs/start_job/", &poor) else { return };
            assert_eq!(status, 422, "{body}");
            known.lock().unwrap().kept.insert(job_id);
            continue;
        }
        let Ok((status, body)) = client.send("POST", "/api/jobs/start_job/", &job(job_id)) else {
            known.lock().unwrap().unsure_starts.insert(job_id);
            return;
        };
        assert_eq!(status, 201, "{body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        known.lock().unwrap().started.insert(job_id, answer["id"].as_i64().unwrap());
        acknowledged.fetch_add(1, Ordering::Relaxed);
        if job_id % 2 == 0 {
            continue;
        }
        let duration = job_id % 1000;
        let stop =
            json!({"jobId": job_id, "cluster": "aurora", "jobState": "completed", "stopTime": T + duration});
        let Ok((status, body)) = client.send("POST", "/api/jobs/stop_job/", &stop.to_string()) else {
            known.lock().unwrap().unsure_stops.insert(job_id);
            return;
        };
        assert_eq!(status, 200, "{body}");
        known.lock().unwrap().stopped.insert(job_id, duration);
    }
}

/// Lets clients load the server, and kills it after some acknowledgements.
fn round(
    site: &Site,
    token: &str,
    keeps_refused: bool,
    first_job: i64,
    kill_after: usize,
    known: &Mutex<Known>,
) {
    let mut server = ServerProcess::start(site);
    let address = server.address;
    let acknowledged = AtomicUsize::new(0);
    // Before the first request: a client that came late would find the server gone.
    let connections: Vec<Client> = (0..CLIENTS).map(|_| Client::connect(address, token).unwrap()).collect();
    std::thread::scope(|scope| {
        let mut clients = Vec::new();
        for (client, mut connection) in (0..CLIENTS).zip(connections) {
            let acknowledged = &acknowledged;
            clients.push(scope.spawn(move || {
                load(&mut connection, first_job + client, keeps_refused, known, acknowledged);
            }));
        }
        while acknowledged.load(Ordering::Relaxed) < kill_after {
            assert!(clients.iter().any(|client| !client.is_finished()), "the server ended by itself");
            std::thread::yield_now();
        }
        // So that it is not always the moment after an answer.
        std::thread::sleep(Duration::from_micros(kill_after as u64 * 379 % 3000));
        server.kill();
    });
}

fn check(site: &Site, token: &str, known: &Known) {
    let server = ServerProcess::start(site);
    let list = get(server.address, "/api/jobs/?items-per-page=9999999", token);
    assert_eq!(list.status, 200);
    let list = list.json();
    let mut found = BTreeMap::new();
    for job in list["jobs"].as_array().unwrap() {
        let job_id = job["jobId"].as_i64().unwrap();
        assert!(found.insert(job_id, job.clone()).is_none(), "job {job_id} is there twice");
    }
    assert_eq!(list["total"].as_u64().unwrap(), found.len() as u64);
    for (job_id, id) in &known.started {
        let job = found.get(job_id).unwrap_or_else(|| panic!("job {job_id} was acknowledged and is lost"));
        assert_eq!(job["id"].as_i64(), Some(*id));
        match known.stopped.get(job_id) {
            Some(duration) => {
                assert_eq!(job["jobState"], "completed", "the stop of job {job_id} is lost");
                assert_eq!(job["duration"].as_i64(), Some(*duration));
            }
            None if known.unsure_stops.contains(job_id) => {}
            None => assert_eq!(job["jobState"], "running", "job {job_id} was never stopped"),
        }
    }
    for job_id in found.keys() {
        let may_be_there = known.started.contains_key(job_id) || known.unsure_starts.contains(job_id);
        assert!(may_be_there, "nobody started job {job_id}");
    }
    drop(server);
    let listed = site.output(&["quarantine", "list"]);
    let mut kept = BTreeSet::new();
    for line in listed.lines() {
        let job_id: i64 = line.split('\t').nth(3).unwrap().parse().unwrap();
        assert!(kept.insert(job_id), "job {job_id} is kept twice");
    }
    assert!(kept.is_superset(&known.kept), "kept and lost: {:?}", known.kept.difference(&kept));
    let report = site.output(&["db", "check"]);
    assert!(report.starts_with("ok"), "{report}");
}

fn kill_again_and_again(rounds: u16) {
    let site = Site::with_jobs(0);
    let token = site.output(&["token", "slurm", "--roles", "admin,api"]).trim().to_owned();
    let known = Mutex::new(Known::default());
    for number in 0..rounds {
        // Moments that are spread over the first acknowledgements and over some hundred later ones.
        let kill_after = usize::from(number).pow(2) * 7 % 997 + 1;
        let keeps_refused = number % 2 == 1;
        let policy = if keeps_refused { "quarantine" } else { "error" };
        site.configure(|config| config["main"]["refused-jobs"] = json!(policy));
        round(&site, &token, keeps_refused, i64::from(number) * 1_000_000 + 1, kill_after, &known);
        check(&site, &token, &known.lock().unwrap());
    }
    assert!(known.lock().unwrap().started.len() >= usize::from(rounds));
    assert!(!known.lock().unwrap().kept.is_empty());
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_once() {
    kill_again_and_again(soak_rounds().unwrap_or(4));
}

/// `just soak` asks for more rounds.
#[expect(clippy::disallowed_methods, reason = "says how long the test takes, not what the program does")]
pub(crate) fn soak_rounds() -> Option<u16> {
    std::env::var("FLIGHTDECK_SOAK_ROUNDS").ok()?.parse().ok()
}
