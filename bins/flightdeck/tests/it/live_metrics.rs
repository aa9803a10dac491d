//! Samples of running jobs, from the collector's request to the archive: what was acknowledged is there after a kill, and
//! every job that was stopped gets archived.

use crate::kills::soak_rounds;
use crate::process::{Client, ServerProcess};
use crate::site::{Site, get};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Cores that every body has a sample of.
const CORES: i32 = 30;

/// Seconds between two samples of the synthetic clusters.
const STEP_S: i64 = 60;

#[expect(clippy::disallowed_methods, reason = "the server's own clock is the machine's")]
fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// An hour ago, on the metrics' grid.
fn an_hour_ago_s() -> i64 {
    (now_s() - 3600).div_euclid(STEP_S) * STEP_S
}

fn token(site: &Site) -> String {
    site.output(&["token", "collector", "--roles", "admin,api"]).trim().to_owned()
}

fn start_body(job_id: i64, host: &str, start_s: i64) -> String {
    json!({
        "jobId": job_id, "user": "mona", "project": "proj", "cluster": "aurora", "subCluster": "milan",
        "numNodes": 1, "startTime": start_s, "walltime": 7200, "resources": [{"hostname": host}]
    })
    .to_string()
}

fn stop_body(job_id: i64, stop_s: i64) -> String {
    json!({"jobId": job_id, "cluster": "aurora", "jobState": "completed", "stopTime": stop_s}).to_string()
}

fn query(client: &mut Client, host: &str, from_s: i64, steps: i64) -> Vec<Option<f64>> {
    let asked = json!({"metric": "cpu_load", "host": host});
    series(client, &asked, from_s, steps).pop().unwrap_or_default()
}

/// All series of a query.
fn series(client: &mut Client, asked: &Value, from_s: i64, steps: i64) -> Vec<Vec<Option<f64>>> {
    let body =
        json!({"cluster": "aurora", "queries": [asked], "from": from_s, "to": from_s + steps * STEP_S});
    let (status, answer) = client.send("POST", "/api/query", &body.to_string()).unwrap();
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let found = answer["results"][0].as_array().cloned().unwrap_or_default();
    let values = |one: &Value| one["data"].as_array().cloned().unwrap_or_default();
    found.iter().map(|one| values(one).iter().map(Value::as_f64).collect()).collect()
}

/// Waits until the archiver is done with a job, and returns it.
fn archived(address: SocketAddr, id: i64, token: &str) -> Value {
    for _ in 0..600 {
        let job = get(address, &format!("/api/jobs/{id}"), token).json()["Meta"].clone();
        if job["monitoringStatus"] == 3 {
            return job;
        }
        // Asking is all that can be done; how long it takes is the machine's business.
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("job {id} was not archived");
}

#[test]
fn a_job_is_seen_while_it_runs_survives_a_kill_and_is_archived() {
    let site = Site::with_jobs(0);
    let token = token(&site);
    let start_s = an_hour_ago_s();
    let mut server = ServerProcess::start(&site);
    let mut client = Client::connect(server.address, &token).unwrap();
    let (status, started) =
        client.send("POST", "/api/jobs/start_job/", &start_body(7, "a0001", start_s)).unwrap();
    assert_eq!(status, 201, "{started}");
    let id = serde_json::from_str::<Value>(&started).unwrap()["id"].as_i64().unwrap();
    let mut body = String::new();
    for step in 0..20 {
        let time_s = start_s + step * STEP_S;
        writeln!(body, "cpu_load,cluster=aurora,hostname=a0001,type=node value={step}.5 {time_s}").unwrap();
    }
    assert_eq!(client.send("POST", "/api/write/", &body).unwrap(), (200, String::new()));
    server.kill();

    let server = ServerProcess::start(&site);
    let path = format!("/api/jobs/metrics/{id}?metric=cpu_load&scope=node");
    let running = get(server.address, &path, &token).json();
    let wanted: Vec<f64> = (0..20).map(|step| f64::from(step) + 0.5).collect();
    assert_eq!(running["data"]["jobMetrics"][0]["metric"]["series"][0]["data"], json!(wanted), "{running}");

    let mut client = Client::connect(server.address, &token).unwrap();
    let stop = stop_body(7, start_s + 10 * STEP_S);
    assert_eq!(client.send("POST", "/api/jobs/stop_job/", &stop).unwrap().0, 200);
    let job = archived(server.address, id, &token);
    assert_eq!(job["statistics"]["cpu_load"]["max"], json!(9.5), "{job}");
    let kept = get(server.address, &path, &token).json();
    let wanted: Vec<f64> = wanted.into_iter().take(10).collect();
    assert_eq!(kept["data"]["jobMetrics"][0]["metric"]["series"][0]["data"], json!(wanted), "{kept}");
}

#[test]
fn a_bad_line_is_named_and_costs_its_neighbours_nothing() {
    let site = Site::with_jobs(0);
    let token = token(&site);
    let from_s = an_hour_ago_s();
    let server = ServerProcess::start(&site);
    let mut client = Client::connect(server.address, &token).unwrap();
    let line = |value: &str, step: i64| {
        format!("cpu_load,cluster=aurora,hostname=a0002 value={value} {}\n", from_s + step * STEP_S)
    };
    let body = [line("1", 0), line("", 1), line("3", 2)].concat();
    let (status, answer) = client.send("POST", "/api/write", &body).unwrap();
    assert_eq!(status, 400);
    let error = serde_json::from_str::<Value>(&answer).unwrap()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("line 2"), "{error}");
    assert_eq!(query(&mut client, "a0002", from_s, 3), [Some(1.0), None, Some(3.0)]);
}

