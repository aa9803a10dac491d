//! What a server lists, in forms that tests compare; and waiting until something is so.

use crate::site::get;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// All jobs by the batch system's number. Fails when a job is there twice or the total is another.
pub(crate) fn all_jobs(address: SocketAddr, token: &str) -> BTreeMap<i64, Value> {
    let list = get(address, "/api/jobs/?items-per-page=9999999&with-metadata=true", token);
    assert_eq!(list.status, 200, "{}", list.body);
    let list = list.json();
    let mut found = BTreeMap::new();
    for job in list["jobs"].as_array().unwrap() {
        let job_id = job["jobId"].as_i64().unwrap();
        assert!(found.insert(job_id, job.clone()).is_none(), "job {job_id} is there twice");
    }
    assert_eq!(list["total"].as_u64(), Some(found.len() as u64));
    found
}

/// As [`all_jobs`], without the durations of running jobs, which grow while a test runs.
pub(crate) fn lasting_state(address: SocketAddr, token: &str) -> BTreeMap<i64, Value> {
    let mut jobs = all_jobs(address, token);
    for job in jobs.values_mut().filter(|job| job["jobState"] == "running") {
        job["duration"].take();
    }
    jobs
}

/// Asks again and again until it is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(2);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited for two minutes: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
