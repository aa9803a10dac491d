//! What happens while another program holds the database's lock: what waits is kept, what does not fit is refused at
//! once, and reading goes on.

use crate::listing::{all_jobs, wait_until};
use crate::site::{Answer, Site, get, send};
use crate::writing::start_of;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use flightdeck::RunningServer;
use flightdeck_model::Role;
use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const START: &str = "/api/jobs/start_job/";
const QUEUE_LENGTH: u32 = 4;

/// A server with a short queue that waits so long for the lock, and a token.
fn server(site: &Site, lock_wait_ms: u32) -> (RunningServer, String) {
    site.configure(|config| {
        config["main"]["db-config"]["write-queue"] = QUEUE_LENGTH.into();
        config["main"]["db-config"]["busy-timeout-ms"] = lock_wait_ms.into();
    });
    let server = site.serve();
    let token = server.token("slurm", &[Role::Api]).unwrap();
    (server, token)
}

/// Another program that is writing, until this is dropped.
fn lock(site: &Site) -> SqliteConnection {
    let path = site.path("var/job.db");
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE").unwrap();
    other
}

fn is_told_to_come_again(answer: &Answer) -> bool {
    answer.status == 503 && answer.asks_to_come_again()
}

#[test]
fn a_full_queue_refuses_at_once_and_what_was_queued_is_written() {
    let site = Site::with_jobs(0);
    // Longer than anything here waits.
    let (server, token) = server(&site, 600_000);
    let (address, token) = (server.address(), token.as_str());
    let start = |job_id| send(address, "POST", START, token, &start_of(job_id, 1_760_000_000));
    assert_eq!(start(1).status, 201);
    let lock = lock(&site);
    let mut written = BTreeSet::from([1]);
    std::thread::scope(|scope| {
        // Nothing is answered but what is refused: all others wait for the lock.
        let (answered, answers) = channel();
        let mut sent = 0;
        let refused = loop {
            sent += 1;
            assert!(sent < 100, "the queue never fills up");
            let (answered, job_id) = (answered.clone(), 1 + sent);
            scope.spawn(move || answered.send((job_id, start(job_id))));
            if let Ok((_, answer)) = answers.recv_timeout(Duration::from_millis(100)) {
                break answer;
            }
        };
        assert!(is_told_to_come_again(&refused), "{} {}", refused.status, refused.body);

        let begun = Instant::now();
        for job_id in 1000..1010 {
            let further = start(job_id);
            assert!(is_told_to_come_again(&further), "{} {}", further.status, further.body);
            assert_eq!(all_jobs(address, token).keys().collect::<Vec<_>>(), [&1]);
            assert_eq!(get(address, "/api/jobs/used_nodes?ts=9999999999", token).status, 200);
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "refused after {:?}", begun.elapsed());

        drop(lock);
        for _ in 1..sent {
            let (job_id, answer) = answers.recv_timeout(Duration::from_mins(1)).unwrap();
            assert!(answer.status == 201 || is_told_to_come_again(&answer), "job {job_id}: {}", answer.body);
            if answer.status == 201 {
                written.insert(job_id);
            }
        }
    });
    assert!(written.len() > QUEUE_LENGTH as usize);
    assert_eq!(all_jobs(address, token).into_keys().collect::<BTreeSet<_>>(), written);
    assert_eq!(start(1001).status, 201, "what was refused may come again");
}

#[test]
fn a_lock_that_is_held_too_long_is_the_clients_to_wait_for() {
    let site = Site::with_jobs(0);
    let (server, token) = server(&site, 50);
    let start = |job_id| send(server.address(), "POST", START, &token, &start_of(job_id, 1_760_000_000));
    let lock = lock(&site);
    for job_id in [1, 1, 2] {
        let refused = start(job_id);
        assert!(is_told_to_come_again(&refused), "{} {}", refused.status, refused.body);
    }
    assert!(all_jobs(server.address(), &token).is_empty());
    drop(lock);
    wait_until("a start is taken", || {
        let answer = start(1);
        assert!(answer.status == 201 || is_told_to_come_again(&answer), "{}", answer.status);
        answer.status == 201
    });
    assert_eq!(all_jobs(server.address(), &token).into_keys().collect::<Vec<_>>(), [1]);
}