/// What a client knows of its host after a kill.
#[derive(Default)]
struct Known {
    /// Newest step that was acknowledged, by host: every step up to it has to be there.
    steps: BTreeMap<String, i64>,
    /// Jobs whose stop was acknowledged.
    stopped: Vec<i64>,
}

/// Writes step after step of one host, and starts and stops a job on it, until the server is gone.
fn load(client: &mut Client, number: i64, from_s: i64, known: &Mutex<Known>, acknowledged: &AtomicUsize) {
    let host = format!("a{:04}", number % 256 + 1);
    let host = host.as_str();
    let Ok((_, started)) =
        client.send("POST", "/api/jobs/start_job/", &start_body(100 + number, host, from_s))
    else {
        return;
    };
    let id = serde_json::from_str::<Value>(&started).unwrap()["id"].as_i64();
    for step in 0..3000 {
        let mut body = String::new();
        for core in 0..CORES {
            let time_s = from_s + step;
            writeln!(
                body,
                "cpu_user,cluster=aurora,hostname={host},type=core,type-id={core} value={core}.25 {time_s}"
            )
            .unwrap();
        }
        let time_s = from_s + step.rem_euclid(58) * STEP_S;
        writeln!(body, "cpu_load,cluster=aurora,hostname={host} value={step} {time_s}").unwrap();
        match client.send("POST", "/api/write/", &body) {
            Ok((status, answer)) => assert_eq!(status, 200, "{answer}"),
            Err(_gone) => return,
        }
        known.lock().unwrap().steps.insert(host.to_owned(), step);
        acknowledged.fetch_add(1, Ordering::Relaxed);
        if step == 3 {
            let Ok((status, answer)) =
                client.send("POST", "/api/jobs/stop_job/", &stop_body(100 + number, from_s + 180))
            else {
                return;
            };
            assert_eq!(status, 200, "{answer}");
            known.lock().unwrap().stopped.push(id.unwrap());
        }
    }
}

fn kill_again_and_again(rounds: u16) {
    let site = Site::with_jobs(0);
    // Snapshots while the load goes on, so that some kills hit one.
    site.configure(|config| config["metric-store"]["checkpoint-interval"] = json!("1s"));
    let token = token(&site);
    let from_s = an_hour_ago_s();
    let mut stopped = Vec::new();
    for round in 0..i64::from(rounds) {
        let known = Mutex::new(Known::default());
        let acknowledged = AtomicUsize::new(0);
        let kill_after = usize::try_from(round.pow(2) * 13 % 499 + 5).unwrap();
        let mut server = ServerProcess::start(&site);
        let address = server.address;
        let clients: Vec<Client> = (0..4).map(|_| Client::connect(address, &token).unwrap()).collect();
        std::thread::scope(|scope| {
            let mut loads = Vec::new();
            for (number, mut client) in (round * 4..).zip(clients) {
                let (known, acknowledged) = (&known, &acknowledged);
                loads.push(scope.spawn(move || load(&mut client, number, from_s, known, acknowledged)));
            }
            while acknowledged.load(Ordering::Relaxed) < kill_after {
                assert!(loads.iter().any(|load| !load.is_finished()), "the server ended by itself");
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_micros(kill_after as u64 * 379 % 3000));
            server.kill();
        });
        let known = known.into_inner().unwrap();
        let server = ServerProcess::start(&site);
        let mut client = Client::connect(server.address, &token).unwrap();
        for (host, newest) in &known.steps {
            let found = query(&mut client, host, from_s, 58);
            for step in (newest - 57).max(0)..=*newest {
                let place = usize::try_from(step.rem_euclid(58)).unwrap();
                let value = found.get(place).copied().flatten();
                // The one behind the newest was under way.
                let found = value.map(|value| value.to_string());
                let fits = found == Some(step.to_string()) || found == Some((newest + 1).to_string());
                assert!(fits, "round {round}, {host}, step {step} of {newest}: {value:?}");
            }
            // A second for each step, from a full minute on.
            let minutes = newest / STEP_S + 1;
            let ids: Vec<String> = (0..CORES).map(|core| core.to_string()).collect();
            let asked = json!({"metric": "cpu_user", "host": host, "type": "core", "type-ids": ids});
            let cores = series(&mut client, &asked, from_s, minutes);
            assert_eq!(cores.len(), ids.len(), "round {round}, {host}");
            for (core, found) in (0..CORES).zip(cores) {
                let wanted = Some(f64::from(core) + 0.25);
                let has_all = (0..minutes).zip(&found).filter(|(_, value)| **value == wanted).count();
                assert_eq!(
                    i64::try_from(has_all).unwrap(),
                    minutes,
                    "round {round}, {host}, core {core}: {found:?}"
                );
            }
        }
        stopped.extend(known.stopped);
    }
    let server = ServerProcess::start(&site);
    for id in stopped {
        let job = archived(server.address, id, &token);
        assert!(job["statistics"]["cpu_load"]["avg"].is_f64(), "{job}");
        assert!(job["statistics"]["cpu_user"]["avg"].is_f64(), "{job}");
    }
}

#[test]
fn acknowledged_samples_are_there_after_a_kill_and_stopped_jobs_get_archived() {
    kill_again_and_again(soak_rounds().unwrap_or(5));
}
