//! Periodic work of a server, and what is shown of it.

use crate::site::{Site, get, send};
use crate::writing::start_of;
use flightdeck_model::Role;
use serde_json::json;

#[test]
fn a_job_past_its_walltime_and_grace_is_stopped_at_its_walltime() {
    let site = Site::with_jobs(1);
    site.configure(|config| config["main"]["stop-jobs-exceeding-walltime"] = 60.into());
    let server = site.serve();
    let token = server.token("robot", &[Role::Api]).unwrap();
    let start = start_of(9, 1_760_000_000);
    assert_eq!(send(server.address(), "POST", "/api/jobs/start_job/", &token, &start).status, 201);

    let run = server.services().run_periodic_task("stop-overdue-jobs");
    assert_eq!(run.error, None);
    let job = get(server.address(), "/api/jobs/?job-id=9", &token).json()["jobs"][0].clone();
    assert_eq!((&job["jobState"], &job["duration"]), (&json!("timeout"), &json!(3600)), "{job}");

    let line = site.output(&["tasks"]);
    assert!(line.lines().any(|line| line.starts_with("stop-overdue-jobs\t20")), "{line}");
    let tasks = get(server.address(), "/api/tasks/", &server.token_for(Role::Admin).unwrap());
    assert_eq!(tasks.status, 200);
    assert!(tasks.body.contains("stop-overdue-jobs"), "{}", tasks.body);
    assert_eq!(get(server.address(), "/api/tasks/", &token).status, 403);
}

#[test]
fn tasks_that_are_configured_and_have_not_run_are_listed_as_such() {
    let site = Site::with_jobs(1);
    site.configure(|config| config["main"]["nodestate-retention"] = json!({ "policy": "delete" }));
    let text = site.output(&["tasks"]);
    let names: Vec<&str> = text.lines().map(|line| line.strip_suffix("\tnever").unwrap()).collect();
    assert!(names.contains(&"settle-archive"), "{text}");
    assert_eq!(names.len(), 2, "{text}");
}
